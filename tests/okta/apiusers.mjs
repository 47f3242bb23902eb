// SPDX-License-Identifier: BSD-2-Clause
// /api/v1/users
import { ApiError, notFound } from './errors.mjs';
import { compile } from './expression.mjs';
import { groupJson } from './apigroups.mjs';
import { sendEmpty, sendJson } from './http.mjs';
import { limitOf, pageOf, sendLinks } from './paging.mjs';
import { projection } from './fields.mjs';

const USER_TYPE = 'otyacMeX9dT00000C5d7';
const PAGES = { prefix: '00u', fallback: 200, max: 200 };
const TOP = ['id', 'status', 'created', 'activated', 'statusChanged', 'lastUpdated', 'lastLogin', 'passwordChanged'];
const CONTAINS = ['profile.firstName', 'profile.lastName', 'profile.email', 'profile.login'];
const FILTER_EQ = ['status', 'id', 'profile.login', 'profile.email', 'profile.firstName', 'profile.lastName'];

const read = (user, property) => {
  if (property === 'type.id') return USER_TYPE;
  if (property.startsWith('profile.')) return user.profile[property.slice(8)];
  return user[property];
};

export const SEARCH_RULES = {
  sameCase: false,
  read,
  allows: (p, op) => (TOP.includes(p) || p === 'type.id' || /^profile\.\w+$/.test(p))
    && (['eq', 'sw', 'gt', 'ge', 'lt', 'le', 'pr'].includes(op) || (op === 'co' && CONTAINS.includes(p))),
};

const FILTER_RULES = {
  sameCase: true,
  read,
  allows: (p, op) => (FILTER_EQ.includes(p) && op === 'eq') || (p === 'lastUpdated' && ['eq', 'gt', 'ge', 'lt', 'le'].includes(op)),
};

