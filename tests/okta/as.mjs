// SPDX-License-Identifier: BSD-2-Clause
// The org's two authorization servers: same people, different issuers, keys and rules.
import { claimsOf, maySignIn } from './account.mjs';
import { KeyRing } from './keys.mjs';
import { makeProvider } from './provider.mjs';
import { AccessTokens } from './tokens.mjs';
import { DeviceCodes } from './device.mjs';

function makeServer(org, { id, isOrg }) {
  const base = isOrg ? '/oauth2/v1' : `/oauth2/${id}/v1`;
  const as = { id, isOrg, v1: base, issuer: isOrg ? org.url : `${org.url}/oauth2/${id}`, tokenEndpoint: `${org.url}${base}/token` };
  as.audience = isOrg ? as.issuer : 'api://default';
  as.keys = new KeyRing({ separateAccessTokenKey: isOrg });
  as.accessTokens = new AccessTokens();
  as.deviceCodes = new DeviceCodes();
  as.provider = makeProvider({
    issuer: as.issuer, v1: base, clients: org.clients, switches: org.switches,
    account: (sub) => {
      const user = org.directory.user(sub);
      return maySignIn(user) ? claimsOf(user, org.switches) : undefined;
    },
  });
  return as;
}

export const makeServers = (org) => ({
  org: makeServer(org, { id: 'org', isOrg: true }),
  default: makeServer(org, { id: 'default', isOrg: false }),
});
