/* SPDX-License-Identifier: BSD-2-Clause */
/* links: base; libs: cmocka */
/*
 * The child is this very program: started with no argument list but its own name, an
 * empty environment and a socket on 0, it reports what it finds there.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/chan.h"
#include "base/child.h"
#include "base/frame.h"

extern char **environ;

enum { STRANGER = 54321 };

/* --- in the child ------------------------------------------------------------------- */

static bool
is_null_device(int fd)
{
	struct stat a, b;

	return fstat(fd, &a) == 0 && stat("/dev/null", &b) == 0 &&
	       a.st_rdev == b.st_rdev && S_ISCHR(a.st_mode);
}

static unsigned
open_descriptors(void)
{
	unsigned n = 0;
	int fd;

	for (fd = 0; fd < 1024; fd++)
		n += fcntl(fd, F_GETFD) >= 0;
	return n;
}

static bool
signals_are_default(void)
{
	struct sigaction sa;
	sigset_t mask;
	int sig;

	(void)sigprocmask(SIG_SETMASK, NULL, &mask);
	for (sig = 1; sig < 32; sig++) {
		if (sigismember(&mask, sig) == 1)
			return false;
		if (sig == SIGSEGV || sig == SIGBUS || sig == SIGFPE)
			continue; /* a sanitizer in this program sets those before main()
				   */
		if (sigaction(sig, NULL, &sa) == 0 && sa.sa_handler != SIG_DFL)
			return false;
	}
	return true;
}

static int
report(int argc, char **argv)
{
	struct okta_frame_writer w;
	struct okta_buf b;
	struct rlimit core = { 1, 1 }, stack = { 1, 1 }, processes = { 1, 1 };
	char here[64] = "";
	int death = 0;

	(void)getrlimit(RLIMIT_CORE, &core);
	(void)getrlimit(RLIMIT_STACK, &stack);
	(void)getrlimit(RLIMIT_NPROC, &processes);
	(void)prctl(PR_GET_PDEATHSIG, &death);
	okta_buf_init(&b, OKTA_FRAME_MAX_BYTES);
	okta_frame_start(&w, &b, 7);
	okta_frame_put_text(&w, okta_view_str(argv[0]));
	okta_frame_put_u64(&w, (uint64_t)argc);
	okta_frame_put_u64(&w, environ == NULL || environ[0] == NULL);
	okta_frame_put_u64(&w, is_null_device(1) && is_null_device(2));
	okta_frame_put_u64(&w, open_descriptors());
	okta_frame_put_u64(&w, signals_are_default());
	okta_frame_put_u64(&w, core.rlim_max);
	okta_frame_put_u64(&w, stack.rlim_cur);
	okta_frame_put_u64(&w, processes.rlim_cur);
	okta_frame_put_u64(&w, (uint64_t)death);
	okta_frame_put_u64(&w, (uint64_t)prctl(PR_GET_NO_NEW_PRIVS, 0L, 0L, 0L, 0L));
	okta_frame_put_u64(&w, getuid());
	okta_frame_put_u64(&w, getegid());
	okta_frame_put_u64(&w, (uint64_t)getgroups(0, NULL));
	okta_frame_put_text(
	    &w, okta_view_str(getcwd(here, sizeof(here)) == NULL ? "?" : here));
	if (okta_chan_send(0, okta_buf_view(&b), &okta_clock_system,
		okta_clock_mono_ms(&okta_clock_system) + 5000) != OKTA_OK)
		return 1;
	okta_buf_clear(&b);
	(void)pause(); /* until the parent is done with us */
	return 0;
}

/* --- the tests ---------------------------------------------------------------------- */

static char self[4096];

static enum okta_rc
receive(const struct okta_child *child, struct okta_buf *b)
{
	okta_buf_init(b, OKTA_FRAME_MAX_BYTES);
	return okta_chan_recv(child->fd, b, &okta_clock_system,
	    okta_clock_mono_ms(&okta_clock_system) + 10000);
}

