// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import tls from 'node:tls';
import zlib from 'node:zlib';
import { after, before, beforeEach, test } from 'node:test';
import { StandIn } from '../testkit.mjs';

let s;
let defaults;
before(async () => {
  s = await StandIn.start('--users', '60', '--groups', '12');
  defaults = (await s.admin('GET', '/state')).switches;
});
after(() => s.stop());
beforeEach(async () => {
  await s.switches(defaults);
  await s.admin('POST', '/clock', { skew_s: 0 });
});

const logins = (r) => r.json.map((u) => u.profile.login);
const q = encodeURIComponent;
const refused = (r, status, code) => assert.deepEqual([r.status, r.json?.errorCode], [status, code], r.text);
const links = (r) => Object.fromEntries([r.headers.link ?? ''].flat().join(', ').split(/,\s*(?=<)/).filter(Boolean)
  .map((l) => /^<([^>]*)>; rel="(\w+)"$/.exec(l)).map((m) => [m[2], m[1]]));
async function walk(target) {
  const items = [];
  const sizes = [];
  for (let next = target; next;) {
    const r = await s.api(next);
    assert.equal(r.status, 200, r.text);
    items.push(...r.json);
    sizes.push(r.json.length);
    next = links(r).next;
  }
  return { items, sizes };
}

test('no credentials, or wrong ones, are E0000011', async () => {
  for (const authorization of ['', 'SSWS wrong', 'Basic eDp5']) refused(await s.http('GET', '/api/v1/users', { headers: { authorization } }), 401, 'E0000011');
});

test('errors have all five members', async () => {
  const { json } = await s.api('/users/00unobody');
  assert.deepEqual(Object.keys(json), ['errorCode', 'errorSummary', 'errorLink', 'errorId', 'errorCauses']);
  assert.equal(json.errorSummary, 'Not found: Resource not found: 00unobody (User)');
  assert.match(json.errorId, /^oae/);
});

test('an unknown path is E0000008, a wrong method E0000022', async () => {
  refused(await s.api('/shoes'), 404, 'E0000008');
  refused(await s.api('/users', { method: 'PUT' }), 405, 'E0000022');
});

test('a request target that cannot be read is E0000003 and harms nobody', async () => {
  refused(await s.api('/users/%E0%A4%A'), 400, 'E0000003');
  const status = await new Promise((resolve, reject) => {
    const socket = tls.connect({ host: '127.0.0.1', port: new URL(s.url).port, servername: 'localhost', ca: s.ca }, () => {
      socket.write('GET http://[ HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n');
    });
    socket.once('data', (d) => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(d)[1]))).once('error', reject);
  });
  assert.equal(status, 400);
  assert.equal((await s.api('/users')).status, 200);
});

test('a bad or expired access token is an empty 401 with the reason in www-authenticate', async () => {
  const { access_token: at } = (await s.machine()).json;
  await s.admin('POST', '/clock', { skew_s: 3601 });
  for (const [token, text] of [['nonsense', 'The access token is invalid.'], [at, 'The token has expired.']]) {
    const r = await s.api('/users', { headers: { authorization: `Bearer ${token}` } });
    assert.deepEqual([r.status, r.text], [401, '']);
    assert.match(r.headers['www-authenticate'], /^Bearer authorization_uri="[^"]+", realm="[^"]+", scope="okta.users.read", error="invalid_token"/);
    assert.ok(r.headers['www-authenticate'].includes(text));
  }
});

