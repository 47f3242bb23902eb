// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { decideByForms } from '../forms.mjs';
import { claims, DEVICE, header, PASSWORD, StandIn } from '../testkit.mjs';

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
const forms = (code, login, more = {}) => decideByForms({
  org: s.url, caFile: `${s.dir}/ca.pem`, userCode: code.user_code, login, password: PASSWORD, ...more,
});

test('device/authorize answers with a UUID, eight letters and the org-level activation page', async () => {
  const r = await s.post('device/authorize', { client_id: s.ids.native_client_id, scope: 'openid profile' });
  assert.equal(r.status, 200);
  assert.match(r.json.device_code, /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);
  assert.match(r.json.user_code, /^[A-Z]{8}$/);
  assert.equal(r.json.verification_uri, `${s.url}/activate`);
  assert.equal(r.json.verification_uri_complete, `${s.url}/activate?user_code=${r.json.user_code}`);
  assert.deepEqual([r.json.expires_in, r.json.interval], [600, 5]);
});

test('the custom server hands out codes for the same org-level page', async () => {
  const code = await s.deviceCode({ scope: 'openid profile', base: '/oauth2/default/v1' });
  assert.equal(code.verification_uri, `${s.url}/activate`);
});

test('device_expires_in and device_interval change what is promised', async () => {
  await s.switches({ device_expires_in: 42, device_interval: 1 });
  const code = await s.deviceCode();
  assert.deepEqual([code.expires_in, code.interval], [42, 1]);
});

test('a request without scope is refused', async () => {
  refused(await s.post('device/authorize', { client_id: s.ids.native_client_id }), 400, 'invalid_scope', 'No scopes were requested.');
});

test('a request without client is refused', async () => {
  refused(await s.post('device/authorize', { scope: 'openid' }), 401, 'invalid_client', 'No client credentials found.');
});

test('an unknown client is refused', async () => {
  refused(await s.post('device/authorize', { client_id: '0oanobody', scope: 'openid' }), 401, 'invalid_client', "Invalid value for 'client_id' parameter.");
});

test('an unknown scope is refused', async () => {
  refused(await s.post('device/authorize', { client_id: s.ids.native_client_id, scope: 'openid shoes' }), 400, 'invalid_scope');
});

test('groups without openid is refused', async () => {
  refused(await s.post('device/authorize', { client_id: s.ids.native_client_id, scope: 'groups' }), 400, 'invalid_scope',
    "Requests for ID tokens or access tokens with OpenID scopes require the 'openid' scope.");
});

test('a service app may not ask for a device code', async () => {
  const auth = Buffer.from(`${s.ids.service_secret_client_id}:${s.read('service-secret')}`).toString('base64');
  refused(await s.post('device/authorize', { scope: 'openid' }, { authorization: `Basic ${auth}` }), 400, 'invalid_request');
});

test('too many open codes of one client end in 429 too_many_user_codes', async () => {
  const own = await StandIn.start();
  await own.switches({ max_pending_codes: 2 });
  await own.deviceCode();
  await own.deviceCode();
  refused(await own.post('device/authorize', { client_id: own.ids.native_client_id, scope: 'openid' }), 429, 'too_many_user_codes');
  await own.stop();
});

test('polling before anybody decided says authorization_pending', async () => {
  refused(await s.poll(await s.deviceCode()), 400, 'authorization_pending', 'The device authorization is pending. Please try again later.');
});

test('polling faster than the interval says slow_down, waiting for it does not', async () => {
  const code = await s.deviceCode();
  await s.poll(code);
  refused(await s.poll(code), 400, 'slow_down', 'Slow down the polling frequency. Please try again later.');
  await s.admin('POST', '/clock', { skew_s: 5 });
  refused(await s.poll(code), 400, 'authorization_pending');
});

