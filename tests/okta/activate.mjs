// SPDX-License-Identifier: BSD-2-Clause
// The browser leg of the device grant. Okta binds nobody to a code: whoever is signed in
// to the browser approves it, so a session of another person counts here as it does there.
import { stamp } from './clock.mjs';
import { isAssigned } from './clients.mjs';
import { maySignIn } from './account.mjs';
import { approve, deny, findOpenCode, normalCode } from './device.mjs';
import { randomToken } from './ids.mjs';
import { readBody, sendText } from './http.mjs';
import { userTarget } from './logs.mjs';
import { codePage, confirmPage, deniedPage, donePage, refusedPage, signInPage } from './pages.mjs';

const TICKET_LIFETIME_MS = 600_000;
const INVALID = 'Invalid code. Try again.';
const UNABLE = 'Unable to sign in';

const html = (res, status, text, headers) => sendText(res, status, 'text/html;charset=utf-8', text, headers);

class Tickets {
  #open = new Map();

  issue(found) {
    const ticket = randomToken(16);
    this.#open.set(ticket, { ...found, until: Date.now() + TICKET_LIFETIME_MS, confirmed: false });
    return ticket;
  }

  get(ticket) {
    const found = this.#open.get(ticket);
    return found && found.until > Date.now() ? found : undefined;
  }

  close(ticket) { this.#open.delete(ticket); }
}

export class Activation {
  tickets = new Tickets();
  #sessions = new Map();

  constructor(org) { this.org = org; }

  sessionUser(req) {
    const m = /(?:^|;\s*)sid=([\w-]+)/.exec(req.headers.cookie ?? '');
    const id = m && this.#sessions.get(m[1]);
    const user = id && this.org.directory.user(id);
    return maySignIn(user) ? user : undefined;
  }

  openSession(user) {
    const sid = randomToken(16);
    this.#sessions.set(sid, user.id);
    user.lastLogin = stamp();
    this.org.log.write('user.session.start', [userTarget(user)], { actor: userTarget(user) });
    return `sid=${sid}; Path=/; Secure; HttpOnly; SameSite=Lax`;
  }
}

async function enterCode(org, res, typed) {
  const found = await findOpenCode(org.servers, typed);
  if (!found || found.code.isExpired) return html(res, 400, codePage({ userCode: typed, error: INVALID }));
  const app = org.clients.get(found.code.clientId).label;
  return html(res, 200, confirmPage({ ticket: org.activation.tickets.issue(found), userCode: normalCode(typed), app }));
}

async function finish(org, res, ticket, found, user, headers) {
  const app = org.clients.get(found.code.clientId);
  org.activation.tickets.close(ticket);
  if (org.switches.unassigned_seen_at === 'browser' && org.switches.assignment_enforced && !isAssigned(app, user)) {
    return html(res, 403, refusedPage('User is not assigned to the client application.'), headers);
  }
  if (!await findOpenCode(org.servers, found.entry.userCode)) return html(res, 400, codePage({ error: INVALID }), headers);
  await approve(found, user);
  return html(res, 200, donePage(), headers);
}

async function answer(org, { req, res }, form, found) {
  if (form.answer === 'no') {
    org.activation.tickets.close(form.ticket);
    await deny(found);
    return html(res, 200, deniedPage());
  }
  found.confirmed = true;
  const user = org.activation.sessionUser(req);
  if (user) return finish(org, res, form.ticket, found, user);
  return html(res, 200, signInPage({ ticket: form.ticket }));
}

async function signIn(org, { res }, form, found) {
  const user = org.directory.user(form.username ?? '');
  const good = found.confirmed && maySignIn(user) && user.password === form.password;
  if (!good) return html(res, 401, signInPage({ ticket: form.ticket, username: form.username, error: UNABLE }));
  return finish(org, res, form.ticket, found, user, { 'set-cookie': org.activation.openSession(user) });
}

const STEPS = { '/activate/confirm': answer, '/activate/signin': signIn };

export async function handleActivate(org, call) {
  const { req, res, url } = call;
  if (url.pathname === '/activate' && req.method === 'GET') {
    html(res, 200, codePage({ userCode: url.searchParams.get('user_code') ?? '' }));
    return true;
  }
  if (req.method !== 'POST' || (url.pathname !== '/activate' && !STEPS[url.pathname])) return false;
  const form = Object.fromEntries(new URLSearchParams(await readBody(req)));
  if (url.pathname === '/activate') await enterCode(org, res, form.user_code);
  else {
    const found = org.activation.tickets.get(form.ticket);
    if (found) await STEPS[url.pathname](org, call, form, found);
    else html(res, 400, codePage({ error: 'This page has expired. Enter the code again.' }));
  }
  return true;
}
