/* SPDX-License-Identifier: BSD-2-Clause */
/* links: sandbox base; libs: libseccomp */
/*
 * Each case is a child of its own that enters a sandbox and tries one thing.  What it
 * came to is its exit status or the signal it died of.
 */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "sandbox/sandbox.h"
#include "sandbox_tries.h"

#define NETWORK (OKTA_MAY_READ | OKTA_MAY_NETWORK)
#define FORKER	(NETWORK | OKTA_MAY_FORK)
#define WORKED	100 /* exit status; below it: an errno */
#define SHUT	101 /* the sandbox could not be entered */

/* --- how it is tried --- */

/* WORKED, an errno, SHUT, or -signal. */
static int
outcome(unsigned may, long (*tried)(void))
{
	const struct okta_sandbox sandbox = { may, 0 };
	struct okta_err err = { 0 };
	int status = 0;
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (okta_sandbox_enter(&sandbox, &err) != OKTA_OK)
			_exit(SHUT);
		errno = 0;
		_exit(tried() >= 0 ? WORKED : errno);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

/* The same with the filter alone. */
static int
shut_by_seccomp(long (*tried)(void), unsigned may)
{
	struct okta_err err = { 0 };
	int status = 0;
	const pid_t pid = fork();

	assert_true(pid >= 0);
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 ||
		    okta_sandbox_seccomp(may, &err) != OKTA_OK)
			_exit(SHUT);
		errno = 0;
		_exit(tried() >= 0 ? WORKED : errno);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFSIGNALED(status) ? -WTERMSIG(status) : WEXITSTATUS(status);
}

struct trial {
	const char *name;
	unsigned may;
	long (*tried)(void);
	int want;
};

static void
run_trials(const struct trial *t, size_t n)
{
	size_t i;
	int got;

	for (i = 0; i < n; i++) {
		got = outcome(t[i].may, t[i].tried);
		if (got != t[i].want)
			fail_msg("%s with %#x: came to %d, not %d", t[i].name, t[i].may,
			    got, t[i].want);
	}
}

#define T(may, what, want)                                                               \
	{                                                                                \
#what, may, try_##what, want                                             \
	}
#define RUN(table) run_trials(table, sizeof(table) / sizeof((table)[0]))

/* Without these the lines below would prove nothing: the calls themselves work here. */
static void
sandbox_leaves_what_each_kind_of_process_needs(void **state)
{
	static const struct trial trials[] = {
		T(NETWORK, read_file, WORKED),
		T(NETWORK, thread, WORKED),
		T(NETWORK, inet, WORKED),
		T(NETWORK, inet6, WORKED),
		T(NETWORK, unix, WORKED),
		T(NETWORK, routes, WORKED),
		T(NETWORK, resolve, WORKED),
		T(NETWORK, interface, WORKED), /* nameserver fe80::1%eth0 */
		T(NETWORK, mmap_x, WORKED),    /* a name service module */
		T(OKTA_MAY_READ, read_file, WORKED),
		T(FORKER, fork, WORKED),
		T(FORKER, kill_own_child, WORKED),
		T(FORKER, inet, WORKED),
	};

	(void)state;
	RUN(trials);
}

/* A shell, a debugger, another process: what somebody who took over a parser wants first.
 */
static void
sandbox_ends_a_process_that_would_start_or_touch_another(void **state)
{
	static const struct trial trials[] = {
		T(FORKER, execve, -SIGSYS),
		T(FORKER, execveat, -SIGSYS),
		T(FORKER, vfork, -SIGSYS),
		T(FORKER, new_user_namespace, -SIGSYS),
		T(FORKER, unshare, -SIGSYS),
		T(FORKER, ptrace, -SIGSYS),
		T(FORKER, process_vm_writev, -SIGSYS),
		T(FORKER, kill_parent, -SIGSYS), /* signal 0 is not SIGKILL */
		T(NETWORK, execve, -SIGSYS),
		T(NETWORK, fork, -SIGSYS),
		T(NETWORK, kill_own_child, -SIGSYS),
		T(0, execve, -SIGSYS),
		T(0, fork, -SIGSYS),
		T(0, thread, -SIGSYS),
		T(0, kill_own_child, -SIGSYS),
	};

	(void)state;
	RUN(trials);
}

