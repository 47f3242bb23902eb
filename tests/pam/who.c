/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: pam */
/* who BUILD: who is asked for a code at all, and who knows of whom. */
#include "module.h"

/* S39, R1: no word, no log, no helper (there is none to start) and no configuration
 * needed. */
static void
auth_knows_nothing_of_people_who_are_not_ours(void **state)
{
	static const char *const names[] = { "root", "local", "nobody-knows", "Ada",
		"ada ", "", "../ada", "ada\n", "0", "\xff",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaa" };
	size_t i;

	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	assert_int_equal(unlink(OKTA_CONF_FILE), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(call(authenticate, names[i]), PAM_USER_UNKNOWN);
		assert_int_equal(call(account, names[i]), PAM_IGNORE);
		assert_int_equal(
		    call_with(setcred, "sshd", names[i], PAM_ESTABLISH_CRED, 0, NULL),
		    PAM_IGNORE);
		assert_int_equal(
		    call_with(chauthtok, "passwd", names[i], PAM_PRELIM_CHECK, 0, NULL),
		    PAM_IGNORE);
	}
	assert_int_equal(talk.prompts + talk.infos + talk.errors, 0);
	assert_string_equal(stage_log, "");
}

/* S39: a disabled person looks like an unknown one, and is out in the account phase. */
static void
auth_tells_a_disabled_person_what_it_tells_an_unknown_one(void **state)
{
	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	assert_int_equal(call(authenticate, "carol"), PAM_USER_UNKNOWN);
	assert_int_equal(talk.prompts + talk.infos + talk.errors, 0);
	logged("user=carol service=sshd rhost=203.0.113.7 result=refused reason=disabled "
	       "detail=\"Okta status is SUSPENDED\"");
	assert_int_equal(call(account, "carol"), PAM_PERM_DENIED);
}

/* The last call said this, and asked for nothing. */
static void
told(const char *sentence)
{
	assert_int_equal(talk.prompts + talk.infos, 0);
	assert_string_equal(talk.error, sentence);
	talk.error[0] = '\0';
}

#define NOT_PERMITTED "You are not permitted to log in to this host."
#define NOT_SET_UP                                                                       \
	"Okta login is not set up properly on this host. Ask its administrator."

static void
auth_refuses_before_any_code_what_no_approval_could_change(void **state)
{
	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	put_conf("ok", "deny_groups = eng\n");
	assert_int_equal(call(authenticate, "ada"), PAM_AUTH_ERR);
	logged("reason=deny_group");
	told(NOT_PERMITTED);
	put_conf("ok", "groups_claim = none\n");
	assert_int_equal(call(authenticate, "mallory"), PAM_AUTH_ERR);
	logged("user=mallory service=sshd rhost=203.0.113.7 result=refused "
	       "reason=not_allowed");
	told(NOT_PERMITTED);
	put_conf("ok", "");
	put_snapshot(time(NULL) - 300000, "https://acme.okta.com");
	assert_int_equal(call(authenticate, "ada"), PAM_AUTH_ERR);
	logged("reason=stale_snapshot");
	told("This host's copy of the Okta directory is too old. Ask its "
	     "administrator.");
	assert_int_equal(call(authenticate, "carol"), PAM_USER_UNKNOWN);
	told("");
}

/*
 * Where S39 ends, as THREATS.md says under "Which names may log in": what is looked at
 * before the status tells of a disabled person that Okta knows him.
 */
static void
auth_shows_that_a_disabled_person_is_known_only_where_the_host_is_amiss(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		(void)setup(NULL);
		assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
		if (i == 0)
			put_file("/etc/passwd",
			    "root:x:0:0::/:/bin/sh\nx:x:1879050003:100::/:/bin/sh\n",
			    0644);
		if (i == 1)
			put_conf("ok", "[users]\nreserved_names = carol\n");
		if (i == 2)
			put_file(OKTA_CONF_FILE, "[okta]\norg_url =\n", 0644);
		if (i == 3)
			assert_int_equal(unlink("/etc/group"), 0);
		assert_int_equal(call(authenticate, "carol"),
		    i < 2 ? PAM_AUTH_ERR : PAM_AUTHINFO_UNAVAIL);
		told(i < 2 ? NOT_PERMITTED : NOT_SET_UP);
		assert_int_equal(call(authenticate, "nobody-knows"), PAM_USER_UNKNOWN);
		told("");
	}
}

static void
auth_refuses_reserved_names_and_numbers_of_local_accounts(void **state)
{
	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	put_conf("ok", "[users]\nreserved_names = Ada\n");
	assert_int_equal(call(authenticate, "ada"), PAM_AUTH_ERR);
	logged("reason=reserved");
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
	put_conf("ok", "");
	assert_int_equal(call(authenticate, "clash"), PAM_AUTH_ERR);
	logged("reason=local_id detail=\"a local account has the number 1879050005");
	assert_int_equal(call(account, "clash"), PAM_PERM_DENIED);
	put_file("/etc/group", "root:x:0:\nx:x:1879050001:\n", 0644);
	assert_int_equal(call(authenticate, "ada"), PAM_AUTH_ERR);
	logged("a local group has the number 1879050001");
}

/* S5: the local account was made after the Okta one. */
static void
auth_leaves_a_name_alone_that_became_local(void **state)
{
	(void)state;
	put_file(
	    "/etc/passwd", "root:x:0:0::/:/bin/sh\nada:x:1001:1001::/:/bin/sh\n", 0644);
	assert_int_equal(call(authenticate, "ada"), PAM_USER_UNKNOWN);
	assert_int_equal(call(account, "ada"), PAM_IGNORE);
	assert_string_equal(stage_log, "");
}

