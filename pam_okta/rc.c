/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The one table from reasons to PAM codes.  MUST: PAM_SUCCESS stands in one row.  MUST:
 * PAM_IGNORE and PAM_USER_UNKNOWN, which let the stack go on, stand in the rows for
 * people who are not ours; a disabled person is told the same as an unknown one (who asks
 * for names must not learn which exist), goes on to a pam_unix that has no password for
 * him, and fails in the account phase.
 *
 * PAM_MAXTRIES is never returned: sshd would offer password prompts that cannot succeed.
 * After PAM_AUTH_ERR the ssh client starts over with a new code, which is what somebody
 * wants who denied by mistake or was too slow.
 */
#include "rc.h"

#include <security/pam_modules.h>

#define REFUSED(word, sentence)                                                          \
	{                                                                                \
		word, "refused", PAM_AUTH_ERR, PAM_PERM_DENIED, PAM_CRED_ERR, sentence   \
	}
#define UNAVAILABLE(word, sentence)                                                      \
	{                                                                                \
		word, "unavailable", PAM_AUTHINFO_UNAVAIL, PAM_AUTHINFO_UNAVAIL,         \
		    PAM_CRED_UNAVAIL, sentence                                           \
	}

#define SETUP	      "Okta login is not set up properly on this host. Ask its administrator."
#define AGAIN	      "Okta cannot be reached now. Please try again later."
#define NOT_PERMITTED "You are not permitted to log in to this host."

static const struct po_answer answers[PO_REASON_COUNT] = {
	[PO_INTERNAL] = UNAVAILABLE("internal", SETUP),
	[PO_ALLOWED] = { "ok", "accepted", PAM_SUCCESS, PAM_SUCCESS, PAM_SUCCESS, NULL },
	[PO_NOT_OURS] = { "not_ours", "ignored", PAM_USER_UNKNOWN, PAM_IGNORE, PAM_IGNORE,
	    NULL },
	[PO_DISABLED] = { "disabled", "refused", PAM_USER_UNKNOWN, PAM_PERM_DENIED,
	    PAM_CRED_ERR, NULL },
	[PO_RESERVED] = REFUSED("reserved", NOT_PERMITTED),
	[PO_LOCAL_ID] = REFUSED("local_id", NOT_PERMITTED),
	[PO_NAME_CHANGED] = REFUSED("name_changed",
	    "Whose name this is changed during the login. Please try again."),
	[PO_STALE] = REFUSED("stale_snapshot",
	    "This host's copy of the Okta directory is too old. Ask its administrator."),
	[PO_DENY_GROUP] = REFUSED("deny_group", NOT_PERMITTED),
	[PO_NOT_ALLOWED] = REFUSED("not_allowed", NOT_PERMITTED),
	[PO_NO_GROUPS_CLAIM] = REFUSED("no_groups_claim", NOT_PERMITTED),
	[PO_OTHER_PERSON] = REFUSED("other_person",
	    "Somebody else approved the code. Sign in to Okta as the "
	    "person who logs in here."),
	[PO_ISSUER] = REFUSED("issuer", SETUP),
	[PO_AMR] = REFUSED("amr", "This host wants a stronger sign-in at Okta."),
	[PO_AUTH_AGE] = REFUSED("auth_age", "Your sign-in at Okta is too old for this "
					    "host. Sign out there and try again."),
	[PO_OLD_TOKEN] = REFUSED("old_token", "Okta's answer was not for this login."),
	[PO_DENIED] = REFUSED("denied", "The login was denied in Okta."),
	[PO_EXPIRED] = REFUSED("expired", "The code expired before it was approved."),
	[PO_DEADLINE] = REFUSED("deadline", "The time for this login is over."),
	[PO_NOT_ASSIGNED] = REFUSED(
	    "not_assigned", "Your Okta account is not assigned to this host's app."),
	[PO_OKTA_POLICY] = REFUSED("okta_policy", "An Okta policy refused the login."),
	[PO_TOO_MANY_GROUPS] = UNAVAILABLE("too_many_groups", SETUP),
	[PO_CLIENT] = UNAVAILABLE("client", SETUP),
	[PO_RATE_LIMITED] = UNAVAILABLE("rate_limited",
	    "Okta is busy with too many logins. Please try again in a minute."),
	[PO_TOO_MANY] = UNAVAILABLE("too_many_waiting",
	    "Too many logins wait for approval now. Please try again in a minute."),
	[PO_UNREACHABLE] = UNAVAILABLE("unreachable", AGAIN),
	[PO_TLS] = UNAVAILABLE("tls", AGAIN),
	[PO_SERVER] = UNAVAILABLE("server", AGAIN),
	[PO_ANSWER] = UNAVAILABLE("answer", AGAIN),
	[PO_TOKEN] = REFUSED("token", "Okta's answer could not be verified."),
	[PO_HELPER] = UNAVAILABLE("helper", SETUP),
	[PO_CONFIG] = UNAVAILABLE("config", SETUP),
	[PO_ARGUMENTS] = UNAVAILABLE("arguments", SETUP),
	[PO_SNAPSHOT] = UNAVAILABLE("snapshot", SETUP),
	[PO_LOCAL_FILES] = UNAVAILABLE("local_files", SETUP),
	[PO_RECORD] = UNAVAILABLE("record", SETUP),
	[PO_NOT_ROOT] = UNAVAILABLE("not_root", SETUP),
	[PO_GROUPS] = UNAVAILABLE("groups", SETUP),
	[PO_CONVERSATION] = { "conversation", "refused", PAM_CONV_ERR, PAM_CONV_ERR,
	    PAM_CRED_ERR, NULL },
	[PO_NOMEM] = UNAVAILABLE("nomem", SETUP),
};

