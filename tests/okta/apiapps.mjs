// SPDX-License-Identifier: BSD-2-Clause
// /api/v1/apps/{id}/users and /groups: who may use an app, directly or through a group.
import { isAssigned } from './clients.mjs';
import { notFound } from './errors.mjs';
import { groupJson } from './apigroups.mjs';
import { sendJson } from './http.mjs';
import { pageOf } from './paging.mjs';
import { userJson } from './apiusers.mjs';

function findApp(org, id) {
  const app = org.clients.get(id);
  if (!app) throw notFound(id, 'AppInstance');
  return app;
}

const GROUP_SCOPE_AT = '2026-01-05T09:00:00.000Z';

function appUserJson(org, app, u, expand) {
  const direct = app.assignedUsers.has(u.id);
  const via = u.groups.find((g) => app.assignedGroups.has(g.profile.name));
  const appHref = `${org.url}/api/v1/apps/${app.id}`;
  return {
    id: u.id, externalId: null, created: GROUP_SCOPE_AT, lastUpdated: u.lastUpdated, scope: direct ? 'USER' : 'GROUP',
    // The app user's status, not the person's: somebody suspended still shows ACTIVE here.
    status: 'ACTIVE', statusChanged: GROUP_SCOPE_AT, passwordChanged: null, syncState: 'DISABLED',
    credentials: { userName: u.profile.login }, profile: {},
    _links: {
      app: { href: appHref }, user: { href: `${org.url}/api/v1/users/${u.id}` },
      ...(!direct && { group: { name: via.profile.name, href: `${org.url}/api/v1/groups/${via.id}` } }),
    },
    ...(expand === 'user' && { _embedded: { user: userJson(org, u) } }),
  };
}

function appUsers(org, call, id) {
  const app = findApp(org, id);
  const q = call.url.searchParams.get('q')?.toLowerCase();
  const visible = org.visible.user(call.principal);
  const keep = (u) => u.status !== 'DEPROVISIONED' && isAssigned(app, u) && visible(u)
    && (!q || [u.profile.login, u.profile.firstName, u.profile.lastName].some((v) => v.toLowerCase().startsWith(q)));
  const expand = call.url.searchParams.get('expand');
  const users = pageOf(org, call, org.directory.users, { prefix: '00u', fallback: 50, max: 500, keep });
  sendJson(call.res, 200, users.map((u) => appUserJson(org, app, u, expand)));
}

function appUser(org, call, id, userId) {
  const app = findApp(org, id);
  const user = org.directory.user(userId);
  if (!user || user.id !== userId || user.status === 'DEPROVISIONED' || !isAssigned(app, user) || !org.visible.user(call.principal)(user)) {
    throw notFound(userId, 'AppUser');
  }
  sendJson(call.res, 200, appUserJson(org, app, user, call.url.searchParams.get('expand')));
}

function appGroups(org, call, id) {
  const app = findApp(org, id);
  const assigned = org.directory.groups.filter((g) => app.assignedGroups.has(g.profile.name));
  const expand = call.url.searchParams.get('expand');
  const groups = pageOf(org, call, assigned, { prefix: '00g', fallback: 20, max: 200 });
  const href = `${org.url}/api/v1/apps/${app.id}`;
  sendJson(call.res, 200, groups.map((g, priority) => ({
    id: g.id, lastUpdated: g.lastUpdated, priority, profile: {},
    _links: { app: { href }, self: { href: `${href}/groups/${g.id}` }, group: { href: `${org.url}/api/v1/groups/${g.id}` } },
    ...(expand === 'group' && { _embedded: { group: groupJson(org, g) } }),
  })));
}

export const APP_ROUTES = [
  ['GET', /^\/apps\/([^/]+)\/users$/, 'okta.apps.read', appUsers, 'apps'],
  ['GET', /^\/apps\/([^/]+)\/users\/([^/]+)$/, 'okta.apps.read', appUser, 'apps'],
  ['GET', /^\/apps\/([^/]+)\/groups$/, 'okta.apps.read', appGroups, 'apps'],
];
