/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/patience.h"

#include <sys/random.h>

enum okta_rc
okta_patience_wait(const struct okta_patience *patience, const char *why, int64_t ms,
    struct okta_err *err)
{
	int64_t until = okta_clock_mono_ms(patience->clock) + ms;
	enum okta_rc r;

	if (patience->waiting != NULL)
		patience->waiting(patience->ctx, why, ms);
	r = okta_http_sleep(patience->http, until);
	if (r != OKTA_OK)
		return okta_err_set(err, r, "interrupted while waiting: %s", why);
	return OKTA_OK;
}

uint32_t
okta_patience_random(void)
{
	uint32_t n = 0;

	if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
		n = 0; /* no jitter then */
	return n;
}
