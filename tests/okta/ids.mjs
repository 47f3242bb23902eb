// SPDX-License-Identifier: BSD-2-Clause
// Okta ids: 20 characters, three of them a type prefix, case-sensitive. Ours carry a
// sequence number so that a paging cursor still works after its object was deleted.
import crypto from 'node:crypto';

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const TAG = 'acMeX9dT';
const TAIL = '5d7';

export function idFor(prefix, seq) {
  let n = seq;
  let digits = '';
  for (let i = 0; i < 6; i += 1) {
    digits = DIGITS[n % 62] + digits;
    n = Math.floor(n / 62);
  }
  return prefix + TAG + digits + TAIL;
}

export function seqOf(id) {
  const m = /^0[0-9a-z]{2}acMeX9dT([0-9A-Za-z]{6})5d7$/.exec(id);
  if (!m) return undefined;
  return [...m[1]].reduce((n, c) => n * 62 + DIGITS.indexOf(c), 0);
}

export const randomToken = (bytes = 32) => crypto.randomBytes(bytes).toString('base64url');
export const uuid = () => crypto.randomUUID();
export const errorId = () => `oae${crypto.randomBytes(16).toString('base64url')}`;
export const requestId = () => crypto.randomBytes(16).toString('hex');
