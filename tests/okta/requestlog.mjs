// SPDX-License-Identifier: BSD-2-Clause
// What was asked, for tests that prove a client was patient, fresh or silent. Tokens,
// codes and secrets never get in: only the scheme of an Authorization header does.
import fs from 'node:fs';
import { stampMs } from './clock.mjs';

const KEPT = 50_000;
const scheme = (req) => /^[A-Za-z]+/.exec(req.headers.authorization ?? '')?.[0] ?? 'none';
const masked = (url) => url.pathname + url.search.replace(/((?:user_code|token|client_assertion|client_secret)=)[^&]*/g, '$1…');

export class RequestLog {
  entries = [];
  #unanswered = new Set();

  constructor(file) {
    this.stream = fs.createWriteStream(file, { fd: fs.openSync(file, 'a', 0o600) });
  }

  watch(req, res, url) {
    const started = process.hrtime.bigint();
    for (const r of this.#unanswered) if (r.writableEnded || r.destroyed) this.#unanswered.delete(r);
    this.#unanswered.add(res);
    const entry = {
      time: stampMs(), method: req.method, path: masked(url), status: 0, client: req.socket.remoteAddress, auth: scheme(req),
      dpop: req.headers.dpop !== undefined, user_agent: req.headers['user-agent'] ?? '', in_flight: this.#unanswered.size,
    };
    this.entries.push(entry);
    if (this.entries.length > KEPT) this.entries.shift();
    res.once('close', () => {
      entry.gzip = /gzip/.test(res.getHeader('content-encoding') ?? '');
      entry.status = res.headersSent ? res.statusCode : 0; // 0: the connection was dropped without a reply
      entry.ms = Number((process.hrtime.bigint() - started) / 1_000_000n);
      this.stream.write(`${JSON.stringify(entry)}\n`);
    });
  }

  clear() { this.entries = []; }
}
