/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: su and login pass text raw to a terminal, and people do what a terminal
 * says. MUST: everything from outside is printable ASCII here, whoever checked it before,
 * so that it can neither move the cursor nor add a line.  The warning is for the person
 * whom somebody else talked into approving a code: that is the one thing RFC 8628 cannot
 * prevent.
 */
#include "prompt.h"

#include <stdio.h>

#include "base/text.h"

#define NAME_BYTES 65

static void
copy_printable(char *dst, size_t size, struct okta_view v)
{
	okta_text_sanitize(dst, size, v);
}

enum okta_rc
po_prompt_text(const struct okta_prompt *prompt, const struct po_prompt_facts *facts,
    struct okta_buf *out)
{
	char user[NAME_BYTES], host[NAME_BYTES], rhost[NAME_BYTES],
	    code[OKTA_USER_CODE_MAX + 1];
	char uri[OKTA_VERIFICATION_URI_MAX + 1], complete[OKTA_VERIFICATION_URI_MAX + 1];
	enum okta_rc r = OKTA_OK;

	copy_printable(user, sizeof(user), okta_view_str(facts->user));
	copy_printable(host, sizeof(host), okta_view_str(facts->host));
	copy_printable(rhost, sizeof(rhost), okta_view_str(facts->rhost));
	copy_printable(code, sizeof(code), prompt->user_code);
	copy_printable(uri, sizeof(uri), prompt->verification_uri);
	copy_printable(complete, sizeof(complete), prompt->verification_uri_complete);

	okta_buf_clear(out);
	if (prompt->qr.len > 0) {
		r = okta_buf_append(out, prompt->qr.p, prompt->qr.len);
		if (r == OKTA_OK && prompt->qr.p[prompt->qr.len - 1] != '\n')
			r = okta_buf_append_str(out, "\n");
	}
	if (r == OKTA_OK)
		r = okta_buf_printf(out,
		    "Okta login of %s on %s, asked for from %s\n"
		    "  Open:  %s\n"
		    "  Code:  %s\n",
		    user, host, rhost, complete[0] != '\0' ? complete : uri, code);
	if (r == OKTA_OK && complete[0] != '\0')
		r = okta_buf_printf(out, "  (or open %s and type the code)\n", uri);
	if (r == OKTA_OK && facts->slow_s > 0)
		r = okta_buf_printf(out,
		    "Many people log in to this host now: after approving it may take %u "
		    "s.\n",
		    facts->slow_s);
	if (r == OKTA_OK)
		r = okta_buf_append_str(out, "Approve only if you started this login "
					     "yourself and the code is the same.\n");
	return r;
}
