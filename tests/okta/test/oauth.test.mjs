// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { claims, DEVICE, header, sha256, StandIn } from '../testkit.mjs';

let s;
let defaults;
before(async () => {
  s = await StandIn.start();
  defaults = (await s.admin('GET', '/state')).switches;
});
after(() => s.stop());
beforeEach(async () => {
  await s.switches(defaults);
  await s.admin('POST', '/clock', { skew_s: 0 });
});

const refused = (r, status, error, text) => {
  assert.equal(r.status, status, r.text);
  assert.equal(r.json.error, error);
  if (text) assert.equal(r.json.error_description, text);
};
const now = () => Math.floor(Date.now() / 1000);
const bearer = (at) => ({ headers: { authorization: `Bearer ${at}` } });
const basic = (id, secret) => ({ authorization: `Basic ${Buffer.from(`${id}:${secret}`).toString('base64')}` });

test('the org metadata has Okta\'s members, groups among the scopes, client_credentials not among the grants', async () => {
  const { json } = await s.http('GET', '/.well-known/openid-configuration');
  assert.equal(json.issuer, s.url);
  assert.equal(json.device_authorization_endpoint, `${s.url}/oauth2/v1/device/authorize`);
  assert.equal(json.jwks_uri, `${s.url}/oauth2/v1/keys`);
  assert.ok(json.scopes_supported.includes('groups') && !json.claims_supported.includes('groups'));
  assert.ok(!json.grant_types_supported.includes('client_credentials'));
});

test('the custom metadata names its own issuer and no groups scope', async () => {
  const { json } = await s.http('GET', '/oauth2/default/.well-known/openid-configuration');
  assert.equal(json.issuer, `${s.url}/oauth2/default`);
  assert.ok(!json.scopes_supported.includes('groups'));
  const oauth = (await s.http('GET', '/oauth2/default/.well-known/oauth-authorization-server')).json;
  assert.ok(oauth.grant_types_supported.includes('client_credentials'));
  assert.deepEqual((await s.http('GET', '/.well-known/oauth-authorization-server/oauth2/default')).json, oauth);
});

test('the org has no RFC 8414 document until the switch gives it one', async () => {
  assert.equal((await s.http('GET', '/.well-known/oauth-authorization-server')).status, 404);
  await s.switches({ org_oauth_metadata: true });
  assert.equal((await s.http('GET', '/.well-known/oauth-authorization-server')).json.issuer, s.url);
});

test('an unknown authorization server is E0000007', async () => {
  for (const path of ['/oauth2/nope/.well-known/openid-configuration', '/oauth2/nope/v1/keys', '/oauth2/org/v1/keys']) {
    const r = await s.http('GET', path);
    assert.equal(r.status, 404);
    assert.match(r.json.errorSummary, /\(AuthorizationServer\)$/);
  }
});

test('a wrong method is E0000022, a wrong content type E0000021, an unknown path E0000008', async () => {
  assert.equal((await s.http('GET', '/oauth2/v1/token')).json.errorCode, 'E0000022');
  assert.equal((await s.http('POST', '/oauth2/v1/token', { json: {} })).json.errorCode, 'E0000021');
  assert.equal((await s.http('GET', '/oauth2/v1/authorize')).json.errorCode, 'E0000008');
  assert.equal((await s.http('GET', '/nothing')).json.errorCode, 'E0000008');
});

test('repeated parameters and credentials in the query are refused', async () => {
  const body = `grant_type=${encodeURIComponent(DEVICE)}&client_id=a&client_id=b`;
  refused(await s.http('POST', '/oauth2/v1/token', { form: [...new URLSearchParams(body)] }), 400, 'invalid_request',
    'The request contained multiple parameters with the same name.');
  refused(await s.http('POST', '/oauth2/v1/token?client_secret=x', { form: {} }), 400, 'invalid_request',
    'Client credentials cannot be supplied via query parameters.');
});

test('grant types: none, unknown, not this client\'s, not for native apps', async () => {
  const id = s.ids.native_client_id;
  refused(await s.post('token', { client_id: id }), 400, 'invalid_request');
  refused(await s.post('token', { client_id: id, grant_type: 'shoes' }), 400, 'unsupported_grant_type');
  refused(await s.post('token', { client_id: id, grant_type: 'password' }), 400, 'unauthorized_client',
    `The client is not authorized to use the provided grant type. Configured grant types: [${DEVICE}, refresh_token].`);
  refused(await s.post('token', { client_id: id, grant_type: 'client_credentials', scope: 'okta.users.read' }), 401, 'invalid_client');
});

