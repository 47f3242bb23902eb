/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/clock.h - the two clocks; everything that waits takes one, so tests bring
 * theirs. Floor 0: libc only.
 */
#ifndef OKTA_BASE_CLOCK_H
#define OKTA_BASE_CLOCK_H

#include <stdint.h>

struct okta_clock {
	int64_t (*now_s)(void *ctx); /* seconds since 1970, UTC; may jump */
	int64_t (*mono_ms)(
	    void *ctx); /* milliseconds, never goes back, runs while suspended */
	void *ctx;
};

/* What a clock that cannot be read gives: no token is new then, and every deadline is
 * over. */
#define OKTA_CLOCK_FAILED_S  INT64_C(0)
#define OKTA_CLOCK_FAILED_MS (INT64_MAX / 2)

/* CLOCK_REALTIME and CLOCK_BOOTTIME. */
extern const struct okta_clock okta_clock_system;

int64_t okta_clock_now_s(const struct okta_clock *clock);
int64_t okta_clock_mono_ms(const struct okta_clock *clock);

#endif /* OKTA_BASE_CLOCK_H */
