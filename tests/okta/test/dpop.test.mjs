// SPDX-License-Identifier: BSD-2-Clause
import assert from 'node:assert/strict';
import crypto from 'node:crypto';
import { after, before, beforeEach, test } from 'node:test';
import { claims, DpopKey, sha256, StandIn } from '../testkit.mjs';

let s;
let defaults;
let key;
let endpoint;
before(async () => {
  s = await StandIn.start();
  defaults = (await s.admin('GET', '/state')).switches;
  endpoint = `${s.url}/oauth2/v1/token`;
});
after(() => s.stop());
beforeEach(async () => {
  await s.switches(defaults);
  await s.admin('POST', '/clock', { skew_s: 0 });
  key = new DpopKey();
});

const now = () => Math.floor(Date.now() / 1000);
const refused = (r, error, text, status = 400) => {
  assert.deepEqual([r.status, r.json?.error], [status, error], r.text);
  if (text) assert.equal(r.json.error_description, text);
};
const ask = (proof) => s.machine({ client: s.ids.service_client_id, headers: proof ? { dpop: proof } : {} });
async function nonce() { return (await ask(key.proof({ htu: endpoint }))).headers['dpop-nonce']; }
async function token() { return (await ask(key.proof({ htu: endpoint, nonce: await nonce() }))).json.access_token; }
const users = (at, proof, scheme = 'DPoP', path = '/users?limit=1') => (
  s.api(path, { headers: { authorization: `${scheme} ${at}`, ...(proof && { dpop: proof }) } }));
const resourceProof = (at, changes = {}) => key.proof({ htm: 'GET', htu: `${s.url}/api/v1/users`, ath: sha256(at), ...changes });

test('the whole dance: no header, no nonce, then a DPoP token bound to the key', async () => {
  refused(await ask(), 'invalid_dpop_proof', 'The DPoP proof JWT header is missing.');
  const first = await ask(key.proof({ htu: endpoint }));
  refused(first, 'use_dpop_nonce', 'Authorization server requires nonce in DPoP proof.');
  const second = await ask(key.proof({ htu: endpoint, nonce: first.headers['dpop-nonce'] }));
  assert.deepEqual([second.status, second.json.token_type], [200, 'DPoP']);
  assert.ok(second.headers['dpop-nonce']);
  const thumbprint = sha256(JSON.stringify({ crv: 'P-256', kty: 'EC', x: key.jwk.x, y: key.jwk.y }));
  assert.equal(claims(second.json.access_token).cnf.jkt, thumbprint);
  const at = second.json.access_token;
  assert.equal((await users(at, resourceProof(at))).status, 200);
});

test('a missing header is named even when an assertion would be good', async () => {
  refused(await ask(), 'invalid_dpop_proof', 'The DPoP proof JWT header is missing.');
});

test('a replayed proof is refused at the token endpoint', async () => {
  const proof = key.proof({ htu: endpoint, nonce: await nonce() });
  assert.equal((await ask(proof)).status, 200);
  refused(await ask(proof), 'invalid_dpop_proof', 'The DPoP proof JWT has already been used.');
});

test('a replayed proof is refused at the API', async () => {
  const at = await token();
  const proof = resourceProof(at);
  assert.equal((await users(at, proof)).status, 200);
  refused(await users(at, proof), 'invalid_dpop_proof', 'The DPoP proof JWT has already been used.');
});

const bads = {
  "'typ' must be 'dpop+jwt' in the DPoP proof JWT.": [{}, { typ: 'JWT' }],
  'The DPoP proof JWT cannot be parsed.': [{}, { jwk: undefined }],
  "'htm' claim in the DPoP proof JWT is invalid.": [{ htm: 'GET' }],
  "'htu' claim in the DPoP proof JWT is invalid.": [{ htu: 'https://evil.example/' }],
  "'iat' claim in the DPoP proof JWT is invalid.": [{ iat: 'now' }],
  'The DPoP proof JWT is issued in the future.': [{ iat: now() + 600 }],
  'The DPoP proof JWT is issued more than five minutes in the past.': [{ iat: now() - 400 }],
  'The DPoP proof JWT is expired.': [{ exp: now() - 1 }],
  "'jti' claim in the DPoP proof JWT is invalid.": [{ jti: '' }],
};
for (const [text, [changes, head]] of Object.entries(bads)) {
  test(`proof refused: ${text}`, async () => {
    refused(await ask(key.proof({ htu: endpoint, nonce: await nonce(), ...changes }, head)), 'invalid_dpop_proof', text);
  });
}

test('proof refused: not a JWT, wrong algorithm, wrong signature, somebody else\'s key, a private key', async () => {
  const good = key.proof({ htu: endpoint, nonce: await nonce() });
  const withHead = (change) => {
    const [h, p, sig] = good.split('.');
    const head = { ...JSON.parse(Buffer.from(h, 'base64url')), ...change };
    return `${Buffer.from(JSON.stringify(head)).toString('base64url')}.${p}.${sig}`;
  };
  refused(await ask('x.y'), 'invalid_dpop_proof', 'The DPoP proof JWT cannot be parsed.');
  refused(await ask(withHead({ alg: 'HS256' })), 'invalid_dpop_proof', 'The DPoP proof JWT signature algorithm is invalid.');
  refused(await ask(withHead({ jwk: new DpopKey().jwk })), 'invalid_dpop_proof', 'The DPoP proof JWT signature is invalid.');
  refused(await ask(withHead({ alg: 'RS256' })), 'invalid_dpop_proof', 'The DPoP proof JWT signature is invalid.');
  refused(await ask(key.proof({ htu: endpoint }, { jwk: key.pair.privateKey.export({ format: 'jwk' }) })), 'invalid_dpop_proof', 'The DPoP proof JWT cannot be parsed.');
});

