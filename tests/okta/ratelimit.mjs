// SPDX-License-Identifier: BSD-2-Clause
// Okta's buckets: one count for each client and bucket, windows that start with the first
// request. Headers are always sent; 429 only if the switch enforces it.
import { epoch } from './clock.mjs';
import { ApiError, OAuthError } from './errors.mjs';
import { sendJson, setHeader } from './http.mjs';

const TIERS = ['integrator', 'one_app', 'enterprise', 'workforce'];
const LIMITS = {
  users: [100, 600, 600, 600],
  user: [100, 1000, 1000, 2000],
  user_write: [100, 600, 600, 600],
  groups: [100, 600, 600, 500],
  group: [100, 600, 600, 1000],
  apps: [20, 100, 100, 100],
  logs: [20, 50, 50, 120],
  other: [100, 600, 600, 1200],
  oauth: [300, 1200, 1200, 2000],
};
export const BUCKETS = Object.keys(LIMITS);

export function limitFor(bucket, switches) {
  const whole = switches.rate_limits[bucket] ?? LIMITS[bucket][TIERS.indexOf(switches.rate_limit_tier)];
  return switches.rate_limits[bucket] ?? Math.max(1, Math.floor((whole * switches.rate_limit_share_percent) / 100));
}

export class RateLimiter {
  #windows = new Map();

  constructor(switches) { this.switches = switches; }

  /** Counts one request; returns { limit, remaining, reset, exceeded }. */
  count(principal, bucket) {
    const limit = limitFor(bucket, this.switches);
    const key = `${principal} ${bucket}`;
    const now = epoch();
    let w = this.#windows.get(key);
    if (!w || w.reset <= now) {
      w = { used: 0, reset: now + this.switches.rate_limit_window_s };
      this.#windows.set(key, w);
    }
    if (!this.switches.enforce_rate_limits) return { limit, remaining: limit - 1, reset: w.reset, exceeded: false };
    const exceeded = w.used >= limit;
    if (!exceeded) w.used += 1;
    return { limit, remaining: limit - w.used, reset: w.reset, exceeded };
  }

  forget() { this.#windows.clear(); }
}

export function setRateHeaders(res, { limit, remaining, reset }) {
  setHeader(res, 'x-rate-limit-limit', String(limit));
  setHeader(res, 'x-rate-limit-remaining', String(remaining));
  setHeader(res, 'x-rate-limit-reset', String(reset));
}

/** The three faces of a 429. A concurrency violation has Limit 0 and a merely suggested reset. */
export function send429(res, kind, state) {
  setRateHeaders(res, kind === 'concurrency' ? { limit: 0, remaining: 0, reset: state.reset } : { ...state, remaining: 0 });
  const body = kind === 'oauth' ? new OAuthError('user_rate_limited').body() : new ApiError('E0000047').body();
  sendJson(res, 429, body);
}
