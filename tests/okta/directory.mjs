// SPDX-License-Identifier: BSD-2-Clause
// People, groups and who is in which. Every change moves the timestamp Okta moves
// (membership never touches a user's lastUpdated) and writes the matching log event.
import { stamp } from './clock.mjs';
import { idFor } from './ids.mjs';
import { groupTarget, userTarget } from './logs.mjs';

export const STATUSES = ['STAGED', 'PROVISIONED', 'ACTIVE', 'RECOVERY', 'PASSWORD_EXPIRED', 'LOCKED_OUT', 'SUSPENDED', 'DEPROVISIONED'];
export const GROUP_TYPES = ['OKTA_GROUP', 'APP_GROUP', 'BUILT_IN'];
const OBJECT_CLASS = { OKTA_GROUP: 'okta:user_group', BUILT_IN: 'okta:user_group', APP_GROUP: 'okta:windows_security_principal' };

/** profile.login is unique whatever its case and diacritics. */
export const foldLogin = (login) => login.normalize('NFD').replace(/\p{M}/gu, '').toLowerCase();

const STATUS_EVENT = {
  SUSPENDED: () => 'user.lifecycle.suspend',
  DEPROVISIONED: () => 'user.lifecycle.deactivate',
  LOCKED_OUT: () => 'user.account.lock',
  PASSWORD_EXPIRED: () => 'user.account.expire_password',
  PROVISIONED: () => 'user.lifecycle.reactivate',
  RECOVERY: () => 'user.account.reset_password',
  STAGED: () => undefined,
  ACTIVE: (from) => ({
    SUSPENDED: 'user.lifecycle.unsuspend',
    LOCKED_OUT: 'user.account.unlock_by_admin',
    PASSWORD_EXPIRED: 'user.account.update_password',
  }[from] ?? 'user.lifecycle.activate'),
};

export class Directory {
  users = [];
  groups = [];
  #userById = new Map();
  #userByLogin = new Map();
  #groupById = new Map();
  #userSeq = 100;
  #groupSeq = 100;
  #searchDelay;

  constructor(log, searchDelay = () => 0) {
    this.log = log;
    this.#searchDelay = searchDelay;
  }

  user(idOrLogin) {
    return this.#userById.get(idOrLogin) ?? this.#userByLogin.get(foldLogin(idOrLogin));
  }

  /** Okta also takes the part before the @, if only one person has it. */
  userByShortName(name) {
    const hits = this.users.filter((u) => foldLogin(u.profile.login.split('@')[0]) === foldLogin(name));
    return hits.length === 1 ? hits[0] : undefined;
  }

