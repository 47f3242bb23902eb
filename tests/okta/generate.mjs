// SPDX-License-Identifier: BSD-2-Clause
// A directory of any size, the same on every run, for scale tests.
const AT = '2026-01-06T09:00:00.000Z';
const FIRST = ['Alan', 'Barbara', 'Claude', 'Dorothy', 'Edsger', 'Frances', 'Gordon', 'Hedy', 'Ivar', 'Jean'];
const LAST = ['Turing', 'Liskov', 'Shannon', 'Vaughan', 'Dijkstra', 'Allen', 'Moore', 'Lamarr', 'Giaever', 'Bartik'];
const GROUPS_PER_USER = 10;

/** xorshift32: small, and its sequence is ours, unlike Math.random. */
function randomFrom(seed) {
  let x = seed;
  return (n) => {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    return (x >>> 0) % n;
  };
}

export function generate(directory, users, groups) {
  const quiet = { at: AT, quiet: true };
  const random = randomFrom(0x0c7a5eed);
  const everyone = directory.groupNamed('Everyone');
  const linuxUsers = directory.groupNamed('linux-users');
  const made = Array.from({ length: groups }, (_, i) => (
    directory.addGroup({ name: `team-${String(i + 1).padStart(5, '0')}`, ...quiet })));
  for (let i = 1; i <= users; i += 1) {
    const firstName = FIRST[i % 10];
    const lastName = LAST[Math.floor(i / 10) % 10];
    const login = `user${String(i).padStart(6, '0')}@acme.example`;
    const user = directory.addUser({ profile: { firstName, lastName, displayName: `${firstName} ${lastName}`, login, email: login }, ...quiet });
    directory.join(user, everyone, quiet);
    if (linuxUsers) directory.join(user, linuxUsers, quiet);
    for (let k = 0; k < Math.min(GROUPS_PER_USER, made.length); k += 1) directory.join(user, made[random(made.length)], quiet);
  }
}