test('the native app with a secret must show it, by Basic or in the body', async () => {
  const [id, secret] = [s.ids.native_secret_client_id, s.read('service-secret')];
  const ask = (form, headers) => s.post('device/authorize', { scope: 'openid', ...form }, headers);
  assert.equal((await ask({}, basic(id, secret))).status, 200);
  assert.equal((await ask({ client_id: id, client_secret: secret })).status, 200);
  refused(await ask({ client_id: id }), 401, 'invalid_client', 'Client authentication failed. Either the client or the client credentials are invalid.');
  refused(await ask({}, basic(id, 'wrong')), 401, 'invalid_client', 'The client secret supplied for a confidential client is invalid.');
  for (const header of ['Basic !!!', `Basic ${Buffer.from('nocolon').toString('base64')}`, `Basic ${Buffer.from('a:%zz').toString('base64')}`]) {
    refused(await ask({}, { authorization: header }), 401, 'invalid_client', 'Found Authentication header but was not valid client credentials.');
  }
  refused(await ask({ client_id: id, client_secret: secret }, basic(id, secret)), 401, 'invalid_request');
  refused(await ask({ client_id: s.ids.native_client_id, client_secret: 'x' }), 401, 'invalid_client',
    'Client authentication failed. Either the client or the client credentials are invalid.');
  refused(await ask({}, basic('0oanobody', secret)), 401, 'invalid_client', "Invalid value for 'client_id' parameter.");
  refused(await ask({}), 401, 'invalid_client', 'No client credentials found.');
  refused(await ask({ client_id: '0oanobody' }), 401, 'invalid_client', "Invalid value for 'client_id' parameter.");
});

test('a service app gets a token for a signed assertion, with exactly the granted scopes', async () => {
  const r = await s.machine({ scope: 'okta.users.read okta.idps.read' });
  assert.equal(r.status, 200, r.text);
  assert.deepEqual([r.json.token_type, r.json.expires_in, r.json.scope], ['Bearer', 3600, 'okta.users.read']);
  assert.ok(!r.json.refresh_token && !r.json.id_token);
  const c = claims(r.json.access_token);
  assert.deepEqual([c.sub, c.cid, c.scp, 'uid' in c], [s.ids.service_nodpop_client_id, s.ids.service_nodpop_client_id, ['okta.users.read'], false]);
});

const badAssertions = {
  'issued by somebody unknown': [{ iss: '0oanobody' }, {}, 'The issuer claim for client_assertion is not a valid client_id.'],
  'about somebody else': [{ sub: '0oanobody' }, {}, 'The subject claim for client_assertion is not a valid client_id.'],
  'for another endpoint': [{ aud: 'https://evil.example/token' }, {}, 'The audience claim for client_assertion must be the endpoint invoked for the request.'],
  'without exp': [{ exp: undefined }, {}, "The client_assertion must contain the 'exp' claim as seconds since epoch."],
  expired: [{ exp: now() - 1 }, {}, 'The client_assertion token is expired.'],
  'good for more than an hour': [{ exp: now() + 3700 }, {}, 'The client_assertion token has an expiration too far into the future.'],
  'from the future': [{ iat: now() + 600 }, {}, 'The client_assertion token must be issued before the current time.'],
  'with an unknown kid': [{}, { head: { kid: 'other' } }, 'The client_assertion JWT kid is invalid.'],
  'with another algorithm': [{}, {}, 'The client_assertion JWT signature algorithm is invalid.'],
  'signed by another key': [{}, { key: crypto.generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey }, 'The client_assertion signature is invalid.'],
};
function claimingHs256(jwt) {
  const [, payload, signature] = jwt.split('.');
  return `${Buffer.from('{"alg":"HS256","kid":"service-1"}').toString('base64url')}.${payload}.${signature}`;
}
for (const [what, [changes, how, text]] of Object.entries(badAssertions)) {
  test(`an assertion ${what} is refused in Okta's words`, async () => {
    const id = s.ids.service_nodpop_client_id;
    const given = what === 'with another algorithm' ? claimingHs256(s.assertion(id)) : s.assertion(id, changes, how);
    refused(await s.machine({ assertion: given }), 401, 'invalid_client', text);
  });
}

test('an assertion works once, is parsed strictly, and its type must be right', async () => {
  const assertion = s.assertion(s.ids.service_nodpop_client_id);
  assert.equal((await s.machine({ assertion })).status, 200);
  refused(await s.machine({ assertion }), 401, 'invalid_client', 'The client_assertion token has already been used.');
  refused(await s.machine({ assertion: 'abc' }), 401, 'invalid_client', 'The parsing of the client_assertion failed.');
  refused(await s.machine({ client_assertion_type: 'x' }), 400, 'invalid_request', 'The client_assertion_type is invalid.');
});