  group(id) { return this.#groupById.get(id); }

  groupNamed(name) { return this.groups.find((g) => g.profile.name === name); }

  groupByIdOrName(key) { return this.group(key) ?? this.groupNamed(key); }

  /** QUIET leaves out the log event: a seed is history from before the log's window. */
  addUser({ profile, status = 'ACTIVE', password = 'Passw0rd!', at = stamp(), quiet = false }) {
    if (typeof profile?.login !== 'string' || !profile.login) throw new RangeError('login: must be a non-empty string');
    if (!STATUSES.includes(status)) throw new RangeError(`status: must be one of ${STATUSES.join(', ')}`);
    const key = foldLogin(profile.login);
    if (this.#userByLogin.has(key)) throw new RangeError(`login: ${profile.login} is taken`);
    const seq = this.#userSeq++;
    const started = status !== 'STAGED';
    const user = {
      seq, id: idFor('00u', seq), status, created: at, activated: started ? at : null, statusChanged: started ? at : null,
      lastLogin: null, lastUpdated: at, passwordChanged: status === 'STAGED' ? null : at,
      profile: { firstName: '', lastName: '', mobilePhone: null, secondEmail: null, email: profile.login, ...profile },
      password, groups: [],
    };
    this.users.push(user);
    this.#userById.set(user.id, user);
    this.#userByLogin.set(key, user);
    this.#shadow(user, null);
    if (!quiet) {
      this.log.write('user.lifecycle.create', [userTarget(user)]);
      if (started) this.log.write('user.lifecycle.activate', [userTarget(user)]);
    }
    return user;
  }

  addGroup({ name, type = 'OKTA_GROUP', description = null, profile = {}, at = stamp(), quiet = false }) {
    if (typeof name !== 'string' || !name) throw new RangeError('name: must be a non-empty string');
    if (!GROUP_TYPES.includes(type)) throw new RangeError(`type: must be one of ${GROUP_TYPES.join(', ')}`);
    const seq = this.#groupSeq++;
    const group = {
      seq, id: idFor('00g', seq), created: at, lastUpdated: at, lastMembershipUpdated: at,
      objectClass: [OBJECT_CLASS[type]], type, profile: { name, description, ...profile }, members: [],
    };
    this.groups.push(group);
    this.#groupById.set(group.id, group);
    if (!quiet) this.log.write('group.lifecycle.create', [groupTarget(group)]);
    return group;
  }

  join(user, group, { at = stamp(), quiet = false } = {}) {
    if (user.groups.includes(group)) return;
    user.groups.push(group);
    const last = group.members.at(-1);
    group.members.push(user);
    if (last && last.seq > user.seq) group.members.sort((a, b) => a.seq - b.seq);
    group.lastMembershipUpdated = at;
    if (!quiet) this.log.write('group.user_membership.add', [userTarget(user), groupTarget(group)]);
  }

  leave(user, group, { quiet = false } = {}) {
    if (!user.groups.includes(group)) return;
    user.groups = user.groups.filter((g) => g !== group);
    group.members = group.members.filter((u) => u !== user);
    group.lastMembershipUpdated = stamp();
    if (!quiet) this.log.write('group.user_membership.remove', [userTarget(user), groupTarget(group)]);
  }

  setGroups(user, groups) {
    for (const g of user.groups.filter((x) => !groups.includes(x) && x.type !== 'BUILT_IN')) this.leave(user, g);
    for (const g of groups) this.join(user, g);
  }

  setStatus(user, status) {
    if (!STATUSES.includes(status)) throw new RangeError(`status: must be one of ${STATUSES.join(', ')}`);
    if (user.status === status) return;
    this.#shadow(user);
    const event = STATUS_EVENT[status](user.status);
    user.status = status;
    user.statusChanged = stamp();
    user.lastUpdated = user.statusChanged;
    if (status === 'ACTIVE') user.activated ??= user.statusChanged;
    if (event) this.log.write(event, [userTarget(user)]);
  }

  setProfile(user, changes) {
    const login = changes.login ?? user.profile.login;
    const holder = this.#userByLogin.get(foldLogin(login));
    if (holder && holder !== user) throw new RangeError(`login: ${login} is taken`);
    this.#shadow(user);
    this.#userByLogin.delete(foldLogin(user.profile.login));
    user.profile = { ...user.profile, ...changes };
    this.#userByLogin.set(foldLogin(login), user);
    user.lastUpdated = stamp();
    this.log.write('user.account.update_profile', [userTarget(user)]);
  }

  deleteUser(user) {
    for (const g of [...user.groups]) this.leave(user, g, { quiet: true });
    this.users = this.users.filter((u) => u !== user);
    this.#userById.delete(user.id);
    this.#userByLogin.delete(foldLogin(user.profile.login));
    this.log.write('user.lifecycle.delete.initiated', [userTarget(user)]);
    this.log.write('user.lifecycle.delete.completed', [userTarget(user)]);
  }

  setGroupProfile(group, changes) {
    group.profile = { ...group.profile, ...changes };
    group.lastUpdated = stamp();
    this.log.write('group.profile.update', [groupTarget(group)]);
  }

  deleteGroup(group, { memberEvents }) {
    for (const u of [...group.members]) this.leave(u, group, { quiet: !memberEvents });
    this.groups = this.groups.filter((g) => g !== group);
    this.#groupById.delete(group.id);
    this.log.write('group.lifecycle.delete', [groupTarget(group)]);
  }

  /** What search= still answers with while the index lags behind: null means "not there yet". */
  #shadow(user, before = { ...user, profile: user.profile, indexed: undefined }) {
    const delay = this.#searchDelay();
    if (delay > 0) user.indexed = { before: user.indexed?.before ?? before, until: Date.now() + delay };
  }

  indexedView(user) {
    if (!user.indexed) return user;
    if (Date.now() < user.indexed.until) return user.indexed.before;
    user.indexed = undefined;
    return user;
  }
}
