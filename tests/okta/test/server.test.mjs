// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { claims, PASSWORD, StandIn } from '../testkit.mjs';

const SERVER = fileURLToPath(new URL('../server.mjs', import.meta.url));
const APPROVE = fileURLToPath(new URL('../approve.mjs', import.meta.url));
const BROWSER = fileURLToPath(new URL('../browser/approve.mjs', import.meta.url));
const run = (...args) => spawnSync(process.execPath, args, { encoding: 'utf8', timeout: 20_000 });

test('one line on standard output, files for clients, a clean end on SIGTERM', async () => {
  const s = await StandIn.start();
  assert.match(s.line, /^ready https:\/\/localhost:\d+\n$/);
  for (const [name, mode] of [['ca.pem', 0o644], ['ca.key', 0o600], ['service.key', 0o600], ['service-secret', 0o600], ['ssws-token', 0o600], ['requests.log', 0o600]]) {
    assert.equal(fs.statSync(path.join(s.dir, name)).mode & 0o777, mode, name);
  }
  assert.equal(s.ids.pid, s.child.pid);
  for (const [name, id] of Object.entries(s.ids)) if (name.endsWith('client_id')) assert.equal(id.length, 20, name);
  assert.equal(await s.stop(), 0);
});

test('a restart in the same directory keeps CA, keys and secrets', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'okta-test-'));
  const snapshot = () => ['ca.pem', 'ca.key', 'service.key', 'service-secret', 'ssws-token'].map((n) => fs.readFileSync(path.join(dir, n), 'utf8'));
  const seen = [];
  for (let i = 0; i < 2; i += 1) {
    const s = await StandIn.startIn(dir);
    assert.equal((await s.http('GET', '/oauth2/v1/keys')).status, 200);
    seen.push(snapshot());
    await s.stop({ keep: true });
  }
  assert.deepEqual(seen[0], seen[1]);
  fs.rmSync(dir, { recursive: true });
});

for (const [kind, code] of [['expired', 'CERT_HAS_EXPIRED'], ['self-signed', 'DEPTH_ZERO_SELF_SIGNED_CERT'], ['wrong-host', 'ERR_TLS_CERT_ALTNAME_INVALID']]) {
  test(`--tls ${kind} is refused by a client that checks`, async () => {
    const s = await StandIn.start('--tls', kind);
    await assert.rejects(s.http('GET', '/oauth2/v1/keys'), (e) => e.code === code || assert.fail(e.code));
    await s.stop();
  });
}

test('a good certificate is still refused without the CA', async () => {
  const s = await StandIn.start();
  await assert.rejects(s.http('GET', '/oauth2/v1/keys', { ca: [] }));
  await s.stop();
});

test('wrong options are refused with one clear line', () => {
  for (const [args, text] of [[[], /--dir DIR is needed/], [['--dir', '/tmp/x', '--tls', 'bad'], /--tls: must be one of/],
    [['--dir', '/tmp/x', '--port', 'x'], /--port: must be a number/], [['--dir', '/tmp/x', '--shoes'], /shoes/]]) {
    const r = run(SERVER, ...args);
    assert.equal(r.status, 2);
    assert.match(r.stderr, text);
    assert.equal(r.stdout, '');
  }
});

test('a seed file replaces the people, and says what is wrong with it', async () => {
  const dir = fs.mkdtempSync(path.join(os.tmpdir(), 'okta-test-'));
  const file = path.join(dir, 'seed.json');
  fs.writeFileSync(file, JSON.stringify({ groups: [{ name: 'ops' }], users: [{ login: 'zoe@acme.example', firstName: 'Zoe', lastName: 'Z', groups: ['ops'] }] }));
  const s = await StandIn.start('--seed', file);
  assert.deepEqual((await s.api('/users')).json.map((u) => u.profile.login), ['zoe@acme.example']);
  await s.stop();
  fs.writeFileSync(file, JSON.stringify({ groups: [], users: [{ login: 'zoe@acme.example', groups: ['nope'] }] }));
  const r = run(SERVER, '--dir', dir, '--port', '0', '--seed', file);
  assert.equal(r.status, 2);
  assert.match(r.stderr, /no group named "nope"/);
  fs.rmSync(dir, { recursive: true });
});

