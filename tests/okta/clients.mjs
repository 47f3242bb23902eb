// SPDX-License-Identifier: BSD-2-Clause
// The org's apps. Everyone is assigned to every native app: who may log in to a host is
// the host's decision, and a test that wants "not assigned" takes the assignment away.
export const DEVICE_GRANT = 'urn:ietf:params:oauth:grant-type:device_code';
const NATIVE_GRANTS = [DEVICE_GRANT, 'refresh_token'];

const native = (id, label, more = {}) => ({
  id, label, applicationType: 'native', method: 'none', grants: NATIVE_GRANTS, dpop: false,
  assignedUsers: new Set(), assignedGroups: new Set(['Everyone']), ...more,
});
const service = (id, label, more = {}) => ({
  id, label, applicationType: 'service', method: 'private_key_jwt', grants: ['client_credentials'], dpop: false,
  assignedUsers: new Set(), assignedGroups: new Set(), ...more,
});

export const NATIVE = '0oanativelinuxlogin1';
export const NATIVE_DPOP = '0oanativedpoplogin01';
export const NATIVE_SECRET = '0oanativesecretlogi1';
export const SERVICE = '0oaserviceoktasync01';
export const SERVICE_NO_DPOP = '0oaservicenodpop0001';
export const SERVICE_SECRET = '0oaservicesecret0001';
export const SERVICE_KID = 'service-1';

export function makeClients({ secret, serviceJwk }) {
  const all = [
    native(NATIVE, 'Linux Login'),
    native(NATIVE_DPOP, 'Linux Login (DPoP)', { dpop: true }),
    native(NATIVE_SECRET, 'Linux Login (secret)', { method: 'client_secret', secret }),
    service(SERVICE, 'Okta Sync', { dpop: true, jwks: [serviceJwk] }),
    service(SERVICE_NO_DPOP, 'Okta Sync (no DPoP)', { jwks: [serviceJwk] }),
    service(SERVICE_SECRET, 'Okta Sync (API Service Integration)', { method: 'client_secret', secret }),
  ];
  return new Map(all.map((c) => [c.id, c]));
}

export function isAssigned(app, user) {
  return app.assignedUsers.has(user.id) || user.groups.some((g) => app.assignedGroups.has(g.profile.name));
}