const struct po_answer *
po_answer(enum po_reason reason)
{
	if ((unsigned)reason >= PO_REASON_COUNT || answers[reason].word == NULL)
		return &answers[PO_INTERNAL];
	return &answers[reason];
}

enum po_reason
po_reason_of_failure(enum okta_failure_code code)
{
	switch (code) {
	case OKTA_FAIL_DENIED:
		return PO_DENIED;
	case OKTA_FAIL_EXPIRED:
		return PO_EXPIRED;
	case OKTA_FAIL_DEADLINE:
		return PO_DEADLINE;
	case OKTA_FAIL_NOT_ASSIGNED:
		return PO_NOT_ASSIGNED;
	case OKTA_FAIL_POLICY:
		return PO_OKTA_POLICY;
	case OKTA_FAIL_TOO_MANY_GROUPS:
		return PO_TOO_MANY_GROUPS;
	case OKTA_FAIL_CLIENT:
		return PO_CLIENT;
	case OKTA_FAIL_RATE_LIMITED:
		return PO_RATE_LIMITED;
	case OKTA_FAIL_UNREACHABLE:
		return PO_UNREACHABLE;
	case OKTA_FAIL_TLS:
		return PO_TLS;
	case OKTA_FAIL_SERVER:
		return PO_SERVER;
	case OKTA_FAIL_ANSWER:
		return PO_ANSWER;
	case OKTA_FAIL_TOKEN:
		return PO_TOKEN;
	case OKTA_FAIL_INTERNAL:
	case OKTA_FAIL_CODE_COUNT:
		break;
	}
	return PO_HELPER;
}

/* What a denial means; a rule that allows is no denial. */
enum po_reason
po_reason_of_rule(enum okta_policy_rule rule)
{
	switch (rule) {
	case OKTA_RULE_STATUS:
		return PO_DISABLED;
	case OKTA_RULE_SNAPSHOT_AGE:
		return PO_STALE;
	case OKTA_RULE_DENY_GROUP:
		return PO_DENY_GROUP;
	case OKTA_RULE_NOT_ALLOWED:
		return PO_NOT_ALLOWED;
	case OKTA_RULE_OTHER_PERSON:
		return PO_OTHER_PERSON;
	case OKTA_RULE_ISSUER:
		return PO_ISSUER;
	case OKTA_RULE_AMR:
		return PO_AMR;
	case OKTA_RULE_AUTH_AGE:
		return PO_AUTH_AGE;
	case OKTA_RULE_NO_GROUPS_CLAIM:
		return PO_NO_GROUPS_CLAIM;
	case OKTA_RULE_NONE:
	case OKTA_RULE_ALLOW_ALL:
	case OKTA_RULE_ALLOW_GROUP:
		break;
	}
	return PO_INTERNAL;
}
