// SPDX-License-Identifier: BSD-2-Clause
// DPoP as Okta does it (RFC 9449): a nonce is demanded at the token endpoint, lives for a
// day and is accepted for three; a proof is good for five minutes and for one use.
import crypto from 'node:crypto';
import { epoch } from './clock.mjs';
import { OAuthError } from './errors.mjs';
import { randomToken } from './ids.mjs';
import { ASYMMETRIC, decode, signatureIsGood, thumbprint } from './jws.mjs';

const PROOF_LIFETIME_S = 300;
const refuse = (what) => { throw new OAuthError(`invalid_dpop_proof_${what}`); };

export class Nonces {
  #issued = [];

  constructor(switches) { this.switches = switches; }

  current() {
    const last = this.#issued.at(-1);
    if (last && epoch() < last.at + this.switches.nonce_lifetime_s) return last.value;
    this.#issued.push({ value: randomToken(24), at: epoch() });
    return this.#issued.at(-1).value;
  }

  accepts(value) {
    const now = epoch();
    return this.#issued.some((n) => n.value === value && now < n.at + this.switches.nonce_accept_s);
  }

  forget() { this.#issued = []; }
}

export class UsedOnce {
  #seen = new Map();

  /** False if KEY was used before and has not expired since. */
  use(key, exp) {
    const now = epoch();
    if (this.#seen.size > 50_000) for (const [k, e] of this.#seen) if (e < now) this.#seen.delete(k);
    if (this.#seen.get(key) >= now) return false;
    this.#seen.set(key, exp);
    return true;
  }
}

function parse(proof) {
  let token;
  try { token = decode(proof); } catch { refuse('invalid_jwt'); }
  const { header } = token;
  if (header.typ !== 'dpop+jwt') refuse('invalid_type');
  if (!ASYMMETRIC.includes(header.alg)) refuse('invalid_signature_algorithm');
  let key;
  try {
    if (!header.jwk || 'd' in header.jwk) throw new SyntaxError('a public key is needed');
    key = crypto.createPublicKey({ key: header.jwk, format: 'jwk' });
    token.jkt = thumbprint(header.jwk);
  } catch { refuse('invalid_jwt'); }
  if (!signatureIsGood(proof, header.alg, key)) refuse('invalid_signature');
  return token;
}

function checkTimes({ iat, exp }) {
  const now = epoch();
  if (!Number.isSafeInteger(iat)) refuse('invalid_iat');
  if (iat > now) refuse('jwt_issued_in_future');
  if (now - iat > PROOF_LIFETIME_S) refuse('jwt_too_old');
  if (exp !== undefined && !(exp > now)) refuse('jwt_expired');
}

function sameUrl(htu, expected) {
  try {
    const given = new URL(htu);
    given.search = '';
    given.hash = '';
    return given.href === new URL(expected).href;
  } catch { return false; }
}

/**
 * Check the proof of a request; returns its key's thumbprint. NONCES is given where a nonce
 * is demanded (the token endpoint), ACCESS_TOKEN where the proof must be bound to one.
 */
export function checkProof({ req, url, used, nonces, accessToken }) {
  const proof = req.headers.dpop;
  if (proof === undefined) refuse('missing_header');
  if (req.rawHeaders.filter((h, i) => i % 2 === 0 && h.toLowerCase() === 'dpop').length > 1) refuse('multiple_headers_not_allowed');
  const { payload, jkt } = parse(proof);
  if (payload.htm !== req.method) refuse('invalid_htm');
  if (!sameUrl(payload.htu, url)) refuse('invalid_htu');
  checkTimes(payload);
  if (typeof payload.jti !== 'string' || !payload.jti) refuse('invalid_jti');
  if (accessToken) {
    const ath = crypto.createHash('sha256').update(accessToken).digest('base64url');
    if (payload.ath !== ath) throw new OAuthError('dpop_proof_invalid_ath');
  }
  if (nonces && !nonces.accepts(payload.nonce)) throw new OAuthError('use_dpop_nonce');
  if (!used.use(`${jkt} ${payload.jti}`, epoch() + PROOF_LIFETIME_S)) throw new OAuthError('dpop_proof_already_used');
  return jkt;
}
