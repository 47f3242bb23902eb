// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { SystemLog } from '../logs.mjs';
import { StandIn } from '../testkit.mjs';

let s;
before(async () => { s = await StandIn.start(); });
after(() => s.stop());

const q = encodeURIComponent;
const nextOf = (r) => [r.headers.link].flat().join(', ').match(/<([^>]*)>; rel="next"/)?.[1];
const types = (r) => r.json.map((e) => e.eventType);
async function tail() {
  let r = await s.api('/logs?limit=1000');
  while (r.json.length) r = await s.api(nextOf(r));
  return nextOf(r);
}
/** What ACT writes to the log, as [type, ids of the targets]. */
async function written(act) {
  const from = await tail();
  await act();
  return (await s.api(from)).json.map((e) => [e.eventType, ...e.target.map((t) => t.id)]);
}

test('every change writes its event about the right objects and moves the right timestamps', async () => {
  const eng = s.ids.group_ids.eng;
  const everyone = s.ids.group_ids.Everyone;
  let u;
  const made = await written(async () => { u = await s.admin('POST', '/users', { login: 'ev@acme.example', groups: ['eng'] }); });
  assert.deepEqual(made, [['user.lifecycle.create', u.id], ['user.lifecycle.activate', u.id], ['group.user_membership.add', u.id, everyone], ['group.user_membership.add', u.id, eng]]);
  const event = async (type, body) => assert.deepEqual(await written(() => s.admin('PATCH', `/users/${u.id}`, body)), type ? [[type, u.id]] : []);
  await event('user.lifecycle.suspend', { status: 'SUSPENDED' });
  await event(undefined, { status: 'SUSPENDED' });
  await event('user.lifecycle.unsuspend', { status: 'ACTIVE' });
  await event('user.account.lock', { status: 'LOCKED_OUT' });
  await event('user.account.unlock_by_admin', { status: 'ACTIVE' });
  await event('user.account.expire_password', { status: 'PASSWORD_EXPIRED' });
  await event('user.account.update_password', { status: 'ACTIVE' });
  await event('user.account.update_profile', { profile: { lastName: 'Renamed' } });
  await event('user.account.update_profile', { login: 'ev2@acme.example' });
  await event('user.lifecycle.deactivate', { status: 'DEPROVISIONED' });
  await event('user.lifecycle.activate', { status: 'ACTIVE' });
  await event('user.lifecycle.reactivate', { status: 'PROVISIONED' });
  assert.deepEqual(await written(() => s.admin('PATCH', `/users/${u.id}`, { groups: [] })), [['group.user_membership.remove', u.id, eng]]);
  assert.deepEqual(await written(() => s.admin('DELETE', `/users/${u.id}`)), [['user.lifecycle.delete.initiated', u.id], ['user.lifecycle.delete.completed', u.id]]);
});

test('group and app changes write theirs', async () => {
  const app = s.ids.native_client_id;
  const ada = s.ids.user_ids['ada@acme.example'];
  let g;
  assert.equal((await written(async () => { g = await s.admin('POST', '/groups', { name: 'fresh' }); }))[0][0], 'group.lifecycle.create');
  assert.deepEqual(await written(() => s.admin('PATCH', '/groups/fresh', { name: 'renamed' })), [['group.profile.update', g.id]]);
  assert.deepEqual(await written(() => s.admin('PUT', '/groups/renamed/members/ada@acme.example')), [['group.user_membership.add', ada, g.id]]);
  assert.deepEqual(await written(() => s.admin('PUT', '/groups/renamed/members/ada@acme.example')), []);
  assert.deepEqual(await written(() => s.admin('PUT', `/apps/${app}/groups/renamed`)), [['group.application_assignment.add', g.id, app]]);
  assert.deepEqual(await written(() => s.admin('DELETE', `/apps/${app}/groups/renamed`)), [['group.application_assignment.remove', g.id, app]]);
  assert.deepEqual(await written(() => s.admin('PUT', `/apps/${app}/users/ada@acme.example`)), [['application.user_membership.add', ada, app]]);
  assert.deepEqual(await written(() => s.admin('DELETE', `/apps/${app}/users/ada@acme.example`)), [['application.user_membership.remove', ada, app]]);
  assert.deepEqual(await written(() => s.admin('DELETE', '/groups/renamed')), [['group.lifecycle.delete', g.id]]);
});

test('group_delete_member_events logs one removal per member', async () => {
  await s.switches({ group_delete_member_events: true });
  await s.admin('POST', '/groups', { name: 'doomed' });
  await s.admin('PUT', '/groups/doomed/members/ada@acme.example');
  assert.deepEqual((await written(() => s.admin('DELETE', '/groups/doomed'))).map(([t]) => t), ['group.user_membership.remove', 'group.lifecycle.delete']);
});

