// SPDX-License-Identifier: BSD-2-Clause
// The pages a person sees at /activate. Plain HTML: no script, no outside fonts or images.
const ESCAPES = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' };
export const escapeHtml = (text) => String(text).replace(/[&<>"']/g, (c) => ESCAPES[c]);

const STYLE = `
body{font:16px/1.4 sans-serif;background:#f4f4f4;color:#1d1d21;margin:0}
main{box-sizing:border-box;max-width:25em;margin:3em auto;padding:2em;background:#fff;border:1px solid #d8d8d8;border-radius:4px}
h1{font-size:1.3em;text-align:center;margin:0 0 1em}
.org{text-align:center;color:#6e6e78;font-size:.9em;margin:0 0 1em}
label{display:block;margin:.8em 0 .2em}
input[type=text],input[type=password]{box-sizing:border-box;width:100%;padding:.6em;font-size:1em;border:1px solid #8c8c96;border-radius:3px}
button{width:100%;padding:.7em;margin-top:1em;font-size:1em;border:1px solid #00297a;border-radius:3px;background:#00297a;color:#fff}
button.plain{background:#fff;color:#00297a}
code{display:block;text-align:center;font-size:1.8em;letter-spacing:.15em;margin:.4em 0}
.error{background:#fbe8e8;border:1px solid #d5372c;padding:.6em;border-radius:3px}`;

function page(title, body, error) {
  const notice = error ? `<p class="error" role="alert">${escapeHtml(error)}</p>` : '';
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>${escapeHtml(title)}</title><style>${STYLE}</style></head>
<body><main><p class="org">Acme &middot; Okta stand-in for tests</p><h1>${escapeHtml(title)}</h1>${notice}${body}</main></body></html>
`;
}

export const codePage = ({ userCode = '', error }) => page('Activate your device', `
<p>Enter the code displayed on your device.</p>
<form method="post" action="/activate"><label for="code">Activation code</label>
<input type="text" id="code" name="user_code" value="${escapeHtml(userCode)}" autocomplete="off" autofocus>
<button id="next" type="submit">Next</button></form>`, error);

export const confirmPage = ({ ticket, userCode, app }) => page('Confirm the code', `
<p>Does <strong>${escapeHtml(app)}</strong> show this code?</p><code id="shown-code">${escapeHtml(userCode)}</code>
<form method="post" action="/activate/confirm"><input type="hidden" name="ticket" value="${escapeHtml(ticket)}">
<button id="yes" type="submit" name="answer" value="yes">Yes, activate this device</button>
<button id="no" type="submit" name="answer" value="no" class="plain">No, do not activate</button></form>`);

export const signInPage = ({ ticket, username = '', error }) => page('Sign In', `
<form method="post" action="/activate/signin"><input type="hidden" name="ticket" value="${escapeHtml(ticket)}">
<label for="username">Username</label><input type="text" id="username" name="username" value="${escapeHtml(username)}" autocomplete="username" autofocus>
<label for="password">Password</label><input type="password" id="password" name="password" autocomplete="current-password">
<button id="signin" type="submit">Sign In</button></form>`, error);

export const donePage = () => page('Device activated', '<p id="done">Follow the instructions on your device for next steps.</p>');
export const deniedPage = () => page('Device not activated', '<p id="denied">The request was denied. You can close this window.</p>');
export const refusedPage = (error) => page('Sign-in not possible', '<p>Contact your administrator.</p>', error);
