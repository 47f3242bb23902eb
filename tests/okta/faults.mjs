// SPDX-License-Identifier: BSD-2-Clause
// Trouble on request: for a path, a number of times.
import { epoch } from './clock.mjs';
import { ApiError } from './errors.mjs';
import { sendJson, sendText, setHeader } from './http.mjs';
import { send429 } from './ratelimit.mjs';

export const FAULT_KINDS = ['status', 'delay', 'slow', 'garbage', 'truncate', 'drop', 'rate_limit', 'empty_page', 'html', 'no_date', 'hold', 'hide'];
const sleep = (ms) => new Promise((done) => { setTimeout(done, ms).unref(); });

const E_FOR_STATUS = { 401: 'E0000011', 403: 'E0000006', 404: 'E0000007', 429: 'E0000047', 500: 'E0000009' };
const GATEWAY = '<html><head><title>502 Bad Gateway</title></head><body><center><h1>502 Bad Gateway</h1></center></body></html>\n';

function sendStatus(res, { status = 500, body, headers }) {
  const text = body ?? JSON.stringify(new ApiError(E_FOR_STATUS[status] ?? 'E0000009').body());
  sendText(res, status, 'application/json', typeof text === 'string' ? text : JSON.stringify(text), headers);
}

/** Replace what the endpoint writes at the end of its reply; CHANGE gets the finished body. */
function onEnd(res, change) {
  const end = res.end.bind(res);
  res.end = (chunk) => {
    res.end = end;
    change(Buffer.from(chunk ?? ''), end);
    return res;
  };
}

/** The announced length is the whole one, so the client can notice. */
function truncate(res) {
  onEnd(res, (body) => {
    res.setHeader('content-length', body.length);
    res.flushHeaders();
    res.write(body.subarray(0, Math.floor(body.length / 2)), () => res.destroy());
  });
}

function trickle(res, totalMs) {
  onEnd(res, async (body, end) => {
    const step = Math.max(1, Math.ceil(body.length / 20));
    for (let at = 0; at < body.length && !res.destroyed; at += step) {
      res.write(body.subarray(at, at + step));
      await sleep(totalMs / 20);
    }
    end();
  });
}

const APPLY = {
  status: (res, fault) => { sendStatus(res, fault); return true; },
  hold: async (res, fault) => { await fault.over; return false; },
  delay: async (res, fault) => { await sleep(fault.delay_ms ?? 1000); return false; },
  slow: (res, fault) => { trickle(res, fault.delay_ms ?? 2000); return false; },
  truncate: (res) => { truncate(res); return false; },
  drop: (res) => { res.socket.destroy(); return true; },
  garbage: (res, { status = 200, body }) => { sendText(res, status, 'application/json', body ?? '{"id":"00u\u0000,,]]\ufffd'); return true; },
  html: (res, { status = 502, body }) => { sendText(res, status, 'text/html', body ?? GATEWAY); return true; },
  no_date: (res) => { res.removeHeader('date'); return false; },
  hide: (res, { id }) => {
    onEnd(res, (body, end) => {
      const text = JSON.stringify(JSON.parse(body).filter((x) => x.id !== id));
      res.setHeader('content-length', Buffer.byteLength(text));
      end(text);
    });
    return false;
  },
  empty_page: (res) => { sendJson(res, 200, []); return true; },
  rate_limit: (res, { body, headers = {}, delay_ms: delay = 1000 }) => {
    for (const [k, v] of Object.entries(headers)) setHeader(res, k, v);
    send429(res, body ?? 'E0000047', { limit: 50, reset: epoch() + Math.ceil(delay / 1000) });
    return true;
  },
};

export class Faults {
  #waiting = [];

  add({ path, method, kind, times = 1, skip = 0, ...more }) {
    if (!APPLY[kind]) throw new RangeError(`kind: must be one of ${FAULT_KINDS.join(', ')}`);
    if (typeof path !== 'string') throw new RangeError('path: must be a regular expression as a string');
    const fault = { path, pattern: new RegExp(path), method, kind, times, skip, ...more };
    fault.over = new Promise((done) => { fault.end = done; });
    this.#waiting.push(fault);
  }

  /** What they hold goes on. */
  clear() {
    for (const fault of this.#waiting) fault.end();
    this.#waiting = [];
  }

  get waiting() { return this.#waiting.map(({ pattern, over, end, ...f }) => f); }

  #take(req) {
    for (const f of this.#waiting) {
      const ours = f.times !== 0 && f.pattern.test(req.url) && (!f.method || f.method === req.method);
      if (ours && f.skip > 0) f.skip -= 1;
      else if (ours) {
        if (f.times > 0) f.times -= 1; // a negative number never runs out
        return f;
      }
    }
    return undefined;
  }

  /** True if the fault has answered; false lets the endpoint answer, perhaps damaged. */
  async apply(req, res) {
    const fault = this.#take(req);
    return fault ? APPLY[fault.kind](res, fault) : false;
  }
}
