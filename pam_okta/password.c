/* SPDX-License-Identifier: BSD-2-Clause */
#include "password.h"

#include <stdio.h>

#include "conv.h"
#include "txn.h"
#include "who.h"

/*
 * PAM calls twice: first to ask whether it could be done, then to do it.  The first
 * refusal ends it, so that is where the person is told.
 */
int
po_chauthtok(pam_handle_t *pamh, const struct po_host *host, int flags, int argc,
    const char **argv)
{
	struct po_txn t;
	struct po_who who = { 0 };
	struct okta_err err = { 0 };
	enum po_reason reason;
	char text[400];

	reason = po_txn_init(&t, pamh, host, argc, argv, false);
	if (reason == PO_ALLOWED)
		reason = po_who_find(&t, &who, &err);
	if (reason == PO_ALLOWED && ((unsigned)flags & PAM_PRELIM_CHECK) != 0) {
		(void)snprintf(text, sizeof(text),
		    "Your password lives in Okta: change it at %s", who.conf->org_url);
		(void)po_conv_say(pamh, PAM_ERROR_MSG, text);
	} else if (reason != PO_ALLOWED && reason != PO_NOT_OURS) {
		po_log(&t, reason, err.msg);
	}
	po_who_clear(&who);
	return reason == PO_NOT_OURS ? po_answer(reason)->account_code : PAM_AUTHTOK_ERR;
}
