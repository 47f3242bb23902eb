// SPDX-License-Identifier: BSD-2-Clause
// What the stand-in leaves in its directory for clients: keys, secrets and ids. They are
// worth something only against this stand-in, but get 0600 like real ones.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import * as clients from './clients.mjs';
import { randomToken } from './ids.mjs';

function keep(file, make) {
  if (!fs.existsSync(file)) fs.writeFileSync(file, make(), { mode: 0o600 });
  return fs.readFileSync(file, 'utf8').trim();
}

const rsaKey = () => execFileSync('openssl', ['genpkey', '-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'], { stdio: ['ignore', 'pipe', 'pipe'] });

/** A restart in the same directory keeps all of them. */
export function prepareSecrets(dir) {
  return {
    serviceKey: keep(path.join(dir, 'service.key'), rsaKey),
    clientSecret: keep(path.join(dir, 'service-secret'), () => `${randomToken(30)}\n`),
    sswsToken: keep(path.join(dir, 'ssws-token'), () => `00${randomToken(30)}\n`),
  };
}

export function writeOrgJson(dir, org) {
  const about = {
    org_url: org.url, issuer: org.url, custom_issuer: `${org.url}/oauth2/default`, admin_url: `${org.url}/__admin`,
    native_client_id: clients.NATIVE, native_dpop_client_id: clients.NATIVE_DPOP, native_secret_client_id: clients.NATIVE_SECRET,
    service_client_id: clients.SERVICE, service_nodpop_client_id: clients.SERVICE_NO_DPOP, service_secret_client_id: clients.SERVICE_SECRET,
    service_kid: clients.SERVICE_KID, ca_file: 'ca.pem', service_key_file: 'service.key', service_secret_file: 'service-secret', ssws_token_file: 'ssws-token',
    group_ids: Object.fromEntries(org.directory.groups.filter((g) => !g.profile.name.startsWith('team-')).map((g) => [g.profile.name, g.id])),
    user_ids: Object.fromEntries(org.directory.users.filter((u) => !u.profile.login.startsWith('user0')).map((u) => [u.profile.login, u.id])),
    pid: process.pid,
  };
  fs.writeFileSync(path.join(dir, 'org.json'), `${JSON.stringify(about, null, 2)}\n`);
}