static void
expect_report(const struct okta_child *child, uid_t uid, gid_t gid, uint64_t n_groups)
{
	const char *name = strrchr(self, '/') + 1;
	struct okta_frame_reader r;
	uint64_t stack, processes;
	struct okta_buf b;

	assert_int_equal(receive(child, &b), OKTA_OK);
	assert_int_equal(okta_frame_open(&r, okta_buf_view(&b)), 7);
	assert_true(okta_view_eq_str(okta_frame_get_text(&r, 4096), name));
	assert_int_equal(okta_frame_get_u64(&r, 99), 1);
	assert_int_equal(okta_frame_get_u64(&r, 1), 1); /* empty environment */
	assert_int_equal(okta_frame_get_u64(&r, 1), 1); /* /dev/null on 1 and 2 */
	assert_int_equal(okta_frame_get_u64(&r, 1024), 3);
	assert_int_equal(okta_frame_get_u64(&r, 1), 1);		 /* signals */
	assert_int_equal(okta_frame_get_u64(&r, UINT64_MAX), 0); /* no core file */
	stack = okta_frame_get_u64(&r, UINT64_MAX);
	processes = okta_frame_get_u64(&r, UINT64_MAX);
	assert_int_equal(stack, geteuid() == 0 ? 8U << 20 : stack);
	assert_int_equal(processes, geteuid() == 0 ? 4096 : processes);
	assert_int_equal(okta_frame_get_u64(&r, 64), SIGKILL);
	assert_int_equal(okta_frame_get_u64(&r, 1), 1); /* no new privileges */
	assert_int_equal(okta_frame_get_u64(&r, UINT32_MAX), uid);
	assert_int_equal(okta_frame_get_u64(&r, UINT32_MAX), gid);
	assert_int_equal(okta_frame_get_u64(&r, UINT32_MAX), n_groups);
	assert_true(okta_view_eq_str(okta_frame_get_text(&r, 64), "/"));
	assert_int_equal(okta_frame_end(&r), OKTA_OK);
	okta_buf_clear(&b);
}

static void
ignore_it(int sig)
{
	(void)sig;
}

static void
child_starts_with_nothing_of_the_hosts(void **state)
{
	struct okta_child child = OKTA_CHILD_NONE;
	struct okta_err err = { 0 };
	sigset_t block, before, after;
	uid_t uid = geteuid() == 0 ? STRANGER : geteuid();
	gid_t gid = geteuid() == 0 ? STRANGER : getegid();
	int extra = open("/dev/null", O_RDONLY), high = fcntl(extra, F_DUPFD, 500);
	struct sigaction sa = { 0 };
	const gid_t sudo = 27;

	(void)state;
	if (geteuid() == 0)
		assert_int_equal(setgroups(1, &sudo), 0);
	assert_int_equal(setenv("LD_PRELOAD_CANARY", "x", 1), 0);
	(void)signal(SIGUSR1, ignore_it);
	(void)signal(SIGPIPE, SIG_IGN);
	(void)sigemptyset(&block);
	(void)sigaddset(&block, SIGTERM);
	(void)sigprocmask(SIG_BLOCK, &block, &before);
	if (okta_child_open(self, uid, gid, &child, &err) != OKTA_OK)
		fail_msg("%s", err.msg);
	assert_int_equal(fcntl(child.fd, F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
	expect_report(
	    &child, uid, gid, geteuid() == 0 ? 0 : (uint64_t)getgroups(0, NULL));

	/* and nothing of the host's was touched */
	(void)sigprocmask(SIG_SETMASK, &before, &after);
	assert_int_equal(sigismember(&after, SIGTERM), 1);
	assert_int_equal(sigaction(SIGUSR1, NULL, &sa), 0);
	assert_ptr_equal(sa.sa_handler, ignore_it);
	assert_true(fcntl(high, F_GETFD) >= 0);
	okta_child_close(&child);
	(void)close(extra);
	(void)close(high);
}

static void
close_ends_and_reaps_the_child(void **state)
{
	struct okta_child child = OKTA_CHILD_NONE;
	struct okta_buf b;
	pid_t pid;

	(void)state;
	assert_int_equal(
	    okta_child_open(self, geteuid(), getegid(), &child, NULL), OKTA_OK);
	assert_int_equal(receive(&child, &b), OKTA_OK);
	okta_buf_clear(&b);
	pid = child.pid;
	okta_child_close(&child);
	assert_int_equal(child.pid, -1);
	assert_int_equal(child.fd, -1);
	assert_int_equal(kill(pid, 0), -1);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1);
	okta_child_close(&child); /* twice is fine */
}

/* ^C at the prompt ends the helper too, and is to be told from its dying by itself. */
static void
close_tells_which_signal_ended_the_child(void **state)
{
	static const int signals[] = { SIGINT, SIGSYS, 0 };
	struct okta_child child;
	struct okta_buf b;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		assert_int_equal(
		    okta_child_open(self, geteuid(), getegid(), &child, NULL), OKTA_OK);
		assert_int_equal(receive(&child, &b), OKTA_OK);
		okta_buf_clear(&b);
		if (signals[i] != 0) {
			assert_int_equal(kill(child.pid, signals[i]), 0);
			assert_int_equal(receive(&child, &b), OKTA_E_UNAVAIL);
			okta_buf_clear(&b);
		}
		assert_int_equal(
		    okta_child_close(&child), signals[i] != 0 ? signals[i] : SIGKILL);
		assert_int_equal(okta_child_close(&child), 0);
	}
}

