// SPDX-License-Identifier: BSD-2-Clause
// oidc-provider's storage. Its own in-memory adapter forgets after 1000 entries, which a
// load test reaches at once; this one keeps everything, expired entries included, because
// an expired device code must still be told apart from an unknown one.
import { epoch } from './clock.mjs';

const GRANTABLE = new Set(['AccessToken', 'RefreshToken', 'DeviceCode']);

class Adapter {
  constructor(model, shelf) {
    this.model = model;
    this.shelf = shelf;
  }

  #key(id) { return `${this.model}:${id}`; }

  async upsert(id, payload) {
    const { entries, byGrant, byUserCode } = this.shelf;
    const key = this.#key(id);
    if (GRANTABLE.has(this.model) && payload.grantId) {
      if (!byGrant.has(payload.grantId)) byGrant.set(payload.grantId, new Set());
      byGrant.get(payload.grantId).add(key);
    }
    if (payload.userCode) byUserCode.set(payload.userCode, key);
    entries.set(key, payload);
  }

  async find(id) { return this.shelf.entries.get(this.#key(id)); }

  async findByUserCode(userCode) { return this.shelf.entries.get(this.shelf.byUserCode.get(userCode)); }

  async findByUid() { return undefined; }

  async consume(id) { (await this.find(id)).consumed = epoch(); }

  async destroy(id) { this.shelf.entries.delete(this.#key(id)); }

  async revokeByGrantId(grantId) {
    for (const key of this.shelf.byGrant.get(grantId) ?? []) this.shelf.entries.delete(key);
    this.shelf.byGrant.delete(grantId);
  }
}

/** One shelf for each authorization server: a code of one is unknown to the other. */
export function makeStore() {
  const shelf = { entries: new Map(), byGrant: new Map(), byUserCode: new Map() };
  return (model) => new Adapter(model, shelf);
}
