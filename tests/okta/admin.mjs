// SPDX-License-Identifier: BSD-2-Clause
// /__admin: change the org during a test. No authentication, so only this machine may ask.
import { setSkewSeconds, skewSeconds } from './clock.mjs';
import { approve, deny, findOpenCode } from './device.mjs';
import { maySignIn } from './account.mjs';
import { readBody, sendEmpty, sendJson } from './http.mjs';
import { appTarget, groupTarget, userTarget } from './logs.mjs';
import { patchSwitches } from './switches.mjs';

class Missing extends Error {}

function user(org, key) {
  const found = org.directory.user(key);
  if (!found) throw new Missing(`${key}: no such user`);
  return found;
}

function group(org, key) {
  const found = org.directory.groupByIdOrName(key);
  if (!found) throw new Missing(`${key}: no such group`);
  return found;
}

function app(org, id) {
  const found = org.clients.get(id);
  if (!found) throw new Missing(`${id}: no such app`);
  return found;
}

const userView = (u) => ({
  id: u.id, status: u.status, lastUpdated: u.lastUpdated, statusChanged: u.statusChanged, profile: u.profile, groups: u.groups.map((g) => g.profile.name),
});
const groupView = (g) => ({
  id: g.id, type: g.type, profile: g.profile, lastUpdated: g.lastUpdated, lastMembershipUpdated: g.lastMembershipUpdated, members: g.members.length,
});

function state(org) {
  return {
    org_url: org.url, switches: org.switches, faults: org.faults.waiting, bad_tokens: org.badTokens.waiting, skew_s: skewSeconds(),
    users: org.directory.users.length, groups: org.directory.groups.map(groupView), log_events: org.log.events.length,
    apps: [...org.clients.values()].map((c) => ({ id: c.id, label: c.label, users: [...c.assignedUsers], groups: [...c.assignedGroups] })),
  };
}

function addUser(org, { login, firstName = 'Test', lastName = 'Person', groups = [], status, profile = {} }) {
  const memberships = ['Everyone', ...groups].map((name) => group(org, name));
  const made = org.directory.addUser({ profile: { firstName, lastName, displayName: `${firstName} ${lastName}`, login, email: login, ...profile }, status });
  for (const g of memberships) org.directory.join(made, g);
  return userView(made);
}

function changeUser(org, { status, profile, groups, login, password }, key) {
  const who = user(org, key);
  const memberships = groups?.map((name) => group(org, name));
  const changes = { ...profile, ...(login !== undefined && { login }) };
  if (Object.keys(changes).length) org.directory.setProfile(who, changes);
  if (status !== undefined) org.directory.setStatus(who, status);
  if (memberships) org.directory.setGroups(who, memberships);
  if (password !== undefined) who.password = password;
  return userView(who);
}

function addGroup(org, { name, type, profile }) {
  if (org.switches.refuse_duplicate_group_names && (type ?? 'OKTA_GROUP') === 'OKTA_GROUP'
    && org.directory.groups.some((g) => g.type === 'OKTA_GROUP' && g.profile.name === name)) throw new RangeError(`name: a group named ${name} exists`);
  return groupView(org.directory.addGroup({ name, type, profile }));
}

function changeGroup(org, { name, profile }, key) {
  const g = group(org, key);
  const was = g.profile.name;
  org.directory.setGroupProfile(g, { ...profile, ...(name !== undefined && { name }) });
  for (const c of org.clients.values()) if (c.assignedGroups.delete(was)) c.assignedGroups.add(g.profile.name);
  return groupView(g);
}

function dropGroup(org, body, key) {
  const gone = group(org, key);
  org.directory.deleteGroup(gone, { memberEvents: org.switches.group_delete_member_events });
  if (!org.directory.groupNamed(gone.profile.name)) for (const c of org.clients.values()) c.assignedGroups.delete(gone.profile.name);
}

function assignUser(org, body, id, login, method) {
  const target = user(org, login);
  const set = app(org, id).assignedUsers;
  const changed = method === 'PUT' ? !set.has(target.id) && set.add(target.id) : set.delete(target.id);
  if (changed) org.log.write(`application.user_membership.${method === 'PUT' ? 'add' : 'remove'}`, [userTarget(target), appTarget(app(org, id))]);
}

function assignGroup(org, body, id, name, method) {
  const target = group(org, name);
  const set = app(org, id).assignedGroups;
  const changed = method === 'PUT' ? !set.has(target.profile.name) && set.add(target.profile.name) : set.delete(target.profile.name);
  if (changed) org.log.write(`group.application_assignment.${method === 'PUT' ? 'add' : 'remove'}`, [groupTarget(target), appTarget(app(org, id))]);
}

