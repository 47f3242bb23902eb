// SPDX-License-Identifier: BSD-2-Clause
// Okta's own token verifier as the judge of our tokens, good and bad.
import assert from 'node:assert/strict';
import { after, before, beforeEach, test } from 'node:test';
import Verifier from '@okta/jwt-verifier';
import { StandIn } from '../testkit.mjs';

let s;
before(async () => { s = await StandIn.start(); });
after(() => s.stop());
beforeEach(() => s.admin('POST', '/clock', { skew_s: 0 }));

process.env.NODE_TLS_REJECT_UNAUTHORIZED = '0';
process.removeAllListeners('warning');

const verifier = (issuer, jwksUri) => new Verifier({ issuer, clientId: s.ids.native_client_id, jwksUri, testing: { disableHttpsCheck: true } });
const org = () => verifier(s.url, `${s.url}/oauth2/v1/keys`);
const custom = () => verifier(`${s.url}/oauth2/default`);
const idToken = async (more) => (await s.login(more)).json.id_token;

test('the verifier accepts the org\'s ID token', async () => {
  const { claims } = await org().verifyIdToken(await idToken(), s.ids.native_client_id);
  assert.equal(claims.preferred_username, 'ada@acme.example');
  assert.deepEqual(claims.groups, ['Everyone', 'linux-users', 'linux-admins', 'eng']);
});

test('the verifier accepts ID and access token of the custom server, finding the keys by itself', async () => {
  const { json } = await s.login({ scope: 'openid profile', base: '/oauth2/default/v1' });
  await custom().verifyIdToken(json.id_token, s.ids.native_client_id);
  const { claims } = await custom().verifyAccessToken(json.access_token, 'api://default');
  assert.equal(claims.cid, s.ids.native_client_id);
});

test('the verifier cannot check the org\'s access token, as at Okta', async () => {
  const { json } = await s.login();
  await assert.rejects(org().verifyAccessToken(json.access_token, s.url), /kid|key/i);
});

test('after a rotation the verifier finds the new key', async () => {
  const judge = org();
  await judge.verifyIdToken(await idToken(), s.ids.native_client_id);
  await s.admin('POST', '/rotate', { mode: 'normal' });
  await judge.verifyIdToken(await idToken(), s.ids.native_client_id);
});

// issued_in_future, not_before, aud_array and wrong_azp are beyond what this verifier looks at;
// no_signature makes it throw outside of its promise.
for (const kind of ['wrong_kid', 'other_key', 'alg_none', 'hs256', 'tampered', 'not_a_jwt', 'expired', 'wrong_aud', 'wrong_iss']) {
  test(`the verifier refuses token kind ${kind}`, async () => {
    await s.admin('POST', '/token', { kind });
    const bad = await idToken();
    await assert.rejects(org().verifyIdToken(bad, s.ids.native_client_id));
  });
}
