/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/txn.h - one call of the module: who, where from, with which arguments.
 *
 * MUST: work on copies.  A conversation may change PAM's items under a module's feet.
 */
#ifndef PAM_OKTA_TXN_H
#define PAM_OKTA_TXN_H

#include <stdbool.h>

#include <security/pam_modules.h>

#include "base/err.h"
#include "base/view.h"
#include "host.h"
#include "rc.h"

struct po_txn {
	pam_handle_t *pamh;
	const struct po_host *host;
	const char *config_file; /* config=PATH, else the host's */
	const char
	    *bad_argument; /* the first that is neither config=PATH nor debug, or NULL */
	bool debug;
	char user[64];	  /* PAM_USER as it was; empty if it did not fit */
	char service[64]; /* printable */
	char rhost[64];	  /* printable; "local" when PAM has none */
};

/*
 * Copies PAM_USER (asking for it when MAY_ASK), PAM_SERVICE and PAM_RHOST.  PO_ALLOWED,
 * or why not: PO_CONVERSATION, PO_INTERNAL, PO_NOT_OURS (no name at all).
 */
enum po_reason po_txn_init(struct po_txn *t, pam_handle_t *pamh,
    const struct po_host *host, int argc, const char **argv, bool may_ask);

/* PAM_USER still is whom T is about. */
bool po_txn_user_is_unchanged(const struct po_txn *t);

/*
 * One line to the system log:
 * okta: user=NAME service=NAME rhost=ADDRESS result=WORD reason=WORD detail="TEXT"
 */
void po_log(const struct po_txn *t, enum po_reason reason, const char *detail);
/* Only with the argument `debug`. */
void po_debug(const struct po_txn *t, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

#endif /* PAM_OKTA_TXN_H */
