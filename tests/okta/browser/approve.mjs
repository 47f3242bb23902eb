// SPDX-License-Identifier: BSD-2-Clause
// Usage: node browser/approve.mjs VERIFICATION_URI_COMPLETE LOGIN PASSWORD [--deny] [--screenshot PREFIX]
// The same as ../approve.mjs in a real browser: Debian's chromium, headless. The CA of the
// stand-in is not in the browser's store, so certificate errors are ignored here; that the
// certificate is right is proved by the other clients.
import { parseArgs } from 'node:util';
import { chromium } from 'playwright-core';

const USAGE = 'usage: node approve.mjs VERIFICATION_URI_COMPLETE LOGIN PASSWORD [--deny] [--screenshot PREFIX]';
const ARGS = ['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking',
  '--disable-component-update', '--disable-sync', '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1'];

const { positionals: [url, login, password], values } = parseArgs({
  allowPositionals: true, options: { deny: { type: 'boolean' }, screenshot: { type: 'string' } },
});
if (!url || !login || !password) {
  console.error(USAGE);
  process.exit(2);
}

async function walk(page) {
  let n = 0;
  const snap = async () => {
    n += 1;
    if (values.screenshot) await page.screenshot({ path: `${values.screenshot}-${n}.png` });
  };
  await page.goto(url);
  await snap();
  await page.click('#next');
  await page.waitForSelector('#yes, [role=alert]');
  await snap();
  if (await page.$('[role=alert]')) return;
  await page.click(values.deny ? '#no' : '#yes');
  if (!values.deny) {
    await page.fill('input[name=username]', login);
    await page.fill('input[name=password]', password);
    await snap();
    await page.click('#signin');
  }
  await page.waitForSelector('#done, #denied, [role=alert]');
  await snap();
}

const browser = await chromium.launch({ executablePath: '/usr/bin/chromium', args: ARGS });
try {
  const context = await browser.newContext({ ignoreHTTPSErrors: true, viewport: { width: 640, height: 560 } });
  const page = await context.newPage();
  await walk(page);
  const alert = await page.$('[role=alert]');
  const title = await page.title();
  console.log(alert ? `${title}: ${await alert.textContent()}` : title);
  process.exitCode = title === (values.deny ? 'Device not activated' : 'Device activated') ? 0 : 1;
} finally {
  await browser.close();
}