test('a revoked access token is refused', async () => {
  const { access_token: at } = (await s.machine()).json;
  const client_assertion = s.assertion(s.ids.service_nodpop_client_id, { aud: `${s.url}/oauth2/v1/revoke` });
  const r = await s.post('revoke', { token: at, client_assertion, client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer' });
  assert.equal(r.status, 200, r.text);
  assert.equal((await s.api('/users', { headers: { authorization: `Bearer ${at}` } })).status, 401);
});

test('each endpoint wants its own scope; users/{id}/groups wants users, not groups', async () => {
  const ada = s.ids.user_ids['ada@acme.example'];
  const eng = s.ids.group_ids.eng;
  const app = s.ids.native_client_id;
  const needs = {
    'okta.users.read': ['/users', `/users/${ada}`, `/users/${ada}/groups`], 'okta.groups.read': ['/groups', `/groups/${eng}`, `/groups/${eng}/users`],
    'okta.apps.read': [`/apps/${app}/users`, `/apps/${app}/groups`], 'okta.logs.read': ['/logs'],
  };
  for (const scope of Object.keys(needs)) {
    const { access_token: at } = (await s.machine({ scope })).json;
    for (const [wanted, paths] of Object.entries(needs)) {
      for (const path of paths) {
        const r = await s.api(path, { headers: { authorization: `Bearer ${at}` } });
        assert.equal(r.status, wanted === scope ? 200 : 403, `${path} with ${scope}`);
        if (wanted !== scope) assert.equal(r.text, '');
      }
    }
  }
});

test('a person\'s access token opens no management endpoint', async () => {
  const { access_token: at } = (await s.login()).json;
  assert.equal((await s.api('/users', { headers: { authorization: `Bearer ${at}` } })).status, 403);
});

test('oauth_error_body=json adds a body to 401 and 403', async () => {
  await s.switches({ oauth_error_body: 'json' });
  assert.equal((await s.api('/users', { headers: { authorization: 'Bearer x' } })).json.error, 'invalid_token');
});

test('admin_role=NONE is 403 E0000006 whatever the scopes', async () => {
  const { access_token: at } = (await s.machine()).json;
  await s.switches({ admin_role: 'NONE' });
  refused(await s.api('/users', { headers: { authorization: `Bearer ${at}` } }), 403, 'E0000006');
});

test('admin_role=CUSTOM silently narrows lists to the resource set', async () => {
  const { access_token: at } = (await s.machine()).json;
  const as = { headers: { authorization: `Bearer ${at}` } };
  await s.switches({ admin_role: 'CUSTOM', resource_set_groups: ['eng'] });
  assert.deepEqual(logins(await s.api('/users', as)), ['ada@acme.example', 'bob@acme.example']);
  assert.deepEqual((await s.api('/groups', as)).json.map((g) => g.profile.name), ['eng']);
  refused(await s.api(`/users/${s.ids.user_ids['grace@acme.example']}`, as), 404, 'E0000007');
  refused(await s.api(`/groups/${s.ids.group_ids.sudo}`, as), 404, 'E0000007');
});

test('a plain listing leaves out DEPROVISIONED, search and filter include it', async () => {
  assert.ok(!logins(await s.api('/users')).includes('dave@acme.example'));
  assert.deepEqual(logins(await s.api(`/users?search=${q('status eq "DEPROVISIONED"')}`)), ['dave@acme.example']);
  assert.deepEqual(logins(await s.api(`/users?filter=${q('status eq "DEPROVISIONED"')}`)), ['dave@acme.example']);
  assert.deepEqual((await s.api('/users?q=dave')).json, []);
});

test('a list item has the recorded members and only a self link', async () => {
  const [u] = (await s.api('/users?limit=1')).json;
  assert.deepEqual(Object.keys(u), ['id', 'status', 'created', 'activated', 'statusChanged', 'lastLogin', 'lastUpdated', 'passwordChanged', 'type', 'profile', 'credentials', '_links']);
  assert.deepEqual(Object.keys(u._links), ['self']);
  assert.match(u.created, /\.000Z$/);
  assert.equal(u.id.length, 20);
  assert.equal(u.profile.unixUid, 20001);
});

test('nothing the org keeps for itself leaks: no password, no internals', async () => {
  const { text } = await s.api('/users');
  for (const word of ['Passw0rd', '"seq"', '"groups"', '"indexed"']) assert.ok(!text.includes(word), word);
});

test('a user is found by id, by login in any case, by short name, but not by an ambiguous one', async () => {
  const id = s.ids.user_ids['Ivan@acme.example'];
  for (const key of [id, 'Ivan@acme.example', 'iVAN@ACME.example', 'ivan']) assert.equal((await s.api(`/users/${key}`)).json.id, id, key);
  await s.admin('POST', '/users', { login: 'judy@acme.example' });
  refused(await s.api('/users/judy'), 404, 'E0000007');
  assert.equal((await s.api(`/users/${id}`)).json.profile.login, 'Ivan@acme.example', 'case as typed');
  await s.admin('DELETE', '/users/judy@acme.example');
});

test('ids that differ only in case are different people', async () => {
  const ids = (await walk('/users')).items.map((u) => u.id);
  const folded = new Set(ids.map((i) => i.toLowerCase()));
  assert.ok(folded.size < ids.length, 'the directory holds such a pair');
  assert.equal(new Set(ids).size, ids.length);
});

const searches = {
  'status eq "SUSPENDED"': ['carol@acme.example'],
  'profile.login sw "ADA"': ['ada@acme.example'],
  'profile.lastName co "OVEL"': ['ada@acme.example'],
  'profile.unixUid eq 20002': ['bob@acme.example'],
  'profile.unixUid pr': ['ada@acme.example', 'bob@acme.example'],
  'profile.unixUid gt 20001': ['bob@acme.example'],
  '(status eq "STAGED" or status eq "LOCKED_OUT") and profile.login co "acme"': ['erin@acme.example', 'heidi@acme.example'],
  'status lt "ACTIVE"': [],
  'profile.login eq "a\\"b"': [],
};
for (const [text, expected] of Object.entries(searches)) {
  test(`search ${text}`, async () => assert.deepEqual(logins(await s.api(`/users?search=${q(text)}`)), expected));
}

for (const text of ['status ne "ACTIVE"', 'shoes eq "x"', 'status co "ACT"', 'status eq', '(status eq "ACTIVE"', '(status eq "ACTIVE" x', 'status eq "ACTIVE" or', 'status eq "A" "B"', 'Status eq "ACTIVE"', '"']) {
  test(`search refused: ${text}`, async () => refused(await s.api(`/users?search=${q(text)}`), 400, 'E0000031'));
}

test('filter minds the case of values and knows fewer properties', async () => {
  assert.deepEqual(logins(await s.api(`/users?filter=${q('profile.login eq "ada@acme.example"')}`)), ['ada@acme.example']);
  assert.deepEqual(logins(await s.api(`/users?filter=${q('profile.login eq "ADA@acme.example"')}`)), []);
  refused(await s.api(`/users?filter=${q('profile.login sw "ada"')}`), 400, 'E0000031');
  refused(await s.api(`/users?filter=${q('profile.unixUid eq 1')}`), 400, 'E0000031');
});

test('search and filter together are E0000033', async () => {
  refused(await s.api(`/users?search=${q('status eq "ACTIVE"')}&filter=${q('status eq "ACTIVE"')}`), 400, 'E0000033');
});

test('search sorts and pages by cursor when sortBy is given', async () => {
  const { items, sizes } = await walk(`/users?search=${q('profile.login sw "user0000"')}&sortBy=profile.login&sortOrder=desc&limit=25`);
  assert.deepEqual([items[0].profile.login, items.length, sizes.length], ['user000060@acme.example', 60, 3]);
  refused(await s.api(`/users?search=${q('status eq "ACTIVE"')}&sortBy=profile.login&after=x`), 400, 'E0000031');
});

test('q matches the start of names and mail, at most 10, without Link', async () => {
  const r = await s.api('/users?q=user');
  assert.deepEqual([r.json.length, r.headers.link], [10, undefined]);
});

test('fields= keeps the id and what was asked', async () => {
  const [u] = (await s.api('/users?limit=1&fields=status,profile:(login,firstName)')).json;
  assert.deepEqual(u, { id: u.id, status: 'ACTIVE', profile: { login: 'ada@acme.example', firstName: 'Ada' } });
  refused(await s.api('/users?fields=((('), 400, 'E0000001');
});

test('okta-response=omitCredentials leaves credentials out', async () => {
  const [u] = (await s.api('/users?limit=1', { headers: { 'content-type': 'application/json; okta-response="omitCredentials,omitCredentialsLinks"' } })).json;
  assert.ok(!('credentials' in u) && u.profile);
});

test('search lags by search_delay_ms, reading by id and the plain list do not', async () => {
  await s.switches({ search_delay_ms: 60_000 });
  await s.admin('POST', '/users', { login: 'late@acme.example' });
  await s.admin('PATCH', '/users/grace@acme.example', { status: 'SUSPENDED' });
  const found = async (login) => (await s.api(`/users?search=${q(`profile.login eq "${login}"`)}`)).json.map((u) => u.status);
  assert.deepEqual([await found('late@acme.example'), await found('grace@acme.example')], [[], ['ACTIVE']]);
  assert.equal((await s.api('/users/grace@acme.example')).json.status, 'SUSPENDED');
  await s.admin('POST', '/clock', { skew_s: 61 });
  assert.deepEqual([await found('late@acme.example'), await found('grace@acme.example')], [['ACTIVE'], ['SUSPENDED']]);
  await s.admin('PATCH', '/users/grace@acme.example', { status: 'ACTIVE' });
  await s.admin('DELETE', '/users/late@acme.example');
});

test('every page follows a next link until there is none, each user once, two separate Link lines', async () => {
  const r = await s.api('/users?limit=7');
  assert.equal(r.raw.filter((x) => x.toLowerCase() === 'link').length, 2);
  assert.ok(links(r).next.startsWith(`${s.url}/api/v1/users?after=200u`));
  const { items, sizes } = await walk('/users?limit=7');
  assert.equal(new Set(items.map((u) => u.id)).size, items.length);
  assert.equal(sizes.slice(0, -1).every((n) => n === 7), true);
  assert.equal(items.length, 70);
});

test('the link carries the defaults, the cursor first and the other parameters along', async () => {
  assert.equal(links(await s.api('/users')).self, `${s.url}/api/v1/users?limit=200`);
  const { next } = links(await s.api(`/users?filter=${q('status eq "ACTIVE"')}&limit=1`));
  assert.match(next, /\?after=[^&]+&limit=1&filter=status\+eq\+%22ACTIVE%22$/);
});

test('default and highest page sizes are Okta\'s', async () => {
  const app = s.ids.native_client_id;
  const limit = async (path) => new URL(links(await s.api(path)).self).searchParams.get('limit');
  const expected = {
    '/users': '200', '/users?limit=999': '200', '/groups': '10000', [`/groups/${s.ids.group_ids.eng}/users`]: '1000', [`/apps/${app}/users`]: '50',
    [`/apps/${app}/users?limit=999`]: '500', [`/apps/${app}/groups`]: '20', [`/users/${s.ids.user_ids['ada@acme.example']}/groups`]: '200',
  };
  for (const [path, n] of Object.entries(expected)) assert.equal(await limit(path), n, path);
});

test('a limit that is no number is refused', async () => {
  for (const limit of ['0', '-1', 'x']) refused(await s.api(`/users?limit=${limit}`), 400, 'E0000001');
});

test('a garbage cursor is E0000029', async () => {
  for (const after of ['x', '200uNOTANID', Buffer.from('hello').toString('base64url')]) refused(await s.api(`/users?after=${after}`), 400, 'E0000029');
});

test('a cursor survives the deletion of the user it stands on', async () => {
  const login = 'ephemeral@acme.example';
  await s.admin('POST', '/users', { login });
  await s.admin('POST', '/users', { login: 'after@acme.example' });
  const all = (await walk('/users')).items;
  const at = all.findIndex((u) => u.profile.login === login);
  const { next } = links(await s.api(`/users?limit=${at + 1}`));
  await s.admin('DELETE', `/users/${login}`);
  assert.deepEqual(logins(await s.api(next)), ['after@acme.example']);
  await s.admin('DELETE', '/users/after@acme.example');
});

test('link switches: folded, without self, mixed-case names, base64 cursors', async () => {
  await s.switches({ link_header: 'folded' });
  assert.equal((await s.api('/users?limit=5')).raw.filter((x) => x === 'link').length, 1);
  assert.equal((await walk('/users?limit=20')).items.length, 70);
  await s.switches({ link_header: 'separate', link_self: false });
  assert.deepEqual(Object.keys(links(await s.api('/users?limit=5'))), ['next']);
  await s.switches({ header_case: 'mixed' });
  const { raw } = await s.api('/users?limit=5');
  assert.ok(raw.includes('Link') && raw.includes('X-Rate-Limit-Limit') && !raw.includes('link'));
  await s.switches({ cursor_form: 'base64' });
  assert.ok(!new URL(links(await s.api('/users?limit=5')).next).searchParams.get('after').includes('00u'));
  assert.equal((await walk('/users?limit=20')).items.length, 70);
});

test('page_size_cap and short_pages make short and empty pages that still lead on', async () => {
  await s.switches({ page_size_cap: 30 });
  assert.deepEqual((await walk('/users')).sizes, [30, 30, 10]);
  await s.switches({ page_size_cap: 0, short_pages: 'short' });
  assert.deepEqual((await walk('/users?limit=40')).sizes, [20, 20, 20, 10]);
  await s.switches({ short_pages: 'empty' });
  const { items, sizes } = await walk('/users?limit=30');
  assert.deepEqual([items.length, sizes], [70, [30, 0, 30, 0, 10]]);
});

test('groups: types, object classes, the source link of an APP_GROUP', async () => {
  const groups = Object.fromEntries((await walk('/groups')).items.map((g) => [g.profile.name, g]));
  assert.equal(groups.Everyone.type, 'BUILT_IN');
  assert.equal(groups.eng.type, 'OKTA_GROUP');
  assert.deepEqual([groups['eng-ad'].type, groups['eng-ad'].objectClass], ['APP_GROUP', ['okta:windows_security_principal']]);
  assert.ok(groups['eng-ad']._links.source && groups['eng-ad'].profile.samAccountName && !groups.eng._links.source);
  assert.deepEqual(Object.keys(groups.eng), ['id', 'created', 'lastUpdated', 'lastMembershipUpdated', 'objectClass', 'type', 'profile', '_links']);
});

test('groups: q, search and filter, by id, with stats', async () => {
  const names = async (path) => (await s.api(path)).json.map((g) => g.profile.name);
  assert.deepEqual(await names('/groups?q=LINUX'), ['linux-users', 'linux-admins']);
  assert.equal((await s.api('/groups?q=linux')).headers.link, undefined);
  assert.deepEqual(await names(`/groups?filter=${q('type eq "APP_GROUP"')}`), ['eng-ad']);
  assert.deepEqual(await names(`/groups?search=${q('profile.name eq "DATA science"')}`), ['Data Science']);
  refused(await s.api(`/groups?filter=${q('profile.name eq "eng"')}`), 400, 'E0000031');
  const one = await s.api(`/groups/${s.ids.group_ids.eng}?expand=stats`);
  assert.deepEqual([one.json.profile.name, one.json._embedded.stats.usersCount], ['eng', 2]);
  refused(await s.api('/groups/00gnone'), 404, 'E0000007');
});

test('the delta filter finds membership changes and profile changes, each on its own', async () => {
  await s.admin('POST', '/clock', { skew_s: 100 });
  const since = new Date(Date.now() + 90_000).toISOString();
  const names = async (p) => (await s.api(`/groups?filter=${q(`${p} gt "${since}"`)}`)).json.map((g) => g.profile.name);
  await s.admin('PUT', '/groups/sudo/members/bob@acme.example');
  assert.deepEqual([await names('lastMembershipUpdated'), await names('lastUpdated')], [['sudo'], []]);
  await s.admin('PATCH', '/groups/eng', { profile: { description: 'Engineers' } });
  assert.deepEqual([await names('lastMembershipUpdated'), await names('lastUpdated')], [['sudo'], ['eng']]);
  await s.admin('DELETE', '/groups/sudo/members/bob@acme.example');
});

test('group members are listed whatever their status, in pages', async () => {
  const { items, sizes } = await walk(`/groups/${s.ids.group_ids['linux-users']}/users?limit=20`);
  assert.ok(items.some((u) => u.status === 'SUSPENDED') && items.some((u) => u.status === 'LOCKED_OUT'));
  assert.deepEqual([items.length, sizes.length], [68, 4]);
  refused(await s.api('/groups/00gnone/users'), 404, 'E0000007');
});

test('a user\'s groups include Everyone', async () => {
  const r = await s.api(`/users/${s.ids.user_ids['ada@acme.example']}/groups`);
  assert.deepEqual(r.json.map((g) => g.profile.name), ['Everyone', 'linux-users', 'linux-admins', 'eng', 'eng-ad']);
  refused(await s.api('/users/00unone/groups'), 404, 'E0000007');
});

test('app users: scope GROUP or USER, app status instead of the person\'s, expand=user, q', async () => {
  const app = s.ids.native_client_id;
  await s.admin('PUT', `/apps/${app}/users/ada@acme.example`);
  const { items } = await walk(`/apps/${app}/users?limit=500&expand=user`);
  const by = Object.fromEntries(items.map((u) => [u.credentials.userName, u]));
  assert.deepEqual([by['ada@acme.example'].scope, by['bob@acme.example'].scope], ['USER', 'GROUP']);
  assert.deepEqual([by['carol@acme.example'].status, by['carol@acme.example']._embedded.user.status], ['ACTIVE', 'SUSPENDED']);
  assert.ok(!by['dave@acme.example'] && by['bob@acme.example']._links.group);
  assert.equal((await s.api(`/apps/${app}/users?q=ada`)).json.length, 1);
  assert.ok(!('_embedded' in (await s.api(`/apps/${app}/users?limit=1`)).json[0]));
  await s.admin('DELETE', `/apps/${app}/users/ada@acme.example`);
  refused(await s.api('/apps/0oanone/users'), 404, 'E0000007');
});

test('app groups: ids and priority, names only with expand', async () => {
  const app = s.ids.native_client_id;
  await s.admin('PUT', `/apps/${app}/groups/eng`);
  const r = await s.api(`/apps/${app}/groups`);
  assert.deepEqual(r.json.map((g) => [g.id, g.priority]), [[s.ids.group_ids.Everyone, 0], [s.ids.group_ids.eng, 1]]);
  assert.ok(!r.text.includes('"name"'));
  assert.equal((await s.api(`/apps/${app}/groups?expand=group`)).json[1]._embedded.group.profile.name, 'eng');
  await s.admin('DELETE', `/apps/${app}/groups/eng`);
});

test('lifecycle calls move the status or refuse in Okta\'s codes', async () => {
  const { id } = await s.admin('POST', '/users', { login: 'cycle@acme.example', status: 'STAGED' });
  const call = (verb) => s.api(`/users/${id}/lifecycle/${verb}`, { method: 'POST' });
  const status = async () => (await s.api(`/users/${id}`)).json.status;
  assert.deepEqual([(await call('activate')).json, await status()], [{}, 'ACTIVE']);
  refused(await call('activate'), 403, 'E0000016');
  refused(await call('unlock'), 403, 'E0000032');
  refused(await call('unsuspend'), 403, 'E0000038');
  refused(await call('reactivate'), 403, 'E0000038');
  assert.deepEqual([(await call('suspend')).json, await status()], [{}, 'SUSPENDED']);
  assert.deepEqual([(await call('unsuspend')).json, await status()], [{}, 'ACTIVE']);
  const off = await call('deactivate');
  assert.deepEqual([off.status, off.json, await status()], [200, {}, 'DEPROVISIONED']);
  await call('activate');
  await s.switches({ deactivate_reply: 204 });
  const empty = await call('deactivate');
  assert.deepEqual([empty.status, empty.text], [204, '']);
  await s.admin('DELETE', `/users/${id}`);
});

test('DELETE deactivates first and removes the second time', async () => {
  const { id } = await s.admin('POST', '/users', { login: 'twice@acme.example' });
  const remove = async () => (await s.api(`/users/${id}`, { method: 'DELETE' })).status;
  assert.equal(await remove(), 204);
  assert.equal((await s.api(`/users/${id}`)).json.status, 'DEPROVISIONED');
  assert.equal(await remove(), 204);
  refused(await s.api(`/users/${id}`), 404, 'E0000007');
});

test('gzip if asked for, unless the switch says no', async () => {
  const asked = { headers: { 'accept-encoding': 'gzip' } };
  const url = `${s.url}/api/v1/users`;
  assert.equal((await s.api('/users', asked)).headers['content-encoding'], 'gzip');
  const https = await import('node:https');
  const body = await new Promise((resolve) => {
    https.get(url, { ca: s.ca, headers: { authorization: `SSWS ${s.ssws}`, 'accept-encoding': 'gzip' } }, (res) => {
      const parts = [];
      res.on('data', (d) => parts.push(d)).on('end', () => resolve(zlib.gunzipSync(Buffer.concat(parts)).toString()));
    });
  });
  assert.equal(JSON.parse(body).length, 70);
  assert.equal((await s.api('/users')).headers['content-encoding'], undefined);
  await s.switches({ gzip: false });
  assert.equal((await s.api('/users', asked)).headers['content-encoding'], undefined);
});
