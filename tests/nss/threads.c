/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
/* threads MODULE: threads, forks, signals, cancellation, descriptors. */
#include "publish.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/prctl.h>
#include <sys/time.h>
#include <sys/wait.h>

#include "../proc_self.h"

static atomic_bool stop;
static atomic_uint wrong, answers;

static void *
look_up_all_the_time(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg, k = i, n = 0, generation;
	char name[16], b[131072], text[64];
	struct passwd pw;
	struct group gr;
	int e;

	while (!atomic_load(&stop)) {
		k = (k * 7 + 13) % N_USERS;
		(void)snprintf(name, sizeof(name), "u%u", k);
		if (getpwnam_f(name, &pw, b, sizeof(b), &e) != NSS_STATUS_SUCCESS ||
		    pw.pw_uid != FIRST + k || strcmp(pw.pw_name, name) != 0) {
			atomic_fetch_add(&wrong, 1);
			continue;
		}
		/* all of an answer is of one generation */
		generation = (unsigned)strtoul(strrchr(pw.pw_gecos, ' ') + 1, NULL, 10);
		(void)snprintf(text, sizeof(text), "User %u of %u", k, generation);
		if (strcmp(text, pw.pw_gecos) != 0 ||
		    getpwuid_f(FIRST + k, &pw, b, sizeof(b), &e) != NSS_STATUS_SUCCESS ||
		    strcmp(pw.pw_name, name) != 0)
			atomic_fetch_add(&wrong, 1);
		if (++n % 16 == 0 &&
		    (getgrgid_f(ENG, &gr, b, sizeof(b), &e) != NSS_STATUS_SUCCESS ||
			strcmp(gr.gr_mem[0], "u0") != 0))
			atomic_fetch_add(&wrong, 1);
		if (n % 64 == 0)
			(void)getpwent_f(&pw, b, sizeof(b), &e);
		atomic_fetch_add(&answers, 1);
	}
	return NULL;
}

static void
start(pthread_t *threads, unsigned n)
{
	unsigned i;

	atomic_store(&stop, false);
	atomic_store(&wrong, 0);
	atomic_store(&answers, 0);
	for (i = 0; i < n; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_up_all_the_time,
				     (void *)(uintptr_t)i),
		    0);
}