test('an assertion without jti is refused by the provider underneath (Okta would take it)', async () => {
  refused(await s.machine({ assertion: s.assertion(s.ids.service_nodpop_client_id, { jti: undefined }) }), 401, 'invalid_client');
});

test('a native client\'s id in an assertion is refused', async () => {
  refused(await s.machine({ assertion: s.assertion(s.ids.native_client_id) }), 401, 'invalid_client');
});

test('the API Service Integration app uses Basic; its secret in the body is refused', async () => {
  const [id, secret] = [s.ids.service_secret_client_id, s.read('service-secret')];
  const form = { grant_type: 'client_credentials', scope: 'okta.users.read' };
  assert.equal((await s.post('token', form, basic(id, secret))).status, 200);
  refused(await s.post('token', { ...form, client_id: id, client_secret: secret }), 401, 'invalid_client');
  refused(await s.post('token', form, basic(s.ids.service_client_id, secret)), 401, 'invalid_client',
    'Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.');
});

test('machine scopes: none, OpenID ones, unknown ones, none granted', async () => {
  refused(await s.machine({ scope: '' }), 400, 'invalid_scope', 'No scopes were requested.');
  refused(await s.machine({ scope: 'openid' }), 400, 'invalid_scope', "Cannot request 'openid' scopes using client credentials.");
  refused(await s.machine({ scope: 'okta.shoes.read' }), 400, 'invalid_scope');
  await s.switches({ granted_scopes: [] });
  refused(await s.machine(), 400, 'consent_required', 'You are not allowed any of the requested scopes.');
});

test('userinfo knows the full claims; without or with a bad token it is an empty 401', async () => {
  const { access_token: at, id_token: id } = (await s.login()).json;
  const r = await s.http('GET', '/oauth2/v1/userinfo', bearer(at));
  assert.equal(r.json.sub, claims(id).sub);
  for (const more of [{}, bearer('nonsense')]) {
    const bad = await s.http('GET', '/oauth2/v1/userinfo', more);
    assert.deepEqual([bad.status, bad.text], [401, '']);
    assert.equal(bad.headers['www-authenticate'], 'Bearer error="invalid_token", error_description="The access token is invalid."');
  }
  assert.equal((await s.http('POST', '/oauth2/v1/userinfo', bearer(at))).status, 405);
});

test('userinfo refuses a token of the other server, an expired one and one of somebody suspended', async () => {
  const { access_token: at } = (await s.login({ login: 'bob@acme.example' })).json;
  assert.equal((await s.http('GET', '/oauth2/default/v1/userinfo', bearer(at))).status, 401);
  await s.admin('PATCH', '/users/bob@acme.example', { status: 'SUSPENDED' });
  assert.equal((await s.http('GET', '/oauth2/v1/userinfo', bearer(at))).status, 401);
  await s.admin('PATCH', '/users/bob@acme.example', { status: 'ACTIVE' });
  assert.equal((await s.http('GET', '/oauth2/v1/userinfo', bearer(at))).status, 200);
  await s.admin('POST', '/clock', { skew_s: 3601 });
  assert.equal((await s.http('GET', '/oauth2/v1/userinfo', bearer(at))).status, 401);
});

test('oauth_error_body=json puts a body into the 401', async () => {
  await s.switches({ oauth_error_body: 'json' });
  assert.equal((await s.http('GET', '/oauth2/v1/userinfo')).json.error, 'invalid_token');
});

test('userinfo fails when more groups match than the claim may hold', async () => {
  const { access_token: at } = (await s.login()).json;
  await s.switches({ groups_claim_limit: 3 });
  refused(await s.http('GET', '/oauth2/v1/userinfo', bearer(at)), 400, 'server_error');
  await s.switches({ too_many_groups: 'pass' });
  assert.equal((await s.http('GET', '/oauth2/v1/userinfo', bearer(at))).json.groups.length, 4);
});

test('introspection tells live tokens from dead ones and needs the client', async () => {
  const client_id = s.ids.native_client_id;
  const { access_token: token, refresh_token: refresh } = (await s.login()).json;
  const live = (await s.post('introspect', { client_id, token })).json;
  assert.deepEqual([live.active, live.username, live.uid, live.aud], [true, 'ada@acme.example', s.ids.user_ids['ada@acme.example'], s.url]);
  assert.equal((await s.post('introspect', { client_id, token: refresh })).json.active, true);
  assert.deepEqual((await s.post('introspect', { client_id, token: 'nonsense' })).json, { active: false });
  assert.deepEqual((await s.post('introspect', { client_id: s.ids.native_dpop_client_id, token })).json, { active: false });
  refused(await s.post('introspect', { token }), 401, 'invalid_client');
  refused(await s.post('introspect', { client_id }), 400, 'invalid_request', "The 'token' parameter is required.");
});

