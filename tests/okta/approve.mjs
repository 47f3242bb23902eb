// SPDX-License-Identifier: BSD-2-Clause
// Usage: node approve.mjs URL_OR_CODE LOGIN PASSWORD [--deny] [--org URL] [--ca FILE]
// Exit status 0 if the device was activated (or, with --deny, turned down), 1 otherwise.
import { parseArgs } from 'node:util';
import { decideByForms } from './forms.mjs';

const USAGE = 'usage: node approve.mjs URL_OR_CODE LOGIN PASSWORD [--deny] [--org URL] [--ca FILE]';

function fail(message, status) {
  console.error(message);
  process.exit(status);
}

function readOptions() {
  let parsed;
  try {
    parsed = parseArgs({ allowPositionals: true, options: { deny: { type: 'boolean' }, org: { type: 'string' }, ca: { type: 'string' } } });
  } catch (error) { fail(`${error.message}\n${USAGE}`, 2); }
  const { positionals: [target, login, password], values } = parsed;
  if (!target || (!values.deny && !password)) fail(USAGE, 2);
  const url = /^https:/.test(target) ? new URL(target) : undefined;
  const org = values.org ?? url?.origin;
  if (!org) fail('a bare code needs --org URL', 2);
  const caFile = values.ca ?? process.env.NODE_EXTRA_CA_CERTS;
  if (!caFile) fail('--ca FILE is needed: the ca.pem in the directory of the stand-in', 2);
  return { org, caFile, userCode: url ? url.searchParams.get('user_code') : target, login, password, deny: values.deny };
}

const options = readOptions();
try {
  const { title, error } = await decideByForms(options);
  console.log(error ? `${title}: ${error}` : title);
  process.exitCode = title === (options.deny ? 'Device not activated' : 'Device activated') ? 0 : 1;
} catch (error) { fail(error.message, 1); }
