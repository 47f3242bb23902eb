// SPDX-License-Identifier: BSD-2-Clause
// The access token a request presents: known, alive, from this server, and bound to the
// caller's key where it is a DPoP token.
import { epoch } from './clock.mjs';
import { checkProof } from './dpop.mjs';
import { OAuthError } from './errors.mjs';

async function isAlive({ as, opaque }) {
  const { AccessToken, ClientCredentials } = as.provider;
  return Boolean(await AccessToken.find(opaque) ?? await ClientCredentials.find(opaque));
}

/** SERVER is the authorization server that must have issued it. Throws OAuthError. */
export async function presentedToken(org, req, url, server) {
  const [, scheme, value] = /^(Bearer|DPoP) (\S+)$/i.exec(req.headers.authorization ?? '') ?? [];
  const record = value && server.accessTokens.get(value);
  if (!record) throw new OAuthError('access_token_invalid');
  if (record.exp <= epoch()) throw new OAuthError('token_expired');
  const bound = scheme.toLowerCase() === 'dpop';
  if (record.jkt && !bound) throw new OAuthError('dpop_authentication_scheme_required');
  if (!record.jkt && bound) throw new OAuthError('access_token_not_dpop_bound');
  if (bound && req.headers.dpop === undefined) throw new OAuthError('dpop_proof_required_for_token');
  if (bound) {
    const jkt = checkProof({ req, url, used: org.proofsUsed, accessToken: value });
    if (jkt !== record.jkt) throw new OAuthError('invalid_access_token_dpop_binding');
  }
  if (!await isAlive(record)) throw new OAuthError('access_token_invalid');
  return record;
}
