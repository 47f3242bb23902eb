// SPDX-License-Identifier: BSD-2-Clause
// The claims Okta can make about somebody who may sign in.
import { groupsOf } from './groupsclaim.mjs';

/** Only these get tokens; PASSWORD_EXPIRED and RECOVERY first need the browser to end that state. */
export const maySignIn = (user) => user?.status === 'ACTIVE';

const present = (claims) => Object.fromEntries(Object.entries(claims).filter(([, v]) => v !== undefined && v !== null));

export function claimsOf(user, switches) {
  const { firstName, lastName, displayName, login, email } = user.profile;
  const groups = groupsOf(user, switches.groups_filter);
  return present({
    sub: user.id,
    name: displayName ?? `${firstName} ${lastName}`,
    preferred_username: login,
    given_name: firstName,
    family_name: lastName,
    locale: 'en-US',
    zoneinfo: 'America/Los_Angeles',
    updated_at: Math.floor(Date.parse(user.lastUpdated) / 1000),
    email,
    email_verified: true,
    groups: groups.length || switches.empty_groups === 'array' ? groups : undefined,
  });
}
