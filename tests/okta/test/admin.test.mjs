// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import fs from 'node:fs';
import { after, before, test } from 'node:test';
import { SWITCHES } from '../switches.mjs';
import { BAD_TOKENS } from '../badtokens.mjs';
import { FAULT_KINDS } from '../faults.mjs';
import { StandIn } from '../testkit.mjs';

let s;
before(async () => { s = await StandIn.start(); });
after(() => s.stop());

const readme = fs.readFileSync(new URL('../README.md', import.meta.url), 'utf8');

test('README lists every switch with its default, every fault and every bad token', () => {
  const rows = [...readme.matchAll(/^\| `(\w+)` \| ([^|]+) \| /gm)].map((m) => m[1]);
  assert.deepEqual(rows.sort(), Object.keys(SWITCHES).sort());
  for (const [name, [, value]] of Object.entries(SWITCHES)) {
    if (typeof value !== 'object') assert.ok(readme.includes(`| \`${name}\` | ${value} |`), name);
  }
  for (const name of [...FAULT_KINDS, ...Object.keys(BAD_TOKENS)]) assert.match(readme, new RegExp(`\\b${name}\\b`), name);
});

test('state shows switches, groups and apps', async () => {
  const state = await s.admin('GET', '/state');
  assert.equal(state.org_url, s.url);
  assert.deepEqual(Object.keys(state.switches).sort(), Object.keys(SWITCHES).sort());
  assert.ok(state.groups.some((g) => g.profile.name === 'linux-users') && state.apps.length === 6);
});

test('switches: an unknown name or a bad value changes nothing at all', async () => {
  for (const bad of [{ shoes: 1 }, { id_token: 'slim' }, { device_interval: -1 }, { gzip: 'yes' }, { amr: 'pwd' }, { groups_filter: [] }, { groups_filter: { type: 'SHOES', value: '' } }, { groups_filter: { type: 'REGEX', value: '(' } }, { groups_filter: { type: 'EQUALS' } }, { rate_limits: null }]) {
    await assert.rejects(s.switches({ device_interval: 9, ...bad }), /400/, JSON.stringify(bad));
  }
  assert.equal((await s.admin('GET', '/state')).switches.device_interval, 5);
});

test('a user can be made, changed, moved, renamed and removed', async () => {
  const u = await s.admin('POST', '/users', { login: 'new@acme.example', firstName: 'New', lastName: 'Person', groups: ['eng'], profile: { unixUid: 31337 } });
  assert.deepEqual([u.status, u.groups, u.profile.unixUid, u.profile.displayName], ['ACTIVE', ['Everyone', 'eng'], 31337, 'New Person']);
  const moved = await s.admin('PATCH', '/users/new@acme.example', { groups: ['linux-users'], profile: { unixShell: '/bin/zsh' }, login: 'newer@acme.example' });
  assert.deepEqual([moved.groups, moved.profile.unixUid, moved.profile.unixShell], [['Everyone', 'linux-users'], 31337, '/bin/zsh']);
  assert.equal((await s.api('/users/newer@acme.example')).json.id, u.id);
  assert.equal((await s.api('/users/new@acme.example')).status, 404);
  await s.admin('DELETE', `/users/${u.id}`);
  assert.equal((await s.api(`/users/${u.id}`)).status, 404);
  const members = (await s.api(`/groups/${s.ids.group_ids['linux-users']}/users`)).json;
  assert.ok(!members.some((m) => m.id === u.id));
});

test('a removed user\'s id is never given to anybody else', async () => {
  const first = await s.admin('POST', '/users', { login: 'again@acme.example' });
  await s.admin('DELETE', `/users/${first.id}`);
  const second = await s.admin('POST', '/users', { login: 'again@acme.example' });
  assert.notEqual(first.id, second.id);
});

test('bad users are refused by name: no login, taken login, unknown group, unknown status', async () => {
  const count = async () => (await s.admin('GET', '/state')).log_events;
  const before1 = await count();
  for (const [body, text] of [[{}, /login/], [{ login: 'ADA@acme.example' }, /taken/], [{ login: 'Ad\u00e1@acme.example' }, /taken/],
    [{ login: 'x@acme.example', groups: ['nope'] }, /nope/], [{ login: 'x@acme.example', status: 'HAPPY' }, /status/]]) {
    await assert.rejects(s.admin('POST', '/users', body), text);
  }
  await assert.rejects(s.admin('PATCH', '/users/bob@acme.example', { login: 'ada@acme.example' }), /taken/);
  await assert.rejects(s.admin('PATCH', '/users/nobody', {}), /404/);
  await assert.rejects(s.admin('PATCH', '/users/bob@acme.example', { status: 'HAPPY' }), /status/);
  assert.equal(await count(), before1);
});

