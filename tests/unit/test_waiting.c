/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host model base */
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/waiting.h"

#define ADA 1879050001u
#define BOB 1879050002u

static char dir[80], file[100];

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/okta-waiting-XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(file, sizeof(file), "%s/waiting", dir);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	(void)unlink(file);
	return rmdir(dir);
}

static enum okta_rc
enter(uint32_t total, uint32_t user, uint32_t address, uint32_t uid, const char *from,
    struct okta_waiting *ret, struct okta_err *err)
{
	const struct okta_waiting_caps caps = { total, user, address, false };

	okta_waiting_init(ret);
	return okta_waiting_enter(dir, geteuid(), &caps, uid, from, ret, err);
}

static void
refused(uint32_t total, uint32_t user, uint32_t address, uint32_t uid, const char *from,
    const char *says)
{
	struct okta_waiting w;
	struct okta_err err = { 0 };

	assert_int_equal(
	    enter(total, user, address, uid, from, &w, &err), OKTA_E_REFUSED);
	assert_int_equal(w.fd, -1);
	if (strstr(err.msg, says) == NULL)
		fail_msg("\"%s\" is not in \"%s\"", says, err.msg);
}

static void
waiting_refuses_one_more_than_the_host_may_have(void **state)
{
	struct okta_waiting w[3];
	struct okta_err err = { 0 };
	uint32_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(enter(3, 9, 9, ADA + i, "x", &w[i], &err), OKTA_OK);
		assert_int_equal(w[i].place, i);
	}
	refused(3, 9, 9, 7, "y",
	    "3 logins wait for approval on this host: [login] "
	    "max_waiting");
	okta_waiting_leave(&w[1]);
	assert_int_equal(enter(3, 9, 9, 7, "y", &w[1], &err), OKTA_OK);
	assert_int_equal(w[1].place, 1);
	for (i = 0; i < 3; i++)
		okta_waiting_leave(&w[i]);
}

static void
waiting_refuses_one_more_than_a_person_may_have_and_nobody_else(void **state)
{
	struct okta_waiting w[3];
	struct okta_err err = { 0 };
	int i;

	(void)state;
	assert_int_equal(enter(9, 2, 9, ADA, "a", &w[0], &err), OKTA_OK);
	assert_int_equal(enter(9, 2, 9, ADA, "b", &w[1], &err), OKTA_OK);
	refused(9, 2, 9, ADA, "c", "max_waiting_user");
	assert_int_equal(enter(9, 2, 9, BOB, "a", &w[2], &err), OKTA_OK);
	for (i = 0; i < 3; i++)
		okta_waiting_leave(&w[i]);
}

/* Else a stranger who asks for codes in ada's name keeps her out. */
static void
waiting_keeps_a_persons_last_place_for_another_address(void **state)
{
	struct okta_waiting w[3];
	struct okta_err err = { 0 };
	int i;

	(void)state;
	assert_int_equal(enter(9, 3, 9, ADA, "stranger", &w[0], &err), OKTA_OK);
	assert_int_equal(enter(9, 3, 9, ADA, "stranger", &w[1], &err), OKTA_OK);
	refused(9, 3, 9, ADA, "stranger", "the last place is for another one");
	assert_int_equal(enter(9, 3, 9, ADA, "home", &w[2], &err), OKTA_OK);
	for (i = 0; i < 3; i++)
		okta_waiting_leave(&w[i]);
	/* but one place is one place */
	assert_int_equal(enter(9, 1, 9, ADA, "stranger", &w[0], &err), OKTA_OK);
	okta_waiting_leave(&w[0]);
}

static void
waiting_refuses_one_more_than_an_address_may_have_and_no_other(void **state)
{
	struct okta_waiting w[3];
	struct okta_err err = { 0 };
	int i;

	(void)state;
	assert_int_equal(enter(9, 9, 2, ADA, "a", &w[0], &err), OKTA_OK);
	assert_int_equal(enter(9, 9, 2, BOB, "a", &w[1], &err), OKTA_OK);
	refused(9, 9, 2, 7, "a", "max_waiting_address");
	assert_int_equal(enter(9, 9, 2, 7, "b", &w[2], &err), OKTA_OK);
	for (i = 0; i < 3; i++)
		okta_waiting_leave(&w[i]);
}

static enum okta_rc
enter_locally(uint32_t total, struct okta_waiting *ret, struct okta_err *err)
{
	const struct okta_waiting_caps caps = { total, 99, 99, true };

	okta_waiting_init(ret);
	return okta_waiting_enter(dir, geteuid(), &caps, ADA, "local uid 1", ret, err);
}

