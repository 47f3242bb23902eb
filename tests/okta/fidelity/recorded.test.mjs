// SPDX-License-Identifier: BSD-2-Clause
// What real orgs answered, as recorded by Okta's own SDK tests: the same requests here must
// have the same status, the same members with the same types, and the same header names.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { StandIn } from '../testkit.mjs';
import { load, missing } from './reference.mjs';

const FILE = 'okta-recorded-http.json';
const skip = missing(FILE);
let s;
let exchanges = [];
before(async () => {
  if (skip) return;
  exchanges = load(FILE).exchanges;
  s = await StandIn.start();
});
after(() => s?.stop());

const recorded = (method, pattern, status) => {
  const found = exchanges.filter((e) => e.request.method === method && pattern.test(e.request.uri) && e.response.status === status);
  assert.ok(found.length, `${method} ${pattern} ${status} was recorded`);
  return found.map((e) => e.response);
};
const kind = (v) => (Array.isArray(v) ? 'array' : v === null ? 'null' : typeof v);

/** Members the recording has and OURS lacks or types otherwise; null is everybody's joker. */
function differences(theirs, ours, at = '') {
  if (kind(theirs) === 'null' || kind(ours) === 'null') return [];
  if (kind(theirs) !== kind(ours)) return [`${at}: ${kind(theirs)} there, ${kind(ours)} here`];
  if (kind(theirs) === 'array') return theirs.length && ours.length ? differences(theirs[0], ours[0], `${at}[]`) : [];
  if (kind(theirs) !== 'object') return [];
  return Object.keys(theirs).flatMap((k) => (k in ours ? differences(theirs[k], ours[k], `${at}.${k}`) : [`${at}.${k}: missing here`]));
}
const same = (theirs, ours) => {
  const lines = theirs.flatMap((t) => differences(t.body, ours.json));
  assert.deepEqual([...new Set(lines)], []);
  for (const t of theirs) assert.equal(ours.status, t.status);
};
const relOf = (r) => [r.headers.link ?? []].flat().join(', ').match(/rel="\w+"/g) ?? [];

test('a page of users', { skip }, async () => {
  const theirs = recorded('GET', /\/api\/v1\/users\?limit=1$/, 200);
  const ours = await s.api('/users?limit=1');
  same(theirs, ours);
  for (const name of ['content-type', 'x-rate-limit-limit', 'x-rate-limit-remaining', 'x-rate-limit-reset', 'cache-control', 'expires', 'x-okta-request-id', 'strict-transport-security']) {
    assert.ok(name in theirs[0].headers && name in ours.headers, name);
  }
  assert.deepEqual(relOf(ours), ['rel="self"', 'rel="next"']);
});

test('the form of the next link: cursor first, a digit before the id, then the limit', { skip }, async () => {
  const [theirs] = recorded('GET', /users\?limit=1$/, 200).filter((r) => r.headers.link?.length === 2);
  const form = (link) => link.replace(/https:\/\/[^/]+/, '').replace(/after=\d00u\w{17}/, 'after=CURSOR');
  const ours = await s.api('/users?limit=1');
  assert.equal(form(ours.raw.filter((x) => x.includes('rel="next"'))[0]), form(theirs.headers.link[1]));
});

test('one user by id and by login', { skip }, async () => {
  const staged = await s.admin('POST', '/users', { login: 'rec@acme.example', status: 'STAGED' });
  same(recorded('GET', /\/api\/v1\/users\/00usfhrjbkppPBkoY4x6$/, 200), await s.api(`/users/${staged.id}`));
  same(recorded('GET', /\/api\/v1\/users\/John\.Doe-Get@example\.com$/, 200), await s.api('/users/rec@acme.example'));
});

test('users by filter', { skip }, async () => {
  same(recorded('GET', /users\?filter=status\+eq\+%22SUSPENDED%22/, 200), await s.api('/users?filter=status+eq+%22SUSPENDED%22'));
});

test('a user who is gone', { skip }, async () => {
  const theirs = recorded('GET', /\/api\/v1\/users\/00usfgmn9xhwtA6f74x6$/, 404);
  const ours = await s.api('/users/00usfgmn9xhwtA6f74x6');
  same(theirs, ours);
  assert.equal(ours.json.errorSummary, theirs[0].body.errorSummary);
});

test('groups, and the groups of a user', { skip }, async () => {
  same(recorded('GET', /\/api\/v1\/groups$/, 200), await s.api('/groups'));
  same(recorded('GET', /\/users\/00uqrkpsp7ZR4AkPB5d7\/groups$/, 200), await s.api('/users/ada@acme.example/groups'));
  same(recorded('GET', /\/groups\?q=/, 200), await s.api('/groups?q=eng'));
});

test('members of a group', { skip }, async () => {
  same(recorded('GET', /\/groups\/00gsf7bj3rH2d9PvL4x6\/users$/, 200), await s.api(`/groups/${s.ids.group_ids.eng}/users`));
});

test('users and groups of an app', { skip }, async () => {
  const app = s.ids.native_client_id;
  await s.admin('PUT', `/apps/${app}/users/ada@acme.example`);
  same(recorded('GET', /\/apps\/\w+\/users$/, 200), await s.api(`/apps/${app}/users`));
  same(recorded('GET', /\/apps\/\w+\/groups$/, 200), await s.api(`/apps/${app}/groups`));
});

test('the DPoP dance: both 400s', { skip }, async () => {
  const { DpopKey } = await import('../testkit.mjs');
  const client = s.ids.service_client_id;
  const theirs = recorded('POST', /\/oauth2\/v1\/token$/, 400);
  const without = await s.machine({ client });
  const proof = new DpopKey().proof({ htu: `${s.url}/oauth2/v1/token` });
  const noNonce = await s.machine({ client, headers: { dpop: proof } });
  for (const ours of [without, noNonce]) {
    const match = theirs.find((t) => t.body.error === ours.json.error);
    assert.deepEqual(ours.json, match.body);
    assert.equal('dpop-nonce' in ours.headers, 'dpop-nonce' in match.headers);
  }
});

test('an invalid cursor', { skip }, async () => {
  const [theirs] = recorded('GET', /\/api\/v1\/apps\?q=.*after=/, 400);
  const { json } = await s.api('/users?after=00u1testcursorvalue');
  assert.deepEqual({ ...json, errorId: 0 }, { ...theirs.body, errorId: 0 });
});

test('over the rate limit', { skip }, async () => {
  const [theirs] = recorded('GET', /agentPools\?/, 429);
  await s.admin('POST', '/faults', { path: '/api/v1/users', kind: 'rate_limit' });
  const ours = await s.api('/users');
  assert.deepEqual({ ...ours.json, errorId: 0 }, { ...theirs.body, errorId: 0 });
  assert.equal(ours.headers['x-rate-limit-remaining'], theirs.headers['x-rate-limit-remaining'][0]);
  assert.ok(!('retry-after' in ours.headers) && !('retry-after' in theirs.headers));
});

test('lifecycle calls that are not allowed', { skip }, async () => {
  for (const [verb, pattern] of [['reactivate', /lifecycle\/reactivate/], ['unlock', /lifecycle\/unlock/]]) {
    const [theirs] = recorded('POST', pattern, 403);
    const ours = await s.api(`/users/ada@acme.example/lifecycle/${verb}`, { method: 'POST' });
    assert.deepEqual([ours.status, { ...ours.json, errorId: 0 }], [403, { ...theirs.body, errorId: 0 }]);
  }
});
