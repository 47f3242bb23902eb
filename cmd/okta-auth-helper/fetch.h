/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper/fetch.h - one document from Okta, in a process of its own.
 *
 * It brings the signing keys, or what /userinfo says.  Whatever brings the token must not
 * bring the keys as well: it could sign a token of its own making.
 */
#ifndef OKTA_HELPER_FETCH_H
#define OKTA_HELPER_FETCH_H

#include <stdint.h>

#include "base/clock.h"
#include "base/view.h"
#include "model/wire.h"

struct fetch_job {
	const struct okta_start *start; /* without client_secret */
	const struct okta_clock *clock;
	int64_t deadline_ms;
	unsigned tries; /* while Okta is out of order */
	/* empty: fetch the keys; else /userinfo with this access token, and with a line
	 * of PROOFS each time if there are any */
	struct okta_view access_token, proofs;
};

/* Sends the document as PART_BODY and DONE, or FAILED. */
void fetch_run(int fd, const struct fetch_job *job);

#endif /* OKTA_HELPER_FETCH_H */