test('slow_down_adds_s makes the enforced interval grow', async () => {
  await s.switches({ slow_down_adds_s: 5 });
  const code = await s.deviceCode();
  await s.poll(code);
  await s.poll(code);
  await s.admin('POST', '/clock', { skew_s: 6 });
  refused(await s.poll(code), 400, 'slow_down');
});

test('an expired code says expired_token', async () => {
  const code = await s.deviceCode();
  await s.admin('POST', '/clock', { skew_s: 601 });
  refused(await s.poll(code), 400, 'expired_token', 'The device code has expired.');
});

test('an expired code cannot be approved in the browser', async () => {
  const code = await s.deviceCode();
  await s.admin('POST', '/clock', { skew_s: 601 });
  assert.equal((await forms(code, 'ada@acme.example')).error, 'Invalid code. Try again.');
});

test('an unknown code says invalid_grant', async () => {
  const code = { device_code: '4ebdb4de-1f8b-4497-be01-ddfaf83c4e9c', client: s.ids.native_client_id };
  refused(await s.poll(code), 400, 'invalid_grant', 'The device code is invalid or has expired.');
});

test('a poll without code names the missing parameter', async () => {
  refused(await s.post('token', { grant_type: DEVICE, client_id: s.ids.native_client_id }), 400, 'invalid_request', "The required parameter 'device_code' is missing.");
});

test('a code works once', async () => {
  const code = await s.deviceCode();
  await s.admin('POST', '/approve', { user_code: code.user_code, login: 'ada@acme.example' });
  assert.equal((await s.poll(code)).status, 200);
  refused(await s.poll(code), 400, 'invalid_grant');
});

test('a code of one client is worthless to another', async () => {
  const code = await s.deviceCode();
  const secret = s.read('service-secret');
  refused(await s.poll({ ...code, client: s.ids.native_secret_client_id }, { client_secret: secret }), 400, 'invalid_grant',
    "The grant was issued to another client. Please make sure the 'client_id' matches the one used at the authorize request.");
});

test('a code of the org server is worthless at the custom one', async () => {
  const code = await s.deviceCode({ scope: 'openid profile' });
  await s.admin('POST', '/approve', { user_code: code.user_code, login: 'ada@acme.example' });
  refused(await s.poll({ ...code, base: '/oauth2/default/v1' }), 400, 'invalid_grant');
});

test('a denial is access_denied with status 403', async () => {
  const code = await s.deviceCode();
  await s.admin('POST', '/approve', { user_code: code.user_code, action: 'deny' });
  refused(await s.poll(code), 403, 'access_denied', 'The resource owner or authorization server denied the request.');
});

test('device_denied_status makes a denial 400', async () => {
  await s.switches({ device_denied_status: 400 });
  const code = await s.deviceCode();
  await s.admin('POST', '/approve', { user_code: code.user_code, action: 'deny' });
  refused(await s.poll(code), 400, 'access_denied');
});

test('somebody not assigned to the app is refused at the poll', async () => {
  await s.admin('DELETE', `/apps/${s.ids.native_client_id}/groups/Everyone`);
  refused(await s.login(), 400, 'access_denied', 'User is not assigned to the client application.');
  await s.admin('PUT', `/apps/${s.ids.native_client_id}/users/ada@acme.example`);
  assert.equal((await s.login()).status, 200);
  await s.admin('DELETE', `/apps/${s.ids.native_client_id}/users/ada@acme.example`);
  await s.switches({ assignment_enforced: false });
  assert.equal((await s.login()).status, 200);
  await s.admin('PUT', `/apps/${s.ids.native_client_id}/groups/Everyone`);
});

test('unassigned_seen_at=browser shows the error there and leaves the poll pending', async () => {
  await s.switches({ unassigned_seen_at: 'browser' });
  await s.admin('DELETE', `/apps/${s.ids.native_client_id}/groups/Everyone`);
  const code = await s.deviceCode();
  assert.match((await forms(code, 'ada@acme.example')).error, /not assigned/);
  refused(await s.poll(code), 400, 'authorization_pending');
  await s.admin('PUT', `/apps/${s.ids.native_client_id}/groups/Everyone`);
});

