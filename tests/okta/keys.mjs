// SPDX-License-Identifier: BSD-2-Clause
// Signing keys of one authorization server: ACTIVE, NEXT and retired ones, as Okta
// rotates them. The org server signs access tokens with a key it does not publish.
import crypto from 'node:crypto';
import { randomToken } from './ids.mjs';

function newKey() {
  const { privateKey, publicKey } = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  const { n, e } = publicKey.export({ format: 'jwk' });
  const kid = randomToken(32);
  return { kid, privateKey, publicKey, jwk: { kty: 'RSA', alg: 'RS256', kid, use: 'sig', e, n } };
}

/** Keys are made when they are first needed: RSA is most of what starting up costs. */
export class KeyRing {
  #active;
  #next;
  #accessToken;
  #retired = [];
  #separate;

  constructor({ separateAccessTokenKey }) { this.#separate = separateAccessTokenKey; }

  get active() { return this.#active ??= newKey(); }

  get next() { return this.#next ??= newKey(); }

  get accessToken() { return this.#separate ? this.#accessToken ??= newKey() : this.active; }

  /**
   * normal: NEXT becomes ACTIVE, the old key stays published. next: only a new NEXT key.
   * emergency: a key nobody has seen becomes ACTIVE and every older one vanishes.
   */
  rotate(mode) {
    if (!['normal', 'next', 'emergency'].includes(mode)) throw new RangeError('mode: must be normal, next or emergency');
    if (mode === 'normal') {
      this.#retired = [this.active, ...this.#retired].slice(0, 2);
      this.#active = this.next;
    } else if (mode === 'emergency') {
      this.#active = undefined;
      this.#accessToken = undefined;
      this.#retired = [];
    }
    this.#next = undefined;
  }

  jwks({ publish_next_key: withNext, publish_at_key: withAccessToken }) {
    const keys = [this.active, ...this.#retired];
    if (withNext) keys.unshift(this.next); // order means nothing: do not let clients rely on it
    if (withAccessToken && this.#separate) keys.push(this.accessToken);
    return { keys: keys.map((k) => k.jwk) };
  }
}