static void
finish(pthread_t *threads, unsigned n)
{
	unsigned i;

	atomic_store(&stop, true);
	for (i = 0; i < n; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* Every mapping is current, read by a thread, or mapped for one call. */
#define MOST_MAPPINGS (8 + 16)

static void
sixteen_threads_see_right_answers_while_the_snapshot_is_replaced(void **state)
{
	pthread_t threads[16];
	int fds = count_descriptors();
	unsigned generation;
	time_t end = time(NULL) + 3;

	(void)state;
	start(threads, 16);
	for (generation = 10; generation <= 40 || time(NULL) < end; generation++) {
		publish(generation, 0, generation % 8 == 0 ? N_USERS * 25 : N_USERS);
		nap_ms(generation % 7);
		assert_true(count_mappings(OKTA_SNAPSHOT_FILE) <= MOST_MAPPINGS);
	}
	finish(threads, 16);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_true(atomic_load(&answers) > 1000);
	assert_int_equal(count_descriptors(), fds);
	publish(generation, 0, N_USERS);
	assert_int_equal(fresh(NULL), 0);
	nap_ms(1000);
	assert_int_equal(fresh(NULL), 0);
	assert_true(
	    count_mappings(OKTA_SNAPSHOT_FILE) <= 2); /* the old ones are let go */
}

static volatile sig_atomic_t interruptions, wrong_in_handler;

static void
look_up_in_between(int signal_number)
{
	struct passwd pw;
	char b[1024];
	int e;

	(void)signal_number;
	if (getpwnam_f("u9", &pw, b, sizeof(b), &e) != NSS_STATUS_SUCCESS ||
	    pw.pw_uid != FIRST + 9)
		wrong_in_handler = wrong_in_handler + 1;
	interruptions = interruptions + 1;
}

/* A handler finds its thread in the middle of a lookup; both get right answers, and
 * nothing is unmapped that the interrupted one reads. */
static void
lookup_in_a_signal_handler_does_not_disturb_the_one_it_interrupts(void **state)
{
	const struct itimerval each_ms = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	struct sigaction sa = { .sa_handler = look_up_in_between,
		.sa_flags = SA_RESTART };
	struct sigaction old;
	struct passwd pw;
	unsigned i;
	pid_t pid;

	(void)state;
	interruptions = wrong_in_handler = 0;
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* should a lookup crash */
		for (i = 10; getppid() != 1; i++) {
			publish(i, 0, N_USERS);
			nap_ms(1);
		}
		_exit(1);
	}
	assert_int_equal(sigaction(SIGALRM, &sa, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &each_ms, NULL), 0);
	while (interruptions < 500) {
		if (lookup("u5", &pw) != NSS_STATUS_SUCCESS || pw.pw_uid != FIRST + 5)
			break;
	}
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(interruptions >= 500);
	assert_int_equal(wrong_in_handler, 0);
	assert_true(count_mappings(OKTA_SNAPSHOT_FILE) <= 8);
}

/* Runs in a child: the state it inherited, whatever it was, still gives right answers. */
static int
child_of_the_storm(unsigned generation)
{
	struct passwd pw;
	unsigned i;

	for (i = 0; i < 20; i++)
		if (lookup("u5", &pw) != NSS_STATUS_SUCCESS || pw.pw_uid != FIRST + 5)
			return 1;
	publish(generation, 0, 20); /* as the child sees it, a new file */
	if (lookup("u5", &pw) != NSS_STATUS_SUCCESS)
		return 2;
	if (lookup("u19", &pw) != NSS_STATUS_SUCCESS)
		return 3;
	return 0;
}

static void
children_forked_amid_lookups_answer_and_see_replacements(void **state)
{
	pthread_t threads[4];
	unsigned i;
	int status;
	pid_t pid;

	(void)state;
	start(threads, 4);
	for (i = 0; i < 100; i++) {
		pid = fork();
		if (pid == 0)
			_exit(child_of_the_storm(1000 + i));
		publish(2000 + i, 0, N_USERS);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("child %u: status %#x", i, status);
	}
	finish(threads, 4);
}

static void *
cancelled_on_its_way(void *arg)
{
	struct passwd pw;

	(void)pthread_cancel(
	    pthread_self()); /* pending: the next cancellation point ends us */
	atomic_store((atomic_int *)arg, (int)lookup("u1", &pw));
	pthread_testcancel();
	atomic_store((atomic_int *)arg, -99); /* never */
	return NULL;
}

/* A thread that ended inside open() would leave the lock taken, and a stale mapping for
 * good. */
static void
cancellation_waits_until_the_lookup_is_over(void **state)
{
	struct passwd pw;
	atomic_int result = -98;
	pthread_t thread;
	void *ret;

	(void)state;
	publish(2, 0, N_USERS); /* so that the lookup has to open the new file */
	assert_int_equal(pthread_create(&thread, NULL, cancelled_on_its_way, &result), 0);
	assert_int_equal(pthread_join(thread, &ret), 0);
	assert_ptr_equal(ret, PTHREAD_CANCELED);
	assert_int_equal(atomic_load(&result), NSS_STATUS_SUCCESS);
	publish(3, 0, N_USERS);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 3");
}

static void
lookups_leave_no_descriptor_open(void **state)
{
	int before = count_descriptors();
	unsigned i;
	struct passwd pw;

	(void)state;
	for (i = 0; i < 50; i++) {
		publish(10 + i, 0, 10);
		assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	}
	assert_int_equal(count_descriptors(), before);
	assert_true(count_mappings(OKTA_SNAPSHOT_FILE) <= 2);
}

static void
loading_and_unloading_leaves_one_mapping(void **state)
{
	struct passwd pw;
	unsigned i;

	(void)state;
	for (i = 0; i < 20; i++) {
		assert_int_equal(dlclose(module), 0);
		load();
		assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	}
	assert_true(count_mappings(OKTA_SNAPSHOT_FILE) <= 2);
}

int
main(int argc, char **argv)
{
#define F(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		F(lookup_in_a_signal_handler_does_not_disturb_the_one_it_interrupts),
		F(sixteen_threads_see_right_answers_while_the_snapshot_is_replaced),
		F(children_forked_amid_lookups_answer_and_see_replacements),
		F(cancellation_waits_until_the_lookup_is_over),
		F(lookups_leave_no_descriptor_open),
		F(loading_and_unloading_leaves_one_mapping),
	};

	if (argc != 2)
		return 2;
	module_path = argv[1];
	return cmocka_run_group_tests_name("threads", tests, prepare, NULL);
}
