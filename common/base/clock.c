/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/clock.h"

#include <time.h>

static int64_t
system_now_s(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	if (clock_gettime(CLOCK_REALTIME, &ts) < 0)
		return OKTA_CLOCK_FAILED_S;
	return ts.tv_sec;
}

static int64_t
system_mono_ms(void *ctx)
{
	struct timespec ts;

	(void)ctx;
	if (clock_gettime(CLOCK_BOOTTIME, &ts) < 0)
		return OKTA_CLOCK_FAILED_MS;
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

const struct okta_clock okta_clock_system = { system_now_s, system_mono_ms, NULL };

int64_t
okta_clock_now_s(const struct okta_clock *clock)
{
	return clock->now_s(clock->ctx);
}

int64_t
okta_clock_mono_ms(const struct okta_clock *clock)
{
	return clock->mono_ms(clock->ctx);
}
