// SPDX-License-Identifier: BSD-2-Clause
// /api/v1: who is asking, may they, are they within their rate, and then the endpoint.
import { APP_ROUTES } from './apiapps.mjs';
import { GROUP_ROUTES } from './apigroups.mjs';
import { LOG_ROUTES } from './apilogs.mjs';
import { USER_ROUTES } from './apiusers.mjs';
import { presentedToken } from './bearer.mjs';
import { ApiError, OAuthError } from './errors.mjs';
import { sendEmpty, sendJson } from './http.mjs';
import { send429, setRateHeaders } from './ratelimit.mjs';

const ROUTES = [...USER_ROUTES, ...GROUP_ROUTES, ...APP_ROUTES, ...LOG_ROUTES];

function routeFor(method, path) {
  const here = ROUTES.filter(([, pattern]) => pattern.test(path));
  if (!here.length) throw new ApiError('E0000008');
  const route = here.find(([m]) => m === method);
  if (!route) throw new ApiError('E0000022');
  const [, pattern, scope, handler, bucket] = route;
  return { scope, handler, bucket, args: pattern.exec(path).slice(1).map(decodeURIComponent) };
}

async function whoIs(org, { req, url }) {
  const authorization = req.headers.authorization ?? '';
  if (/^(Bearer|DPoP) /i.test(authorization)) {
    const record = await presentedToken(org, req, `${org.url}${url.pathname}`, org.servers.org);
    return { name: record.client.id, scopes: record.scopes, service: !record.user };
  }
  const [, token] = /^SSWS (\S+)$/i.exec(authorization) ?? [];
  if (token !== org.sswsToken) throw new ApiError('E0000011');
  return { name: 'ssws', scopes: undefined, service: false };
}

/** What a management call says about OAuth trouble: no body, all of it in one header. */
function sendChallenge(org, { res, url }, error, scope) {
  if (error.status === 400) return sendJson(res, 400, error.body());
  const challenge = `Bearer authorization_uri="${org.url}/oauth2/v1/authorize", realm="${org.url}", scope="${scope}", `
    + `error="${error.error}", error_description="${error.description}", resource="${url.pathname}"`;
  const headers = { 'www-authenticate': challenge };
  return org.switches.oauth_error_body === 'json' ? sendJson(res, error.status, error.body(), headers) : sendEmpty(res, error.status, headers);
}

function checkRights(org, principal, scope) {
  if (principal.scopes && !principal.scopes.includes(scope)) throw new OAuthError('access_token_insufficient_scopes');
  if (principal.service && org.switches.admin_role === 'NONE') throw new ApiError('E0000006');
}

export async function handleApi(org, call) {
  if (!call.url.pathname.startsWith('/api/v1/')) return false;
  const { scope, handler, bucket, args } = routeFor(call.req.method, call.url.pathname.slice(7));
  try {
    call.principal = await whoIs(org, call);
    const rate = org.rates.count(call.principal.name, bucket);
    if (rate.exceeded) {
      send429(call.res, org.switches.rate_limit_body === 'oauth' ? 'E0000047' : org.switches.rate_limit_body, rate);
      return true;
    }
    setRateHeaders(call.res, rate);
    checkRights(org, call.principal, scope);
    if (!org.mass?.serve(call)) handler(org, call, ...args);
  } catch (error) {
    if (!(error instanceof OAuthError)) throw error;
    sendChallenge(org, call, error, scope);
  }
  return true;
}

/** A custom role limited to a resource set narrows every list without saying so. */
export function makeVisibility(org) {
  const limited = (principal) => principal.service && org.switches.admin_role === 'CUSTOM';
  const inSet = (g) => org.switches.resource_set_groups.includes(g.profile.name);
  return {
    user: (principal) => (limited(principal) ? (u) => u.groups.some(inSet) : () => true),
    group: (principal) => (limited(principal) ? inSet : () => true),
  };
}