test('the pages lead from code to sign-in to "Device activated"', async () => {
  const code = await s.deviceCode();
  const first = await s.http('GET', code.verification_uri_complete);
  assert.match(first.text, new RegExp(`name="user_code" value="${code.user_code}"`));
  assert.deepEqual(await forms(code, 'bob@acme.example').then((r) => r.title), 'Device activated');
  assert.equal(claims((await s.poll(code)).json.id_token).preferred_username, 'bob@acme.example');
});

test('No on the page denies the code', async () => {
  const code = await s.deviceCode();
  assert.equal((await forms(code, 'ada@acme.example', { deny: true })).title, 'Device not activated');
  refused(await s.poll(code), 403, 'access_denied');
});

test('a wrong password activates nothing', async () => {
  const code = await s.deviceCode();
  assert.equal((await forms(code, 'ada@acme.example', { password: 'wrong' })).error, 'Unable to sign in');
  refused(await s.poll(code), 400, 'authorization_pending');
});

test('a code cannot be approved twice', async () => {
  const code = await s.deviceCode();
  await forms(code, 'ada@acme.example');
  assert.equal((await forms(code, 'bob@acme.example')).error, 'Invalid code. Try again.');
});

test('of two open pages for one code only the first to finish counts', async () => {
  const code = await s.deviceCode();
  const open = async () => {
    const page = await s.http('POST', '/activate', { form: { user_code: code.user_code } });
    const ticket = /name="ticket" value="([^"]*)"/.exec(page.text)[1];
    await s.http('POST', '/activate/confirm', { form: { ticket, answer: 'yes' } });
    return (username) => s.http('POST', '/activate/signin', { form: { ticket, username, password: PASSWORD } });
  };
  const [one, two] = [await open(), await open()];
  assert.equal((await one('ada@acme.example')).status, 200);
  assert.equal((await two('bob@acme.example')).status, 400);
  assert.equal(claims((await s.poll(code)).json.id_token).preferred_username, 'ada@acme.example');
});

test('the inner pages cannot be opened by GET', async () => {
  for (const path of ['/activate/confirm', '/activate/signin']) assert.equal((await s.http('GET', path)).status, 404);
});

test('sign-in is refused before the code was confirmed', async () => {
  const code = await s.deviceCode();
  const page = await s.http('POST', '/activate', { form: { user_code: code.user_code } });
  const ticket = /name="ticket" value="([^"]*)"/.exec(page.text)[1];
  const r = await s.http('POST', '/activate/signin', { form: { ticket, username: 'ada@acme.example', password: PASSWORD } });
  assert.equal(r.status, 401);
});

test('a page with an unknown ticket asks for the code again', async () => {
  assert.equal((await s.http('POST', '/activate/signin', { form: { ticket: 'x', username: 'ada@acme.example', password: PASSWORD } })).status, 400);
});

test('a browser that is signed in as somebody else approves as that person', async () => {
  const first = await s.deviceCode();
  const { cookie } = await forms(first, 'bob@acme.example');
  const second = await s.deviceCode();
  assert.equal((await forms(second, 'ada@acme.example', { cookie, password: 'not asked for' })).title, 'Device activated');
  assert.equal(claims((await s.poll(second)).json.id_token).preferred_username, 'bob@acme.example');
});

for (const [login, status] of [['carol', 'SUSPENDED'], ['dave', 'DEPROVISIONED'], ['erin', 'STAGED'], ['frank', 'PASSWORD_EXPIRED'], ['heidi', 'LOCKED_OUT']]) {
  test(`somebody ${status} cannot sign in`, async () => {
    const code = await s.deviceCode();
    assert.equal((await forms(code, `${login}@acme.example`)).error, 'Unable to sign in');
    refused(await s.poll(code), 400, 'authorization_pending');
  });
}