test('revoking an access token leaves the refresh token; revoking that kills both', async () => {
  const client_id = s.ids.native_client_id;
  const { access_token: at, refresh_token: rt } = (await s.login()).json;
  const active = async (token) => (await s.post('introspect', { client_id, token })).json.active;
  const gone = await s.post('revoke', { client_id, token: at });
  assert.deepEqual([gone.status, gone.text, await active(at), await active(rt)], [200, '', false, true]);
  const second = (await s.post('token', { client_id, grant_type: 'refresh_token', refresh_token: rt })).json;
  await s.post('revoke', { client_id, token: rt });
  assert.deepEqual([await active(rt), await active(second.access_token)], [false, false]);
  assert.equal((await s.post('revoke', { client_id, token: 'nonsense' })).status, 200);
  refused(await s.post('revoke', { client_id }), 400, 'invalid_request');
});

const refresh = (token, more = {}) => s.post('token', { client_id: s.ids.native_client_id, grant_type: 'refresh_token', refresh_token: token, ...more });

test('refreshing re-evaluates the groups and keeps auth_time', async () => {
  const first = (await s.login({ login: 'grace@acme.example' })).json;
  await s.admin('PATCH', '/users/grace@acme.example', { groups: ['linux-users', 'eng'] });
  const second = (await refresh(first.refresh_token)).json;
  assert.equal(claims(second.id_token).auth_time, claims(first.id_token).auth_time);
  assert.deepEqual(claims(second.id_token).groups, ['Everyone', 'linux-users', 'eng']);
  assert.equal(second.refresh_token, first.refresh_token);
});

test('refreshing is refused for nonsense, other clients, more scopes, and people who are out', async () => {
  const { refresh_token: rt } = (await s.login({ login: 'bob@acme.example', scope: 'openid offline_access' })).json;
  refused(await refresh('nonsense'), 400, 'invalid_grant', 'The refresh token is invalid or expired.');
  refused(await refresh(undefined), 400, 'invalid_grant');
  refused(await s.post('token', { client_id: s.ids.native_client_id, grant_type: 'refresh_token' }), 400, 'invalid_request');
  refused(await refresh(rt, { client_id: s.ids.native_secret_client_id, client_secret: s.read('service-secret') }), 400, 'invalid_grant',
    "The grant was issued to another client. Please make sure the 'client_id' matches the one used at the authorize request.");
  refused(await refresh(rt, { scope: 'openid profile' }), 400, 'access_denied');
  await s.admin('PATCH', '/users/bob@acme.example', { status: 'SUSPENDED' });
  refused(await refresh(rt), 400, 'invalid_grant');
  await s.admin('PATCH', '/users/bob@acme.example', { status: 'ACTIVE' });
  await s.admin('DELETE', `/apps/${s.ids.native_client_id}/groups/Everyone`);
  refused(await refresh(rt), 400, 'invalid_grant');
  await s.admin('PUT', `/apps/${s.ids.native_client_id}/groups/Everyone`);
});

test('refresh_rotation=ROTATE gives a new token and treats reuse as theft', async () => {
  await s.switches({ refresh_rotation: 'ROTATE' });
  const { refresh_token: first } = (await s.login()).json;
  const { refresh_token: second } = (await refresh(first)).json;
  assert.notEqual(first, second);
  refused(await refresh(first), 400, 'invalid_grant');
  refused(await refresh(second), 400, 'invalid_grant');
});

test('keys: Cache-Control follows the switch, NEXT is published or not', async () => {
  const get = () => s.http('GET', '/oauth2/v1/keys');
  const r = await get();
  assert.equal(r.headers['cache-control'], 'max-age=3832304, must-revalidate');
  for (const k of r.json.keys) assert.deepEqual([k.kty, k.alg, k.use, 'd' in k], ['RSA', 'RS256', 'sig', false]);
  await s.switches({ publish_next_key: false, jwks_max_age_s: 10 });
  const fewer = await get();
  assert.equal(fewer.json.keys.length, r.json.keys.length - 1);
  assert.equal(fewer.headers['cache-control'], 'max-age=10, must-revalidate');
});

