/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: pam */
/* process BUILD: signals, children and descriptors of the process it runs in. */
#include "module.h"

#include <dirent.h>
#include <sys/resource.h>

static void
reap(int sig)
{
	int saved = errno;

	(void)sig;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static void
auth_works_where_sigchld_is_ignored_or_reaped_by_the_host(void **state)
{
	static void (*const handlers[])(int) = { SIG_IGN, reap, SIG_DFL };
	struct sigaction sa = { 0 }, after;
	sigset_t mask, mask_after;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		(void)setup(NULL);
		sa.sa_handler = handlers[i];
		assert_int_equal(sigaction(SIGCHLD, &sa, NULL), 0);
		assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
		assert_int_equal(login("ok"), PAM_SUCCESS);
		assert_int_equal(sigaction(SIGCHLD, NULL, &after), 0);
		assert_true(after.sa_handler == handlers[i]);
		assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask_after), 0);
		assert_memory_equal(&mask, &mask_after, sizeof(unsigned long));
		assert_helper_gone();
	}
}

static void
auth_works_with_descriptors_0_to_2_closed_and_leaves_none(void **state)
{
	int saved[3], i, before, r;

	(void)state;
	for (i = 0; i < 3; i++)
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
	put_conf("ok", "");
	for (i = 0; i < 3; i++)
		(void)close(i);
	before = count_descriptors();
	r = call(authenticate, "ada");
	i = count_descriptors();
	assert_true(
	    dup2(saved[0], 0) == 0 && dup2(saved[1], 1) == 1 && dup2(saved[2], 2) == 2);
	assert_int_equal(i, before);
	assert_int_equal(r, PAM_SUCCESS);
	for (i = 0; i < 3; i++)
		(void)close(saved[i]);
}

static void
auth_denies_whatever_runs_out_of_descriptors(void **state)
{
	struct rlimit old, few;
	int n, r, successes = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	for (n = 3; n < 24; n++) {
		few = (struct rlimit){ (rlim_t)n, old.rlim_max };
		memset(&talk, 0, sizeof(talk));
		pam_handle_t *pamh = stage_start("sshd", "ada", &talk);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		r = authenticate(pamh, 0, 0, NULL);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		(void)pam_end(pamh, r);
		assert_true(r == PAM_SUCCESS || r == PAM_AUTHINFO_UNAVAIL);
		successes += r == PAM_SUCCESS;
		assert_helper_gone();
	}
	assert_true(successes > 0 && successes < 21);
}

static void
assert_no_temporary_file(void)
{
	DIR *d = opendir(OKTA_RUN_DIR "/claims");
	struct dirent *e;

	while (d != NULL && (e = readdir(d)) != NULL)
		assert_null(strstr(e->d_name, ".tmp"));
	if (d != NULL)
		(void)closedir(d);
}

/* Whoever runs su may have said ulimit -f: the program that asks, which is root's, must
 * not be ended for it, and somebody must learn why nobody gets in. */
