// SPDX-License-Identifier: BSD-2-Clause
// Okta's own Node SDK as a client: it knows nothing about the stand-in.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import okta from '@okta/okta-sdk-nodejs';
import { StandIn } from '../testkit.mjs';

let s;
before(async () => { s = await StandIn.start('--users', '450', '--groups', '30'); });
after(() => s.stop());

// The SDK's HTTP client has no way to name a CA, and the certificate is not what is tested here.
process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
process.removeAllListeners('warning');

const ssws = () => new okta.Client({ orgUrl: s.url, token: s.ssws });
const service = (clientId, more = {}) => new okta.Client({
  orgUrl: s.url, authorizationMode: 'PrivateKey', clientId, scopes: ['okta.users.read', 'okta.groups.read'], privateKey: s.read('service.key'), keyId: 'service-1', ...more,
});
async function all(collection) {
  const items = [];
  await (await collection).each((x) => { items.push(x); });
  return items;
}

test('the SDK lists every user over all pages with an SSWS token', async () => {
  const users = await all(ssws().userApi.listUsers({ limit: 200 }));
  assert.equal(users.length, 460);
  assert.equal(new Set(users.map((u) => u.id)).size, 460);
  assert.equal(users[0].profile.login, 'ada@acme.example');
});

test('the SDK lists groups, members and a person\'s groups', async () => {
  const client = ssws();
  const groups = await all(client.groupApi.listGroups({ limit: 10 }));
  assert.equal(groups.length, 37);
  const linux = groups.find((g) => g.profile.name === 'linux-users');
  assert.equal((await all(client.groupApi.listGroupUsers({ groupId: linux.id, limit: 100 }))).length, 458);
  const ada = await client.userApi.getUser({ userId: 'ada@acme.example' });
  const names = (await all(client.userResourcesApi?.listUserGroups({ userId: ada.id }) ?? client.userApi.listUserGroups({ userId: ada.id }))).map((g) => g.profile.name);
  assert.ok(names.includes('Everyone') && names.includes('linux-admins'));
});

test('the SDK signs in as a service app without DPoP', async () => {
  assert.equal((await all(service(s.ids.service_nodpop_client_id).userApi.listUsers({ limit: 200 }))).length, 460);
});

test('the SDK dances the DPoP nonce dance by itself', async () => {
  assert.equal((await all(service(s.ids.service_client_id).userApi.listUsers({ limit: 200 }))).length, 460);
  const log = await s.admin('GET', '/log');
  assert.ok(log.some((e) => e.path === '/oauth2/v1/token' && e.status === 400 && e.dpop), 'the first proof had no nonce');
  assert.ok(log.some((e) => e.path.startsWith('/api/v1/users') && e.auth === 'DPoP' && e.status === 200));
});

test('the SDK searches', async () => {
  const found = await all(ssws().userApi.listUsers({ search: 'status eq "SUSPENDED"' }));
  assert.deepEqual(found.map((u) => u.profile.login), ['carol@acme.example']);
});

test('the SDK understands errors', async () => {
  await assert.rejects(ssws().userApi.getUser({ userId: 'nobody@acme.example' }), (e) => e.status === 404 && e.errorCode === 'E0000007');
});

test('the SDK waits for the reset of a rate limit and goes on', async () => {
  await s.admin('POST', '/faults', { path: '/api/v1/users', kind: 'rate_limit', delay_ms: 1000 });
  assert.equal((await all(ssws().userApi.listUsers({ limit: 200 }))).length, 460);
});

test('the SDK reads the System Log', async () => {
  await s.admin('POST', '/users', { login: 'sdk@acme.example' });
  const events = [];
  await (await ssws().systemLogApi.listLogEvents({ until: new Date(Date.now() + 60_000), since: new Date(Date.now() - 60_000) })).each((e) => { events.push(e.eventType); });
  assert.ok(events.includes('user.lifecycle.create'));
});
