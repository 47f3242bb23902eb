/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/fault/rude_host.h - a program that interrupts its modules, and closes or replaces
 * descriptors of theirs.
 */
#ifndef TESTS_FAULT_RUDE_HOST_H
#define TESTS_FAULT_RUDE_HOST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define OUT_OF_REACH 100 /* of the hijacker */

static volatile sig_atomic_t interruptions;

static inline void
note(int number)
{
	(void)number;
	interruptions = interruptions + 1;
}

static atomic_bool stop;
static int spare; /* what comes in the place of ours */

static inline bool
open_spare(void)
{
	spare = fcntl(
	    open("/proc/self/exe", O_RDONLY | O_CLOEXEC), F_DUPFD_CLOEXEC, OUT_OF_REACH);
	return spare >= 0;
}

/* Close one of the N descriptors that may be ours, or open something else there. */
static inline void
hijack_one(unsigned turn, int n)
{
	int fd = 3 + (int)random() % n;

	if (turn % 2 == 0)
		(void)close(fd);
	else
		(void)dup2(spare, fd);
}

static inline void
close_hijacked(int n)
{
	int fd;

	for (fd = 3; fd < 3 + n; fd++)
		(void)close(fd);
}

/* LIVE, in a process of its own, comes to 0. */
static inline void
assert_child_ends_well(int (*live)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0)
		_exit(live());
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

#endif /* TESTS_FAULT_RUDE_HOST_H */
