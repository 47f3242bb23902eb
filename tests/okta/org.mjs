// SPDX-License-Identifier: BSD-2-Clause
// One Okta org: its directory, apps, authorization servers and the state tests change.
import crypto from 'node:crypto';
import { Activation, handleActivate } from './activate.mjs';
import { handleAdmin } from './admin.mjs';
import { handleApi, makeVisibility } from './api.mjs';
import { makeServers } from './as.mjs';
import { BadTokenQueue } from './badtokens.mjs';
import { makeClients, SERVICE_KID } from './clients.mjs';
import { Directory } from './directory.mjs';
import { metadataAt, sendMetadata } from './discovery.mjs';
import { Nonces, UsedOnce } from './dpop.mjs';
import { ApiError } from './errors.mjs';
import { Faults } from './faults.mjs';
import { generate } from './generate.mjs';
import { prepare, sendJson } from './http.mjs';
import { SystemLog } from './logs.mjs';
import { Mass } from './mass.mjs';
import { handleOAuth } from './oauth.mjs';
import { RateLimiter, send429, setRateHeaders } from './ratelimit.mjs';
import { RequestLog } from './requestlog.mjs';
import { plant } from './seed.mjs';
import { defaultSwitches } from './switches.mjs';

export function makeOrg({ url, logFile, seed, users, groups, mass, secrets }) {
  const switches = defaultSwitches();
  const log = new SystemLog(() => switches);
  const directory = new Directory(log, () => switches.search_delay_ms);
  plant(directory, seed);
  generate(directory, users, groups);
  const serviceJwk = { ...crypto.createPublicKey(secrets.serviceKey).export({ format: 'jwk' }), kid: SERVICE_KID, alg: 'RS256', use: 'sig' };
  const org = {
    url, switches, log, directory,
    clients: makeClients({ secret: secrets.clientSecret, serviceJwk }),
    sswsToken: secrets.sswsToken,
    faults: new Faults(), badTokens: new BadTokenQueue(), rates: new RateLimiter(switches), requests: new RequestLog(logFile),
    nonces: new Nonces(switches), proofsUsed: new UsedOnce(), assertionsUsed: new UsedOnce(), refreshTokens: new Map(),
  };
  org.servers = makeServers(org);
  org.activation = new Activation(org);
  org.visible = makeVisibility(org);
  if (mass) org.mass = new Mass(org, mass);
  return org;
}

const UNLIMITED = /\/(\.well-known|keys$)/; // metadata and keys are not rate limited at Okta

/** OAuth calls share one bucket; true if the request was over the limit and has been answered. */
function oauthRateExceeded(org, { req, res, url }) {
  if (!/^\/oauth2\//.test(url.pathname) || UNLIMITED.test(url.pathname)) return false;
  const state = org.rates.count(req.socket.remoteAddress, 'oauth');
  if (state.exceeded) send429(res, org.switches.rate_limit_body, state);
  else setRateHeaders(res, state);
  return state.exceeded;
}

async function answer(org, call) {
  if (await handleAdmin(org, call)) return;
  if (await org.faults.apply(call.req, call.res)) return;
  const document = call.req.method === 'GET' ? metadataAt(org, call.url.pathname) : undefined;
  if (document) sendMetadata(call.res, document);
  else if (oauthRateExceeded(org, call)) return;
  else if (await handleOAuth(org, call) || await handleApi(org, call) || await handleActivate(org, call)) return;
  else throw new ApiError('E0000008');
}

function urlOf(org, req) {
  try { return new URL(org.url + req.url); } catch { throw new URIError('request target'); }
}

export function requestHandler(org) {
  return async (req, res) => {
    prepare(res, org.switches, /\bgzip\b/.test(req.headers['accept-encoding'] ?? ''));
    try {
      const url = urlOf(org, req);
      if (!url.pathname.startsWith('/__admin/')) org.requests.watch(req, res, url);
      await answer(org, { req, res, url });
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError(error instanceof URIError ? 'E0000003' : 'E0000009');
      if (known.status === 500) console.error(error);
      if (!res.headersSent) sendJson(res, known.status, known.body());
    }
  };
}