test('rotation: normal signs with the key that was NEXT, emergency with one nobody has seen', async () => {
  const kids = async () => (await s.http('GET', '/oauth2/v1/keys')).json.keys.map((k) => k.kid);
  const signer = async () => header((await s.login()).json.id_token).kid;
  const [before1, old] = [await kids(), await signer()];
  const { active_kid: normal } = await s.admin('POST', '/rotate', { mode: 'normal' });
  assert.ok(before1.includes(normal) && normal !== old && await signer() === normal);
  assert.ok((await kids()).includes(old), 'the retired key stays published');
  const before2 = await kids();
  await s.admin('POST', '/rotate', { mode: 'next' });
  assert.equal(await signer(), normal);
  const { active_kid: fresh } = await s.admin('POST', '/rotate', { mode: 'emergency' });
  assert.ok(!before2.includes(fresh) && await signer() === fresh);
  assert.ok(!(await kids()).some((k) => before2.includes(k)));
});

test('the clock moves Date headers and token times together', async () => {
  await s.admin('POST', '/clock', { skew_s: -900 });
  const r = await s.login();
  const shifted = now() - 900;
  assert.ok(Math.abs(claims(r.json.id_token).iat - shifted) <= 2);
  assert.ok(Math.abs(Date.parse(r.headers.date) / 1000 - shifted) <= 2);
});

const spki = (k) => crypto.createPublicKey({ key: k, format: 'jwk' });
async function verify(jwt) {
  const { keys } = (await s.http('GET', '/oauth2/v1/keys')).json;
  const key = keys.find((k) => k.kid === header(jwt).kid);
  const cut = jwt.lastIndexOf('.');
  return Boolean(key) && crypto.verify('sha256', Buffer.from(jwt.slice(0, cut)), spki(key), Buffer.from(jwt.slice(cut + 1), 'base64url'));
}
async function bad(kind) {
  await s.admin('POST', '/token', { kind });
  return (await s.login()).json.id_token;
}

test('the signature of a normal ID token verifies with the published key, at_hash included', async () => {
  const { id_token: jwt, access_token: at } = (await s.login()).json;
  assert.equal(await verify(jwt), true);
  assert.equal(claims(jwt).at_hash, Buffer.from(sha256(at), 'base64url').subarray(0, 16).toString('base64url'));
});

for (const kind of ['wrong_kid', 'other_key', 'tampered', 'no_signature', 'hs256', 'alg_none']) {
  test(`token kind ${kind} does not verify with the published keys, and the next one does`, async () => {
    assert.equal(await verify(await bad(kind)), false);
    assert.equal(await verify((await s.login()).json.id_token), true);
  });
}

test('token kind hs256 is an HMAC with the public key, alg_none has no signature at all', async () => {
  const forged = await bad('hs256');
  const { keys } = (await s.http('GET', '/oauth2/v1/keys')).json;
  const pem = spki(keys.find((k) => k.kid === header(forged).kid)).export({ type: 'spki', format: 'pem' });
  const cut = forged.lastIndexOf('.');
  assert.equal(crypto.createHmac('sha256', pem).update(forged.slice(0, cut)).digest('base64url'), forged.slice(cut + 1));
  const none = await bad('alg_none');
  assert.deepEqual([header(none).alg, none.endsWith('.')], ['none', true]);
});

const badClaims = {
  expired: (c) => c.exp < now(), issued_in_future: (c) => c.iat > now() + 3000, not_before: (c) => c.nbf > now(), no_exp: (c) => !('exp' in c),
  wrong_aud: (c) => c.aud !== s.ids.native_client_id, aud_array: (c) => c.aud.length === 2, wrong_azp: (c) => c.azp !== s.ids.native_client_id,
  wrong_iss: (c) => c.iss !== s.url, wrong_sub: (c) => c.sub !== s.ids.user_ids['ada@acme.example'], no_sub: (c) => !('sub' in c),
  no_groups: (c) => !('groups' in c), groups_string: (c) => c.groups === 'linux-users',
};
for (const [kind, holds] of Object.entries(badClaims)) {
  test(`token kind ${kind} is well signed and bad in that claim`, async () => {
    const jwt = await bad(kind);
    assert.equal(await verify(jwt), true);
    assert.ok(holds(claims(jwt)), JSON.stringify(claims(jwt)));
  });
}

test('token kind not_a_jwt has no dots; times counts; unknown kinds are refused', async () => {
  await s.admin('POST', '/token', { kind: 'not_a_jwt', times: 2 });
  for (const expected of [1, 1, 3]) assert.equal((await s.login()).json.id_token.split('.').length, expected);
  await assert.rejects(s.admin('POST', '/token', { kind: 'shoes' }), /kind: must be one of/);
  await assert.rejects(s.admin('POST', '/token', { kind: 'expired', times: 0 }), /times/);
});
