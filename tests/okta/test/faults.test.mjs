// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { StandIn } from '../testkit.mjs';

let s;
before(async () => { s = await StandIn.start(); });
after(() => s.stop());
beforeEach(() => s.admin('DELETE', '/faults'));

const fault = (f) => s.admin('POST', '/faults', { path: '/api/v1/users', ...f });
const users = () => s.api('/users?limit=2');

test('status: the asked status once, then all is well', async () => {
  await fault({ kind: 'status', status: 503, body: 'busy', headers: { 'retry-after': '3' } });
  const r = await users();
  assert.deepEqual([r.status, r.text, r.headers['retry-after']], [503, 'busy', '3']);
  assert.equal((await users()).status, 200);
});

test('status without body is an E-code body', async () => {
  await fault({ kind: 'status', status: 500 });
  assert.equal((await users()).json.errorCode, 'E0000009');
});

test('times, skip, method and path choose the requests', async () => {
  await fault({ kind: 'status', status: 500, times: 2, skip: 1, method: 'GET', path: 'limit=2' });
  const seen = [];
  for (let i = 0; i < 4; i += 1) seen.push((await users()).status);
  assert.deepEqual(seen, [200, 500, 500, 200]);
  await fault({ kind: 'status', status: 500, method: 'POST' });
  assert.equal((await users()).status, 200);
  assert.equal((await s.api('/groups')).status, 200);
});

test('times -1 never ends until the faults are deleted', async () => {
  await fault({ kind: 'status', status: 500, times: -1 });
  for (let i = 0; i < 3; i += 1) assert.equal((await users()).status, 500);
  await s.admin('DELETE', '/faults');
  assert.equal((await users()).status, 200);
});

test('delay answers late, slow dribbles the body', async () => {
  for (const kind of ['delay', 'slow']) {
    await fault({ kind, delay_ms: 300 });
    const started = Date.now();
    assert.equal((await users()).json.length, 2);
    assert.ok(Date.now() - started >= 280, kind);
  }
});

test('garbage is 200 and no JSON', async () => {
  await fault({ kind: 'garbage' });
  const r = await users();
  assert.deepEqual([r.status, r.json], [200, undefined]);
});

test('truncate ends in the middle of an announced length', async () => {
  await fault({ kind: 'truncate' });
  await assert.rejects(users());
  await s.admin('POST', '/faults', { path: '/oauth2/v1/keys', kind: 'truncate' });
  await assert.rejects(s.http('GET', '/oauth2/v1/keys'));
});

test('drop closes the connection without a reply', async () => {
  await fault({ kind: 'drop' });
  await assert.rejects(users(), /hang up|ECONNRESET/);
});

test('rate_limit is Okta\'s 429, with Limit 0 for a concurrency violation', async () => {
  await fault({ kind: 'rate_limit', delay_ms: 3000 });
  const r = await users();
  assert.deepEqual([r.status, r.json.errorCode, r.headers['x-rate-limit-remaining']], [429, 'E0000047', '0']);
  assert.equal(Number(r.headers['x-rate-limit-reset']) - Math.floor(Date.parse(r.headers.date) / 1000), 3);
  await fault({ kind: 'rate_limit', body: 'concurrency' });
  assert.equal((await users()).headers['x-rate-limit-limit'], '0');
});

test('empty_page is an empty list without next', async () => {
  await fault({ kind: 'empty_page' });
  const r = await users();
  assert.deepEqual([r.status, r.json, r.headers.link], [200, [], undefined]);
});

test('no_date is an answer without that header', async () => {
  await fault({ kind: 'no_date' });
  const r = await users();
  assert.deepEqual([r.status, r.headers.date], [200, undefined]);
});

test('html is a gateway page', async () => {
  await fault({ kind: 'html' });
  const r = await users();
  assert.deepEqual([r.status, r.headers['content-type']], [502, 'text/html']);
});

test('faults reach token, device and key endpoints too', async () => {
  for (const path of ['/oauth2/v1/token', '/oauth2/v1/device/authorize', '/oauth2/v1/keys', '/.well-known/openid-configuration']) {
    await s.admin('POST', '/faults', { path, kind: 'html' });
    const r = await s.http(path.includes('oauth2/v1/') && !path.endsWith('keys') ? 'POST' : 'GET', path, path.endsWith('keys') ? {} : { form: {} });
    assert.equal(r.status, 502, path);
  }
});

test('several faults can be set at once, and a bad one is refused by name', async () => {
  await s.admin('POST', '/faults', [{ path: '/users', kind: 'html' }, { path: '/users', kind: 'garbage' }]);
  assert.deepEqual([(await users()).status, (await users()).status, (await users()).json.length], [502, 200, 2]);
  await assert.rejects(fault({ kind: 'shoes' }), /kind: must be one of/);
  await assert.rejects(s.admin('POST', '/faults', { kind: 'html' }), /path: must be/);
  await assert.rejects(fault({ kind: 'html', path: '(' }), /400/);
});