static void
auth_denies_with_a_line_in_the_log_whatever_the_limit_on_the_size_of_files(void **state)
{
	static const struct {
		rlim_t bytes;
		const char *script;
		int result;
		const char *logged;
	} rows[] = {
		{ 0, "ok", PAM_AUTHINFO_UNAVAIL,
		    "/waiting: cannot be written: File too large" },
		{ 50, "ok", PAM_AUTHINFO_UNAVAIL,
		    "/waiting: cannot be written: No space" },
		{ 100, "ok", PAM_AUTHINFO_UNAVAIL,
		    "/used/1879050001: cannot be written: No space" },
		{ 128, "ok", PAM_AUTHINFO_UNAVAIL,
		    "/used/1879050001: cannot be written: File too large" },
		{ 100, "no-groups", PAM_AUTH_ERR, ".tmp: cannot write: File too large" },
	};
	struct rlimit old, low;
	sigset_t xfsz, before, after, pending;
	size_t i;
	int r, blocked;

	(void)state;
	(void)sigemptyset(&xfsz);
	(void)sigaddset(&xfsz, SIGXFSZ);
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &old), 0);
	for (i = 0; i < 2 * sizeof(rows) / sizeof(rows[0]); i++) {
		blocked = i % 2; /* then one of the host's own waits as well */
		(void)setup(NULL);
		put_conf(rows[i / 2].script, "");
		low = (struct rlimit){ rows[i / 2].bytes, old.rlim_max };
		if (blocked) {
			assert_int_equal(sigprocmask(SIG_BLOCK, &xfsz, NULL), 0);
			assert_int_equal(raise(SIGXFSZ), 0);
		}
		assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &before), 0);
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &low), 0);
		r = call(authenticate, "ada");
		assert_int_equal(setrlimit(RLIMIT_FSIZE, &old), 0);
		assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &after), 0);
		assert_memory_equal(&before, &after, sizeof(unsigned long));
		assert_int_equal(sigpending(&pending), 0);
		assert_int_equal(sigismember(&pending, SIGXFSZ), blocked);
		if (blocked) {
			assert_int_equal(sigwaitinfo(&xfsz, NULL), SIGXFSZ);
			assert_int_equal(sigprocmask(SIG_UNBLOCK, &xfsz, NULL), 0);
		}
		assert_int_equal(r, rows[i / 2].result);
		logged(rows[i / 2].logged);
		assert_no_temporary_file();
		assert_helper_gone();
	}
	assert_int_equal(login("ok"), PAM_SUCCESS);
}

static int note_pid[2];

static void
tell_and_hang(struct talk *t)
{
	if (write(note_pid[1], t->first_prompt, strlen(t->first_prompt) + 1) > 0)
		(void)pause();
}

/* R11: sshd kills the process that sits in the prompt; the helper must go with it. */
static void
auth_helper_dies_with_the_process_that_was_killed_at_the_prompt(void **state)
{
	char text[8192] = "";
	pid_t child, helper;
	int i;

	(void)state;
	put_conf("pending", "");
	assert_int_equal(pipe2(note_pid, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		talk.on_prompt = tell_and_hang;
		(void)authenticate(stage_start("sshd", "ada", &talk), 0, 0, NULL);
		_exit(0);
	}
	assert_true(read(note_pid[0], text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "PID-"));
	helper = (pid_t)strtol(strstr(text, "PID-") + 4, NULL, 10);
	assert_int_equal(kill(helper, 0), 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	for (i = 0; i < 100 && kill(helper, 0) == 0; i++)
		(void)usleep(20000);
	assert_int_equal(kill(helper, 0), -1);
	(void)close(note_pid[0]);
	(void)close(note_pid[1]);
}

/* sudo does not heed ^C while we wait, so it ends by the helper's end: that is the
 * person's doing, nobody's fault, and no reason to call for the administrator. */
static void
auth_ended_by_an_interrupt_of_the_helper_is_the_persons_own_doing(void **state)
{
	static const char *const services[] = { "sudo", "sshd" };
	size_t i;

	(void)state;
	for (i = 0; i < 2; i++) {
		(void)setup(NULL);
		put_conf("interrupted", "");
		assert_int_equal(call_with(authenticate, services[i], "ada", 0, 0, NULL),
		    PAM_CONV_ERR);
		logged("result=refused reason=conversation "
		       "detail=\"the login was ended from its terminal\"");
		assert_int_equal(talk.errors, 0);
		assert_helper_gone();
	}
	assert_int_equal(login("prompt-exit"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=helper");
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(auth_works_where_sigchld_is_ignored_or_reaped_by_the_host),
		T(auth_works_with_descriptors_0_to_2_closed_and_leaves_none),
		T(auth_denies_whatever_runs_out_of_descriptors),
		T(auth_denies_with_a_line_in_the_log_whatever_the_limit_on_the_size_of_files),
		T(auth_helper_dies_with_the_process_that_was_killed_at_the_prompt),
		T(auth_ended_by_an_interrupt_of_the_helper_is_the_persons_own_doing),
	};

	return module_enter(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
