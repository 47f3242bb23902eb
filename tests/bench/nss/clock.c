/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <time.h>

#include "clock.h"

#define CALIBRATION_NS 20000000
#define PAIRS	       4096

static double ns_per_tick = 1, pair_ns;

uint64_t
clock_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

#if defined(__x86_64__)
/* The fences keep the measured call between its two readings. */
uint64_t
clock_ticks(void)
{
	uint64_t t;

	__builtin_ia32_lfence();
	t = __builtin_ia32_rdtsc();
	__builtin_ia32_lfence();
	return t;
}
#else
uint64_t
clock_ticks(void)
{
	return clock_ns();
}
#endif

void
clock_start(void)
{
	static double pairs[PAIRS];
	uint64_t ns = clock_ns(), ticks = clock_ticks(), one;
	size_t i;

	while (clock_ns() - ns < CALIBRATION_NS)
		;
	ns_per_tick = (double)(clock_ns() - ns) / (double)(clock_ticks() - ticks);
	for (i = 0; i < PAIRS; i++) {
		one = clock_ticks();
		pairs[i] = clock_ns_of(clock_ticks() - one);
	}
	pair_ns = percentile(pairs, PAIRS, 50);
}

double
clock_ns_of(uint64_t ticks)
{
	return (double)ticks * ns_per_tick;
}

double
clock_cost_ns(void)
{
	return pair_ns;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

double
percentile(double *values, size_t n, unsigned percent)
{
	size_t at = n * percent / 100;

	if (n == 0)
		return 0;
	qsort(values, n, sizeof(values[0]), by_size);
	return values[at < n ? at : n - 1];
}
