// SPDX-License-Identifier: BSD-2-Clause
// Reading requests and writing replies the way Okta's front end shapes them.
import zlib from 'node:zlib';
import { httpDate } from './clock.mjs';
import { requestId } from './ids.mjs';

const MAX_BODY = 1 << 20;

export function readBody(req) {
  return new Promise((resolve, reject) => {
    const parts = [];
    let size = 0;
    req.on('data', (d) => {
      size += d.length;
      if (size > MAX_BODY) reject(new RangeError('request body too large'));
      else parts.push(d);
    });
    req.on('end', () => resolve(Buffer.concat(parts).toString('utf8')));
    req.on('error', reject);
  });
}

const mixed = (name) => name.replace(/(^|-)([a-z])/g, (_, dash, c) => dash + c.toUpperCase());

export function setHeader(res, name, value) {
  res.setHeader(res.okta.switches.header_case === 'mixed' ? mixed(name) : name, value);
}

/** Headers every Okta reply carries; the Date follows the stand-in's own clock. */
export function prepare(res, switches, gzipAccepted) {
  res.okta = { switches, gzip: gzipAccepted && switches.gzip };
  res.sendDate = false;
  for (const [name, value] of Object.entries({
    date: httpDate(),
    'x-okta-request-id': requestId(),
    'cache-control': 'no-cache, no-store',
    expires: '0',
    pragma: 'no-cache',
    'strict-transport-security': 'max-age=315360000; includeSubDomains',
    'x-content-type-options': 'nosniff',
    server: 'nginx',
  })) setHeader(res, name, value);
}

export function sendText(res, status, type, text, headers = {}) {
  res.statusCode = status;
  for (const [name, value] of Object.entries(headers)) setHeader(res, name, value);
  let body = Buffer.from(text);
  if (type) setHeader(res, 'content-type', type);
  if (res.okta.gzip && body.length > 1024) {
    body = zlib.gzipSync(body, { level: 1 });
    setHeader(res, 'content-encoding', 'gzip');
    setHeader(res, 'vary', 'Accept-Encoding');
  }
  res.end(body);
}

/** BODY is gzip already; who does not ask for that gets it unpacked. */
export function sendPacked(res, status, type, body) {
  res.statusCode = status;
  setHeader(res, 'content-type', type);
  if (res.okta.gzip) {
    setHeader(res, 'content-encoding', 'gzip');
    setHeader(res, 'vary', 'Accept-Encoding');
  }
  res.end(res.okta.gzip ? body : zlib.gunzipSync(body));
}

export const sendJson = (res, status, object, headers) => (
  sendText(res, status, 'application/json', JSON.stringify(object), headers));

export const sendEmpty = (res, status, headers) => sendText(res, status, undefined, '', headers);