/* S2, and the remedy in the log; local accounts do not notice. */
static void
auth_and_account_refuse_a_broken_configuration_and_name_the_key(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *says;
	} rows[] = {
		{ "[login]\nclient_id = x\nallow_groups = *\n", 0644,
		    "okta-login.conf: [okta] org_url: is missing" },
		{ "[okta]\norg_url =\n", 0644, "line 2: [okta] org_url: is empty" },
		{ "[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = x\n",
		    0644, "[login] allow_groups: is missing" },
		{ "[okta]\norg_ulr = https://acme.okta.com\n", 0644,
		    "line 2: [okta] org_ulr: unknown key, did you mean [okta] org_url?" },
		{ "[okta]\norg_url = https://acme.okta.com\n", 0666, "chmod go-w" },
		{ "[okta]\norg_url = https://other.okta.com\n[login]\nclient_id = x\n"
		  "allow_groups = *\n",
		    0644, "from another org than [okta] org_url" },
	};
	size_t i;

	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage_log[0] = '\0';
		put_file(OKTA_CONF_FILE, rows[i].text, rows[i].mode);
		assert_int_equal(call(authenticate, "ada"), PAM_AUTHINFO_UNAVAIL);
		logged("result=unavailable reason=config detail=\"");
		logged(rows[i].says);
		assert_int_equal(call(account, "ada"), PAM_AUTHINFO_UNAVAIL);
		assert_int_equal(call(setcred, "ada"), PAM_CRED_UNAVAIL);
		assert_int_equal(call(authenticate, "local"), PAM_USER_UNKNOWN);
		assert_int_equal(call(account, "local"), PAM_IGNORE);
	}
}

static void
auth_and_account_refuse_a_missing_damaged_or_writable_snapshot(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		(void)setup(NULL);
		if (i == 0)
			assert_int_equal(unlink(OKTA_SNAPSHOT_PATH), 0);
		if (i == 1)
			put_file(OKTA_SNAPSHOT_PATH, "garbage", 0644);
		if (i == 2)
			assert_int_equal(chmod(OKTA_SNAPSHOT_PATH, 0666), 0);
		if (i == 3)
			assert_int_equal(truncate(OKTA_SNAPSHOT_PATH, 300), 0);
		assert_int_equal(call(authenticate, "ada"), PAM_AUTHINFO_UNAVAIL);
		logged("reason=snapshot detail=\"" OKTA_SNAPSHOT_PATH);
		logged(i == 0 ? "run okta-sync" : i == 2 ? "chmod go-w" : "damaged");
		assert_int_equal(call(account, "ada"), PAM_AUTHINFO_UNAVAIL);
		assert_int_equal(
		    call_with(setcred, "sshd", "ada", PAM_ESTABLISH_CRED, 0, NULL),
		    PAM_CRED_UNAVAIL);
		assert_int_equal(call(authenticate, "local"), PAM_USER_UNKNOWN);
		assert_int_equal(call(account, "local"), PAM_IGNORE);
		assert_int_equal(call(account, "root"), PAM_IGNORE);
	}
}

static void
auth_refuses_when_local_files_cannot_be_read(void **state)
{
	(void)state;
	assert_int_equal(unlink("/etc/group"), 0);
	assert_int_equal(call(authenticate, "ada"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=local_files detail=\"/etc/group: does not exist\"");
	assert_int_equal(unlink("/etc/passwd"), 0);
	assert_int_equal(call(authenticate, "ada"), PAM_AUTHINFO_UNAVAIL);
	logged("/etc/passwd: cannot open");
	assert_int_equal(call(authenticate, "root"), PAM_USER_UNKNOWN);
}

static void
auth_refuses_unknown_module_arguments_and_knows_config(void **state)
{
	const char *bad[] = { "debug", "config=relative" },
		   *good[] = { "config=/etc/other.conf" };

	(void)state;
	assert_int_equal(
	    call_with(authenticate, "sshd", "ada", 0, 2, bad), PAM_AUTHINFO_UNAVAIL);
	logged("reason=arguments detail=\"module argument 'config=relative' in pam.d");
	assert_int_equal(
	    call_with(authenticate, "sshd", "local", 0, 2, bad), PAM_USER_UNKNOWN);
	assert_int_equal(rename(OKTA_CONF_FILE, "/etc/other.conf"), 0);
	assert_int_equal(call_with(authenticate, "sshd", "ada", 0, 1, good), PAM_SUCCESS);
	assert_int_equal(unlink("/etc/other.conf"), 0);
}

static void
auth_needs_root_to_log_anybody_in(void **state)
{
	pid_t child;
	int status = -1;

	(void)state;
	child = fork();
	if (child == 0) {
		if (setresuid(12345, 12345, 12345) < 0)
			_exit(98);
		status = call(authenticate, "ada");
		_exit(strstr(stage_log, "reason=not_root") != NULL ? status : 97);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), PAM_AUTHINFO_UNAVAIL);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(auth_knows_nothing_of_people_who_are_not_ours),
		T(auth_tells_a_disabled_person_what_it_tells_an_unknown_one),
		T(auth_refuses_before_any_code_what_no_approval_could_change),
		T(auth_shows_that_a_disabled_person_is_known_only_where_the_host_is_amiss),
		T(auth_refuses_reserved_names_and_numbers_of_local_accounts),
		T(auth_leaves_a_name_alone_that_became_local),
		T(auth_and_account_refuse_a_broken_configuration_and_name_the_key),
		T(auth_and_account_refuse_a_missing_damaged_or_writable_snapshot),
		T(auth_refuses_when_local_files_cannot_be_read),
		T(auth_refuses_unknown_module_arguments_and_knows_config),
		T(auth_needs_root_to_log_anybody_in),
	};

	return module_enter(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
