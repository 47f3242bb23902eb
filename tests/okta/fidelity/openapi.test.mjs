// SPDX-License-Identifier: BSD-2-Clause
// Every reply against Okta's own OpenAPI document, and our texts against its catalogues.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { API_ERRORS, OAUTH_ERRORS } from '../errors.mjs';
import { EVENT_TYPES } from '../logs.mjs';
import { StandIn } from '../testkit.mjs';
import { load, missing } from './reference.mjs';
import { Schemas } from './schema.mjs';

const SPEC = 'okta-openapi-subset.json';
const skip = missing(SPEC);
let s;
let management;
let oauth;
before(async () => {
  if (skip) return;
  s = await StandIn.start('--users', '5', '--groups', '2');
  const spec = load(SPEC);
  management = new Schemas(spec.management);
  oauth = new Schemas(spec.oauth);
  await s.admin('PATCH', '/users/bob@acme.example', { status: 'SUSPENDED' });
  await s.admin('PATCH', '/users/bob@acme.example', { status: 'ACTIVE' });
});
after(() => s?.stop());

test('the validator is awake: a broken reply is noticed', { skip }, async () => {
  const [u] = (await s.api('/users?limit=1')).json;
  assert.notDeepEqual(management.problems('User', { ...u, status: 'HAPPY' }), []);
  assert.notDeepEqual(management.problemsOfReply('get', '/api/v1/users', [{ ...u, profile: 3 }]), []);
});

// Okta writes null for many absent members (recorded: group description, app user externalId)
// where its document does not say nullable. A null that is required still shows up as missing.
function withoutNulls(value) {
  if (Array.isArray(value)) return value.map(withoutNulls);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).filter(([, v]) => v !== null).map(([k, v]) => [k, withoutNulls(v)]));
}

const replies = {
  '/api/v1/users': () => '/users', '/api/v1/users/{id}': () => `/users/${s.ids.user_ids['ada@acme.example']}`,
  '/api/v1/users/{id}/groups': () => `/users/${s.ids.user_ids['ada@acme.example']}/groups`,
  '/api/v1/groups': () => '/groups', '/api/v1/groups/{groupId}': () => `/groups/${s.ids.group_ids.eng}`, '/api/v1/groups/{groupId}/users': () => `/groups/${s.ids.group_ids.eng}/users`,
  '/api/v1/apps/{appId}/users': () => `/apps/${s.ids.native_client_id}/users?expand=user`, '/api/v1/apps/{appId}/groups': () => `/apps/${s.ids.native_client_id}/groups?expand=group`,
  '/api/v1/logs': () => '/logs',
};
for (const [path, target] of Object.entries(replies)) {
  test(`GET ${path} fits Okta's schema`, { skip }, async () => {
    const r = await s.api(target());
    assert.equal(r.status, 200);
    assert.ok(!Array.isArray(r.json) || r.json.length > 0);
    assert.deepEqual(management.problemsOfReply('get', path, withoutNulls(r.json)), []);
  });
}

test('API errors fit Okta\'s Error schema', { skip }, async () => {
  for (const path of ['/users/none', '/users?limit=x', '/users?after=x']) assert.deepEqual(management.problems('Error', (await s.api(path)).json), []);
});

test('OAuth replies fit Okta\'s schemas: device code, tokens, keys, metadata, introspection, userinfo, errors', { skip }, async () => {
  const fits = (method, path, value) => assert.deepEqual(oauth.problemsOfReply(method, path, value), [], path);
  const code = await s.post('device/authorize', { client_id: s.ids.native_client_id, scope: 'openid' });
  fits('post', '/oauth2/v1/device/authorize', code.json);
  const tokens = (await s.login()).json;
  fits('post', '/oauth2/v1/token', tokens);
  fits('post', '/oauth2/v1/introspect', (await s.post('introspect', { client_id: s.ids.native_client_id, token: tokens.access_token })).json);
  fits('get', '/oauth2/v1/userinfo', (await s.http('GET', '/oauth2/v1/userinfo', { headers: { authorization: `Bearer ${tokens.access_token}` } })).json);
  fits('get', '/oauth2/v1/keys', (await s.http('GET', '/oauth2/v1/keys')).json);
  fits('get', '/.well-known/openid-configuration', (await s.http('GET', '/.well-known/openid-configuration')).json);
  fits('get', '/oauth2/{authorizationServerId}/.well-known/openid-configuration', (await s.http('GET', '/oauth2/default/.well-known/openid-configuration')).json);
  fits('get', '/oauth2/{authorizationServerId}/.well-known/oauth-authorization-server', (await s.http('GET', '/oauth2/default/.well-known/oauth-authorization-server')).json);
  assert.deepEqual(oauth.problems('OAuthError', (await s.post('token', {})).json), []);
});

// The catalogue prints the first placeholder of a text as "en".
const comparable = (text) => text.replace(/%s|\ben\b/g, '*');

test('every OAuth error has Okta\'s status, code and text', { skip: missing('okta-oauth2-error-codes.json') }, () => {
  const { errors } = load('okta-oauth2-error-codes.json');
  for (const [name, [status, error, text]] of Object.entries(OAUTH_ERRORS)) {
    const known = errors.find((e) => e.internalErrorCode === name);
    assert.ok(known, `${name} is in the catalogue`);
    assert.deepEqual([status, error, comparable(text)], [known.statusCode, known.errorCode, comparable(known.errorDescription)], name);
  }
});

test('every E-code has Okta\'s status and summary', { skip: missing('okta-error-codes.json') }, () => {
  const { errors } = load('okta-error-codes.json');
  for (const [code, [status, summary]] of Object.entries(API_ERRORS)) {
    const known = errors.find((e) => e.errorCode === code);
    assert.deepEqual([status, summary.replace('%s', '{0}')], [known.statusCode, known.errorSummary], code);
  }
});

test('every event type exists at Okta', { skip: missing('okta-event-types-subset.json') }, () => {
  const known = load('okta-event-types-subset.json').eventTypes.map((e) => e.id);
  for (const type of EVENT_TYPES) assert.ok(known.includes(type), type);
});
