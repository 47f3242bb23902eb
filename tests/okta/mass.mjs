// SPDX-License-Identifier: BSD-2-Clause
// A directory too large to hold: people, groups and members are worked out page by page, in
// the shape the small directory has them, and packed pages are kept for the next time.
// Only the three lists a full sync reads; limits, faults, tokens and links are as ever.
import zlib from 'node:zlib';
import { groupJson } from './apigroups.mjs';
import { userJson } from './apiusers.mjs';
import { ApiError, notFound } from './errors.mjs';
import { projection } from './fields.mjs';
import { sendPacked } from './http.mjs';
import { idFor, seqOf } from './ids.mjs';
import { limitOf, sendLinks } from './paging.mjs';

const AT = '2026-01-06T09:00:00.000Z';
const FIRST = ['Alan', 'Barbara', 'Claude', 'Dorothy', 'Edsger', 'Frances', 'Gordon', 'Hedy', 'Ivar', 'Jean'];
const LAST = ['Turing', 'Liskov', 'Shannon', 'Vaughan', 'Dijkstra', 'Allen', 'Moore', 'Lamarr', 'Giaever', 'Bartik'];
const SEQ = 1000; // before these are the ids of the seed
const BIG = 50_000; // members of a large group
const KEEP_BYTES = 512 << 20;
const MARKS = ['\u0001i', '\u0001l', '\u0001f', '\u0001s'];

/** What an object looks like, cut where its id, login, first and last name stand. */
function template(object) {
  const text = JSON.stringify(object);
  const marks = MARKS.map((m) => JSON.stringify(m).slice(1, -1));
  const pieces = [];
  let rest = text;
  for (;;) {
    const found = marks.map((m, k) => [rest.indexOf(m), k]).filter(([at]) => at >= 0).sort((a, b) => a[0] - b[0])[0];
    if (!found) break;
    pieces.push(rest.slice(0, found[0]), found[1]);
    rest = rest.slice(found[0] + marks[found[1]].length);
  }
  pieces.push(rest);
  return (values) => pieces.map((p) => (typeof p === 'number' ? values[p] : p)).join('');
}

const SAMPLE_USER = {
  id: MARKS[0], status: 'ACTIVE', created: AT, activated: AT, statusChanged: AT, lastLogin: null, lastUpdated: AT, passwordChanged: AT,
  profile: { firstName: MARKS[2], lastName: MARKS[3], mobilePhone: null, secondEmail: null, email: MARKS[1], displayName: `${MARKS[2]} ${MARKS[3]}`, login: MARKS[1] },
};

export class Mass {
  #pages = new Map();
  #bytes = 0;

  constructor(org, { users, groups, memberships }) {
    Object.assign(this, { org, users, groups });
    this.big = Math.min(Math.floor(groups / 500), Math.floor(memberships / 10 / BIG));
    this.each = groups > this.big ? Math.floor((memberships - this.big * BIG) / (groups - this.big)) : 0;
  }

  #person(i) {
    return [idFor('00u', SEQ + i), `user${String(i + 1).padStart(7, '0')}@acme.example`, FIRST[i % 10], LAST[Math.floor(i / 10) % 10]];
  }

  #size(g) { return Math.min(g < this.big ? BIG : this.each, this.users); }

  /** Members lie evenly among all people, in the order of their ids, as Okta lists them. */
  #member(g, k) {
    const step = Math.floor(this.users / this.#size(g));
    return ((g * 7919) % step) + k * step;
  }

  #usersText(url, from, to) {
    const text = template(projection(url.searchParams.get('fields'))(userJson(this.org, SAMPLE_USER)));
    return Array.from({ length: to - from }, (_, i) => text(this.#person(from + i)));
  }

  #groupsText(url, from, to) {
    return Array.from({ length: to - from }, (_, i) => JSON.stringify(groupJson(this.org, {
      id: idFor('00g', SEQ + from + i), created: AT, lastUpdated: AT, lastMembershipUpdated: AT, objectClass: ['okta:user_group'], type: 'OKTA_GROUP',
      profile: { name: `team-${String(from + i + 1).padStart(5, '0')}`, description: null },
    })));
  }

  #membersText(g) {
    const text = template(userJson(this.org, SAMPLE_USER));
    return (url, from, to) => Array.from({ length: to - from }, (_, i) => text(this.#person(this.#member(g, from + i))));
  }

  #list(path) {
    if (path === '/users') return { n: this.users, max: 200, fallback: 200, text: (...a) => this.#usersText(...a) };
    if (path === '/groups') return { n: this.groups, max: 10000, fallback: 10000, text: (...a) => this.#groupsText(...a) };
    const [, id] = /^\/groups\/([^/]+)\/users$/.exec(path) ?? [];
    if (!id) return undefined;
    const g = (seqOf(id) ?? 0) - SEQ;
    if (g < 0 || g >= this.groups) throw notFound(id, 'UserGroup');
    return { n: this.#size(g), max: 1000, fallback: 1000, text: this.#membersText(g) };
  }

  #packed(url, list, from, to) {
    const key = `${url.pathname} ${from} ${to} ${url.searchParams.get('fields')}`;
    let body = this.#pages.get(key);
    if (!body) {
      body = zlib.gzipSync(`[${list.text(url, from, to).join(',')}]`, { level: 1 });
      if (this.#bytes + body.length <= KEEP_BYTES) {
        this.#pages.set(key, body);
        this.#bytes += body.length;
      }
    }
    return body;
  }

  #from(url) {
    const after = url.searchParams.get('after');
    if (after === null) return 0;
    const at = seqOf(after);
    if (at === undefined) throw new ApiError('E0000029', '', ['Invalid cursor.']);
    return at;
  }

  /** True if CALL asked for one of the lists and has been answered. */
  serve({ req, res, url }) {
    const list = req.method === 'GET' && !url.searchParams.has('search') && !url.searchParams.has('filter') && this.#list(url.pathname.slice(7));
    if (!list) return false;
    const limit = limitOf(url, { fallback: list.fallback, max: list.max, cap: this.org.switches.page_size_cap });
    const from = this.#from(url);
    const to = Math.min(from + limit, list.n);
    const next = new URL(url);
    next.searchParams.set('after', idFor('00p', to));
    next.searchParams.set('limit', String(limit));
    sendLinks(this.org, res, [['self', url.href], ...(to < list.n ? [['next', next.href]] : [])]);
    sendPacked(res, 200, 'application/json', this.#packed(url, list, from, to));
    return true;
  }
}
