/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/rc.h - how a transaction ended, and what PAM, the log and the person are told.
 */
#ifndef PAM_OKTA_RC_H
#define PAM_OKTA_RC_H

#include <stdbool.h>

#include "base/err.h"
#include "model/policy.h"
#include "model/wire.h"

/* Zero denies: whatever forgot to decide ends there. */
enum po_reason {
	PO_INTERNAL = 0,
	PO_ALLOWED,	 /* the login, the account, the session's groups: granted */
	PO_NOT_OURS,	 /* the one rule behind PAM_IGNORE and PAM_USER_UNKNOWN */
	PO_DISABLED,	 /* Okta status; told like an unknown user */
	PO_RESERVED,	 /* a name of the system's */
	PO_LOCAL_ID,	 /* a local account or group has the uid or gid */
	PO_NAME_CHANGED, /* it is not whose login this began with */
	PO_STALE,	 /* snapshot too old */
	PO_DENY_GROUP,
	PO_NOT_ALLOWED,
	PO_NO_GROUPS_CLAIM,
	PO_OTHER_PERSON,
	PO_ISSUER,
	PO_AMR,
	PO_AUTH_AGE,
	PO_OLD_TOKEN, /* issued before this transaction began, or used before */
	PO_DENIED,
	PO_EXPIRED,
	PO_DEADLINE,
	PO_NOT_ASSIGNED,
	PO_OKTA_POLICY,
	PO_TOO_MANY_GROUPS,
	PO_CLIENT,
	PO_RATE_LIMITED,
	PO_TOO_MANY, /* logins wait on this host already */
	PO_UNREACHABLE,
	PO_TLS,
	PO_SERVER,
	PO_ANSWER,
	PO_TOKEN,
	PO_HELPER, /* it did not start, died, fell silent or lied */
	PO_CONFIG,
	PO_ARGUMENTS, /* of the module's line in pam.d */
	PO_SNAPSHOT,
	PO_LOCAL_FILES, /* /etc/passwd or /etc/group cannot be read */
	PO_RECORD,	/* below /run/okta-login */
	PO_NOT_ROOT,
	PO_GROUPS, /* setgroups() failed */
	PO_CONVERSATION,
	PO_NOMEM,
	PO_REASON_COUNT
};

struct po_answer {
	const char *word;     /* reason= in the log */
	const char *result;   /* result= in the log */
	int auth_code;	      /* pam_sm_authenticate */
	int account_code;     /* pam_sm_acct_mgmt */
	int cred_code;	      /* pam_sm_setcred */
	const char *sentence; /* for the person; NULL: nothing is said */
};

/* The row of REASON; that of PO_INTERNAL for a number that is none. */
const struct po_answer *po_answer(enum po_reason reason);

enum po_reason po_reason_of_failure(enum okta_failure_code code);
enum po_reason po_reason_of_rule(enum okta_policy_rule rule);

#endif /* PAM_OKTA_RC_H */
