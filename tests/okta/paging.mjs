// SPDX-License-Identifier: BSD-2-Clause
// Pages and their Link headers. A cursor is opaque to clients: here it is the last object's
// id behind a digit, or base64, as a switch says.
import { ApiError } from './errors.mjs';
import { idFor, seqOf } from './ids.mjs';
import { setHeader } from './http.mjs';

const invalidCursor = () => new ApiError('E0000029', '', ['Invalid cursor.']);

const encode = (switches, prefix, { seq, gap }) => {
  const plain = `${gap ? '1' : '2'}${idFor(prefix, seq)}`;
  return switches.cursor_form === 'base64' ? Buffer.from(plain).toString('base64url') : plain;
};

function decode(after) {
  if (after === null) return { seq: -1, gap: false };
  const plain = /^[12]00/.test(after) ? after : Buffer.from(after, 'base64url').toString('utf8');
  const seq = /^[12]/.test(plain) ? seqOf(plain.slice(1)) : undefined;
  if (seq === undefined) throw invalidCursor();
  return { seq, gap: plain[0] === '1' };
}

export function limitOf(url, { fallback, max, cap }) {
  const asked = url.searchParams.get('limit');
  if (asked !== null && !/^[1-9]\d*$/.test(asked)) throw new ApiError('E0000001', 'limit', ['limit: must be a positive number']);
  const limit = Math.min(asked === null ? fallback : Number(asked), max);
  return cap > 0 ? Math.min(limit, cap) : limit;
}

/** The first index whose item's seq is above SEQ; LIST is ordered by seq. */
function firstAfter(list, seq, seqOfItem) {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const mid = (low + high) >>> 1;
    if (seqOfItem(list[mid]) <= seq) low = mid + 1;
    else high = mid;
  }
  return low;
}

function take(list, from, limit, keep) {
  const page = [];
  let i = from;
  for (; i < list.length && page.length < limit; i += 1) if (keep(list[i])) page.push(list[i]);
  while (i < list.length && !keep(list[i])) i += 1;
  return { page, more: i < list.length };
}

/** Okta re-orders the query and fills in defaults: cursor, limit, then the rest. */
function linkUrl(org, url, { after, limit }) {
  const query = new URLSearchParams();
  if (after) query.set('after', after);
  query.set('limit', String(limit));
  for (const [k, v] of url.searchParams) if (k !== 'after' && k !== 'limit') query.append(k, v);
  return `${org.url}${url.pathname}?${query}`;
}

export function sendLinks(org, res, links) {
  const values = links.filter(([rel]) => rel !== 'self' || org.switches.link_self).map(([rel, href]) => `<${href}>; rel="${rel}"`);
  if (values.length) setHeader(res, 'link', org.switches.link_header === 'folded' ? values.join(', ') : values);
}

/**
 * One page of LIST (ordered by seq) that KEEP lets through. OPTIONS: { prefix, fallback, max,
 * keep, seqOfItem }. Sets the Link headers; returns the items.
 */
export function pageOf(org, { res, url }, list, { prefix, fallback, max, keep = () => true, seqOfItem = (x) => x.seq }) {
  const { switches } = org;
  const limit = limitOf(url, { fallback, max, cap: switches.page_size_cap });
  const cursor = decode(url.searchParams.get('after'));
  const from = firstAfter(list, cursor.seq, seqOfItem);
  const empty = switches.short_pages === 'empty' && cursor.seq >= 0 && !cursor.gap;
  const size = switches.short_pages === 'short' ? Math.max(1, Math.floor(limit / 2)) : limit;
  const { page, more } = take(list, from, empty ? 0 : size, keep);
  const links = [['self', linkUrl(org, url, { after: url.searchParams.get('after'), limit })]];
  if (more) {
    const seq = page.length ? seqOfItem(page.at(-1)) : cursor.seq;
    links.push(['next', linkUrl(org, url, { after: encode(switches, prefix, { seq, gap: empty }), limit })]);
  }
  sendLinks(org, res, links);
  return page;
}
