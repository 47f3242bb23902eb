/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/nap.h - wait a little. */
#ifndef TESTS_NAP_H
#define TESTS_NAP_H

#include <time.h>

static inline void
nap_us(long us)
{
	const struct timespec ts = { us / 1000000, us % 1000000 * 1000 };

	(void)nanosleep(&ts, NULL);
}

static inline void
nap_ms(long ms)
{
	nap_us(ms * 1000);
}

#endif /* TESTS_NAP_H */