test('an approval is void if the person is suspended before the poll', async () => {
  const code = await s.deviceCode();
  await s.admin('POST', '/approve', { user_code: code.user_code, login: 'grace@acme.example' });
  await s.admin('PATCH', '/users/grace@acme.example', { status: 'SUSPENDED' });
  refused(await s.poll(code), 400, 'invalid_grant');
  await s.admin('PATCH', '/users/grace@acme.example', { status: 'ACTIVE' });
});

test('a hostile display name reaches the page escaped', async () => {
  await s.admin('POST', '/users', { login: '<b>"x"@acme.example' });
  const code = await s.deviceCode();
  const page = await s.http('POST', '/activate', { form: { user_code: code.user_code } });
  const ticket = /name="ticket" value="([^"]*)"/.exec(page.text)[1];
  await s.http('POST', '/activate/confirm', { form: { ticket, answer: 'yes' } });
  const r = await s.http('POST', '/activate/signin', { form: { ticket, username: '<b>"x"@acme.example', password: 'wrong' } });
  assert.match(r.text, /value="&lt;b&gt;&quot;x&quot;@acme.example"/);
});

test('the ID token has Okta\'s header and claims', async () => {
  const { id_token: jwt, access_token: at } = (await s.login({ scope: 'openid profile email groups' })).json;
  assert.deepEqual(Object.keys(header(jwt)).sort(), ['alg', 'kid']);
  assert.equal(header(jwt).alg, 'RS256');
  const c = claims(jwt);
  assert.deepEqual([c.ver, c.iss, c.aud, c.sub], [1, s.url, s.ids.native_client_id, s.ids.user_ids['ada@acme.example']]);
  assert.match(c.jti, /^ID\./);
  assert.equal(c.exp - c.iat, 3600);
  assert.deepEqual(c.amr, ['pwd']);
  assert.match(c.idp, /^00o/);
  assert.ok(c.auth_time <= c.iat && c.at_hash && !('nonce' in c));
  assert.deepEqual([c.name, c.preferred_username, c.email], ['Ada Lovelace', 'ada@acme.example', 'ada@acme.example']);
  assert.deepEqual(c.groups, ['Everyone', 'linux-users', 'linux-admins', 'eng']);
  assert.ok(at);
});

test('claims follow the scopes', async () => {
  const c = claims((await s.login({ scope: 'openid' })).json.id_token);
  for (const name of ['name', 'preferred_username', 'email', 'groups']) assert.ok(!(name in c), name);
});

test('without openid there is no ID token, without offline_access no refresh token', async () => {
  const r = (await s.login({ scope: 'openid' })).json;
  assert.ok(r.id_token && !r.refresh_token);
});

test('the access token of the org is opaque: internal type, unpublished key, login as sub', async () => {
  const { access_token: at, scope } = (await s.login()).json;
  assert.equal(header(at).typ, 'application/okta-internal-at+jwt');
  const { keys } = (await s.http('GET', '/oauth2/v1/keys')).json;
  assert.ok(!keys.some((k) => k.kid === header(at).kid));
  const c = claims(at);
  assert.deepEqual([c.sub, c.uid, c.cid, c.aud], ['ada@acme.example', s.ids.user_ids['ada@acme.example'], s.ids.native_client_id, s.url]);
  assert.deepEqual(c.scp, scope.split(' '));
  await s.switches({ publish_at_key: true });
  assert.ok((await s.http('GET', '/oauth2/v1/keys')).json.keys.some((k) => k.kid === header(at).kid));
});

test('the access token of the custom server is signed by a published key', async () => {
  const r = await s.login({ scope: 'openid profile', base: '/oauth2/default/v1' });
  const { keys } = (await s.http('GET', '/oauth2/default/v1/keys')).json;
  assert.ok(keys.some((k) => k.kid === header(r.json.access_token).kid));
  assert.equal(claims(r.json.id_token).iss, `${s.url}/oauth2/default`);
  assert.equal(claims(r.json.access_token).aud, 'api://default');
});

