// SPDX-License-Identifier: BSD-2-Clause
// The real OpenID provider underneath. It owns the protocol state: device codes, grants,
// refresh tokens, revocation, client authentication and assertion replay. What Okta does
// differently (paths, texts, token shapes) is put around it, never into it.
import crypto from 'node:crypto';
import Provider from 'oidc-provider';
import { OPENID_SCOPES } from './scopes.mjs';
import { makeStore } from './store.mjs';

function metadataOf(client) {
  const keyed = client.method === 'private_key_jwt';
  return {
    client_id: client.id, client_name: client.label, application_type: client.applicationType === 'native' ? 'native' : 'web',
    token_endpoint_auth_method: { none: 'none', client_secret: 'client_secret_basic', private_key_jwt: 'private_key_jwt' }[client.method],
    grant_types: client.grants, response_types: [], redirect_uris: [], id_token_signed_response_alg: 'ES256',
    ...(client.secret && { client_secret: client.secret }),
    ...(keyed && { jwks: { keys: client.jwks } }),
  };
}

const innerKey = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ format: 'jwk' });

function routes(v1) {
  return {
    token: `${v1}/token`, userinfo: `${v1}/userinfo`, introspection: `${v1}/introspect`, revocation: `${v1}/revoke`,
    device_authorization: `${v1}/device/authorize`, jwks: `${v1}/inner-keys`, authorization: `${v1}/inner-authorize`,
    code_verification: `${v1}/inner-activate`,
  };
}

const CLAIMS = {
  openid: ['sub'],
  profile: ['name', 'preferred_username', 'given_name', 'family_name', 'locale', 'zoneinfo', 'updated_at'],
  email: ['email', 'email_verified'],
  address: [], phone: [],
  groups: ['groups'],
};

/** ACCOUNT(id) gives the claims of somebody who may sign in, or undefined. */
export function makeProvider({ issuer, v1, clients, switches, account }) {
  const provider = new Provider(issuer, {
    adapter: makeStore(),
    clients: [...clients.values()].map(metadataOf),
    jwks: { keys: [{ ...innerKey, use: 'sig', alg: 'ES256', kid: 'inner' }] },
    cookies: { keys: [crypto.randomBytes(16).toString('hex')] },
    routes: routes(v1),
    scopes: [...OPENID_SCOPES],
    claims: CLAIMS,
    conformIdTokenClaims: false, // the "fat" ID token; the thin one is cut down afterwards
    features: {
      devInteractions: { enabled: false },
      introspection: { enabled: true, allowedPolicy: (ctx, client, token) => token.clientId === client.clientId }, revocation: { enabled: true }, clientCredentials: { enabled: true },
      deviceFlow: { enabled: true, charset: 'base-20', mask: '********' },
      rpInitiatedLogout: { enabled: false },
    },
    ttl: {
      DeviceCode: () => switches.device_expires_in, AccessToken: 3600, ClientCredentials: 3600, IdToken: 3600,
      RefreshToken: 90 * 86400, Grant: 90 * 86400, Session: 7200, Interaction: 600,
    },
    issueRefreshToken: (ctx, client, code) => client.grantTypeAllowed('refresh_token') && code.scopes.has('offline_access'),
    rotateRefreshToken: () => switches.refresh_rotation === 'ROTATE',
    findAccount: (ctx, id) => {
      const claims = account(id);
      return claims && { accountId: id, claims: () => claims };
    },
  });
  provider.use(async (ctx, next) => {
    await next();
    ctx.req.inner = { status: ctx.status, body: ctx.body };
    ctx.respond = false; // the reply is written by ask()'s caller, in Okta's shape
  });
  const callback = provider.callback();
  provider.ask = (req, res, { path, form, authorization }) => ask(callback, req, res, { path, form, authorization });
  return provider;
}

const LEFT_BEHIND = ['www-authenticate', 'content-type', 'content-length', 'vary', 'access-control-allow-origin', 'access-control-expose-headers'];

/** Pass a request inside; returns { status, body } of the provider's own answer. */
async function ask(callback, req, res, { path, form, authorization }) {
  const outer = { url: req.url, authorization: req.headers.authorization };
  req.url = path;
  req.body = form && new URLSearchParams(form).toString();
  req.headers.authorization = authorization;
  if (authorization === undefined) delete req.headers.authorization;
  await callback(req, res);
  req.url = outer.url;
  req.headers.authorization = outer.authorization;
  for (const name of LEFT_BEHIND) res.removeHeader(name);
  res.setHeader('cache-control', 'no-cache, no-store');
  return req.inner;
}