/* A su that is stopped keeps its place for ever: sshd must have others. */
static void
waiting_gives_logins_from_the_host_itself_every_other_place_and_no_more(void **state)
{
	struct okta_waiting w[6], one;
	struct okta_err err = { 0 };
	uint32_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		assert_int_equal(enter_locally(6, &w[i], &err), OKTA_OK);
		assert_int_equal(w[i].place, 2 * i);
	}
	assert_int_equal(enter_locally(6, &one, &err), OKTA_E_REFUSED);
	assert_string_equal(err.msg,
	    "no place of those for logins from this host itself is free, half of 6: "
	    "[login] max_waiting");
	for (i = 3; i < 6; i++) {
		assert_int_equal(enter(6, 99, 99, BOB, "x", &w[i], &err), OKTA_OK);
		assert_int_equal(w[i].place, 2 * (i - 3) + 1);
	}
	for (i = 0; i < 6; i++)
		okta_waiting_leave(&w[i]);
	/* but one place is one place */
	assert_int_equal(enter_locally(1, &one, &err), OKTA_OK);
	okta_waiting_leave(&one);
}

/* Two accounts that stop their su to ada would else keep her from sshd. */
static void
waiting_gives_logins_from_the_host_itself_half_of_a_persons_places(void **state)
{
	const struct okta_waiting_caps caps = { 20, 5, 20, true };
	struct okta_waiting w[5], one;
	struct okta_err err = { 0 };
	char address[40];
	int i;

	(void)state;
	for (i = 0; i < 4; i++) {
		(void)snprintf(address, sizeof(address), "local uid %d", i);
		okta_waiting_init(i < 3 ? &w[i] : &one);
		assert_int_equal(okta_waiting_enter(dir, geteuid(), &caps, ADA, address,
				     i < 3 ? &w[i] : &one, &err),
		    i < 3 ? OKTA_OK : OKTA_E_REFUSED);
	}
	assert_non_null(strstr(err.msg, "from elsewhere: [login] max_waiting_user"));
	/* another person's are his own */
	assert_int_equal(
	    okta_waiting_enter(dir, geteuid(), &caps, BOB, "local uid 1", &one, &err),
	    OKTA_OK);
	okta_waiting_leave(&one);
	for (i = 3; i < 5; i++)
		assert_int_equal(enter(20, 5, 20, ADA, "home", &w[i], &err), OKTA_OK);
	for (i = 0; i < 5; i++)
		okta_waiting_leave(&w[i]);
}

/* What is kept of a login that is over counts for nobody. */
static void
waiting_frees_the_place_of_a_process_that_was_killed(void **state)
{
	struct okta_waiting w;
	struct okta_err err = { 0 };
	int ready[2], status;
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(pipe(ready), 0);
	pid = fork();
	assert_true(pid >= 0);
	if (pid == 0) {
		c = enter(1, 1, 1, ADA, "a", &w, &err) == OKTA_OK ? 'y' : 'n';
		(void)!write(ready[1], &c, 1);
		(void)pause();
		_exit(0);
	}
	assert_int_equal(read(ready[0], &c, 1), 1);
	assert_int_equal(c, 'y');
	refused(1, 1, 1, ADA, "a", "max_waiting");
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(enter(1, 1, 1, ADA, "a", &w, &err), OKTA_OK);
	okta_waiting_leave(&w);
	(void)close(ready[0]);
	(void)close(ready[1]);
}

/* CHILDREN processes at once ask for one of CAP places; how many have one. */
static int
storm(int children, uint32_t total, uint32_t user, uint32_t address)
{
	int go[2], done[2], hold[2], i, in = 0;
	struct okta_waiting w;
	struct okta_err err = { 0 };
	char c;

	assert_int_equal(pipe(go), 0);
	assert_int_equal(pipe(done), 0);
	assert_int_equal(pipe(hold), 0);
	for (i = 0; i < children; i++) {
		if (fork() != 0)
			continue;
		(void)close(go[1]);
		(void)close(hold[1]);
		(void)!read(go[0], &c, 1); /* all at once: at the end of the pipe */
		c = enter(total, user, address, ADA, "a", &w, &err) == OKTA_OK ? 1 : 0;
		(void)!write(done[1], &c, 1);
		(void)!read(hold[0], &c, 1);
		_exit(0);
	}
	(void)close(go[0]);
	(void)close(go[1]);
	for (i = 0; i < children; i++) {
		assert_int_equal(read(done[0], &c, 1), 1);
		in += c;
	}
	(void)close(hold[1]);
	while (wait(NULL) > 0)
		;
	(void)close(done[0]);
	(void)close(done[1]);
	(void)close(hold[0]);
	return in;
}