test('groups is not a scope of the custom server until an admin makes it', async () => {
  const ask = () => s.post('device/authorize', { client_id: s.ids.native_client_id, scope: 'openid groups' }, {}, '/oauth2/default/v1');
  refused(await ask(), 400, 'invalid_scope', 'One or more scopes are not configured for the authorization server resource.');
  await s.switches({ custom_groups_scope: true });
  assert.equal((await ask()).status, 200);
});

test('a custom server without access policy refuses every token', async () => {
  await s.switches({ custom_policy: false });
  refused(await s.login({ scope: 'openid', base: '/oauth2/default/v1' }), 401, 'access_denied');
});

test('id_token=thin leaves profile and groups to userinfo', async () => {
  await s.switches({ id_token: 'thin' });
  const r = (await s.login()).json;
  const c = claims(r.id_token);
  assert.ok(!('groups' in c) && !('preferred_username' in c) && c.sub);
  const u = await s.http('GET', '/oauth2/v1/userinfo', { headers: { authorization: `Bearer ${r.access_token}` } });
  assert.equal(u.json.sub, c.sub);
  assert.ok(u.json.groups.includes('linux-users') && u.json.preferred_username === 'ada@acme.example');
});

test('groups_filter chooses names, and only REGEX minds case', async () => {
  const groups = async (type, value) => {
    await s.switches({ groups_filter: { type, value } });
    return claims((await s.login()).json.id_token).groups;
  };
  assert.deepEqual(await groups('STARTS_WITH', 'LINUX-'), ['linux-users', 'linux-admins']);
  assert.deepEqual(await groups('EQUALS', 'ENG'), ['eng']);
  assert.deepEqual(await groups('CONTAINS', 'ADMIN'), ['linux-admins']);
  assert.deepEqual(await groups('REGEX', 'linux-.*'), ['linux-users', 'linux-admins']);
  assert.equal(await groups('REGEX', 'LINUX-.*'), undefined);
});

test('a group mastered by AD is not in the claim', async () => {
  assert.ok(!claims((await s.login()).json.id_token).groups.includes('eng-ad'));
});

test('empty_groups=array sends an empty list instead of nothing', async () => {
  await s.switches({ empty_groups: 'array', groups_filter: { type: 'EQUALS', value: 'no such group' } });
  assert.deepEqual(claims((await s.login()).json.id_token).groups, []);
});

test('amr is what the switch says', async () => {
  await s.switches({ amr: ['pwd', 'mfa', 'swk'] });
  assert.deepEqual(claims((await s.login()).json.id_token).amr, ['pwd', 'mfa', 'swk']);
});

test('more than 100 matching groups fail the request as Okta fails it', async () => {
  const names = Array.from({ length: 101 }, (_, i) => `many-${i}`);
  for (const name of names) await s.admin('POST', '/groups', { name });
  await s.admin('POST', '/users', { login: 'many@acme.example', groups: names });
  const text = 'The groups claim matched too many groups and must be configured to match fewer groups.';
  refused(await s.login({ login: 'many@acme.example' }), 400, 'server_error', text);
  await s.switches({ groups_filter: { type: 'STARTS_WITH', value: 'many-' }, groups_claim_limit: 101 });
  assert.equal(claims((await s.login({ login: 'many@acme.example' })).json.id_token).groups.length, 101);
  await s.switches({ too_many_groups: 'pass', groups_claim_limit: 100 });
  assert.equal((await s.login({ login: 'many@acme.example' })).status, 200);
  await s.switches({ too_many_groups: 'fail', id_token: 'thin' });
  refused(await s.login({ login: 'many@acme.example' }), 400, 'server_error');
});