test('timestamps: status moves statusChanged and lastUpdated, profile only lastUpdated, membership neither', async () => {
  const get = () => s.admin('GET', '/users/bob@acme.example');
  const before1 = await get();
  await s.admin('POST', '/clock', { skew_s: 10 });
  await s.admin('PUT', '/groups/sudo/members/bob@acme.example');
  assert.deepEqual((await get()).lastUpdated, before1.lastUpdated);
  const sudo = await s.admin('GET', '/groups/sudo');
  assert.ok(sudo.lastMembershipUpdated > sudo.lastUpdated);
  await s.admin('PATCH', '/users/bob@acme.example', { profile: { unixUid: 7 } });
  const second = await get();
  assert.ok(second.lastUpdated > before1.lastUpdated && second.statusChanged === before1.statusChanged);
  await s.admin('POST', '/clock', { skew_s: 20 });
  await s.admin('PATCH', '/users/bob@acme.example', { status: 'SUSPENDED' });
  const third = await get();
  assert.ok(third.lastUpdated > second.lastUpdated && third.statusChanged === third.lastUpdated);
  await s.admin('POST', '/clock', { skew_s: 0 });
});

test('polling: a next link on every page, also the empty one, and it never loses or repeats an event', async () => {
  let r = await s.api('/logs?limit=3');
  const seen = [];
  while (r.json.length) {
    seen.push(...r.json.map((e) => e.uuid));
    r = await s.api(nextOf(r));
  }
  assert.ok(nextOf(r));
  assert.equal(new Set(seen).size, seen.length);
  await s.admin('PATCH', '/users/ada@acme.example', { profile: { nickName: 'x' } });
  assert.deepEqual(types(await s.api(nextOf(r))), ['user.account.update_profile']);
});

test('a bounded request ends without next, and DESCENDING turns it round', async () => {
  const span = `since=${new Date(Date.now() - 3600_000).toISOString()}&until=${new Date(Date.now() + 3600_000).toISOString()}`;
  const all = await s.api(`/logs?${span}&limit=1000`);
  assert.equal(nextOf(all), undefined);
  assert.ok(all.json.length > 20);
  const first = await s.api(`/logs?${span}&limit=5`);
  const second = await s.api(nextOf(first));
  assert.deepEqual([...first.json, ...second.json].map((e) => e.uuid), all.json.slice(0, 10).map((e) => e.uuid));
  const down = await s.api(`/logs?${span}&limit=1000&sortOrder=DESCENDING`);
  assert.ok(down.json[0].published >= down.json.at(-1).published);
});

test('since hides what is older; filter and q choose', async () => {
  assert.deepEqual((await s.api(`/logs?since=${new Date(Date.now() + 60_000).toISOString()}`)).json, []);
  const some = await s.api(`/logs?filter=${q('eventType eq "user.lifecycle.suspend" or eventType sw "group.lifecycle"')}`);
  assert.ok(some.json.length && types(some).every((t) => t === 'user.lifecycle.suspend' || t.startsWith('group.lifecycle')));
  const ada = await s.api(`/logs?filter=${q(`target.id eq "${s.ids.user_ids['ada@acme.example']}"`)}`);
  assert.ok(ada.json.length && ada.json.every((e) => e.target.some((t) => t.id === s.ids.user_ids['ada@acme.example'])));
  assert.ok((await s.api('/logs?q=doomed')).json.every((e) => JSON.stringify(e).includes('doomed')));
});

test('log errors have a UUID as errorId and no errorLink', async () => {
  const bad = {
    [`/logs?filter=${q('published eq "x"')}`]: 'E0000053', [`/logs?filter=${q('eventType gt "x"')}`]: 'E0000031', '/logs?since=yesterday': 'E0000001',
    '/logs?since=2020-01-01T00:00:00Z': 'E0000053', '/logs?after=nonsense': 'E0000031',
  };
  for (const [path, code] of Object.entries(bad)) {
    const r = await s.api(path);
    assert.deepEqual([r.status, r.json.errorCode], [400, code], path);
    assert.match(r.json.errorId, /^[0-9a-f]{8}-/);
    assert.ok(!('errorLink' in r.json));
  }
});

test('signing in at the page is an event by that person', async () => {
  const code = await s.deviceCode();
  const { decideByForms } = await import('../forms.mjs');
  const rows = await written(() => decideByForms({ org: s.url, caFile: `${s.dir}/ca.pem`, userCode: code.user_code, login: 'ada@acme.example', password: 'Passw0rd!' }));
  assert.deepEqual(rows, [['user.session.start', s.ids.user_ids['ada@acme.example']]]);
});

test('the log refuses an event type it has no text for', () => {
  assert.throws(() => new SystemLog().write('user.lifecycle.shoes', []), /not an event type/);
});