static void
waiting_never_exceeds_a_cap_when_40_come_at_once(void **state)
{
	int round;

	(void)state;
	for (round = 0; round < 10; round++) {
		assert_int_equal(storm(40, 7, 99, 99), 7);
		assert_in_range(storm(40, 99, 5, 99), 0, 4); /* the fifth: elsewhere */
		assert_in_range(storm(40, 99, 99, 6), 0, 6);
	}
}

/* --- a login that was stopped before it said whose it is --- */

static int stop_before_writing = -1; /* a pipe that is told */

/* In front of libc's. */
ssize_t
pwrite(int fd, const void *p, size_t len, off_t at)
{
	if (stop_before_writing >= 0) {
		(void)!write(stop_before_writing, "", 1);
		for (;;)
			(void)pause();
	}
	return syscall(SYS_pwrite64, fd, p, len, at);
}

/* S40: a local user may hold half of the places, and stop each su at any step; the place
 * still holds what its last holder wrote. */
static void
waiting_does_not_count_a_place_whose_holder_has_not_said_who_he_is(void **state)
{
	struct okta_waiting w, later;
	struct okta_err err = { 0 };
	int told[2];
	pid_t pid;
	char c;

	(void)state;
	assert_int_equal(enter(9, 9, 9, ADA, "a", &w, &err), OKTA_OK);
	okta_waiting_leave(&w);
	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL);
		stop_before_writing = told[1];
		(void)enter(9, 9, 9, BOB, "b", &w, &err);
		_exit(0);
	}
	assert_int_equal(read(told[0], &c, 1), 1);
	assert_int_equal(enter(9, 1, 9, ADA, "c", &w, &err), OKTA_OK);
	assert_int_equal(w.place, 1); /* the other has his for all that */
	refused(9, 1, 9, ADA, "d", "1 logins of this person wait");
	okta_waiting_leave(&w);
	assert_int_equal(enter(9, 9, 1, BOB, "a", &later, &err), OKTA_OK);
	okta_waiting_leave(&later);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	(void)close(told[0]);
	(void)close(told[1]);
}

/* The first builds locked all 72 bytes of a place at once: one may run on while the
 * package is upgraded. */
static void
waiting_and_a_login_of_the_first_builds_count_each_other(void **state)
{
	struct flock whole = { .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 72 };
	struct okta_waiting w;
	struct okta_err err = { 0 };
	int older;

	(void)state;
	assert_int_equal(enter(9, 9, 9, ADA, "a", &w, &err), OKTA_OK);
	older = open(file, O_RDWR | O_CLOEXEC);
	assert_true(older >= 0);
	assert_int_equal(fcntl(older, F_OFD_SETLK, &whole), -1);
	assert_int_equal(fcntl(older, F_OFD_GETLK, &whole), 0);
	assert_int_equal(whole.l_type, F_WRLCK);
	okta_waiting_leave(&w);

	whole = (struct flock){ .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 72 };
	assert_int_equal(fcntl(older, F_OFD_SETLK, &whole), 0);
	refused(9, 1, 9, ADA, "b", "1 logins of this person wait");
	refused(1, 9, 9, BOB, "b", "1 logins wait for approval on this host");
	(void)close(older);
	assert_int_equal(enter(9, 1, 9, ADA, "a", &w, &err), OKTA_OK);
	okta_waiting_leave(&w);
}

static void
waiting_takes_an_ipv6_network_for_one_address(void **state)
{
	static const struct {
		const char *rhost, *address;
	} same[] = { { "203.0.113.7", "203.0.113.7" },
		{ "2001:db8:1:2:3:4:5:6", "2001:db8:1:2::" },
		{ "2001:DB8:1:2:ffff::1", "2001:db8:1:2::" },
		{ "fe80::1%eth0", "fe80::" }, { "::ffff:203.0.113.7", "203.0.113.7" },
		{ "web.example", "web.example" }, { "", "" } };
	char got[OKTA_WAITING_ADDRESS_BYTES], longer[200];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(same) / sizeof(same[0]); i++) {
		okta_waiting_address(same[i].rhost, got);
		assert_string_equal(got, same[i].address);
	}
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	okta_waiting_address(longer, got);
	assert_int_equal(strlen(got), OKTA_WAITING_ADDRESS_BYTES - 1);
}

/* FACTS: an app may ask 1000 times a minute of a Workforce org, 600 of the next smaller,
 * 150 of an Integrator org. */
