/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/patience.h - wait for Okta where a person can see it.
 * Floor 2: base.
 */
#ifndef OKTA_NET_PATIENCE_H
#define OKTA_NET_PATIENCE_H

#include <stdint.h>

#include "base/clock.h"
#include "base/err.h"
#include "net/http.h"

struct okta_patience {
	struct okta_http *http;
	const struct okta_clock *clock;
	/* Told before every wait: WHY is one line, MS how long.  May be NULL. */
	void (*waiting)(void *ctx, const char *why, int64_t ms);
	void *ctx;
};

/* OKTA_OK, or OKTA_E_UNAVAIL after a hang-up on the http's cancel descriptor. */
OKTA_MUST_CHECK enum okta_rc okta_patience_wait(const struct okta_patience *patience,
    const char *why, int64_t ms, struct okta_err *err);

uint32_t okta_patience_random(void); /* for jitter only */

#endif /* OKTA_NET_PATIENCE_H */
