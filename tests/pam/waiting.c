/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: pam */
/* waiting BUILD: how many may wait for an approval. */
#include "module.h"

#include "host/waiting.h"

/* N logins that wait: of UID, or of N people from UID on if EACH. */
static struct okta_waiting queue[40];

static void
fill_queue(size_t n, uint32_t uid, bool each, const char *address)
{
	const struct okta_waiting_caps caps = { 1000, 1000, 1000, false };
	struct okta_err err = { 0 };
	size_t i;

	for (i = 0; i < n; i++)
		if (okta_waiting_enter(OKTA_RUN_DIR, 0, &caps,
			uid + (each ? (uint32_t)i : 0), address, &queue[i],
			&err) != OKTA_OK)
			fail_msg("%s", err.msg);
}

static void
empty_queue(size_t n)
{
	while (n > 0)
		okta_waiting_leave(&queue[--n]);
}

/* S40 */
static void
auth_refuses_beyond_each_cap_and_tells_others_nothing_of_it(void **state)
{
	static const struct {
		size_t n;
		uint32_t uid;
		bool each;
		const char *address, *conf, *says;
	} rows[] = {
		{ 3, 7, true, "elsewhere", "max_waiting = 3\n",
		    "3 logins wait for approval on this host: [login] max_waiting" },
		{ 3, ADA_UID, false, "elsewhere", "max_waiting_user = 3\n",
		    "3 logins of this person wait for approval: [login] "
		    "max_waiting_user" },
		{ 2, ADA_UID, false, "203.0.113.7", "max_waiting_user = 3\n",
		    "the last place is for another one" },
		{ 3, 7, true, "203.0.113.7", "max_waiting_address = 3\n",
		    "3 logins from this address wait for approval" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)setup(NULL);
		put_conf("ok", rows[i].conf);
		fill_queue(rows[i].n, rows[i].uid, rows[i].each, rows[i].address);
		assert_int_equal(call(authenticate, "ada"), PAM_AUTHINFO_UNAVAIL);
		logged("result=unavailable reason=too_many_waiting detail=\"");
		logged(rows[i].says);
		assert_int_equal(talk.prompts + talk.infos, 0);
		assert_non_null(strstr(talk.error, "Too many logins wait"));
		assert_int_equal(call(authenticate, "local"), PAM_USER_UNKNOWN);
		assert_int_equal(call(authenticate, "root"), PAM_USER_UNKNOWN);
		assert_int_equal(call(authenticate, "carol"), PAM_USER_UNKNOWN);
		assert_int_equal(call(account, "ada"), PAM_SUCCESS); /* with a key */
		empty_queue(rows[i].n);
		assert_int_equal(call(authenticate, "ada"), PAM_SUCCESS);
	}
}

static void
look_for_a_place(struct talk *t)
{
	const struct okta_waiting_caps one = { 1, 1, 1, false };
	struct okta_waiting w;
	struct okta_err err = { 0 };

	(void)t;
	assert_int_equal(
	    okta_waiting_enter(OKTA_RUN_DIR, 0, &one, 7, "x", &w, &err), OKTA_E_REFUSED);
}

static void
auth_has_its_place_while_it_waits_and_no_longer(void **state)
{
	(void)state;
	put_conf("ok", "max_waiting = 1\n");
	talk.on_prompt = look_for_a_place;
	assert_int_equal(call(authenticate, "ada"), PAM_SUCCESS);
	assert_int_equal(talk.prompts, 1);
	assert_int_equal(call(authenticate, "ada"), PAM_SUCCESS);
}

static void
auth_in_a_long_queue_polls_less_often_and_says_so(void **state)
{
	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_null(strstr(talk.first_prompt, "it may take"));
	(void)setup(NULL);
	fill_queue(10, 7, true, "elsewhere");
	assert_int_equal(login("slowly"), PAM_SUCCESS);
	assert_non_null(strstr(talk.first_prompt,
	    "\nMany people log in to this host now: after approving it may take 15 "
	    "s.\n"));
	empty_queue(10);
}

/* ada by sudo, which has no address, asked for by RUSER at TTY. */
static int
sudo_by(const char *ruser, const char *tty)
{
	pam_handle_t *pamh = stage_start("sudo", "ada", &talk);
	int r;

	assert_int_equal(pam_set_item(pamh, PAM_RHOST, NULL), PAM_SUCCESS);
	assert_int_equal(pam_set_item(pamh, PAM_RUSER, ruser), PAM_SUCCESS);
	assert_int_equal(pam_set_item(pamh, PAM_TTY, tty), PAM_SUCCESS);
	r = authenticate(pamh, 0, 0, NULL);
	assert_int_equal(pam_end(pamh, r), PAM_SUCCESS);
	return r;
}

/* sudo and login are root by then: one person on this host is not another. */
static void
auth_counts_who_is_on_this_host_by_account_else_by_terminal(void **state)
{
	static const struct {
		const char *address, *ruser, *tty, *other_ruser, *other_tty;
	} rows[] = {
		{ "local user local", "local", "/dev/tty1", "other", "/dev/tty1" },
		{ "local tty /dev/tty1", "", "/dev/tty1", NULL, "/dev/tty2" },
		{ "local uid 0", NULL, NULL, NULL, "/dev/tty2" },
		{ "local user a?[2Jb", "a\x1b[2Jb", NULL, NULL, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)setup(NULL);
		put_conf("ok", "max_waiting_address = 3\n");
		fill_queue(3, 7, true, rows[i].address);
		assert_int_equal(
		    sudo_by(rows[i].ruser, rows[i].tty), PAM_AUTHINFO_UNAVAIL);
		logged("3 logins from this address wait for approval");
		assert_int_equal(
		    sudo_by(rows[i].other_ruser, rows[i].other_tty), PAM_SUCCESS);
		empty_queue(3);
	}
	/* and they have half of the places */
	put_conf("ok", "max_waiting = 4\n");
	fill_queue(3, 7, true, "elsewhere");
	assert_int_equal(sudo_by("local", NULL), PAM_AUTHINFO_UNAVAIL);
	logged("no place of those for logins from this host itself is free, half of 4");
	assert_int_equal(call(authenticate, "ada"), PAM_SUCCESS);
	empty_queue(3);
}

/* Who cannot be counted is not let in; who needs no code is not counted. */
static void
auth_refuses_when_the_waiting_cannot_be_counted(void **state)
{
	(void)state;
	(void)unlink(OKTA_RUN_DIR "/waiting");
	assert_int_equal(mkdir(OKTA_RUN_DIR "/waiting", 0700), 0);
	assert_int_equal(login("ok"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=record detail=\"" OKTA_RUN_DIR "/waiting: cannot open");
	assert_int_equal(talk.prompts, 0);
	assert_int_equal(call(authenticate, "local"), PAM_USER_UNKNOWN);
	assert_int_equal(rmdir(OKTA_RUN_DIR "/waiting"), 0);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(auth_refuses_beyond_each_cap_and_tells_others_nothing_of_it),
		T(auth_has_its_place_while_it_waits_and_no_longer),
		T(auth_in_a_long_queue_polls_less_often_and_says_so),
		T(auth_counts_who_is_on_this_host_by_account_else_by_terminal),
		T(auth_refuses_when_the_waiting_cannot_be_counted),
	};

	return module_enter(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
