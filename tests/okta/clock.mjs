// SPDX-License-Identifier: BSD-2-Clause
// One clock for the whole stand-in. oidc-provider reads Date.now() too, so a test can
// move the server's time (skew, expiry) without sleeping and without touching the host.
const realNow = Date.now.bind(Date);
let skewMs = 0;

Date.now = () => realNow() + skewMs;

export const setSkewSeconds = (seconds) => { skewMs = seconds * 1000; };
export const skewSeconds = () => skewMs / 1000;
export const epoch = () => Math.floor(Date.now() / 1000);
/** Okta's user and group timestamps have second precision, written with three zeros. */
export const stamp = (ms = Date.now()) => new Date(Math.floor(ms / 1000) * 1000).toISOString();
export const stampMs = (ms = Date.now()) => new Date(ms).toISOString();
export const httpDate = () => new Date(Date.now()).toUTCString();
