/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fault/sweep.h - each call that a scenario makes fails once, in each way it can.
 */
#ifndef TESTS_FAULT_SWEEP_H
#define TESTS_FAULT_SWEEP_H

#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "plan.h"

struct sweep_way {
	enum fault_call call;
	int error; /* 0: SHORT */
	const char *name, *how;
};

#define SHORT 0
static const struct sweep_way sweep_ways[] = {
#define CALL(name, error)  { FAULT_##name, error, #name, #error },
#define TWICE(name, error) { FAULT_##name, error, #name, #error },
#include "calls.h"
#undef CALL
#undef TWICE
};
#undef SHORT
#define SWEEP_WAYS (sizeof(sweep_ways) / sizeof(sweep_ways[0]))

static inline void
sweep_init(void)
{
	fault_plan = mmap(NULL, sizeof(*fault_plan), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

/* Failures come where FN's code is, and in what it calls of the same file. */
static inline void
sweep_plan(const struct sweep_way *way, int64_t nth)
{
	memset(fault_plan, 0, sizeof(*fault_plan));
	fault_plan->call = way == NULL ? -1 : (int64_t)way->call;
	fault_plan->nth = nth;
	fault_plan->error = way == NULL ? 0 : way->error;
}

static inline void
sweep_arm(bool armed)
{
	fault_plan->armed = armed;
}

#endif /* TESTS_FAULT_SWEEP_H */
