// SPDX-License-Identifier: BSD-2-Clause
// The device grant's own rules: Okta's UUID codes, the pace of polling, and what an
// approval does. The provider keeps the code itself and decides whether it is redeemable.
import { epoch } from './clock.mjs';
import { OAuthError } from './errors.mjs';
import { uuid } from './ids.mjs';

const POLL_LEEWAY_MS = 250; // a client that sleeps exactly the interval may arrive a little early

export const normalCode = (typed) => String(typed ?? '').replace(/[^A-Za-z]/g, '').toUpperCase();

export class DeviceCodes {
  #byCode = new Map();
  #byUserCode = new Map();

  register({ inner, userCode, client, expiresIn, interval }) {
    const entry = {
      deviceCode: uuid(), inner, userCode, client, exp: epoch() + expiresIn, interval, lastPoll: undefined, done: false,
    };
    this.#byCode.set(entry.deviceCode, entry);
    this.#byUserCode.set(userCode, entry);
    return entry;
  }

  byDeviceCode(code) { return this.#byCode.get(code); }

  byUserCode(code) { return this.#byUserCode.get(normalCode(code)); }

  pendingOf(client) {
    const now = epoch();
    let n = 0;
    for (const e of this.#byCode.values()) if (e.client === client && !e.done && e.exp > now) n += 1;
    return n;
  }
}

/** RFC 8628 3.5: polling faster than the interval is answered with slow_down. */
export function pace(entry, switches) {
  const now = Date.now();
  const tooSoon = entry.lastPoll !== undefined && now - entry.lastPoll < entry.interval * 1000 - POLL_LEEWAY_MS;
  entry.lastPoll = now;
  if (!tooSoon) return;
  entry.interval += switches.slow_down_adds_s;
  throw new OAuthError('slow_down');
}

async function openCode(as, userCode) {
  const code = await as.provider.DeviceCode.findByUserCode(normalCode(userCode));
  return code && !code.accountId && !code.error ? code : undefined;
}

/** The code somebody may still decide about, as { as, entry, code }; undefined if there is none. */
export async function findOpenCode(servers, userCode) {
  for (const as of Object.values(servers)) {
    const code = await openCode(as, userCode);
    if (code) return { as, code, entry: as.deviceCodes.byUserCode(userCode) };
  }
  return undefined;
}

export async function approve({ as, code, entry }, user) {
  const scope = code.params.scope;
  const grant = new as.provider.Grant({ clientId: code.clientId, accountId: user.id });
  grant.addOIDCScope(scope);
  const grantId = await grant.save();
  Object.assign(code, { accountId: user.id, grantId, scope, authTime: epoch() });
  await code.save();
  Object.assign(entry, { user, decision: 'approved', authTime: code.authTime });
}

export async function deny({ code, entry }) {
  Object.assign(code, { error: 'access_denied', errorDescription: 'denied' });
  await code.save();
  entry.decision = 'denied';
}
