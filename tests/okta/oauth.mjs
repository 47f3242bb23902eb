// SPDX-License-Identifier: BSD-2-Clause
// /oauth2/v1/* and /oauth2/{id}/v1/*: what is common to every endpoint, and the small ones.
import { authenticate } from './clientauth.mjs';
import { ApiError, notFound, OAuthError } from './errors.mjs';
import { token } from './grants.mjs';
import { readBody, sendEmpty, sendJson } from './http.mjs';
import { asList, userScopes } from './scopes.mjs';
import { presentedToken } from './bearer.mjs';
import { groupsOf } from './groupsclaim.mjs';

const FORM = 'application/x-www-form-urlencoded';

async function readForm(req, url) {
  if (url.searchParams.has('client_secret') || url.searchParams.has('client_assertion')) throw new OAuthError('client_credentials_in_query');
  const type = (req.headers['content-type'] ?? '').split(';')[0].trim().toLowerCase();
  if (type !== FORM) throw new ApiError('E0000021');
  const pairs = [...new URLSearchParams(await readBody(req))];
  const params = Object.fromEntries(pairs);
  if (Object.keys(params).length !== pairs.length) throw new OAuthError('duplicate_oauth_params');
  return params;
}

function checkUserScopes(org, as, scopes) {
  if (!scopes.length) throw new OAuthError('missing_scopes');
  if (scopes.some((s) => !userScopes(as, org.switches).includes(s))) throw new OAuthError('no_matching_scope');
  if (!scopes.includes('openid') && scopes.some((s) => s !== 'offline_access')) throw new OAuthError('openid_scope_required');
}

async function deviceAuthorize(org, as, client, call) {
  if (client.applicationType === 'service') throw new OAuthError('invalid_client_application_type', call.path);
  checkUserScopes(org, as, asList(call.params.scope));
  if (as.deviceCodes.pendingOf(client.id) >= org.switches.max_pending_codes) throw new OAuthError('too_many_user_codes');
  const { status, body } = await call.ask(call.params);
  if (status !== 200) throw new OAuthError('invalid_client');
  const { device_expires_in: expiresIn, device_interval: interval } = org.switches;
  const entry = as.deviceCodes.register({ inner: body.device_code, userCode: body.user_code, client: client.id, expiresIn, interval });
  entry.scope = call.params.scope;
  return {
    device_code: entry.deviceCode,
    user_code: entry.userCode,
    verification_uri: `${org.url}/activate`,
    verification_uri_complete: `${org.url}/activate?user_code=${entry.userCode}`,
    expires_in: expiresIn,
    interval,
  };
}

const inside = (as, value) => as.accessTokens.get(value)?.opaque ?? value;

async function introspect(org, as, client, call) {
  if (!call.params.token) throw new OAuthError('request_missing_token');
  const { body } = await call.ask({ ...call.params, token: inside(as, call.params.token) });
  if (!body.active) return { active: false };
  const at = as.accessTokens.get(call.params.token);
  const user = body.sub && org.directory.user(body.sub);
  return {
    active: true, ...(at && { token_type: at.jkt ? 'DPoP' : 'Bearer' }), scope: body.scope ?? at?.scopes.join(' '), client_id: body.client_id,
    ...(user && { username: user.profile.login }), exp: body.exp, iat: body.iat,
    sub: user ? user.profile.login : body.client_id, aud: as.audience, iss: as.issuer,
    ...(at && { jti: at.jti }), ...(user && { uid: user.id }), ...(at?.jkt && { cnf: { jkt: at.jkt } }),
  };
}

async function revoke(org, as, client, call) {
  if (!call.params.token) throw new OAuthError('request_missing_token');
  await call.ask({ ...call.params, token: inside(as, call.params.token) });
  return undefined; // 200 with nothing, also for tokens nobody knows
}

const POSTS = { 'device/authorize': deviceAuthorize, token, introspect, revoke };

async function post(org, as, name, { req, res, url }) {
  const params = await readForm(req, url);
  const { authorization } = req.headers;
  const endpoint = `${org.url}${url.pathname}`;
  const client = authenticate(org, { params, authorization, endpoint });
  const ask = (form) => as.provider.ask(req, res, { path: `${as.v1}/${name}`, form, authorization });
  const body = await POSTS[name](org, as, client, { req, res, params, ask, path: url.pathname });
  if (body) sendJson(res, 200, body);
  else sendEmpty(res, 200);
}

async function userinfo(org, as, { req, res }) {
  const record = await presentedToken(org, req, `${org.url}${as.v1}/userinfo`, as);
  const tooMany = record.scopes.includes('groups') && org.switches.too_many_groups === 'fail'
    && groupsOf(record.user, org.switches.groups_filter).length > org.switches.groups_claim_limit;
  if (tooMany) throw new OAuthError('too_many_groups_in_groups_claim');
  const { status, body } = await as.provider.ask(req, res, { path: `${as.v1}/userinfo`, authorization: `Bearer ${record.opaque}` });
  if (status !== 200) throw new OAuthError('access_token_invalid');
  sendJson(res, 200, body);
}

const GETS = {
  keys: (org, as, { res }) => sendJson(res, 200, as.keys.jwks(org.switches), {
    'cache-control': `max-age=${org.switches.jwks_max_age_s}, must-revalidate`,
  }),
  userinfo,
};

const wwwAuthenticate = (error) => `Bearer error="${error.error}", error_description="${error.description}"`;

function sendOAuthError(org, res, error, name) {
  const bare = name === 'userinfo' && (error.status === 401 || error.status === 403);
  if (!bare) return sendJson(res, error.status, error.body());
  const headers = { 'www-authenticate': wwwAuthenticate(error) };
  return org.switches.oauth_error_body === 'json' ? sendJson(res, error.status, error.body(), headers) : sendEmpty(res, error.status, headers);
}

/** True if the path was one of ours and has been answered. */
export async function handleOAuth(org, call) {
  const m = /^\/oauth2(?:\/([^/]+))?\/v1\/(.+)$/.exec(call.url.pathname);
  if (!m) return false;
  const [, id, name] = m;
  const as = id ? org.servers[id] : org.servers.org;
  if (!as || id === 'org') throw notFound(id, 'AuthorizationServer');
  const method = POSTS[name] ? 'POST' : GETS[name] && 'GET';
  if (!method) throw new ApiError('E0000008');
  if (call.req.method !== method) throw new ApiError('E0000022');
  try {
    if (method === 'POST') await post(org, as, name, call);
    else await GETS[name](org, as, call);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    sendOAuthError(org, call.res, error, name);
  }
  return true;
}