test('the generator makes the same directory every time, about ten groups each, and serves it fast', async () => {
  const shape = async () => {
    const s = await StandIn.start('--users', '10000', '--groups', '300');
    const started = Date.now();
    let next = '/users?limit=200';
    let n = 0;
    while (next) {
      const r = await s.api(next);
      n += r.json.length;
      next = [r.headers.link].flat().join().match(/<([^>]*)>; rel="next"/)?.[1];
    }
    const ms = Date.now() - started;
    const groups = (await s.api('/users/user004321@acme.example/groups')).json.map((g) => g.id);
    await s.stop();
    return { n, ms, groups };
  };
  const [a, b] = [await shape(), await shape()];
  assert.equal(a.n, 10010);
  assert.deepEqual(a.groups, b.groups);
  assert.ok(a.groups.length >= 10 && a.groups.length <= 12);
  assert.ok(a.ms < 5000, `${a.ms} ms for 51 pages`);
});

test('approve.mjs approves and denies, and fails for a wrong password or code', async () => {
  const s = await StandIn.start();
  const ca = ['--ca', path.join(s.dir, 'ca.pem')];
  const codes = await Promise.all([1, 2, 3].map(() => s.deviceCode()));
  const yes = run(APPROVE, codes[0].verification_uri_complete, 'ada@acme.example', PASSWORD, ...ca);
  assert.deepEqual([yes.status, yes.stdout], [0, 'Device activated\n']);
  assert.equal(claims((await s.poll(codes[0])).json.id_token).preferred_username, 'ada@acme.example');
  assert.equal(run(APPROVE, codes[1].user_code, 'ada@acme.example', PASSWORD, '--deny', '--org', s.url, ...ca).status, 0);
  assert.equal((await s.poll(codes[1])).json.error, 'access_denied');
  const wrong = run(APPROVE, codes[2].verification_uri_complete, 'ada@acme.example', 'wrong', ...ca);
  assert.deepEqual([wrong.status, wrong.stdout], [1, 'Sign In: Unable to sign in\n']);
  assert.equal(run(APPROVE, 'AAAAAAAA', 'ada@acme.example', PASSWORD, '--org', s.url, ...ca).status, 1);
  assert.equal(run(APPROVE, 'AAAAAAAA').status, 2);
  await s.stop();
});

const browserMissing = () => {
  if (!fs.existsSync('/usr/bin/chromium')) return 'chromium is not installed: apt-get install --no-install-recommends chromium';
  if (!fs.existsSync(fileURLToPath(new URL('../browser/node_modules/playwright-core', import.meta.url)))) return 'run npm ci in browser/';
  return false;
};

test('a real browser approves and denies', { skip: browserMissing() }, async () => {
  const s = await StandIn.start();
  const [one, two] = [await s.deviceCode(), await s.deviceCode()];
  const shot = path.join(s.dir, 'shot');
  const yes = run(BROWSER, one.verification_uri_complete, 'ada@acme.example', PASSWORD, '--screenshot', shot);
  assert.deepEqual([yes.status, yes.stdout], [0, 'Device activated\n'], yes.stderr);
  assert.equal(claims((await s.poll(one)).json.id_token).preferred_username, 'ada@acme.example');
  assert.ok(fs.statSync(`${shot}-4.png`).size > 1000);
  assert.equal(run(BROWSER, two.verification_uri_complete, 'ada@acme.example', PASSWORD, '--deny').status, 0);
  assert.equal((await s.poll(two)).json.error, 'access_denied');
  await s.stop();
});