static void
waiting_widens_the_interval_so_that_all_places_stay_within_oktas_limits(void **state)
{
	uint32_t i;

	(void)state;
	assert_int_equal(okta_waiting_poll_s(0), 0);
	assert_int_equal(okta_waiting_poll_s(9), 0);
	assert_int_equal(okta_waiting_poll_s(10), 15);
	assert_int_equal(okta_waiting_poll_s(29), 15);
	assert_int_equal(okta_waiting_poll_s(30), 40);
	for (i = 1; i < OKTA_WAITING_MAX; i++)
		assert_true(okta_waiting_poll_s(i) >= okta_waiting_poll_s(i - 1));
	assert_int_equal(okta_waiting_polls_per_minute(10), 120);
	assert_in_range(okta_waiting_polls_per_minute(17), 0, 150);
	assert_in_range(okta_waiting_polls_per_minute(80), 0, 300);
	assert_in_range(okta_waiting_polls_per_minute(500), 0, 1000);
}

static void
waiting_refuses_a_file_that_others_could_open_or_that_is_none(void **state)
{
	struct okta_waiting w;
	struct okta_err err = { 0 };
	char other[100];

	(void)state;
	(void)snprintf(other, sizeof(other), "%s/other", dir);
	assert_int_equal(enter(1, 1, 1, ADA, "a", &w, &err), OKTA_OK);
	okta_waiting_leave(&w);
	assert_int_equal(chmod(file, 0640), 0);
	assert_int_equal(enter(1, 1, 1, ADA, "a", &w, &err), OKTA_E_UNTRUSTED);
	assert_non_null(strstr(err.msg, file));
	assert_int_equal(chmod(file, 0600), 0);
	assert_int_equal(rename(file, other), 0);
	assert_int_equal(symlink(other, file), 0);
	assert_int_equal(enter(1, 1, 1, ADA, "a", &w, &err), OKTA_E_SYS);
	assert_int_equal(unlink(file), 0);
	assert_int_equal(link(other, file), 0);
	assert_int_equal(enter(1, 1, 1, ADA, "a", &w, &err), OKTA_E_UNTRUSTED);
	assert_int_equal(unlink(other), 0);
	assert_int_equal(chmod(dir, 0777), 0);
	assert_int_equal(enter(1, 1, 1, ADA, "a", &w, &err), OKTA_E_UNTRUSTED);
}

/* A host that closed 0 to 2 and prints would write into our file. */
static void
waiting_keeps_off_the_standard_descriptors(void **state)
{
	struct okta_waiting w;
	struct okta_err err = { 0 };
	int saved = dup(0), fd;

	(void)state;
	assert_true(saved > 2);
	(void)close(0);
	assert_int_equal(enter(1, 1, 1, ADA, "a", &w, &err), OKTA_OK);
	fd = w.fd;
	okta_waiting_leave(&w);
	okta_waiting_leave(&w);
	assert_int_equal(dup2(saved, 0), 0);
	(void)close(saved);
	assert_true(fd > 2);
}

/* S15: a host that closed our number, or made it its own, keeps what is there now. */
static void
waiting_leaves_alone_what_the_host_put_in_its_descriptors_place(void **state)
{
	struct okta_waiting w;
	struct okta_err err = { 0 };
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), number;

	(void)state;
	assert_int_equal(enter(1, 1, 1, ADA, "a", &w, &err), OKTA_OK);
	number = w.fd;
	assert_int_equal(dup2(null, number), number);
	okta_waiting_leave(&w);
	assert_int_equal(w.fd, -1);
	assert_true(fcntl(number, F_GETFD) >= 0);
	(void)close(number);
	(void)close(null);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(waiting_refuses_one_more_than_the_host_may_have),
		T(waiting_refuses_one_more_than_a_person_may_have_and_nobody_else),
		T(waiting_keeps_a_persons_last_place_for_another_address),
		T(waiting_refuses_one_more_than_an_address_may_have_and_no_other),
		T(waiting_gives_logins_from_the_host_itself_every_other_place_and_no_more),
		T(waiting_gives_logins_from_the_host_itself_half_of_a_persons_places),
		T(waiting_frees_the_place_of_a_process_that_was_killed),
		T(waiting_never_exceeds_a_cap_when_40_come_at_once),
		T(waiting_does_not_count_a_place_whose_holder_has_not_said_who_he_is),
		T(waiting_and_a_login_of_the_first_builds_count_each_other),
		T(waiting_takes_an_ipv6_network_for_one_address),
		T(waiting_widens_the_interval_so_that_all_places_stay_within_oktas_limits),
		T(waiting_refuses_a_file_that_others_could_open_or_that_is_none),
		T(waiting_keeps_off_the_standard_descriptors),
		T(waiting_leaves_alone_what_the_host_put_in_its_descriptors_place),
	};

	return cmocka_run_group_tests_name("waiting", tests, NULL, NULL);
}
