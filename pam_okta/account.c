/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Runs for every way in: SSH keys, sudo and cron come here without a login at Okta. MUST:
 * deny whoever the snapshot, or the newer claims of his last login, no longer lets in.
 */
#include "account.h"

#include "conv.h"
#include "fresh.h"
#include "model/policy.h"
#include "txn.h"
#include "who.h"

static enum po_reason
decide(const struct po_txn *t, const struct po_who *who, struct okta_err *err)
{
	enum po_reason reason;
	struct po_fresh fresh = { 0 };
	struct okta_decision d;
	struct okta_policy_now now;

	reason = po_fresh_find(t, who, &fresh, err);
	if (reason == PO_ALLOWED) {
		now = (struct okta_policy_now){
			.now_s = okta_clock_now_s(t->host->clock),
			.source_s = who->snap.source_s,
			.claims_are_newer = fresh.claims != NULL,
		};
		okta_policy_account(who->conf, &who->person.policy, fresh.claims,
		    fresh.known.groups, fresh.known.n_groups, &now, &d);
		if (!d.allowed) {
			(void)okta_err_set(err, OKTA_E_REFUSED, "account: %s", d.reason);
			reason = po_reason_of_rule(d.rule);
		}
	}
	po_fresh_clear(&fresh);
	return reason;
}

int
po_account(pam_handle_t *pamh, const struct po_host *host, int argc, const char **argv)
{
	struct po_txn t;
	struct po_who who = { 0 };
	struct okta_err err = { 0 };
	enum po_reason reason;
	const char *sentence;

	reason = po_txn_init(&t, pamh, host, argc, argv, false);
	if (reason == PO_ALLOWED)
		reason = po_who_find(&t, &who, &err);
	if (reason == PO_ALLOWED)
		reason = decide(&t, &who, &err);
	if (reason == PO_ALLOWED || reason == PO_NOT_OURS) {
		po_debug(&t, "account: %s", po_answer(reason)->word);
	} else {
		po_log(&t, reason, err.msg);
		sentence = po_answer(reason)->sentence;
		(void)po_conv_say(pamh, PAM_ERROR_MSG,
		    sentence != NULL ? sentence : "Your Okta account is not active.");
	}
	po_who_clear(&who);
	return po_answer(reason)->account_code;
}
