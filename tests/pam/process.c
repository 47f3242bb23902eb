/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: pam */
/* process BUILD: signals, children and descriptors of the process it runs in. */
#include "module.h"

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

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(auth_works_where_sigchld_is_ignored_or_reaped_by_the_host),
		T(auth_works_with_descriptors_0_to_2_closed_and_leaves_none),
		T(auth_denies_whatever_runs_out_of_descriptors),
		T(auth_helper_dies_with_the_process_that_was_killed_at_the_prompt),
	};

	return module_enter(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
