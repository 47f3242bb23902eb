/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: pam */
/* account BUILD: the account phase, by snapshot and by the record of the last login. */
#include "module.h"

#include "host/record.h"
#include "host/used.h"
#include "model/wire.h"

static void
account_allows_members_and_denies_the_rest(void **state)
{
	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
	assert_int_equal(call(account, "bob"), PAM_SUCCESS);
	assert_string_equal(stage_log, "");
	assert_int_equal(call(account, "mallory"), PAM_PERM_DENIED);
	logged("okta: user=mallory service=sshd rhost=203.0.113.7 result=refused "
	       "reason=not_allowed detail=\"account: is in no group");
	assert_non_null(strstr(talk.error, "not permitted"));
	assert_int_equal(call(account, "carol"), PAM_PERM_DENIED);
	logged("reason=disabled");
	put_snapshot(time(NULL) - 300000, "https://acme.okta.com");
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
	logged("reason=stale_snapshot");
	assert_non_null(strstr(talk.error, "too old"));
}

static void
allow_only(const char *script, const char *group)
{
	char text[256];

	(void)snprintf(text, sizeof(text),
	    "[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = %s\n"
	    "allow_groups = %s\n",
	    script, group);
	put_file(OKTA_CONF_FILE, text, 0644);
}

static void
account_follows_claims_newer_than_the_snapshot_only(void **state)
{
	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS); /* eng is gone, ops is new */
	put_conf("ok", "");
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
	allow_only("ok", "eng");
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
	allow_only("ok", "ops");
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
	put_snapshot(
	    time(NULL) + 1, "https://acme.okta.com"); /* a sync came after the login */
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
}

/* The verdict is there at once; whoever is asked takes his time. */
static void
publish_meanwhile(struct talk *t)
{
	(void)t;
	(void)sleep(3);
	put_snapshot(time(NULL) - 1, "https://acme.okta.com");
}

static void
record_a_denial(void)
{
	static struct okta_claims claims;
	struct okta_err err = { 0 };

	claims = (struct okta_claims){ .iss = sv("https://acme.okta.com"),
		.sub = sv("00u1ada"),
		.preferred_username = sv(""),
		.jti = sv("ID.later"),
		.iat_s = (uint64_t)time(NULL),
		.exp_s = (uint64_t)time(NULL) + 3600,
		.has_groups = true };
	assert_int_equal(
	    okta_record_store(OKTA_RUN_DIR, 0, ADA_UID, &claims, time(NULL) - 1, &err),
	    OKTA_OK);
}

static void
record_a_denial_meanwhile(struct talk *t)
{
	(void)t;
	(void)sleep(3);
	record_a_denial();
}

static pid_t other_login;

/* Another login of hers has its turn: it began to decide first, and ends a little later.
 */
static void
record_a_denial_in_its_turn(struct talk *t)
{
	struct okta_err err = { 0 };
	struct okta_used used;

	(void)t;
	(void)sleep(2);
	assert_int_equal(okta_used_open(OKTA_RUN_DIR, 0, ADA_UID, &used, &err), OKTA_OK);
	other_login = fork();
	assert_true(other_login >= 0);
	if (other_login == 0) {
		(void)usleep(600000);
		record_a_denial();
		_exit(0);
	}
	okta_used_close(&used); /* the child has it */
}

static void
wait_meanwhile(struct talk *t)
{
	(void)t;
	(void)sleep(3);
}

/* Approved, then taken out of ops, then a sync, then Enter. */
static void
account_follows_a_snapshot_that_is_newer_than_the_token_and_older_than_enter(void **state)
{
	(void)state;
	talk.on_prompt = publish_meanwhile;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	allow_only("ok", "ops");
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
}

static void
account_keeps_to_a_denial_that_is_newer_than_a_token_that_ends_later(void **state)
{
	(void)state;
	talk.on_prompt = record_a_denial_meanwhile;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
	logged("account: is in no group that [login] allow_groups names");
}

static void
account_keeps_to_a_denial_that_another_login_wrote_at_the_same_time(void **state)
{
	int status = -1;

	(void)state;
	talk.on_prompt = record_a_denial_in_its_turn;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(waitpid(other_login, &status, 0), other_login);
	assert_int_equal(status, 0);
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
}

static void
auth_lets_no_claim_override_a_snapshot_that_is_newer_than_the_token(void **state)
{
	(void)state;
	allow_only("ok", "ops");
	put_snapshot(time(NULL) + 2, "https://acme.okta.com");
	talk.on_prompt = wait_meanwhile;
	assert_int_equal(call(authenticate, "ada"), PAM_AUTH_ERR);
	logged("reason=not_allowed");
}

/* Okta's clock is 30 s behind ours, and the last sync was 10 s ago. */
static void
claims_of_a_login_count_where_oktas_clock_is_behind(void **state)
{
	(void)state;
	allow_only("behind", "ops");
	put_snapshot(time(NULL) - 10, "https://acme.okta.com");
	assert_int_equal(call(authenticate, "ada"), PAM_SUCCESS);
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
}

/* Refused by the claim means out for SSH keys as well, now and not after the next sync.
 */
static void
account_denies_whom_a_newer_claim_kept_out(void **state)
{
	(void)state;
	put_conf("no-groups", "");
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
	assert_int_equal(login("no-groups"), PAM_AUTH_ERR);
	logged("reason=not_allowed");
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
	logged("account: is in no group that [login] allow_groups names");
}

static void
account_and_setcred_refuse_a_damaged_or_foreign_record(void **state)
{
	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	put_file(OKTA_RUN_DIR "/claims/1879050001", "OKTACLM1garbage.........", 0600);
	assert_int_equal(call(account, "ada"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=record detail=\"" OKTA_RUN_DIR
	       "/claims/1879050001: is damaged: remove it");
	assert_int_equal(call_with(setcred, "sshd", "ada", PAM_ESTABLISH_CRED, 0, NULL),
	    PAM_CRED_UNAVAIL);
	put_file(OKTA_RUN_DIR "/claims/1879050001", "x", 0600);
	assert_int_equal(call(account, "ada"), PAM_AUTHINFO_UNAVAIL);
	logged("is no login record");
	assert_int_equal(chmod(OKTA_RUN_DIR "/claims/1879050001", 0644), 0);
	assert_int_equal(call(account, "ada"), PAM_AUTHINFO_UNAVAIL);
	/* the next login mends it */
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(account_allows_members_and_denies_the_rest),
		T(account_follows_claims_newer_than_the_snapshot_only),
		T(account_denies_whom_a_newer_claim_kept_out),
		T(account_follows_a_snapshot_that_is_newer_than_the_token_and_older_than_enter),
		T(account_keeps_to_a_denial_that_is_newer_than_a_token_that_ends_later),
		T(account_keeps_to_a_denial_that_another_login_wrote_at_the_same_time),
		T(auth_lets_no_claim_override_a_snapshot_that_is_newer_than_the_token),
		T(claims_of_a_login_count_where_oktas_clock_is_behind),
		T(account_and_setcred_refuse_a_damaged_or_foreign_record),
	};

	return module_enter(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