/* A bug must not become a file that another program believes. */
static void
sandbox_has_no_writable_path(void **state)
{
	static const struct trial trials[] = {
		T(FORKER, open_for_writing, EACCES),
		T(FORKER, open_for_both, EACCES),
		T(FORKER, create, EACCES),
		T(FORKER, truncate_by_open, EACCES),
		T(FORKER, append, EACCES),
		T(FORKER, tmpfile, EACCES),
		T(FORKER, openat2, ENOSYS),
		T(FORKER, creat, -SIGSYS),
		T(FORKER, mkdir, -SIGSYS),
		T(FORKER, unlink, -SIGSYS),
		T(FORKER, rename, -SIGSYS),
		T(FORKER, link, -SIGSYS),
		T(FORKER, symlink, -SIGSYS),
		T(FORKER, chmod, -SIGSYS),
		T(FORKER, truncate, -SIGSYS),
		T(FORKER, mknod, -SIGSYS),
		T(FORKER, memfd, -SIGSYS),
		T(0, open_for_writing, EACCES),
		T(0, read_file, EACCES),
	};

	(void)state;
	RUN(trials);
}

static void
sandbox_has_no_memory_both_writable_and_executable(void **state)
{
	static const struct trial trials[] = {
		T(FORKER, mmap_wx, -SIGSYS),
		T(FORKER, mprotect_x, EACCES),
		T(0, mmap_x, -SIGSYS),
	};

	(void)state;
	RUN(trials);
}

/* The verifier speaks to nobody but the coordinator. */
static void
sandbox_without_network_ends_a_process_that_makes_a_socket(void **state)
{
	static const struct trial trials[] = {
		T(0, inet, -SIGSYS),
		T(0, inet6, -SIGSYS),
		T(0, unix, -SIGSYS),
		T(0, routes, -SIGSYS),
		T(OKTA_MAY_READ, inet, -SIGSYS),
	};

	(void)state;
	RUN(trials);
}

static void
sandbox_with_network_connects_and_resolves_and_nothing_else(void **state)
{
	static const struct trial trials[] = {
		T(NETWORK, audit, -SIGSYS),
		T(NETWORK, packet, -SIGSYS),
		T(NETWORK, vsock, -SIGSYS),
		T(NETWORK, listen, -SIGSYS),
	};

	(void)state;
	RUN(trials);
}

static void
sandbox_ends_a_process_that_reaches_for_the_kernel(void **state)
{
	static const struct trial trials[] = {
		T(FORKER, tiocsti, -SIGSYS),
		T(FORKER, bpf, -SIGSYS),
		T(FORKER, keyctl, -SIGSYS),
		T(FORKER, mount, -SIGSYS),
		T(FORKER, perf, -SIGSYS),
		T(FORKER, setuid, -SIGSYS),
		T(FORKER, old_entry, -SIGSYS),
#ifdef __x86_64__
		T(FORKER, x32, -SIGSYS),
#endif
		T(NETWORK, dumpable, -SIGSYS),
		T(NETWORK, more_files, -SIGSYS),
		/* asked for by libraries that have another way */
		T(FORKER, io_uring, ENOSYS),
		T(FORKER, clone3, ENOSYS),
	};

	(void)state;
	RUN(trials);
}

/* A signal by way of a descriptor is a signal: who brings the token could end who brings
 * the keys.  No other lock is there where the kernel's Landlock knows of no signals. */