test('groups: duplicates among OKTA_GROUPs are refused unless the switch allows them, an APP_GROUP may share a name', async () => {
  await assert.rejects(s.admin('POST', '/groups', { name: 'eng' }), /exists/);
  assert.equal((await s.admin('POST', '/groups', { name: 'eng', type: 'APP_GROUP' })).type, 'APP_GROUP');
  await s.switches({ refuse_duplicate_group_names: false });
  const second = await s.admin('POST', '/groups', { name: 'eng' });
  assert.equal((await s.api(`/groups?q=${'eng'}`)).json.filter((g) => g.profile.name === 'eng').length, 3);
  await s.admin('DELETE', `/groups/${second.id}`);
  await assert.rejects(s.admin('POST', '/groups', {}), /name/);
  await assert.rejects(s.admin('POST', '/groups', { name: 'x', type: 'SHOES' }), /type/);
  await assert.rejects(s.admin('DELETE', '/groups/nope'), /404/);
  await assert.rejects(s.admin('PUT', '/apps/nope/users/ada@acme.example'), /404.*no such app/);
});

test('deleting a group takes it out of its members', async () => {
  await s.admin('POST', '/groups', { name: 'brief' });
  await s.admin('PUT', '/groups/brief/members/ada@acme.example');
  await s.admin('DELETE', '/groups/brief');
  assert.ok(!(await s.admin('GET', '/users/ada@acme.example')).groups.includes('brief'));
});

test('renaming a group keeps its app assignment', async () => {
  await s.admin('PATCH', '/groups/Everyone', { name: 'All' });
  assert.equal((await s.login()).status, 200);
  await s.admin('PATCH', '/groups/All', { name: 'Everyone' });
});

test('approve: unknown codes, unknown people, people who may not sign in and other actions are refused', async () => {
  const { user_code: code } = await s.deviceCode();
  const ask = (body) => s.admin('POST', '/approve', { user_code: code, login: 'ada@acme.example', ...body });
  await assert.rejects(ask({ user_code: 'AAAAAAAA' }), /404/);
  await assert.rejects(ask({ login: 'nobody' }), /404/);
  await assert.rejects(ask({ login: 'carol@acme.example' }), /SUSPENDED/);
  await assert.rejects(ask({ action: 'shrug' }), /action/);
  await ask({ user_code: code.toLowerCase() });
  await assert.rejects(ask({}), /404/);
});

test('the request log knows method, path, status and scheme, and never a secret', async () => {
  await s.admin('DELETE', '/log');
  const { user_code: code, device_code: dc } = await s.deviceCode();
  await s.http('GET', `/activate?user_code=${code}`);
  await s.api('/users?limit=1', { headers: { 'user-agent': 'tester' } });
  const log = await s.admin('GET', '/log');
  assert.deepEqual(log.map((e) => [e.method, e.path.split('?')[0], e.status, e.auth]),
    [['POST', '/oauth2/v1/device/authorize', 200, 'none'], ['GET', '/activate', 200, 'none'], ['GET', '/api/v1/users', 200, 'SSWS']]);
  assert.equal(log[2].user_agent, 'tester');
  assert.match(log[0].client, /127\.0\.0\.1/);
  // a line is written once the connection's answer is through, which may be after the client has it
  const inFile = () => s.read('requests.log').includes('"path":"/api/v1/users?limit=1"');
  for (let i = 0; i < 100 && !inFile(); i++) await new Promise((done) => { setTimeout(done, 20); });
  assert.ok(inFile());
  const all = JSON.stringify(log) + s.read('requests.log');
  for (const secret of [code, dc, s.ssws]) assert.ok(!all.includes(secret));
});

test('clock, rotate and unknown calls refuse nonsense', async () => {
  await assert.rejects(s.admin('POST', '/clock', { skew_s: 'x' }), /skew_s/);
  await assert.rejects(s.admin('POST', '/rotate', { mode: 'x' }), /mode/);
  await assert.rejects(s.admin('POST', '/rotate', { server: 'x' }), /server/);
  await assert.rejects(s.admin('GET', '/shoes'), /404/);
  const r = await s.http('PATCH', '/__admin/switches', { headers: { 'content-type': 'application/json' } });
  assert.equal(r.status, 200);
});

test('rotating the custom server leaves the org\'s keys alone', async () => {
  const keys = async (base) => (await s.http('GET', `${base}/v1/keys`)).text;
  const [org, custom] = [await keys('/oauth2'), await keys('/oauth2/default')];
  await s.admin('POST', '/rotate', { mode: 'emergency', server: 'default' });
  assert.equal(await keys('/oauth2'), org);
  assert.notEqual(await keys('/oauth2/default'), custom);
});
