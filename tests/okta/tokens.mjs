// SPDX-License-Identifier: BSD-2-Clause
// Tokens in Okta's shape. The provider's opaque access token stays inside: the JWT handed
// out is its public face, so that revocation and introspection keep one truth.
import crypto from 'node:crypto';
import { epoch } from './clock.mjs';
import { randomToken } from './ids.mjs';
import { decode, signRs256 } from './jws.mjs';

export const IDP_ID = '00oacMeX9dT00000B5d7';
const ID_TOKEN_LIFETIME_S = 3600; // fixed at Okta

export class AccessTokens {
  #byJwt = new Map();

  add(jwt, record) { this.#byJwt.set(jwt, record); }

  get(jwt) { return this.#byJwt.get(jwt); }
}

/** RECORD: { opaque, client, user?, scopes, jkt?, expiresIn } */
export function mintAccessToken(as, { opaque, client, user, scopes, jkt, expiresIn }) {
  const key = as.keys.accessToken;
  const iat = epoch();
  const payload = {
    ver: 1, jti: `AT.${randomToken(32)}`, iss: as.issuer, aud: as.audience,
    sub: user ? user.profile.login : client.id, iat, exp: iat + expiresIn, cid: client.id,
    ...(user && { uid: user.id }), scp: scopes, ...(jkt && { cnf: { jkt } }),
  };
  const header = { kid: key.kid, ...(as.isOrg && { typ: 'application/okta-internal-at+jwt' }), alg: 'RS256' };
  const jwt = signRs256(header, payload, key.privateKey);
  as.accessTokens.add(jwt, { as, opaque, client, user, scopes, jkt, exp: payload.exp, jti: payload.jti });
  return jwt;
}

const atHash = (jwt) => crypto.createHash('sha256').update(jwt).digest().subarray(0, 16).toString('base64url');
const BASE_CLAIMS = ['sub'];

/** INNER is the provider's own ID token: its scope decisions are kept, its form is not. */
export function shapeIdToken(as, switches, { inner, client, accessToken, authTime }) {
  const released = decode(inner).payload;
  const wanted = switches.id_token === 'thin' ? BASE_CLAIMS : Object.keys(released);
  const personal = wanted.filter((c) => !['iss', 'aud', 'iat', 'exp', 'at_hash', 'nonce', 'auth_time', 'sub'].includes(c));
  const iat = epoch();
  const payload = {
    sub: released.sub,
    ...Object.fromEntries(personal.map((c) => [c, released[c]])),
    ver: 1, iss: as.issuer, aud: client.id, iat, exp: iat + ID_TOKEN_LIFETIME_S, jti: `ID.${randomToken(32)}`,
    amr: switches.amr, idp: IDP_ID, auth_time: authTime, at_hash: atHash(accessToken),
  };
  return { header: { kid: as.keys.active.kid, alg: 'RS256' }, payload };
}
