/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper/verify.h - from bytes of the network to a verdict, in a process
 * without a network, which never read from one.
 *
 * MUST: believe nothing but what is signed by a key that another process than the token's
 * fetched.  What /userinfo said is not signed: it can only add groups and a name for the
 * log to the person the token names, and comes from a third process.
 */
#ifndef OKTA_HELPER_VERIFY_H
#define OKTA_HELPER_VERIFY_H

#include "base/view.h"
#include "model/wire.h"
#include "net/id_token.h"

struct verify_job {
	const struct okta_start *start;
	const struct okta_clock *clock;
	int64_t started_s; /* the login began then */
	struct okta_view id_token, access_token;
	struct okta_view jwks; /* empty: not fetched yet */
	bool jwks_is_fresh;    /* fetched after the token came: no other will help */
	struct okta_view userinfo;
	bool userinfo_was_asked; /* USERINFO is all there is */
};

/* Sends VERDICT, FAILURE, NEED_KEYS or NEED_USERINFO. */
void verify_run(int fd, const struct verify_job *job);

#endif /* OKTA_HELPER_VERIFY_H */
