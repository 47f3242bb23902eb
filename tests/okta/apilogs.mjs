// SPDX-License-Identifier: BSD-2-Clause
// /api/v1/logs. Without "until" and ascending it is a polling request: in order of
// persistence, and every page has a next link, an empty one too.
import { ApiError } from './errors.mjs';
import { compile } from './expression.mjs';
import { sendJson } from './http.mjs';
import { limitOf, sendLinks } from './paging.mjs';
import { uuid } from './ids.mjs';

const DAY_MS = 86400_000;
const MARK = '5d7acde9'; // makes a cursor look like the UUIDs Okta uses

const encode = (position) => `${position.toString(16).padStart(8, '0')}-bd50-41dc-a39f-0000${MARK}`;
const decode = (after) => {
  const m = new RegExp(`^([0-9a-f]{8})-bd50-41dc-a39f-0000${MARK}$`).exec(after);
  if (!m) throw new LogError('E0000031');
  return parseInt(m[1], 16);
};

/** The log's errors differ from the others: a UUID as errorId and no errorLink. */
export class LogError extends ApiError {
  body() {
    const { errorLink, ...rest } = super.body();
    return { ...rest, errorId: uuid() };
  }
}

const PROPERTIES = ['eventType', 'uuid', 'severity', 'displayMessage', 'actor.id', 'actor.alternateId', 'outcome.result', 'target.id', 'target.type', 'target.alternateId'];
const RULES = {
  sameCase: false,
  read: (event, path) => path.split('.').reduce((o, k) => (Array.isArray(o) ? o.map((x) => x[k]) : o?.[k]), event),
  allows: (p, op) => {
    if (!PROPERTIES.includes(p)) throw new LogError('E0000053');
    return ['eq', 'sw', 'co'].includes(op);
  },
};

function instant(url, name) {
  const text = url.searchParams.get(name);
  if (text === null) return undefined;
  const ms = Date.parse(text);
  if (Number.isNaN(ms)) throw new LogError('E0000001', `${name}`, [`${name}: must be an ISO 8601 date`]);
  return ms;
}

function predicate(text) {
  if (text === null) return () => true;
  try { return compile(text, RULES); } catch (error) {
    throw error instanceof LogError ? error : new LogError(error.message);
  }
}

const publishedMs = (e) => Date.parse(e.published);

function scan(events, from, limit, keep) {
  const page = [];
  let at = from;
  for (; at < events.length && page.length < limit; at += 1) if (keep(events[at])) page.push(events[at]);
  return { page, at };
}

function list(org, call) {
  const { url, res } = call;
  if (org.switches.log_busy) org.log.write('user.session.start', []);
  const limit = limitOf(url, { fallback: 100, max: 1000, cap: org.switches.page_size_cap });
  const [since, until] = [instant(url, 'since'), instant(url, 'until')];
  const after = url.searchParams.get('after');
  if (since !== undefined && since < Date.now() - 180 * DAY_MS) throw new LogError('E0000053');
  const descending = url.searchParams.get('sortOrder') === 'DESCENDING';
  const polling = until === undefined && !descending;
  const start = since ?? Date.now() - 7 * DAY_MS;
  const wanted = predicate(url.searchParams.get('filter'));
  const q = url.searchParams.get('q')?.toLowerCase();
  const keep = (e) => (after !== null && polling ? true : publishedMs(e) >= start) && (until === undefined || publishedMs(e) < until)
    && wanted(e) && (!q || JSON.stringify(e).toLowerCase().includes(q));
  const ordered = polling ? org.log.events : [...org.log.events].sort((a, b) => (descending ? -1 : 1) * (publishedMs(a) - publishedMs(b)));
  const { page, at } = scan(ordered, after === null ? 0 : decode(after), limit, keep);
  const links = [['self', url.href]];
  if (polling || ordered.slice(at).some(keep)) links.push(['next', nextUrl(url, { at, limit, polling })]);
  sendLinks(org, res, links);
  sendJson(res, 200, polling && org.switches.log_reverse ? page.reverse() : page);
}

function nextUrl(url, { at, limit, polling }) {
  const next = new URL(url);
  if (polling) next.searchParams.delete('since'); // the cursor knows where it stands; both together are refused
  next.searchParams.set('limit', String(limit));
  next.searchParams.set('after', encode(at));
  return next.href;
}

export const LOG_ROUTES = [['GET', /^\/logs$/, 'okta.logs.read', list, 'logs']];