static void
sandbox_seccomp_alone_lets_nobody_make_a_descriptor_signal_another_process(void **state)
{
	static const struct trial trials[] = {
		T(FORKER, descriptor, WORKED),
		T(0, descriptor, WORKED),
		T(FORKER, owner, -SIGSYS),
		T(FORKER, owner_ex, -SIGSYS),
		T(FORKER, signal_of_a_descriptor, -SIGSYS),
		T(0, owner, -SIGSYS),
		T(0, owner_ex, -SIGSYS),
		T(0, signal_of_a_descriptor, -SIGSYS),
	};
	size_t i;
	int got;

	(void)state;
	for (i = 0; i < sizeof(trials) / sizeof(trials[0]); i++) {
		got = shut_by_seccomp(trials[i].tried, trials[i].may);
		if (got != trials[i].want)
			fail_msg("%s with %#x: came to %d, not %d", trials[i].name,
			    trials[i].may, got, trials[i].want);
	}
}

/* The kernel's other lock holds by itself, with no filter before it. */
static long
shut_by_landlock(long (*tried)(void), unsigned may)
{
	struct okta_err err = { 0 };
	int status = 0;
	const pid_t pid = fork();

	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 ||
		    okta_sandbox_landlock(may, &err) != OKTA_OK)
			_exit(SHUT);
		errno = 0;
		_exit(tried() >= 0 ? WORKED : errno);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WEXITSTATUS(status);
}

static long
try_connect(void)
{
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9) };

	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (connect(fd, (struct sockaddr *)&to, sizeof(to)) < 0)
		return errno == EACCES ? -1 : 0; /* whether somebody listens or not */
	return 0;
}

static void
sandbox_landlock_alone_refuses_writing(void **state)
{
	(void)state;
	if (syscall(444, NULL, 0UL, 1U) < 4) {
		print_message("# this kernel's Landlock is too old or absent\n");
		skip();
	}
	assert_int_equal(shut_by_landlock(try_open_for_writing, FORKER), EACCES);
	assert_int_equal(shut_by_landlock(try_create, FORKER), EACCES);
	assert_int_equal(shut_by_landlock(try_unlink, FORKER), EACCES);
	assert_int_equal(shut_by_landlock(try_truncate, FORKER), EACCES);
	assert_int_equal(shut_by_landlock(try_execve, FORKER), EACCES);
	assert_int_equal(shut_by_landlock(try_read_file, FORKER), WORKED);
	assert_int_equal(shut_by_landlock(try_read_file, 0), EACCES);
	assert_int_equal(shut_by_landlock(try_connect, NETWORK), WORKED);
	assert_int_equal(shut_by_landlock(try_connect, 0), EACCES);
}

