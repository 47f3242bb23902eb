// SPDX-License-Identifier: BSD-2-Clause
// System Log events in Okta's shape. Order of the array is order of persistence.
import { stampMs } from './clock.mjs';
import { requestId, uuid } from './ids.mjs';

const DISPLAY = {
  'user.lifecycle.create': 'Create okta user',
  'user.lifecycle.activate': 'Activate Okta user',
  'user.lifecycle.deactivate': 'Deactivate Okta user',
  'user.lifecycle.reactivate': 'Reactivate Okta user',
  'user.lifecycle.suspend': 'Suspend Okta user',
  'user.lifecycle.unsuspend': 'Unsuspend Okta user',
  'user.lifecycle.delete.initiated': 'Delete Okta user initiated',
  'user.lifecycle.delete.completed': 'Delete Okta user completed',
  'user.account.lock': 'Max sign in attempts exceeded',
  'user.account.unlock_by_admin': 'Unlock user account by admin',
  'user.account.expire_password': 'Expire user password',
  'user.account.reset_password': 'Fired when the user\'s Okta password is reset',
  'user.account.update_password': 'User update password for Okta',
  'user.account.update_profile': 'Update user profile for Okta',
  'user.session.start': 'User login to Okta',
  'group.user_membership.add': 'Add user to group membership',
  'group.user_membership.remove': 'Remove user from group membership',
  'group.lifecycle.create': 'Create Okta group',
  'group.lifecycle.delete': 'Delete Okta group',
  'group.profile.update': 'Update Okta group',
  'group.application_assignment.add': 'Add assigned application to group',
  'group.application_assignment.remove': 'Remove assigned application from group',
  'application.user_membership.add': 'Add user to application membership',
  'application.user_membership.remove': "Remove user's application membership",
};

export const userTarget = (u) => ({
  id: u.id, type: 'User', alternateId: u.profile.login,
  displayName: u.profile.displayName ?? `${u.profile.firstName} ${u.profile.lastName}`, detailEntry: null,
});
export const groupTarget = (g) => ({
  id: g.id, type: 'UserGroup', alternateId: 'unknown', displayName: g.profile.name, detailEntry: null,
});
export const appTarget = (a) => ({
  id: a.id, type: 'AppInstance', alternateId: a.label, displayName: a.label, detailEntry: null,
});

const ADMIN = { id: '00uacMeX9dT00000A5d7', type: 'User', alternateId: 'admin@acme.example', displayName: 'Org Admin', detailEntry: null };

const CLIENT = { userAgent: null, zone: 'null', device: 'Unknown', id: null, ipAddress: '127.0.0.1', geographicalContext: null };
const SECURITY = { asNumber: null, asOrg: null, isp: null, domain: null, isProxy: null };
const AUTHENTICATION = {
  authenticationProvider: null, credentialProvider: null, credentialType: null, issuer: null,
  interface: null, authenticationStep: 0, externalSessionId: 'unknown',
};

function makeEvent(eventType, target, { actor = ADMIN, result = 'SUCCESS', reason = null } = {}) {
  return {
    actor,
    client: CLIENT,
    device: null,
    authenticationContext: AUTHENTICATION,
    displayMessage: DISPLAY[eventType],
    eventType,
    outcome: { result, reason },
    published: stampMs(),
    securityContext: SECURITY,
    severity: eventType === 'user.account.lock' ? 'WARN' : 'INFO',
    debugContext: { debugData: { requestId: requestId() } },
    legacyEventType: null,
    transaction: { type: 'WEB', id: requestId(), detail: {} },
    uuid: uuid(),
    version: '0',
    request: { ipChain: [] },
    target,
  };
}

export class SystemLog {
  events = [];

  /** SWITCHES: those of the org, once it has some. */
  constructor(switches = () => ({})) { this.switches = switches; }

  write(eventType, target, more) {
    if (!DISPLAY[eventType]) throw new RangeError(`${eventType}: not an event type this log knows`);
    const { log_omit: omit = [], log_repeat: repeat = false } = this.switches();
    if (omit.includes(eventType)) return;
    const event = makeEvent(eventType, target, more);
    this.events.push(event);
    if (repeat) this.events.push(event);
  }
}

export const EVENT_TYPES = Object.keys(DISPLAY);
