// SPDX-License-Identifier: BSD-2-Clause
// /api/v1/groups
import { notFound } from './errors.mjs';
import { compile } from './expression.mjs';
import { sendJson } from './http.mjs';
import { limitOf, pageOf } from './paging.mjs';
import { userJson } from './apiusers.mjs';

const TIMES = ['lastUpdated', 'lastMembershipUpdated', 'created'];
const FILTER_RULES = {
  sameCase: true,
  read: (g, p) => g[p],
  allows: (p, op) => (['id', 'type'].includes(p) && op === 'eq') || (TIMES.includes(p) && ['eq', 'gt', 'ge', 'lt', 'le'].includes(op)),
};
const SEARCH_RULES = {
  sameCase: false,
  read: (g, p) => (p.startsWith('profile.') ? g.profile[p.slice(8)] : g[p]),
  allows: (p, op) => ['eq', 'sw', 'gt', 'ge', 'lt', 'le', 'co'].includes(op) && (['id', 'type', ...TIMES].includes(p) || /^profile\.\w+$/.test(p)),
};

export function groupJson(org, g, expand) {
  const self = `${org.url}/api/v1/groups/${g.id}`;
  return {
    id: g.id, created: g.created, lastUpdated: g.lastUpdated, lastMembershipUpdated: g.lastMembershipUpdated,
    objectClass: g.objectClass, type: g.type, profile: g.profile,
    _links: {
      logo: [{ name: 'medium', href: `${org.url}/img/group-medium.png`, type: 'image/png' }],
      ...(g.type === 'APP_GROUP' && { source: { href: `${org.url}/api/v1/apps/0oaactivedirectory01` } }),
      users: { href: `${self}/users` },
      apps: { href: `${self}/apps` },
    },
    ...(expand === 'stats' && { _embedded: { stats: { usersCount: g.members.length, appsCount: 0, groupPushMappingsCount: 0, hasAdminPrivilege: false } } }),
  };
}

function list(org, call) {
  const { url } = call;
  const [search, filter, q] = ['search', 'filter', 'q'].map((k) => url.searchParams.get(k));
  const visible = org.visible.group(call.principal);
  const json = (g) => groupJson(org, g, url.searchParams.get('expand'));
  if (q !== null) {
    const limit = limitOf(url, { fallback: 10000, max: 10000, cap: 0 });
    const hits = org.directory.groups.filter((g) => visible(g) && g.profile.name.toLowerCase().startsWith(q.toLowerCase()));
    return sendJson(call.res, 200, hits.slice(0, limit).map(json));
  }
  const wanted = search !== null ? compile(search, SEARCH_RULES) : filter !== null ? compile(filter, FILTER_RULES) : () => true;
  const keep = (g) => visible(g) && wanted(g);
  return sendJson(call.res, 200, pageOf(org, call, org.directory.groups, { prefix: '00g', fallback: 10000, max: 10000, keep }).map(json));
}

function findGroup(org, call, id) {
  const group = org.directory.group(id);
  if (!group || !org.visible.group(call.principal)(group)) throw notFound(id, 'UserGroup');
  return group;
}

function single(org, call, id) {
  sendJson(call.res, 200, groupJson(org, findGroup(org, call, id), call.url.searchParams.get('expand')));
}

/** Whoever is in the group, whatever their status: membership does not mean "active". */
function members(org, call, id) {
  const group = findGroup(org, call, id);
  const users = pageOf(org, call, group.members, { prefix: '00u', fallback: 1000, max: 1000, keep: org.visible.user(call.principal) });
  sendJson(call.res, 200, users.map((u) => userJson(org, u)));
}

export const GROUP_ROUTES = [
  ['GET', /^\/groups$/, 'okta.groups.read', list, 'groups'],
  ['GET', /^\/groups\/([^/]+)$/, 'okta.groups.read', single, 'group'],
  ['GET', /^\/groups\/([^/]+)\/users$/, 'okta.groups.read', members, 'groups'],
];
