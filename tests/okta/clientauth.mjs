// SPDX-License-Identifier: BSD-2-Clause
// Who is calling a token endpoint, with Okta's own answer to each mistake. The provider
// authenticates the client once more; this layer exists for the wording.
import crypto from 'node:crypto';
import { epoch } from './clock.mjs';
import { OAuthError } from './errors.mjs';
import { ASYMMETRIC, decode, signatureIsGood } from './jws.mjs';

const JWT_BEARER = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';
const MAX_ASSERTION_LIFETIME_S = 3600;

const sameSecret = (a, b) => {
  const digest = (s) => crypto.createHash('sha256').update(String(s)).digest();
  return crypto.timingSafeEqual(digest(a), digest(b));
};

function fromBasic(header) {
  const m = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(header);
  const text = m && Buffer.from(m[1], 'base64').toString('utf8');
  const colon = text ? text.indexOf(':') : -1;
  if (colon < 1) throw new OAuthError('invalid_basic_auth_creds');
  try {
    return [text.slice(0, colon), text.slice(colon + 1)].map((s) => decodeURIComponent(s.replace(/\+/g, '%20')));
  } catch { throw new OAuthError('invalid_basic_auth_creds'); }
}

function checkAssertionClaims({ sub, aud, exp, iat }, clientId, endpoint) {
  if (sub !== clientId) throw new OAuthError('client_assertion_invalid_subject');
  if (![aud].flat().includes(endpoint)) throw new OAuthError('client_assertion_invalid_audience');
  if (!Number.isSafeInteger(exp)) throw new OAuthError('client_assertion_expiration_required');
  const now = epoch();
  if (exp <= now) throw new OAuthError('client_assertion_expired_token');
  if (exp > now + MAX_ASSERTION_LIFETIME_S) throw new OAuthError('client_assertion_expires_too_far_in_future');
  if (iat !== undefined && iat > now) throw new OAuthError('client_assertion_issued_at_in_future');
}

function checkAssertionSignature(assertion, header, client) {
  if (!ASYMMETRIC.includes(header.alg)) throw new OAuthError('client_assertion_invalid_signature_algorithm');
  const jwk = client.jwks.find((k) => header.kid === undefined || k.kid === header.kid);
  if (!jwk) throw new OAuthError('client_assertion_invalid_kid');
  const key = crypto.createPublicKey({ key: jwk, format: 'jwk' });
  if (!signatureIsGood(assertion, header.alg, key)) throw new OAuthError('client_assertion_invalid_signature');
}

function byAssertion(org, params, endpoint) {
  if (params.client_assertion_type !== JWT_BEARER) throw new OAuthError('client_assertion_type_invalid');
  let token;
  try { token = decode(params.client_assertion); } catch { throw new OAuthError('client_assertion_invalid_jwt'); }
  const { header, payload } = token;
  const client = org.clients.get(payload.iss); // so the issuer is right from here on
  if (!client) throw new OAuthError('client_assertion_invalid_issuer');
  if (client.method !== 'private_key_jwt') throw new OAuthError('invalid_client');
  checkAssertionSignature(params.client_assertion, header, client);
  checkAssertionClaims(payload, client.id, endpoint);
  if (payload.jti !== undefined && !org.assertionsUsed.use(`${client.id} ${payload.jti}`, payload.exp)) {
    throw new OAuthError('client_assertion_already_used');
  }
  return client;
}

function bySecret(org, id, secret) {
  const client = org.clients.get(id);
  if (!client) throw new OAuthError('invalid_client_id');
  if (client.method === 'private_key_jwt') throw new OAuthError('unsupported_auth_method_client_creds');
  if (client.method !== 'client_secret') throw new OAuthError('invalid_client');
  if (!sameSecret(secret, client.secret)) throw new OAuthError('invalid_client_secret');
  return client;
}

function byPostedSecret(org, params) {
  const client = bySecret(org, params.client_id, params.client_secret);
  if (client.applicationType === 'service') throw new OAuthError('unsupported_auth_method_client_creds_oauth_integration');
  return client;
}

/** Returns the client or throws the OAuthError Okta would answer with. */
export function authenticate(org, { params, authorization, endpoint }) {
  const offered = [authorization, params.client_secret, params.client_assertion].filter((x) => x !== undefined);
  if (offered.length > 1) throw new OAuthError('multiple_client_credentials');
  if (params.client_assertion !== undefined) return byAssertion(org, params, endpoint);
  if (authorization !== undefined) return bySecret(org, ...fromBasic(authorization));
  if (!params.client_id) throw new OAuthError('missing_client_credentials');
  if (params.client_secret !== undefined) return byPostedSecret(org, params);
  const client = org.clients.get(params.client_id);
  if (!client) throw new OAuthError('invalid_client_id');
  if (client.method !== 'none') throw new OAuthError('invalid_client');
  return client;
}
