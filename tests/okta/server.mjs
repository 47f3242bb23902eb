// SPDX-License-Identifier: BSD-2-Clause
// Usage: node server.mjs --dir DIR [--port 8443] [--host localhost] [--users N] [--groups M]
//                        [--mass USERS,GROUPS,MEMBERSHIPS]
//                        [--tls good|expired|self-signed|wrong-host] [--seed FILE]
import './clock.mjs';
import fs from 'node:fs';
import https from 'node:https';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { prepareSecrets, writeOrgJson } from './files.mjs';
import { readSeed, SEED } from './seed.mjs';
import { serverCredentials, TLS_KINDS } from './tls.mjs';

// Standard output carries the one "ready" line; the provider's notices go to standard error.
console.info = console.error;
console.warn = console.error;

const STRING = { type: 'string' };

function fail(message) {
  console.error(`okta stand-in: ${message}`);
  process.exit(2);
}

function count(name, text, max) {
  if (!/^\d+$/.test(text) || Number(text) > max) fail(`--${name}: must be a number from 0 to ${max}`);
  return Number(text);
}

function readOptions() {
  let values;
  try {
    ({ values } = parseArgs({ options: { dir: STRING, port: STRING, host: STRING, users: STRING, groups: STRING, mass: STRING, tls: STRING, seed: STRING } }));
  } catch (error) { fail(error.message); }
  const { dir, port = '8443', host = 'localhost', users = '0', groups = '0', mass, tls = 'good', seed } = values;
  if (!dir) fail('--dir DIR is needed: the place for ca.pem, keys and logs');
  if (!TLS_KINDS.includes(tls)) fail(`--tls: must be one of ${TLS_KINDS.join(', ')}`);
  return { dir, host, tls, seed, mass: readMass(mass), port: count('port', port, 65535), users: count('users', users, 2_000_000), groups: count('groups', groups, 200_000) };
}

/** "1000000,10000,10000000" */
function readMass(text) {
  if (text === undefined) return undefined;
  const parts = text.split(',');
  if (parts.length !== 3) fail('--mass: must be USERS,GROUPS,MEMBERSHIPS');
  const [users, groups, memberships] = parts.map((p) => count('mass', p, 100_000_000));
  return { users, groups, memberships };
}

function listen(server, { host, port }) {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host === 'localhost' ? '127.0.0.1' : host, () => resolve(server.address().port));
  });
}

async function main() {
  const options = readOptions();
  fs.mkdirSync(options.dir, { recursive: true });
  const seed = options.seed ? readSeed(options.seed) : SEED;
  const { makeOrg, requestHandler } = await import('./org.mjs');
  const server = https.createServer(serverCredentials(options.dir, options.host, options.tls));
  const port = await listen(server, options);
  const org = makeOrg({ ...options, seed, url: `https://${options.host}:${port}`, logFile: path.join(options.dir, 'requests.log'), secrets: prepareSecrets(options.dir) });
  server.keepAliveTimeout = 30_000;
  server.on('request', requestHandler(org));
  writeOrgJson(options.dir, org);
  process.on('SIGTERM', () => { org.requests.stream.end(() => process.exit(0)); });
  process.stdout.write(`ready ${org.url}\n`);
}

main().catch((error) => fail(error.message));
