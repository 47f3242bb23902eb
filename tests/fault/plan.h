/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fault/plan.h - which call is to fail, in memory that a process shares with its
 * children, and how often each was made.  With FAULT_PLAN in the environment that memory
 * is the file it names (test_*.py read it as 64-bit numbers, in this order).
 */
#ifndef TESTS_FAULT_PLAN_H
#define TESTS_FAULT_PLAN_H

#include <stdatomic.h>
#include <stdint.h>

enum fault_call {
#define CALL(name, error) FAULT_##name,
#define TWICE(name, kind)
#include "calls.h"
#undef CALL
#undef TWICE
	FAULT_CALLS
};

#define FAULT_SITES 1024
#define FAULT_DEPTH 16

struct fault_plan {
	_Atomic int64_t armed; /* calls count, and may fail */
	_Atomic int64_t all;   /* also those that libraries make */
	_Atomic int64_t call;  /* enum fault_call, -1: none fails */
	_Atomic int64_t nth;   /* from 1 */
	_Atomic int64_t error; /* errno, 0: SHORT */
	_Atomic int64_t fired; /* process in which it happened */
	_Atomic int64_t site;  /* and where in our file */
	_Atomic int64_t every; /* not only the nth but all from there */
	_Atomic int64_t
	    process;	      /* 0: of all together; else of this one, the first is 1 */
	_Atomic int64_t met;  /* calls of that kind which it made */
	_Atomic int64_t born; /* how many processes fork() made */
	_Atomic int64_t count[FAULT_CALLS];
	_Atomic uint32_t at[FAULT_CALLS][FAULT_SITES]; /* where the nth was made */
	_Atomic uint8_t by[FAULT_CALLS][FAULT_SITES];  /* and by which process */
	/* of a file's plan: who had called whom when it happened, the innermost first */
	_Atomic uint32_t stack[FAULT_DEPTH];
};

/* The shared memory; calls of the code between LOW and HIGH are ours. */
extern struct fault_plan *fault_plan;
extern uintptr_t fault_base[4], fault_low[4], fault_high[4];

#endif /* TESTS_FAULT_PLAN_H */
