// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import { StandIn } from '../testkit.mjs';

let s;
let defaults;
before(async () => {
  s = await StandIn.start();
  defaults = (await s.admin('GET', '/state')).switches;
});
after(() => s.stop());
beforeEach(async () => {
  await s.switches(defaults);
  await s.admin('POST', '/rates/reset');
  await s.admin('POST', '/clock', { skew_s: 0 });
});

const rate = (r) => ['limit', 'remaining', 'reset'].map((n) => Number(r.headers[`x-rate-limit-${n}`]));
const ada = () => `/users/${s.ids.user_ids['ada@acme.example']}`;

test('headers are always sent, and nothing is refused until the switch enforces it', async () => {
  await s.switches({ rate_limits: { users: 2 } });
  for (let i = 0; i < 4; i += 1) {
    const r = await s.api('/users');
    assert.equal(r.status, 200);
    assert.equal(rate(r)[0], 2);
  }
});

test('the limit shown is one client\'s half of the tier', async () => {
  const limits = async (tier) => {
    await s.switches({ rate_limit_tier: tier });
    return Promise.all(['/users', ada(), '/groups', `/groups/${s.ids.group_ids.eng}`, `/apps/${s.ids.native_client_id}/users`, '/logs', `${ada()}/groups`]
      .map(async (p) => rate(await s.api(p))[0]));
  };
  assert.deepEqual(await limits('workforce'), [300, 1000, 250, 500, 50, 60, 600]);
  assert.deepEqual(await limits('integrator'), [50, 50, 50, 50, 10, 10, 50]);
  assert.deepEqual(await limits('enterprise'), [300, 500, 300, 300, 50, 25, 300]);
  assert.deepEqual(await limits('one_app'), [300, 500, 300, 300, 50, 25, 300]);
  await s.switches({ rate_limit_share_percent: 100 });
  assert.equal(rate(await s.api('/users'))[0], 600);
});

test('over the limit: 429 E0000047 with a reset and no Retry-After, until the window is over', async () => {
  await s.switches({ enforce_rate_limits: true, rate_limits: { users: 2 }, rate_limit_window_s: 30 });
  const seen = [];
  for (let i = 0; i < 3; i += 1) seen.push(await s.api('/users'));
  assert.deepEqual(seen.map((r) => [r.status, rate(r)[1]]), [[200, 1], [200, 0], [429, 0]]);
  const last = seen[2];
  assert.equal(last.json.errorCode, 'E0000047');
  assert.equal(last.headers['retry-after'], undefined);
  const wait = rate(last)[2] - Date.parse(last.headers.date) / 1000;
  assert.ok(wait > 25 && wait <= 30, String(wait));
  assert.equal((await s.api('/groups')).status, 200, 'other buckets are untouched');
  await s.admin('POST', '/clock', { skew_s: 31 });
  assert.equal((await s.api('/users')).status, 200);
});

test('each client has its own count', async () => {
  await s.switches({ enforce_rate_limits: true, rate_limits: { users: 1 } });
  const { access_token: at } = (await s.machine()).json;
  await s.api('/users');
  assert.equal((await s.api('/users')).status, 429);
  assert.equal((await s.api('/users', { headers: { authorization: `Bearer ${at}` } })).status, 200);
});

test('rate_limit_body=concurrency shows Limit 0', async () => {
  await s.switches({ enforce_rate_limits: true, rate_limits: { users: 0 }, rate_limit_body: 'concurrency' });
  const r = await s.api('/users');
  assert.deepEqual([r.status, ...rate(r).slice(0, 2), r.json.errorCode], [429, 0, 0, 'E0000047']);
});

test('the token endpoint has a bucket, its 429 may have an OAuth body; keys and metadata have none', async () => {
  await s.switches({ enforce_rate_limits: true, rate_limits: { oauth: 1 }, rate_limit_body: 'oauth' });
  await s.machine();
  const r = await s.machine();
  assert.deepEqual([r.status, r.json.error, r.json.error_description], [429, 'invalid_grant', 'API call exceeded rate limit due to too many requests.']);
  await s.switches({ rate_limit_body: 'E0000047' });
  assert.equal((await s.machine()).json.errorCode, 'E0000047');
  for (const path of ['/oauth2/v1/keys', '/.well-known/openid-configuration', '/oauth2/default/.well-known/openid-configuration']) {
    const free = await s.http('GET', path);
    assert.deepEqual([free.status, free.headers['x-rate-limit-limit']], [200, undefined], path);
  }
});
