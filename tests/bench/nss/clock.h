/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/bench/nss/clock.h - time, and the middle of many times. */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

#include <stddef.h>
#include <stdint.h>

uint64_t clock_ns(void);

/* A cheap counter for single calls of tens of nanoseconds; clock_ns() where there is
 * none. clock_start() must have been called once. */
void clock_start(void);
uint64_t clock_ticks(void);
double clock_ns_of(uint64_t ticks);
double clock_cost_ns(void); /* of one pair of clock_ticks() */

/* Sorts. PERCENT of 50 is the median. */
double percentile(double *values, size_t n, unsigned percent);

#endif /* BENCH_CLOCK_H */
