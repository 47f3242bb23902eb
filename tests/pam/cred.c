/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: pam */
/* cred BUILD: credentials, sessions and passwords. */
#include "module.h"

#include <grp.h>

static bool
in_groups(gid_t gid)
{
	gid_t list[64];
	int i, n = getgroups(64, list);

	for (i = 0; i < n; i++)
		if (list[i] == gid)
			return true;
	return false;
}

/* Exit status of a process with ada's snapshot groups and one more, after setcred. */
static int
groups_after_setcred(const char *user, int flags)
{
	static const gid_t start[] = { ADA_UID, ENG_GID, ADM_GID, SUDO_GID, 44 };
	pid_t child = fork();
	int status = -1, bits = 0;

	if (child == 0) {
		if (setgroups(5, start) < 0 ||
		    call_with(setcred, "sshd", user, flags, 0, NULL) == PAM_CRED_UNAVAIL)
			_exit(99);
		bits |= in_groups(ADA_UID) ? 1 : 0;
		bits |= in_groups(ENG_GID) ? 2 : 0;
		bits |= in_groups(ADM_GID) ? 4 : 0;
		bits |= in_groups(SUDO_GID) ? 8 : 0;
		bits |= in_groups(44) ? 16 : 0;
		bits |= in_groups(OPS_GID) ? 32 : 0;
		_exit(bits);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
setcred_without_a_newer_login_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(groups_after_setcred("ada", PAM_ESTABLISH_CRED), 31);
	assert_int_equal(login("ok"), PAM_SUCCESS);
	put_snapshot(time(NULL) + 1, "https://acme.okta.com");
	assert_int_equal(groups_after_setcred("ada", PAM_ESTABLISH_CRED), 31);
}

/* The claim names linux-users and ops: eng, linux-admins and its sudo go; ops comes,
 * without the sudo it joins; the group from elsewhere stays. */
static void
setcred_follows_a_newer_claim_and_never_adds_a_local_group(void **state)
{
	static const gid_t bare[] = { ADA_UID };
	pid_t child;
	int status = -1;

	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(groups_after_setcred("ada", PAM_ESTABLISH_CRED), 1 | 16 | 32);
	assert_int_equal(groups_after_setcred("ada", PAM_REINITIALIZE_CRED), 1 | 16 | 32);
	assert_int_equal(groups_after_setcred("ada", PAM_DELETE_CRED), 31);
	assert_int_equal(groups_after_setcred("root", PAM_ESTABLISH_CRED), 31);
	assert_int_equal(groups_after_setcred("bob", PAM_ESTABLISH_CRED), 31);
	child = fork();
	if (child == 0) {
		if (setgroups(1, bare) < 0)
			_exit(99);
		(void)call_with(setcred, "sshd", "ada", PAM_ESTABLISH_CRED, 0, NULL);
		_exit(in_groups(OPS_GID) && !in_groups(SUDO_GID) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
setcred_fails_where_groups_cannot_be_set(void **state)
{
	pid_t child;
	int status = -1;

	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(chmod(OKTA_RUN_DIR "/claims", 0755), 0);
	assert_int_equal(chown(OKTA_RUN_DIR "/claims/1879050001", 0, 0), 0);
	child = fork();
	if (child == 0) { /* no right to set groups, nor to read the record */
		if (setresuid(12345, 12345, 12345) < 0)
			_exit(98);
		_exit(call_with(setcred, "sshd", "ada", PAM_ESTABLISH_CRED, 0, NULL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), PAM_CRED_UNAVAIL);
	assert_int_equal(chmod(OKTA_RUN_DIR "/claims", 0700), 0);
}

static void
session_opens_and_closes_without_doing_anything(void **state)
{
	(void)state;
	assert_int_equal(call(open_session, "ada"), PAM_SUCCESS);
	assert_int_equal(call(close_session, "ada"), PAM_SUCCESS);
	assert_int_equal(talk.prompts + talk.infos + talk.errors, 0);
}

static void
chauthtok_says_once_where_passwords_live(void **state)
{
	(void)state;
	assert_int_equal(call_with(chauthtok, "passwd", "ada", PAM_PRELIM_CHECK, 0, NULL),
	    PAM_AUTHTOK_ERR);
	assert_string_equal(talk.error,
	    "Your password lives in Okta: change it at https://acme.okta.com");
	assert_int_equal(
	    call_with(chauthtok, "passwd", "ada", PAM_UPDATE_AUTHTOK, 0, NULL),
	    PAM_AUTHTOK_ERR);
	assert_int_equal(talk.errors, 1);
	assert_int_equal(unlink(OKTA_CONF_FILE), 0);
	assert_int_equal(call_with(chauthtok, "passwd", "ada", PAM_PRELIM_CHECK, 0, NULL),
	    PAM_AUTHTOK_ERR);
	logged("reason=config");
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(setcred_without_a_newer_login_changes_nothing),
		T(setcred_follows_a_newer_claim_and_never_adds_a_local_group),
		T(setcred_fails_where_groups_cannot_be_set),
		T(session_opens_and_closes_without_doing_anything),
		T(chauthtok_says_once_where_passwords_live),
	};

	return module_enter(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