function omissions(req) {
  const asked = /okta-response=("?)([\w,]+)\1/.exec(req.headers['content-type'] ?? '')?.[2].split(',') ?? [];
  return { credentials: asked.includes('omitCredentials') };
}

const credentialsOf = (u) => ({
  password: {},
  emails: [{ value: u.profile.email, status: 'VERIFIED', type: 'PRIMARY' }],
  provider: { type: 'OKTA', name: 'OKTA' },
});

export function userJson(org, u, { credentials = true, single = false } = {}) {
  const self = `${org.url}/api/v1/users/${u.id}`;
  const links = { self: { href: self } };
  if (single) {
    links.schema = { href: `${org.url}/api/v1/meta/schemas/user/oscacMeX9dT00000D5d7` };
    links.type = { href: `${org.url}/api/v1/meta/types/user/${USER_TYPE}` };
    for (const [verb, from] of Object.entries(LIFECYCLE)) {
      if (from.from.includes(u.status)) links[verb] = { href: `${self}/lifecycle/${verb}`, method: 'POST' };
    }
  }
  return {
    id: u.id, status: u.status, created: u.created, activated: u.activated, statusChanged: u.statusChanged, lastLogin: u.lastLogin,
    lastUpdated: u.lastUpdated, passwordChanged: u.passwordChanged, type: { id: USER_TYPE }, profile: u.profile,
    ...(credentials && { credentials: credentialsOf(u) }), _links: links,
  };
}

function byPrefix(q) {
  const wanted = q.toLowerCase();
  return (u) => ['firstName', 'lastName', 'email'].some((k) => String(u.profile[k] ?? '').toLowerCase().startsWith(wanted));
}

const sortKey = (user, property) => String(read(user, property) ?? '');

/** search= answers from an index that lags; everything else reads the directory itself. */
function searched(org, call, text, visible) {
  const { url } = call;
  const wanted = compile(text, SEARCH_RULES);
  const view = (u) => org.directory.indexedView(u);
  const keep = (u) => {
    const v = view(u);
    return v && visible(v) && wanted(v);
  };
  const by = url.searchParams.get('sortBy');
  if (!by) return pageOf(org, call, org.directory.users, { ...PAGES, keep }).map(view);
  const sign = url.searchParams.get('sortOrder')?.toLowerCase().startsWith('desc') ? -1 : 1;
  const views = org.directory.users.filter(keep).map(view);
  views.sort((a, b) => sign * (sortKey(a, by) < sortKey(b, by) ? -1 : Number(sortKey(a, by) > sortKey(b, by))));
  return sortedPage(org, call, views);
}

function sortedPage(org, { res, url }, list) {
  const limit = limitOf(url, { fallback: 200, max: 200, cap: org.switches.page_size_cap });
  const after = url.searchParams.get('after');
  if (after !== null && !/^\d+$/.test(after)) throw new ApiError('E0000031', '', ['Invalid cursor.']);
  const from = Number(after ?? 0);
  const next = new URL(url);
  next.searchParams.set('after', String(from + limit));
  next.searchParams.set('limit', String(limit));
  const links = [['self', url.href]];
  if (from + limit < list.length) links.push(['next', next.href]);
  sendLinks(org, res, links);
  return list.slice(from, from + limit);
}

function listed(org, call) {
  const { url } = call;
  const [search, filter, q] = ['search', 'filter', 'q'].map((k) => url.searchParams.get(k));
  const visible = org.visible.user(call.principal);
  if (search !== null && filter !== null) throw new ApiError('E0000033');
  if (search !== null) return searched(org, call, search, visible);
  if (filter !== null) {
    const wanted = compile(filter, FILTER_RULES);
    return pageOf(org, call, org.directory.users, { ...PAGES, keep: (u) => visible(u) && wanted(u) });
  }
  const here = (u) => visible(u) && u.status !== 'DEPROVISIONED';
  if (q === null) return pageOf(org, call, org.directory.users, { ...PAGES, keep: here });
  const limit = limitOf(url, { fallback: 10, max: 200, cap: 0 });
  return org.directory.users.filter((u) => here(u) && byPrefix(q)(u)).slice(0, limit);
}

function findUser(org, call, id) {
  const user = org.directory.user(id) ?? (id.includes('@') ? undefined : org.directory.userByShortName(id));
  if (!user || !org.visible.user(call.principal)(user)) throw notFound(id, 'User');
  return user;
}

function list(org, call) {
  const omit = omissions(call.req);
  const project = projection(call.url.searchParams.get('fields'));
  const users = listed(org, call);
  sendJson(call.res, 200, users.map((u) => project(userJson(org, u, { credentials: !omit.credentials }))));
}

function single(org, call, id) {
  sendJson(call.res, 200, userJson(org, findUser(org, call, id), { single: true }));
}

function groupsOfUser(org, call, id) {
  const user = findUser(org, call, id);
  const groups = [...user.groups].filter(org.visible.group(call.principal)).sort((a, b) => a.seq - b.seq);
  sendJson(call.res, 200, pageOf(org, call, groups, { prefix: '00g', fallback: 200, max: 200 }).map((g) => groupJson(org, g)));
}

const LIFECYCLE = {
  activate: { from: ['STAGED', 'DEPROVISIONED'], to: 'ACTIVE', refused: 'E0000016' },
  deactivate: { from: ['STAGED', 'PROVISIONED', 'ACTIVE', 'RECOVERY', 'PASSWORD_EXPIRED', 'LOCKED_OUT', 'SUSPENDED'], to: 'DEPROVISIONED', refused: 'E0000007' },
  suspend: { from: ['ACTIVE'], to: 'SUSPENDED', refused: 'E0000038' },
  unsuspend: { from: ['SUSPENDED'], to: 'ACTIVE', refused: 'E0000038' },
  unlock: { from: ['LOCKED_OUT'], to: 'ACTIVE', refused: 'E0000032' },
  reactivate: { from: ['PROVISIONED'], to: 'PROVISIONED', refused: 'E0000038' },
};

function lifecycle(org, call, id, verb) {
  const user = findUser(org, call, id);
  const { from, to, refused } = LIFECYCLE[verb];
  if (!from.includes(user.status)) throw new ApiError(refused, `Resource not found: ${id} (User)`, refused === 'E0000032' ? ['The user is not locked out.'] : []);
  org.directory.setStatus(user, to);
  if (verb === 'deactivate' && org.switches.deactivate_reply === 204) sendEmpty(call.res, 204);
  else sendJson(call.res, 200, {});
}

/** Two steps, as at Okta: the first DELETE only deactivates. */
function remove(org, call, id) {
  const user = findUser(org, call, id);
  if (user.status === 'DEPROVISIONED') org.directory.deleteUser(user);
  else org.directory.setStatus(user, 'DEPROVISIONED');
  sendEmpty(call.res, 204);
}

export const USER_ROUTES = [
  ['GET', /^\/users$/, 'okta.users.read', list, 'users'],
  ['GET', /^\/users\/([^/]+)$/, 'okta.users.read', single, 'user'],
  ['DELETE', /^\/users\/([^/]+)$/, 'okta.users.manage', remove, 'user_write'],
  ['GET', /^\/users\/([^/]+)\/groups$/, 'okta.users.read', groupsOfUser, 'other'],
  ['POST', new RegExp(`^/users/([^/]+)/lifecycle/(${Object.keys(LIFECYCLE).join('|')})$`), 'okta.users.manage', lifecycle, 'user_write'],
];
