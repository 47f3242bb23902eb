// SPDX-License-Identifier: BSD-2-Clause
// ID tokens that must be refused, each bad in exactly one way.
import crypto from 'node:crypto';
import { encodePart, signRs256 } from './jws.mjs';
import { randomToken } from './ids.mjs';

const otherKey = () => crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey;
const b64 = (x) => Buffer.from(x).toString('base64url');

function withPayload(change) {
  return ({ header, payload }, key) => {
    const changed = { ...payload };
    change(changed);
    return signRs256(header, changed, key.privateKey);
  };
}

function hmac(header, payload, secret) {
  const input = `${encodePart(header)}.${encodePart(payload)}`;
  return `${input}.${crypto.createHmac('sha256', secret).update(input).digest('base64url')}`;
}

export const BAD_TOKENS = {
  wrong_kid: ({ header, payload }, key) => signRs256({ ...header, kid: randomToken(32) }, payload, key.privateKey),
  other_key: ({ header, payload }) => signRs256(header, payload, otherKey()),
  alg_none: ({ payload, header }) => `${encodePart({ ...header, alg: 'none' })}.${encodePart(payload)}.`,
  hs256: ({ header, payload }, key) => hmac({ ...header, alg: 'HS256' }, payload, key.publicKey.export({ type: 'spki', format: 'pem' })),
  no_signature: (token, key) => `${signRs256(token.header, token.payload, key.privateKey).split('.').slice(0, 2).join('.')}.`,
  tampered: ({ header, payload }, key) => {
    const [h, , s] = signRs256(header, payload, key.privateKey).split('.');
    return `${h}.${b64(JSON.stringify({ ...payload, preferred_username: 'root@acme.example' }))}.${s}`;
  },
  not_a_jwt: () => 'this is not a token',
  expired: withPayload((p) => { p.iat -= 7200; p.exp -= 7200; p.auth_time -= 7200; }),
  issued_in_future: withPayload((p) => { p.iat += 3600; p.exp += 3600; }),
  not_before: withPayload((p) => { p.nbf = p.iat + 1800; }),
  no_exp: withPayload((p) => { delete p.exp; }),
  wrong_aud: withPayload((p) => { p.aud = '0oasomebodyelsesapp1'; }),
  aud_array: withPayload((p) => { p.aud = [p.aud, '0oasomebodyelsesapp1']; }),
  wrong_azp: withPayload((p) => { p.azp = '0oasomebodyelsesapp1'; }),
  wrong_iss: withPayload((p) => { p.iss = 'https://evil.example'; }),
  wrong_sub: withPayload((p) => { p.sub = '00usomebodyelse0x5d7'; }),
  no_sub: withPayload((p) => { delete p.sub; }),
  no_groups: withPayload((p) => { delete p.groups; }),
  groups_string: withPayload((p) => { p.groups = 'linux-users'; }),
};

/** Tests ask for KIND, TIMES times in a row; the queue is emptied in order. */
export class BadTokenQueue {
  #next = [];

  ask(kind, times = 1) {
    if (!BAD_TOKENS[kind]) throw new RangeError(`kind: must be one of ${Object.keys(BAD_TOKENS).join(', ')}`);
    if (!Number.isSafeInteger(times) || times < 1) throw new RangeError('times: must be a positive integer');
    for (let i = 0; i < times; i += 1) this.#next.push(kind);
  }

  sign(token, key) {
    const kind = this.#next.shift();
    return kind ? BAD_TOKENS[kind](token, key) : signRs256(token.header, token.payload, key.privateKey);
  }

  get waiting() { return [...this.#next]; }
}
