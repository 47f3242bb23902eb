// SPDX-License-Identifier: BSD-2-Clause
// The stand-in's own CA and the certificate it serves, made by the openssl command.
import { execFileSync } from 'node:child_process';
import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';

export const TLS_KINDS = ['good', 'expired', 'self-signed', 'wrong-host'];

const openssl = (...args) => execFileSync('openssl', args, { stdio: ['ignore', 'pipe', 'pipe'] });
const EC = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];

function makeCa(dir) {
  const cert = path.join(dir, 'ca.pem');
  const key = path.join(dir, 'ca.key');
  if (fs.existsSync(cert) && fs.existsSync(key)) return; // a restart keeps the trusted CA
  openssl('req', '-x509', ...EC, '-days', '3650', '-subj', '/CN=Okta stand-in test CA',
    '-keyout', key, '-out', cert, '-addext', 'keyUsage=critical,keyCertSign,cRLSign');
  fs.chmodSync(key, 0o600);
}

const subjectAltName = (host) => (/^[0-9.]+$|:/.test(host)
  ? `IP:${host}` : `DNS:${host}${host === 'localhost' ? ',IP:127.0.0.1' : ''}`);

// "openssl ca" is the only command of OpenSSL 3.0 that takes both dates.
const caConfig = (dir, work) => `[ca]
default_ca=d
[d]
database=${work}/index.txt
serial=${work}/serial
new_certs_dir=${work}
certificate=${dir}/ca.pem
private_key=${dir}/ca.key
default_md=sha256
policy=p
unique_subject=no
[p]
commonName=supplied
[leaf]
subjectAltName=$ENV::LEAF_SAN
extendedKeyUsage=serverAuth
basicConstraints=CA:FALSE
`;

function signLeaf(dir, work, san, [from, to]) {
  fs.writeFileSync(path.join(work, 'index.txt'), '');
  fs.writeFileSync(path.join(work, 'serial'), `${Date.now().toString(16).padStart(12, '0')}\n`);
  fs.writeFileSync(path.join(work, 'ca.cnf'), caConfig(dir, work));
  openssl('req', ...EC, '-subj', '/CN=Okta stand-in', '-keyout', `${work}/leaf.key`, '-out', `${work}/leaf.csr`);
  execFileSync('openssl', ['ca', '-batch', '-notext', '-config', `${work}/ca.cnf`, '-extensions', 'leaf',
    '-startdate', from, '-enddate', to, '-in', `${work}/leaf.csr`, '-out', `${work}/leaf.pem`],
  { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, LEAF_SAN: san } });
}

function selfSigned(work, san) {
  openssl('req', '-x509', ...EC, '-days', '30', '-subj', '/CN=Okta stand-in', '-addext', `subjectAltName=${san}`,
    '-keyout', `${work}/leaf.key`, '-out', `${work}/leaf.pem`);
}

const asn1Date = (ms) => `${new Date(ms).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
const DAY = 86400_000;

/** Make ca.pem and ca.key in DIR if they are missing; return { key, cert } of the server. */
export function serverCredentials(dir, host, kind) {
  makeCa(dir);
  const work = fs.mkdtempSync(path.join(os.tmpdir(), 'okta-tls-'));
  try {
    const san = subjectAltName(kind === 'wrong-host' ? 'other.example' : host);
    const now = Date.now();
    if (kind === 'self-signed') selfSigned(work, san);
    else if (kind === 'expired') signLeaf(dir, work, san, [asn1Date(now - 30 * DAY), asn1Date(now - DAY)]);
    else signLeaf(dir, work, san, [asn1Date(now - DAY), asn1Date(now + 365 * DAY)]);
    return { key: fs.readFileSync(`${work}/leaf.key`), cert: fs.readFileSync(`${work}/leaf.pem`) };
  } finally {
    fs.rmSync(work, { recursive: true, force: true });
  }
}
