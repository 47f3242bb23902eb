// SPDX-License-Identifier: BSD-2-Clause
// Walk the /activate pages as a browser without script would: forms, cookies, nothing else.
import fs from 'node:fs';
import https from 'node:https';

function request(url, { method = 'GET', form, cookie, ca }) {
  const body = form && new URLSearchParams(form).toString();
  const headers = { accept: 'text/html', ...(body && { 'content-type': 'application/x-www-form-urlencoded' }), ...(cookie && { cookie }) };
  return new Promise((resolve, reject) => {
    const req = https.request(url, { method, headers, ca }, (res) => {
      let text = '';
      res.setEncoding('utf8');
      res.on('data', (d) => { text += d; });
      res.on('end', () => resolve({ status: res.statusCode, text, cookie: res.headers['set-cookie']?.[0].split(';')[0] }));
    });
    req.on('error', reject);
    req.end(body);
  });
}

const titleOf = (html) => /<title>([^<]*)</.exec(html)?.[1] ?? '';
const errorOf = (html) => /role="alert">([^<]*)</.exec(html)?.[1];
const ticketOf = (html) => /name="ticket" value="([^"]*)"/.exec(html)?.[1];

/**
 * Approve or deny USER_CODE as LOGIN. Returns { title, error?, cookie? } of the last page;
 * COOKIE brings an existing sign-in along, as a browser that is already signed in would.
 */
export async function decideByForms({ org, caFile, userCode, login, password, deny = false, cookie }) {
  const ca = fs.readFileSync(caFile);
  const send = (path, form) => request(`${org}${path}`, { method: 'POST', form, cookie, ca });
  const end = (page) => ({ title: titleOf(page.text), error: errorOf(page.text), cookie: page.cookie ?? cookie });
  const confirm = await send('/activate', { user_code: userCode });
  const ticket = ticketOf(confirm.text);
  if (!ticket) return end(confirm);
  const next = await send('/activate/confirm', { ticket, answer: deny ? 'no' : 'yes' });
  if (titleOf(next.text) !== 'Sign In') return end(next);
  return end(await send('/activate/signin', { ticket, username: login, password }));
}
