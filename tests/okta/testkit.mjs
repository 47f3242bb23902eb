// SPDX-License-Identifier: BSD-2-Clause
// Start a stand-in of one's own and talk to it: for the tests beside this file.
import { spawn } from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import https from 'node:https';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const SERVER = fileURLToPath(new URL('server.mjs', import.meta.url));
export const PASSWORD = 'Passw0rd!';
export const DEVICE = 'urn:ietf:params:oauth:grant-type:device_code';
const ASSERTION_TYPE = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer';

const b64 = (x) => Buffer.from(x).toString('base64url');
export const sha256 = (x) => crypto.createHash('sha256').update(x).digest('base64url');
export const part = (jwt, i) => JSON.parse(Buffer.from(jwt.split('.')[i], 'base64url'));
export const header = (jwt) => part(jwt, 0);
export const claims = (jwt) => part(jwt, 1);

export function signJwt(head, payload, key) {
  const input = `${b64(JSON.stringify(head))}.${b64(JSON.stringify(payload))}`;
  const signer = head.alg.startsWith('ES') ? { key, dsaEncoding: 'ieee-p1363' } : key;
  return `${input}.${b64(crypto.sign('sha256', Buffer.from(input), signer))}`;
}

function firstLine(child) {
  return new Promise((resolve, reject) => {
    let out = '';
    child.stdout.on('data', (d) => {
      out += d;
      if (out.includes('\n')) resolve(out);
    });
    child.once('exit', (code) => reject(new Error(`the stand-in ended with ${code}`)));
  });
}

export class StandIn {
  static start(...args) { return StandIn.startIn(fs.mkdtempSync(path.join(os.tmpdir(), 'okta-test-')), ...args); }

  static async startIn(dir, ...args) {
    const child = spawn(process.execPath, [SERVER, '--dir', dir, '--port', '0', ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
    const errors = [];
    child.stderr.on('data', (d) => errors.push(d));
    const line = await firstLine(child).catch((e) => { throw new Error(`${e.message}\n${Buffer.concat(errors)}`); });
    // A failed test must not keep the runner waiting for a stand-in nobody stops any more.
    for (const handle of [child, child.stdout, child.stderr]) handle.unref();
    process.once('exit', () => child.kill());
    const s = new StandIn();
    Object.assign(s, { dir, child, line, url: /^ready (\S+)\n$/.exec(line)?.[1], ids: JSON.parse(fs.readFileSync(path.join(dir, 'org.json'))) });
    s.agent = new https.Agent({ keepAlive: true });
    s.ca = fs.readFileSync(path.join(dir, 'ca.pem'));
    s.ssws = s.read('ssws-token');
    s.stderr = () => Buffer.concat(errors).toString();
    return s;
  }

  read(name) { return fs.readFileSync(path.join(this.dir, name), 'utf8').trim(); }

  async stop({ keep = false } = {}) {
    this.child.ref();
    this.agent.destroy();
    const ended = new Promise((done) => { this.child.once('exit', (code, signal) => done(code ?? signal)); });
    this.child.kill('SIGTERM');
    const status = await ended;
    if (!keep) fs.rmSync(this.dir, { recursive: true, force: true });
    return status;
  }

  /** { status, headers, raw (header lines), text, json } */
  http(method, target, { headers = {}, form, json, ca = this.ca } = {}) {
    const url = target.startsWith('https:') ? target : this.url + target;
    const body = form ? new URLSearchParams(form).toString() : json && JSON.stringify(json);
    const type = form ? { 'content-type': 'application/x-www-form-urlencoded' } : {};
    return new Promise((resolve, reject) => {
      const req = https.request(url, { method, ca, agent: this.agent, headers: { ...type, ...headers } }, (res) => {
        const parts = [];
        res.on('data', (d) => parts.push(d));
        res.on('error', reject);
        res.on('end', () => {
          const text = Buffer.concat(parts).toString('utf8');
          let parsed;
          try { parsed = JSON.parse(text); } catch { parsed = undefined; }
          resolve({ status: res.statusCode, headers: res.headers, raw: res.rawHeaders, text, json: parsed });
        });
      });
      req.on('error', reject);
      req.end(body);
    });
  }

  async admin(method, target, json) {
    const r = await this.http(method, `/__admin${target}`, { json });
    if (r.status >= 300) throw new Error(`${method} ${target}: ${r.status} ${r.text}`);
    return r.json;
  }

  switches(changes) { return this.admin('PATCH', '/switches', changes); }

  api(target, { headers = {}, method = 'GET', ...more } = {}) {
    const url = target.startsWith('https:') ? target : `/api/v1${target}`;
    return this.http(method, url, { headers: { authorization: `SSWS ${this.ssws}`, ...headers }, ...more });
  }

  post(endpoint, form, headers, base = '/oauth2/v1') { return this.http('POST', `${base}/${endpoint}`, { form, headers }); }

  async deviceCode({ client = this.ids.native_client_id, scope = 'openid profile groups offline_access', base } = {}) {
    const r = await this.post('device/authorize', { client_id: client, scope }, {}, base);
    if (r.status !== 200) throw new Error(r.text);
    return { ...r.json, client, base };
  }

  poll({ device_code: code, client, base }, { headers, ...more } = {}) {
    return this.post('token', { grant_type: DEVICE, client_id: client, device_code: code, ...more }, headers, base);
  }

  /** A whole flow, approved by the admin API; returns the token reply. */
  async login({ login = 'ada@acme.example', ...more } = {}) {
    const code = await this.deviceCode(more);
    await this.admin('POST', '/approve', { user_code: code.user_code, login });
    return this.poll(code);
  }

  assertion(client, changes = {}, { key = this.read('service.key'), head = {} } = {}) {
    const now = Math.floor(Date.now() / 1000);
    const payload = { iss: client, sub: client, aud: `${this.url}/oauth2/v1/token`, iat: now, exp: now + 300, jti: crypto.randomUUID(), ...changes };
    return signJwt({ alg: 'RS256', kid: 'service-1', ...head }, payload, key);
  }

  machine({ client = this.ids.service_nodpop_client_id, scope = 'okta.users.read okta.groups.read', assertion = this.assertion(client), headers, ...more } = {}) {
    return this.post('token', {
      grant_type: 'client_credentials', scope, client_assertion_type: ASSERTION_TYPE, client_assertion: assertion, ...more,
    }, headers);
  }
}

/** A client's DPoP key. proof(CHANGES to claims, CHANGES to header) */
export class DpopKey {
  constructor() {
    this.pair = crypto.generateKeyPairSync('ec', { namedCurve: 'P-256' });
    this.jwk = this.pair.publicKey.export({ format: 'jwk' });
  }

  proof(payload, head = {}) {
    const base = { htm: 'POST', iat: Math.floor(Date.now() / 1000), jti: crypto.randomUUID() };
    return signJwt({ typ: 'dpop+jwt', alg: 'ES256', jwk: this.jwk, ...head }, { ...base, ...payload }, this.pair.privateKey);
  }
}