/* Prints what the child sees of itself through its exit status. */
static int
of_a_child(int (*look)(void), unsigned may, size_t data)
{
	const struct okta_sandbox sandbox = { may, data };
	struct okta_err err = { 0 };
	int status = 0;
	const pid_t pid = fork();

	if (pid == 0) {
		if (okta_sandbox_enter(&sandbox, &err) != OKTA_OK)
			_exit(SHUT);
		_exit(look());
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
limits_hold(void)
{
	static const struct {
		int which;
		rlim_t most;
	} want[] = { { RLIMIT_CORE, 0 }, { RLIMIT_FSIZE, 0 }, { RLIMIT_NOFILE, 64 },
		{ RLIMIT_NPROC, 0 },
#ifndef __SANITIZE_ADDRESS__
		{ RLIMIT_DATA, 1 << 26 }
#endif
	};
	struct rlimit now;
	size_t i;

	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		if (getrlimit(want[i].which, &now) < 0 || now.rlim_max > want[i].most ||
		    now.rlim_cur > want[i].most)
			return (int)i + 1;
	return 0;
}

static void
sandbox_limits_cores_files_processes_and_memory(void **state)
{
	(void)state;
	assert_int_equal(of_a_child(limits_hold, 0, 1 << 26), 0);
}

/* Another process of the same account must not read the tokens out of the memory. */
static void
sandbox_makes_the_process_undumpable_and_unprivileged(void **state)
{
	const struct okta_sandbox sandbox = { 0, 0 };
	struct okta_err err = { 0 };
	int fds[2], status;
	char path[64], line[256];
	struct stat st;
	bool found = false;
	FILE *f;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
	pid = fork();
	if (pid == 0) {
		if (setresgid(65534, 65534, 65534) < 0 ||
		    setresuid(65534, 65534, 65534) < 0 ||
		    okta_sandbox_enter(&sandbox, &err) != OKTA_OK)
			_exit(1);
		(void)!write(fds[1], "x", 1);
		(void)!read(fds[1], line, 1);
		_exit(0);
	}
	assert_int_equal(read(fds[0], line, 1), 1);
	(void)snprintf(path, sizeof(path), "/proc/%d/mem", (int)pid);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_uid, 0); /* root's: not for its own account */
	(void)snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	f = fopen(path, "re");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		found = found || strcmp(line, "NoNewPrivs:\t1\n") == 0;
	(void)fclose(f);
	assert_true(found);
	(void)close(fds[0]);
	(void)close(fds[1]);
	(void)kill(pid, SIGKILL);
	(void)waitpid(pid, &status, 0);
}

static void
sandbox_die_with_ends_at_once_when_the_parent_is_gone_already(void **state)
{
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(okta_sandbox_die_with(getppid(), &err), OKTA_OK);
	assert_int_equal(okta_sandbox_die_with(getppid() + 1, &err), OKTA_E_UNAVAIL);
	assert_int_equal(prctl(PR_SET_PDEATHSIG, 0L, 0L, 0L, 0L), 0);
}

static void
sandbox_die_with_dies_with_its_parent(void **state)
{
	struct okta_err err = { 0 };
	int fds[2];
	char c;
	pid_t pid, parent;

	(void)state;
	assert_int_equal(pipe2(fds, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		parent = getpid();
		if (fork() == 0) {
			if (okta_sandbox_die_with(parent, &err) != OKTA_OK)
				_exit(1);
			(void)!write(fds[1], "x", 1);
			for (;;)
				(void)pause();
		}
		(void)!read(fds[0], &c, 1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(fds[1]);
	/* end of file: the last writer is dead */
	assert_int_equal(read(fds[0], &c, 1), 0);
	(void)close(fds[0]);
}

static void
sandbox_keep_only_closes_everything_else(void **state)
{
	struct okta_err err = { 0 };
	int i, open_now = 0, status;
	pid_t pid;

	(void)state;
	pid = fork();
	if (pid == 0) {
		for (i = 0; i < 20; i++)
			(void)!dup(1);
		if (okta_sandbox_keep_only(10, 0, &err) != OKTA_OK)
			_exit(1);
		for (i = 0; i < 64; i++)
			open_now += fcntl(i, F_GETFD) >= 0 ? 1 : 0;
		_exit(open_now == 3 ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sandbox_leaves_what_each_kind_of_process_needs),
		cmocka_unit_test(
		    sandbox_ends_a_process_that_would_start_or_touch_another),
		cmocka_unit_test(sandbox_has_no_writable_path),
		cmocka_unit_test(sandbox_has_no_memory_both_writable_and_executable),
		cmocka_unit_test(
		    sandbox_without_network_ends_a_process_that_makes_a_socket),
		cmocka_unit_test(
		    sandbox_with_network_connects_and_resolves_and_nothing_else),
		cmocka_unit_test(sandbox_ends_a_process_that_reaches_for_the_kernel),
		cmocka_unit_test(
		    sandbox_seccomp_alone_lets_nobody_make_a_descriptor_signal_another_process),
		cmocka_unit_test(sandbox_landlock_alone_refuses_writing),
		cmocka_unit_test(sandbox_limits_cores_files_processes_and_memory),
		cmocka_unit_test(sandbox_makes_the_process_undumpable_and_unprivileged),
		cmocka_unit_test(
		    sandbox_die_with_ends_at_once_when_the_parent_is_gone_already),
		cmocka_unit_test(sandbox_die_with_dies_with_its_parent),
		cmocka_unit_test(sandbox_keep_only_closes_everything_else),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
