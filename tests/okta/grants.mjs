// SPDX-License-Identifier: BSD-2-Clause
// The token endpoint: Okta's checks and texts in front, the provider's decision, Okta's
// token shapes behind.
import { groupsOf } from './groupsclaim.mjs';
import { maySignIn } from './account.mjs';
import { DEVICE_GRANT, isAssigned } from './clients.mjs';
import { pace } from './device.mjs';
import { checkProof } from './dpop.mjs';
import { OAuthError } from './errors.mjs';
import { setHeader } from './http.mjs';
import { asList, OKTA_SCOPES, OPENID_SCOPES } from './scopes.mjs';
import { mintAccessToken, shapeIdToken } from './tokens.mjs';

const KNOWN_GRANTS = ['authorization_code', 'implicit', 'refresh_token', 'password', 'client_credentials', DEVICE_GRANT];

function checkGrantType(as, client, grantType) {
  if (!grantType) throw new OAuthError('token_request_missing_grant_type', KNOWN_GRANTS.join(', '));
  if (!KNOWN_GRANTS.includes(grantType)) throw new OAuthError('unsupported_grant_type', KNOWN_GRANTS.join(', '));
  if (grantType === 'client_credentials' && client.applicationType !== 'service' && as.isOrg) {
    throw new OAuthError('invalid_application_type_client_credentials');
  }
  if (!client.grants.includes(grantType)) throw new OAuthError('unauthorized_client', client.grants.join(', '));
}

function dpopIsRequired(client, { dpop_required: rule }) {
  return rule === 'per_client' ? client.dpop : rule === 'always';
}

/** The thumbprint tokens get bound to; undefined for bearer tokens. */
function proofKey(org, as, client, req, res) {
  if (req.headers.dpop === undefined && !dpopIsRequired(client, org.switches)) return undefined;
  try {
    return checkProof({ req, url: as.tokenEndpoint, used: org.proofsUsed, nonces: org.nonces });
  } finally {
    if (req.headers.dpop !== undefined) setHeader(res, 'dpop-nonce', org.nonces.current());
  }
}

function deviceEntry(as, client, params, org) {
  if (!params.device_code) throw new OAuthError('missing_token_request_parameter', 'device_code');
  const entry = as.deviceCodes.byDeviceCode(params.device_code);
  if (!entry) throw new OAuthError('invalid_device_code');
  if (entry.client !== client.id) throw new OAuthError('mismatched_client');
  if (!entry.done) pace(entry, org.switches);
  return entry;
}

function checkPerson(org, client, entry) {
  const { user } = entry;
  if (!user || entry.done) return;
  if (org.switches.assignment_enforced && !isAssigned(client, user)) throw new OAuthError('user_not_assigned');
  const claimed = asList(entry.scope).includes('groups') ? groupsOf(user, org.switches.groups_filter).length : 0;
  if (claimed > org.switches.groups_claim_limit && org.switches.too_many_groups === 'fail') {
    throw new OAuthError('too_many_groups_in_groups_claim');
  }
}

const DEVICE_ANSWERS = { authorization_pending: 'authorization_pending', expired_token: 'expired_token', access_denied: 'access_denied' };

function refuseDevice(org, inner) {
  const failure = new OAuthError(DEVICE_ANSWERS[inner.error] ?? 'invalid_device_code');
  if (inner.error === 'access_denied') failure.status = org.switches.device_denied_status;
  throw failure;
}

function reply(org, as, client, inner, { user, jkt, authTime, scopes }) {
  const accessToken = mintAccessToken(as, { opaque: inner.access_token, client, user, scopes, jkt, expiresIn: inner.expires_in });
  const body = { token_type: jkt ? 'DPoP' : 'Bearer', expires_in: inner.expires_in, access_token: accessToken, scope: scopes.join(' ') };
  if (inner.refresh_token) {
    body.refresh_token = inner.refresh_token;
    org.refreshTokens.set(inner.refresh_token, { user, jkt, authTime, client: client.id, as });
  }
  if (inner.id_token) {
    const token = shapeIdToken(as, org.switches, { inner: inner.id_token, client, accessToken, authTime });
    body.id_token = org.badTokens.sign(token, as.keys.active);
  }
  return body;
}

async function byDeviceCode(org, as, client, call, jkt) {
  const entry = deviceEntry(as, client, call.params, org);
  checkPerson(org, client, entry);
  const inner = await call.ask({ ...call.params, device_code: entry.inner });
  if (inner.status !== 200) refuseDevice(org, inner.body);
  entry.done = true;
  return reply(org, as, client, inner.body, { user: entry.user, jkt, authTime: entry.authTime, scopes: asList(inner.body.scope) });
}

async function byRefreshToken(org, as, client, call, jkt) {
  if (!call.params.refresh_token) throw new OAuthError('missing_token_request_parameter', 'refresh_token');
  const known = org.refreshTokens.get(call.params.refresh_token);
  if (!known || known.as !== as) throw new OAuthError('invalid_refresh_token');
  if (known.client !== client.id) throw new OAuthError('mismatched_client');
  if (known.jkt !== jkt) throw new OAuthError('invalid_dpop_proof_invalid_public_key_binding');
  if (!maySignIn(known.user) || (org.switches.assignment_enforced && !isAssigned(client, known.user))) {
    throw new OAuthError('invalid_refresh_token');
  }
  const inner = await call.ask(call.params);
  if (inner.body.error === 'invalid_scope') throw new OAuthError('refresh_scopes_denied', call.params.scope);
  if (inner.status !== 200) throw new OAuthError('invalid_refresh_token');
  return reply(org, as, client, inner.body, { ...known, jkt, scopes: asList(inner.body.scope) });
}

function machineScopes(org, as, requested) {
  if (!requested.length) throw new OAuthError('missing_scopes');
  if (requested.some((s) => OPENID_SCOPES.includes(s))) throw new OAuthError('openid_not_allowed_client_creds');
  if (!as.isOrg || requested.some((s) => !OKTA_SCOPES.includes(s))) throw new OAuthError('no_matching_scope');
  const granted = requested.filter((s) => org.switches.granted_scopes.includes(s));
  if (!granted.length) throw new OAuthError('no_org_scopes_granted');
  return granted;
}

async function byClientCredentials(org, as, client, call, jkt) {
  const scopes = machineScopes(org, as, asList(call.params.scope));
  const inner = await call.ask({ ...call.params, scope: scopes.join(' ') });
  if (inner.status !== 200) throw new OAuthError('invalid_client');
  return reply(org, as, client, inner.body, { jkt, scopes });
}

const HANDLERS = { [DEVICE_GRANT]: byDeviceCode, refresh_token: byRefreshToken, client_credentials: byClientCredentials };

export async function token(org, as, client, call) {
  checkGrantType(as, client, call.params.grant_type);
  if (!as.isOrg && !org.switches.custom_policy) throw new OAuthError('no_matching_policy');
  const jkt = proofKey(org, as, client, call.req, call.res);
  return HANDLERS[call.params.grant_type](org, as, client, call, jkt);
}
