// SPDX-License-Identifier: BSD-2-Clause
// Metadata documents as Okta publishes them. The traps are kept: groups is a scope of the
// org server only, and client_credentials is missing from lists where it works.
import { notFound } from './errors.mjs';
import { sendJson } from './http.mjs';

const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const RESPONSE_TYPES = ['code', 'id_token', 'code id_token', 'code token', 'id_token token', 'code id_token token'];
const CLAIMS = ['iss', 'ver', 'sub', 'aud', 'iat', 'exp', 'jti', 'auth_time', 'amr', 'idp', 'nonce', 'name', 'nickname',
  'preferred_username', 'given_name', 'middle_name', 'family_name', 'email', 'email_verified', 'profile', 'zoneinfo', 'locale',
  'address', 'phone_number', 'picture', 'website', 'gender', 'birthdate', 'updated_at', 'at_hash', 'c_hash'];
const DPOP_ALGS = ['RS256', 'RS384', 'RS512', 'ES256', 'ES384', 'ES512'];

function common(org, as) {
  const v1 = `${org.url}${as.v1}`;
  return {
    issuer: as.issuer,
    authorization_endpoint: `${v1}/authorize`,
    token_endpoint: `${v1}/token`,
    userinfo_endpoint: `${v1}/userinfo`,
    registration_endpoint: `${org.url}/oauth2/v1/clients`,
    jwks_uri: `${v1}/keys`,
    response_types_supported: RESPONSE_TYPES,
    response_modes_supported: ['query', 'fragment', 'form_post', 'okta_post_message'],
    subject_types_supported: ['public'],
    token_endpoint_auth_methods_supported: ['client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'none'],
    code_challenge_methods_supported: ['S256'],
    introspection_endpoint: `${v1}/introspect`,
    revocation_endpoint: `${v1}/revoke`,
    end_session_endpoint: `${v1}/logout`,
    request_parameter_supported: true,
    device_authorization_endpoint: `${v1}/device/authorize`,
    pushed_authorization_request_endpoint: `${v1}/par`,
    dpop_signing_alg_values_supported: DPOP_ALGS,
  };
}

export function oidcMetadata(org, as) {
  return {
    ...common(org, as),
    grant_types_supported: ['authorization_code', 'implicit', 'refresh_token', 'password', DEVICE],
    id_token_signing_alg_values_supported: ['RS256'],
    scopes_supported: ['openid', ...(as.isOrg ? [] : ['profile']), 'email', ...(as.isOrg ? ['profile'] : []), 'address', 'phone',
      'offline_access', ...(as.isOrg ? ['groups'] : ['device_sso'])],
    claims_supported: CLAIMS,
  };
}

const oauthMetadata = (org, as) => ({
  ...common(org, as),
  grant_types_supported: ['authorization_code', 'implicit', 'refresh_token', 'password', 'client_credentials', DEVICE],
  scopes_supported: ['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'device_sso'],
});

/** The document at PATH, or undefined if PATH is not a metadata path. */
export function metadataAt(org, path) {
  if (path === '/.well-known/openid-configuration') return oidcMetadata(org, org.servers.org);
  if (path === '/.well-known/oauth-authorization-server') {
    if (!org.switches.org_oauth_metadata) throw notFound('oauth-authorization-server', 'Metadata');
    return oauthMetadata(org, org.servers.org);
  }
  const m = /^\/oauth2\/([^/]+)\/\.well-known\/(openid-configuration|oauth-authorization-server)$/.exec(path)
    ?? /^\/\.well-known\/oauth-authorization-server\/oauth2\/([^/]+)$/.exec(path);
  if (!m) return undefined;
  const as = m[1] === 'org' ? undefined : org.servers[m[1]];
  if (!as) throw notFound(m[1], 'AuthorizationServer');
  return m[2] === 'openid-configuration' ? oidcMetadata(org, as) : oauthMetadata(org, as);
}

export function sendMetadata(res, document) {
  sendJson(res, 200, document, { 'cache-control': 'max-age=86400, must-revalidate' });
}
