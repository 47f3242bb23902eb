// SPDX-License-Identifier: BSD-2-Clause
// The people and groups every test starts with, and a seed file's reader.
import fs from 'node:fs';

const AT = '2026-01-05T09:00:00.000Z';
// What a directory can hold that a terminal must never see raw: colours, a title change,
// carriage return, backspace, right-to-left override. Okta stores all of it.
const HOSTILE_NAME = '\u001b[31mroot\u001b[0m\u001b]0;owned\u0007\r\u0008\u202eMallory';

export const SEED = {
  groups: [
    { name: 'Everyone', type: 'BUILT_IN', description: 'All users in your organization' },
    { name: 'linux-users', description: 'May log in to Linux hosts' },
    { name: 'linux-admins', description: 'May become root on Linux hosts' },
    { name: 'eng' },
    { name: 'Data Science' },
    { name: 'sudo', description: 'Made by a group administrator' },
    { name: 'eng-ad', type: 'APP_GROUP', profile: { samAccountName: 'eng-ad', dn: 'CN=eng-ad,OU=Groups,DC=acme,DC=example' } },
  ],
  users: [
    { login: 'ada@acme.example', firstName: 'Ada', lastName: 'Lovelace', groups: ['linux-users', 'linux-admins', 'eng', 'eng-ad'], profile: { unixUid: 20001, unixShell: '/bin/bash' } },
    { login: 'bob@acme.example', firstName: 'Bob', lastName: 'Kahn', groups: ['linux-users', 'eng'], profile: { unixUid: 20002 } },
    { login: 'carol@acme.example', firstName: 'Carol', lastName: 'Shaw', status: 'SUSPENDED', groups: ['linux-users'] },
    { login: 'dave@acme.example', firstName: 'Dave', lastName: 'Cutler', status: 'DEPROVISIONED' },
    { login: 'erin@acme.example', firstName: 'Erin', lastName: 'Stage', status: 'STAGED' },
    { login: 'frank@acme.example', firstName: 'Frank', lastName: 'Gray', status: 'PASSWORD_EXPIRED', groups: ['linux-users'] },
    { login: 'grace@acme.example', firstName: 'Grace', lastName: 'Hopper', groups: ['linux-users', 'Data Science'], profile: { unixShell: '/bin/sh' } },
    { login: 'mallory@acme.example', firstName: 'Mallory', lastName: 'Mal', groups: ['sudo'], profile: { displayName: HOSTILE_NAME } },
    { login: 'heidi@acme.example', firstName: 'Heidi', lastName: 'Lock', status: 'LOCKED_OUT', groups: ['linux-users'] },
    { login: 'Ivan@acme.example', firstName: 'Ivan', lastName: 'Mixed', groups: ['linux-users'] },
    { login: 'judy@partner.example', firstName: 'Judy', lastName: 'Partner', groups: ['linux-users'] },
  ],
};

export function plant(directory, seed) {
  const quiet = { at: AT, quiet: true };
  for (const g of seed.groups) directory.addGroup({ ...g, ...quiet });
  const everyone = directory.groupNamed('Everyone');
  for (const { login, firstName, lastName, status, groups = [], profile = {} } of seed.users) {
    const displayName = `${firstName} ${lastName}`;
    const user = directory.addUser({ profile: { firstName, lastName, displayName, login, email: login, ...profile }, status, ...quiet });
    for (const name of ['Everyone', ...groups]) {
      const group = name === 'Everyone' ? everyone : directory.groupNamed(name);
      if (!group) throw new RangeError(`seed: user ${login}: no group named "${name}"; add it to "groups"`);
      directory.join(user, group, quiet);
    }
  }
}

/** A seed file has the shape of SEED; it replaces the people above, Everyone is added if missing. */
export function readSeed(file) {
  const seed = JSON.parse(fs.readFileSync(file, 'utf8'));
  if (!Array.isArray(seed.users) || !Array.isArray(seed.groups)) throw new RangeError(`${file}: needs "users" and "groups" lists`);
  if (!seed.groups.some((g) => g.name === 'Everyone')) seed.groups.unshift(SEED.groups[0]);
  return seed;
}