/* A host that closed our number, or made it its own, keeps what is there now. */
static void
close_leaves_alone_what_the_host_put_in_the_sockets_place(void **state)
{
	struct okta_child child = OKTA_CHILD_NONE;
	struct okta_buf b;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), number;
	pid_t pid;

	(void)state;
	assert_int_equal(
	    okta_child_open(self, geteuid(), getegid(), &child, NULL), OKTA_OK);
	assert_int_equal(receive(&child, &b), OKTA_OK);
	okta_buf_clear(&b);
	number = child.fd;
	pid = child.pid;
	assert_int_equal(dup2(null, number), number);
	okta_child_close(&child);
	assert_true(fcntl(number, F_GETFD) >= 0);
	assert_int_equal(child.fd, -1);
	assert_int_equal(waitpid(pid, NULL, WNOHANG), -1); /* it is ended all the same */
	(void)close(number);
	(void)close(null);
}

/* --- what keeps the program from being started --- */

/* Without root there is one identity: the caller's, real and effective. */
static void
a_host_that_cannot_change_its_identity_starts_nobody_elses_helper(void **state)
{
	static const struct {
		uid_t real, effective;
	} hosts[] = { { 111, 111 }, { 111, STRANGER }, { STRANGER, 111 } };
	struct okta_child child = OKTA_CHILD_NONE;
	struct okta_frame_reader r;
	struct okta_buf b;
	int status = -1;
	size_t i;
	pid_t pid;

	(void)state;
	if (geteuid() != 0)
		skip();
	for (i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		pid = fork();
		if (pid == 0) {
			if (setresuid(hosts[i].real, hosts[i].effective,
				hosts[i].effective) < 0 ||
			    okta_child_open(self, STRANGER, STRANGER, &child, NULL) !=
				OKTA_OK ||
			    receive(&child, &b) != OKTA_OK ||
			    okta_frame_open(&r, okta_buf_view(&b)) !=
				OKTA_CHILD_FRAME_FAILED)
				_exit(1);
			if (okta_frame_get_u64(&r, 4096) != EPERM ||
			    !okta_view_eq_str(okta_frame_get_text(&r, 64), "change user"))
				_exit(2);
			_exit(0);
		}
		assert_int_equal(waitpid(pid, &status, 0), pid);
		assert_int_equal(status, 0);
	}
}

static pid_t outlive; /* who must be gone before PR_SET_PDEATHSIG is asked for */

/* In front of libc's. */
int
prctl(int option, ...)
{
	const struct timespec nap = { 0, 1000000 };
	unsigned long a[4];
	va_list ap;
	size_t i;

	va_start(ap, option);
	for (i = 0; i < 4; i++)
		a[i] = va_arg(ap, unsigned long);
	va_end(ap);
	while (option == PR_SET_PDEATHSIG && outlive != 0 && getppid() == outlive)
		(void)nanosleep(&nap, NULL);
	return (int)syscall(SYS_prctl, option, a[0], a[1], a[2], a[3]);
}

/* Killed between fork() and prctl(), the host leaves nothing behind: no signal would end
 * the helper any more. */
static void
a_child_whose_host_died_too_early_never_becomes_the_helper(void **state)
{
	struct okta_child child = OKTA_CHILD_NONE;
	int status = -1;
	pid_t host, orphan;

	(void)state;
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L), 0);
	host = fork();
	if (host == 0) {
		outlive = getpid();
		_exit(okta_child_open(self, geteuid(), getegid(), &child, NULL) == OKTA_OK
			  ? 0
			  : 1);
	}
	assert_int_equal(waitpid(host, &status, 0), host);
	assert_int_equal(status, 0);
	orphan = waitpid(-1, &status, 0);
	assert_int_equal(prctl(PR_SET_CHILD_SUBREAPER, 0L, 0L, 0L, 0L), 0);
	assert_true(orphan > 0);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 127);
}

static bool may_not_kill;

/* In front of libc's: a host may have lost CAP_KILL. */
int
kill(pid_t pid, int sig)
{
	if (may_not_kill && sig == SIGKILL) {
		errno = EPERM;
		return -1;
	}
	return (int)syscall(SYS_kill, pid, sig);
}

