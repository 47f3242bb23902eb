// SPDX-License-Identifier: BSD-2-Clause
// Okta's search= and filter= expressions: comparisons joined by and/or, with parentheses.
import { ApiError } from './errors.mjs';

const TOKEN = /\s*(?:(\()|(\))|"((?:[^"\\]|\\.)*)"|([^\s()"]+))/y;
const bad = () => new ApiError('E0000031');

function tokensOf(text) {
  const tokens = [];
  TOKEN.lastIndex = 0;
  while (TOKEN.lastIndex < text.trimEnd().length) {
    const m = TOKEN.exec(text);
    if (!m) throw bad();
    const [, open, close, quoted, word] = m;
    if (quoted !== undefined) tokens.push({ value: quoted.replace(/\\(.)/g, '$1') });
    else tokens.push({ word: open ?? close ?? word });
  }
  return tokens;
}

const literal = (token) => {
  if (token?.value !== undefined) return token.value;
  if (token?.word === 'true' || token?.word === 'false') return token.word === 'true';
  if (/^-?\d+$/.test(token?.word ?? '')) return Number(token.word);
  throw bad();
};

const instant = (v) => (typeof v === 'string' && /^\d{4}-\d\d-\d\dT/.test(v) ? Date.parse(v) : v);
const fold = (v) => (typeof v === 'string' ? v.toLowerCase() : v);

function comparator(op, wanted, sameCase) {
  const norm = sameCase ? (v) => v : fold;
  const w = norm(wanted);
  const tests = {
    eq: (v) => norm(v) === w || (instant(v) === instant(wanted) && instant(v) !== v),
    sw: (v) => typeof v === 'string' && norm(v).startsWith(w),
    co: (v) => typeof v === 'string' && norm(v).includes(w),
    gt: (v) => instant(v) > instant(wanted),
    ge: (v) => instant(v) >= instant(wanted),
    lt: (v) => instant(v) < instant(wanted),
    le: (v) => instant(v) <= instant(wanted),
  };
  return tests[op];
}

/**
 * Compile TEXT to a predicate. RULES.allows(property, op) says what the endpoint supports,
 * RULES.read(object, property) gives the value, RULES.sameCase whether case counts.
 */
export function compile(text, rules) {
  const tokens = tokensOf(text);
  let at = 0;
  const peek = (word) => tokens[at]?.word?.toLowerCase() === word;

  function comparison() {
    const property = tokens[at++]?.word;
    const op = tokens[at++]?.word?.toLowerCase();
    if (!property || !op || !rules.allows(property, op)) throw bad();
    const holds = (object, test) => {
      const v = rules.read(object, property);
      return v !== undefined && v !== null && (Array.isArray(v) ? v.some(test) : test(v));
    };
    if (op === 'pr') return (o) => holds(o, () => true);
    const test = comparator(op, literal(tokens[at++]), rules.sameCase); // RULES.allows knows no other operator
    return (o) => holds(o, test);
  }
  function term() {
    if (!peek('(')) return comparison();
    at += 1;
    const inner = either();
    if (!peek(')')) throw bad();
    at += 1;
    return inner;
  }
  function both() {
    const parts = [term()];
    while (peek('and')) { at += 1; parts.push(term()); }
    return parts.length === 1 ? parts[0] : (o) => parts.every((p) => p(o));
  }
  function either() {
    const parts = [both()];
    while (peek('or')) { at += 1; parts.push(both()); }
    return parts.length === 1 ? parts[0] : (o) => parts.some((p) => p(o));
  }

  const predicate = either();
  if (at !== tokens.length) throw bad();
  return predicate;
}
