// SPDX-License-Identifier: BSD-2-Clause
// Compact JWS, as little of it as the stand-in needs: RS256 out, RS*/ES* in.
import crypto from 'node:crypto';

const b64 = (x) => Buffer.from(x).toString('base64url');
export const encodePart = (object) => b64(JSON.stringify(object));

export function signRs256(header, payload, privateKey) {
  const input = `${encodePart(header)}.${encodePart(payload)}`;
  return `${input}.${b64(crypto.sign('sha256', Buffer.from(input), privateKey))}`;
}

function parsePart(part) {
  const text = Buffer.from(part, 'base64url').toString('utf8');
  const object = JSON.parse(text);
  if (object === null || typeof object !== 'object' || Array.isArray(object)) throw new SyntaxError('not an object');
  return object;
}

/** Header and payload without any check; throws SyntaxError if it is not a compact JWS. */
export function decode(jwt) {
  const parts = String(jwt).split('.');
  if (parts.length !== 3 || parts.some((p) => !/^[A-Za-z0-9_-]+$/.test(p))) throw new SyntaxError('not a compact JWS');
  return { header: parsePart(parts[0]), payload: parsePart(parts[1]) };
}

const HASH = { 256: 'sha256', 384: 'sha384', 512: 'sha512' };
const CURVE = { 256: 'prime256v1', 384: 'secp384r1', 512: 'secp521r1' };
export const ASYMMETRIC = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];

/** True only if ALG is one of ASYMMETRIC, belongs to the key's type, and the signature is right. */
export function signatureIsGood(jwt, alg, publicKey) {
  if (!ASYMMETRIC.includes(alg)) return false;
  const bits = alg.slice(2);
  const ec = alg.startsWith('ES');
  if (publicKey.asymmetricKeyType !== (ec ? 'ec' : 'rsa')) return false;
  if (ec && publicKey.asymmetricKeyDetails.namedCurve !== CURVE[bits]) return false;
  const cut = jwt.lastIndexOf('.');
  const key = ec ? { key: publicKey, dsaEncoding: 'ieee-p1363' } : publicKey;
  return crypto.verify(HASH[bits], Buffer.from(jwt.slice(0, cut)), key, Buffer.from(jwt.slice(cut + 1), 'base64url'));
}

const THUMBPRINT_MEMBERS = { RSA: ['e', 'kty', 'n'], EC: ['crv', 'kty', 'x', 'y'] };

/** RFC 7638 */
export function thumbprint(jwk) {
  const members = THUMBPRINT_MEMBERS[jwk.kty];
  if (!members) throw new SyntaxError('key type');
  const canonical = JSON.stringify(Object.fromEntries(members.map((m) => [m, jwk[m]])));
  return crypto.createHash('sha256').update(canonical).digest('base64url');
}
