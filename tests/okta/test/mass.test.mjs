// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import os from 'node:os';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { StandIn } from '../testkit.mjs';

const SERVER = fileURLToPath(new URL('../server.mjs', import.meta.url));
let s;
let small;
before(async () => { [s, small] = await Promise.all([StandIn.start('--mass', '1000,20,2000'), StandIn.start()]); });
after(() => Promise.all([s.stop(), small.stop()]));

const nextOf = (r) => /<([^>]*)>; rel="next"/.exec(r.headers.link ?? '')?.[1];

async function all(target) {
  const items = [];
  let pages = 0;
  for (let at = target; at; pages += 1) {
    const r = await s.api(at);
    assert.equal(r.status, 200, r.text);
    items.push(...r.json);
    at = nextOf(r);
  }
  return { items, pages };
}

/** Names of all members, at every depth. */
const shape = (x) => (x && typeof x === 'object' && !Array.isArray(x) ? Object.fromEntries(Object.entries(x).map(([k, v]) => [k, shape(v)])) : 0);

test('the lists have as many items as were asked for, each once, over all pages', async () => {
  const users = await all('/users?limit=200');
  assert.equal(new Set(users.items.map((u) => u.id)).size, 1000);
  assert.equal(new Set(users.items.map((u) => u.profile.login)).size, 1000);
  assert.equal(users.pages, 5);
  const groups = await all('/groups?limit=7');
  assert.equal(new Set(groups.items.map((g) => g.profile.name)).size, 20);
  const members = await all(`/groups/${groups.items[3].id}/users?limit=30`);
  assert.equal(members.items.length, 100);
  assert.equal(members.pages, 4);
  const ids = new Set(users.items.map((u) => u.id));
  assert.ok(members.items.every((u) => ids.has(u.id)));
  assert.equal(new Set(members.items.map((u) => u.id)).size, 100);
});

test('items have the shape that those of the small directory have', async () => {
  for (const target of ['/users?limit=1', '/users?limit=1&fields=status,profile:(login,displayName)', '/groups?limit=1']) {
    const [ours, theirs] = await Promise.all([s.api(target), small.api(target)]);
    const wanted = shape(theirs.json[0]);
    if (wanted.profile?.unixUid !== undefined) { // an attribute only some have
      delete wanted.profile.unixUid;
      delete wanted.profile.unixShell;
    }
    assert.deepEqual(shape(ours.json[0]), wanted, target);
  }
});

test('pages are packed for who asks for it, and are the same bytes for who does not', async () => {
  const packed = await s.api('/users?limit=10', { headers: { 'accept-encoding': 'gzip' } });
  assert.equal(packed.headers['content-encoding'], 'gzip');
  const plain = await s.api('/users?limit=10');
  assert.equal(plain.headers['content-encoding'], undefined);
  assert.equal(plain.json.length, 10);
});

test('cursors, unknown groups and page caps are as ever', async () => {
  assert.equal((await s.api('/users?after=garbage')).json.errorCode, 'E0000029');
  assert.equal((await s.api('/groups/00gnothing/users')).json.errorCode, 'E0000007');
  await s.switches({ page_size_cap: 3 });
  assert.equal((await s.api('/users?limit=200')).json.length, 3);
  await s.switches({ page_size_cap: 0 });
});

test('what is no list of the three comes from the small directory', async () => {
  const r = await s.api('/users/ada@acme.example');
  assert.equal(r.json.profile.login, 'ada@acme.example');
});

test('a size that is none is refused by name', () => {
  for (const mass of ['1', '1,2', 'a,b,c', '1,2,3,4', '-1,2,3']) {
    const r = spawnSync(process.execPath, [SERVER, '--dir', os.tmpdir(), `--mass=${mass}`], { encoding: 'utf8', timeout: 20_000 });
    assert.equal(r.status, 2);
    assert.match(r.stderr, /--mass: must be/);
  }
});