/* The child here sleeps on when its socket is closed, as a bad one would. */
static void
close_does_not_wait_for_a_child_it_may_not_kill(void **state)
{
	struct okta_child child = OKTA_CHILD_NONE;
	struct okta_buf b;
	pid_t pid;

	(void)state;
	assert_int_equal(
	    okta_child_open(self, geteuid(), getegid(), &child, NULL), OKTA_OK);
	assert_int_equal(receive(&child, &b), OKTA_OK);
	okta_buf_clear(&b);
	pid = child.pid;
	may_not_kill = true;
	(void)alarm(10); /* ends this program if it waits */
	okta_child_close(&child);
	(void)alarm(0);
	may_not_kill = false;
	assert_int_equal(child.pid, -1);
	assert_int_equal(child.fd, -1);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
}

/* A host that ignores SIGCHLD has its children reaped by the kernel. */
static void
close_works_in_a_host_that_ignores_sigchld(void **state)
{
	struct okta_child child = OKTA_CHILD_NONE;
	struct okta_buf b;
	pid_t pid;

	(void)state;
	(void)signal(SIGCHLD, SIG_IGN);
	assert_int_equal(
	    okta_child_open(self, geteuid(), getegid(), &child, NULL), OKTA_OK);
	assert_int_equal(receive(&child, &b), OKTA_OK);
	okta_buf_clear(&b);
	pid = child.pid;
	okta_child_close(&child);
	assert_int_equal(kill(pid, 0), -1);
	(void)signal(SIGCHLD, SIG_DFL);
}

/* An exit status can be lost; the reason must not be. */
static void
a_failed_execve_is_a_frame_with_the_reason(void **state)
{
	struct okta_child child = OKTA_CHILD_NONE;
	struct okta_frame_reader r;
	struct okta_buf b;

	(void)state;
	assert_int_equal(
	    okta_child_open("/nonexistent/helper", geteuid(), getegid(), &child, NULL),
	    OKTA_OK);
	assert_int_equal(receive(&child, &b), OKTA_OK);
	assert_int_equal(okta_frame_open(&r, okta_buf_view(&b)), OKTA_CHILD_FRAME_FAILED);
	assert_int_equal(okta_frame_get_u64(&r, UINT32_MAX), ENOENT);
	assert_true(okta_view_eq_str(okta_frame_get_text(&r, 64), "execve"));
	assert_int_equal(okta_frame_end(&r), OKTA_OK);
	okta_buf_clear(&b);
	assert_int_equal(receive(&child, &b), OKTA_E_UNAVAIL);
	okta_buf_clear(&b);
	okta_child_close(&child);
}

static void
a_relative_path_is_refused(void **state)
{
	struct okta_child child = OKTA_CHILD_NONE;
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(okta_child_open("helper", geteuid(), getegid(), &child, &err),
	    OKTA_E_INTERNAL);
	assert_int_equal(child.pid, -1);
	assert_non_null(strstr(err.msg, "absolute"));
}

/* Descriptors 0 to 2 of a host may be closed: ours must not land there and get lost. */
static void
a_host_without_standard_descriptors_is_fine(void **state)
{
	struct okta_child child = OKTA_CHILD_NONE;
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		struct okta_buf b;

		(void)close(0);
		(void)close(1);
		(void)close(2);
		if (okta_child_open(self, geteuid(), getegid(), &child, NULL) !=
			OKTA_OK ||
		    receive(&child, &b) != OKTA_OK || b.data[1] != 7)
			_exit(1);
		if (child.fd <= 2) /* it may open them again while we wait */
			_exit(2);
		okta_child_close(&child);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

int
main(int argc, char **argv)
{
	struct stat st;
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(child_starts_with_nothing_of_the_hosts),
		cmocka_unit_test(close_ends_and_reaps_the_child),
		cmocka_unit_test(close_tells_which_signal_ended_the_child),
		cmocka_unit_test(
		    close_leaves_alone_what_the_host_put_in_the_sockets_place),
		cmocka_unit_test(
		    a_host_that_cannot_change_its_identity_starts_nobody_elses_helper),
		cmocka_unit_test(
		    a_child_whose_host_died_too_early_never_becomes_the_helper),
		cmocka_unit_test(close_does_not_wait_for_a_child_it_may_not_kill),
		cmocka_unit_test(close_works_in_a_host_that_ignores_sigchld),
		cmocka_unit_test(a_failed_execve_is_a_frame_with_the_reason),
		cmocka_unit_test(a_relative_path_is_refused),
		cmocka_unit_test(a_host_without_standard_descriptors_is_fine),
	};

	/* started by okta_child_open(): a bare name and a socket on 0 */
	if (argc == 1 && strchr(argv[0], '/') == NULL && fstat(0, &st) == 0 &&
	    S_ISSOCK(st.st_mode))
		return report(argc, argv);
	if (readlink("/proc/self/exe", self, sizeof(self) - 1) < 0)
		return 2;
	return cmocka_run_group_tests_name("child", tests, NULL, NULL);
}