test('two proofs in one request are refused', async () => {
  const r = await s.machine({ client: s.ids.service_client_id, headers: { dpop: [key.proof({ htu: endpoint }), key.proof({ htu: endpoint })] } });
  refused(r, 'invalid_dpop_proof', 'Multiple DPoP proof JWT headers are not allowed.');
});

test('htu is compared without query and fragment', async () => {
  assert.equal((await ask(key.proof({ htu: `${endpoint}?a=b#c`, nonce: await nonce() }))).status, 200);
});

test('an RSA key makes good proofs too', async () => {
  const pair = crypto.generateKeyPairSync('rsa', { modulusLength: 2048 });
  Object.assign(key, { pair, jwk: pair.publicKey.export({ format: 'jwk' }) });
  assert.equal((await ask(key.proof({ htu: endpoint, nonce: await nonce() }, { alg: 'RS256' }))).status, 200);
});

test('a nonce made up by the client is refused', async () => {
  refused(await ask(key.proof({ htu: endpoint, nonce: 'mine' })), 'use_dpop_nonce');
});

test('nonces: renewed after a day, accepted for three', async () => {
  const old = await nonce();
  await s.admin('POST', '/clock', { skew_s: 86401 });
  const later = (n) => s.machine({
    client: s.ids.service_client_id,
    assertion: s.assertion(s.ids.service_client_id, { iat: undefined, exp: now() + n + 300 }),
    headers: { dpop: key.proof({ htu: endpoint, nonce: old, iat: now() + n }) },
  });
  const second = await later(86401);
  assert.equal(second.status, 200, second.text);
  assert.notEqual(second.headers['dpop-nonce'], old);
  await s.admin('POST', '/clock', { skew_s: 259201 });
  refused(await later(259201), 'use_dpop_nonce');
});

test('an expired nonce in the middle of a run starts the dance again', async () => {
  const n = await nonce();
  assert.equal((await ask(key.proof({ htu: endpoint, nonce: n }))).status, 200);
  await s.admin('POST', '/nonce/expire');
  const r = await ask(key.proof({ htu: endpoint, nonce: n }));
  refused(r, 'use_dpop_nonce');
  assert.equal((await ask(key.proof({ htu: endpoint, nonce: r.headers['dpop-nonce'] }))).status, 200);
});

test('nonce_lifetime_s and nonce_accept_s shorten both', async () => {
  await s.switches({ nonce_lifetime_s: 0, nonce_accept_s: 0 });
  refused(await ask(key.proof({ htu: endpoint, nonce: await nonce() })), 'use_dpop_nonce');
});

test('the API refuses a bound token without proof, as bearer, with a wrong ath, with another key', async () => {
  const at = await token();
  refused(await users(at), 'invalid_request', 'The resource request requires a DPoP proof.');
  refused(await users(at, undefined, 'Bearer'), 'invalid_request', 'The resource request must use the DPoP authentication scheme when using a DPoP bound token.');
  refused(await users(at, resourceProof(at, { ath: sha256('x') })), 'invalid_dpop_proof', "'ath' claim in the DPoP proof does not match the presented access_token.");
  refused(await users(at, resourceProof(at, { htu: `${s.url}/api/v1/groups` })), 'invalid_dpop_proof');
  const other = new DpopKey();
  refused(await users(at, other.proof({ htm: 'GET', htu: `${s.url}/api/v1/users`, ath: sha256(at) })), 'invalid_dpop_proof', 'The access_token is not bound to the provided DPoP proof.');
});

test('a bearer token under the DPoP scheme is an empty 401', async () => {
  const at = (await s.machine()).json.access_token;
  const r = await users(at, resourceProof(at));
  assert.deepEqual([r.status, r.text], [401, '']);
  assert.match(r.headers['www-authenticate'], /not DPoP bound/);
});

test('dpop_required: always and never override the app', async () => {
  await s.switches({ dpop_required: 'always' });
  refused(await s.machine(), 'invalid_dpop_proof');
  await s.switches({ dpop_required: 'never' });
  assert.equal((await ask()).json.token_type, 'Bearer');
});

test('the native app that requires DPoP needs it on every poll, and its refresh token keeps the key', async () => {
  const code = await s.deviceCode({ client: s.ids.native_dpop_client_id });
  refused(await s.poll(code), 'invalid_dpop_proof');
  const n = (await s.poll(code, { headers: { dpop: key.proof({ htu: endpoint }) } })).headers['dpop-nonce'];
  const proof = (k = key) => ({ dpop: k.proof({ htu: endpoint, nonce: n }) });
  refused(await s.poll(code, { headers: proof() }), 'authorization_pending');
  await s.admin('POST', '/approve', { user_code: code.user_code, login: 'ada@acme.example' });
  await s.admin('POST', '/clock', { skew_s: 6 });
  const r = await s.poll(code, { headers: proof() });
  assert.deepEqual([r.status, r.json.token_type], [200, 'DPoP'], r.text);
  const form = { client_id: code.client, grant_type: 'refresh_token', refresh_token: r.json.refresh_token };
  refused(await s.post('token', form, proof(new DpopKey())), 'invalid_dpop_proof', 'Invalid DPoP Public Key binding in refresh token');
  assert.equal((await s.post('token', form, proof())).json.token_type, 'DPoP');
  const at = r.json.access_token;
  const info = await s.http('GET', '/oauth2/v1/userinfo', { headers: { authorization: `DPoP ${at}`, dpop: key.proof({ htm: 'GET', htu: `${s.url}/oauth2/v1/userinfo`, ath: sha256(at) }) } });
  assert.equal(info.json.preferred_username, 'ada@acme.example', info.text);
});
