// SPDX-License-Identifier: BSD-2-Clause
// Which scopes each kind of authorization server knows, and what each API call needs.
export const OPENID_SCOPES = ['openid', 'profile', 'email', 'address', 'phone', 'offline_access', 'groups'];

export const OKTA_SCOPES = ['users', 'groups', 'apps', 'logs', 'roles', 'idps', 'schemas', 'userTypes', 'eventHooks', 'sessions']
  .flatMap((name) => [`okta.${name}.read`, `okta.${name}.manage`]);

/** groups is built in on the org server; on a custom one it exists only if an admin made it. */
export function userScopes(as, switches) {
  if (as.isOrg || switches.custom_groups_scope) return OPENID_SCOPES;
  return OPENID_SCOPES.filter((s) => s !== 'groups');
}

export const asList = (scope) => [...new Set((scope ?? '').split(' ').filter(Boolean))];