function member(org, body, key, login, method) {
  const [g, u] = [group(org, key), user(org, login)];
  if (method === 'PUT') org.directory.join(u, g);
  else org.directory.leave(u, g);
}

async function decide(org, { user_code: code, login, action = 'approve' }) {
  const found = await findOpenCode(org.servers, code ?? '');
  if (!found) throw new Missing('user_code: no open request has this code');
  if (action === 'deny') await deny(found);
  else if (action === 'approve') {
    const who = user(org, login ?? '');
    if (!maySignIn(who)) throw new RangeError(`${login}: is ${who.status} and cannot sign in`);
    await approve(found, who);
  } else throw new RangeError('action: must be approve or deny');
}

function turnKeys(org, { mode = 'normal', server = 'org' }) {
  if (!org.servers[server]) throw new RangeError(`server: must be one of ${Object.keys(org.servers).join(', ')}`);
  org.servers[server].keys.rotate(mode);
  return { active_kid: org.servers[server].keys.active.kid };
}

function setClock(org, { skew_s: skew }) {
  if (!Number.isFinite(skew)) throw new RangeError('skew_s: must be a number of seconds');
  setSkewSeconds(skew);
  return { skew_s: skew };
}

const ROUTES = [
  ['GET', '/state', state],
  ['PATCH', '/switches', (org, body) => { patchSwitches(org.switches, body); return org.switches; }],
  ['GET', '/faults', (org) => org.faults.waiting],
  ['POST', '/faults', (org, body) => { for (const f of [body].flat()) org.faults.add(f); return org.faults.waiting; }],
  ['DELETE', '/faults', (org) => org.faults.clear()],
  ['POST', '/users', addUser],
  ['GET', '/users/([^/]+)', (org, body, key) => userView(user(org, key))],
  ['PATCH', '/users/([^/]+)', changeUser],
  ['DELETE', '/users/([^/]+)', (org, body, key) => org.directory.deleteUser(user(org, key))],
  ['POST', '/groups', addGroup],
  ['GET', '/groups/([^/]+)', (org, body, key) => groupView(group(org, key))],
  ['PATCH', '/groups/([^/]+)', changeGroup],
  ['DELETE', '/groups/([^/]+)', dropGroup],
  ['PUT|DELETE', '/groups/([^/]+)/members/([^/]+)', member],
  ['PUT|DELETE', '/apps/([^/]+)/users/([^/]+)', assignUser],
  ['PUT|DELETE', '/apps/([^/]+)/groups/([^/]+)', assignGroup],
  ['POST', '/rotate', turnKeys],
  ['GET', '/log', (org) => org.requests.entries],
  ['DELETE', '/log', (org) => org.requests.clear()],
  ['POST', '/approve', decide],
  ['POST', '/clock', setClock],
  ['POST', '/token', (org, { kind, times }) => { org.badTokens.ask(kind, times); return org.badTokens.waiting; }],
  ['POST', '/nonce/expire', (org) => org.nonces.forget()],
  ['POST', '/rates/reset', (org) => org.rates.forget()],
];

function routeFor(method, path) {
  for (const [methods, pattern, act] of ROUTES) {
    const m = methods.split('|').includes(method) && new RegExp(`^/__admin${pattern}$`).exec(path);
    if (m) return { act, args: m.slice(1).map(decodeURIComponent) };
  }
  return undefined;
}

const isLocal = ({ remoteAddress, localAddress }) => remoteAddress === localAddress || /^(::1|(::ffff:)?127\.)/.test(remoteAddress);

async function parse(req) {
  const text = await readBody(req);
  return text ? JSON.parse(text) : {};
}

/** PATH below /__admin; true if it was ours. */
export async function handleAdmin(org, { req, res, url }) {
  if (!url.pathname.startsWith('/__admin/')) return false;
  const route = routeFor(req.method, url.pathname);
  if (!isLocal(req.socket)) sendJson(res, 403, { error: 'the admin API answers this machine only' });
  else if (!route) sendJson(res, 404, { error: `${req.method} ${url.pathname}: not an admin call; see README.md` });
  else {
    try {
      const result = await route.act(org, await parse(req), ...route.args, req.method);
      if (result === undefined) sendEmpty(res, 204);
      else sendJson(res, 200, result);
    } catch (error) {
      if (error instanceof Missing) sendJson(res, 404, { error: error.message });
      else if (error instanceof RangeError || error instanceof SyntaxError) sendJson(res, 400, { error: error.message });
      else throw error;
    }
  }
  return true;
}
