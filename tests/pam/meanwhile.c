/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw host model snap base; libs: pam */
/* meanwhile BUILD: what changes on the host while a prompt is open, and what the login
 * leaves behind. */
#include "module.h"

#include "host/record.h"

#define USED   OKTA_RUN_DIR "/used/1879050001"
#define CLAIMS OKTA_RUN_DIR "/claims/1879050001"

/* --- whose name it is --- */

struct ada {
	const char *okta_id;
	uint32_t uid;
	enum okta_snap_status status;
	bool may_log_in;  /* is in linux-users */
	int64_t source_s; /* from now */
};

/* A snapshot of one person, and of linux-users and ops. */
static void
publish(const char *name, const struct ada *ada)
{
	const int64_t source_s = time(NULL) + ada->source_s;
	const struct okta_snapw_head head = { .org_url = sv("https://acme.okta.com"),
		.generation = 2,
		.published_s = source_s,
		.source_s = source_s,
		.seed = 1,
		.id_min = 1879048192u,
		.id_max = 2147483646u };
	const struct okta_snapw_group groups[] = {
		{ OKTA_SNAP_GROUP_LOGIN, 0, sv(""), sv("00g1users"), sv("linux-users"),
		    NULL, 0 },
		{ OKTA_SNAP_GROUP_SERVED, OPS_GID, sv("ops"), sv("00g4ops"), sv("ops"),
		    NULL, 0 },
	};
	uint32_t number[2];
	const struct okta_snapw_user user = { .uid = ada->uid,
		.gid = ada->uid,
		.status = ada->status,
		.flags = OKTA_SNAP_USER_PRIVATE_GROUP,
		.name = sv(name),
		.gecos = sv(""),
		.home = sv("/home/x"),
		.shell = sv("/bin/sh"),
		.okta_id = sv(ada->okta_id),
		.okta_login = sv(name),
		.groups = number,
		.n_groups = ada->may_log_in ? 1 : 0 };
	struct okta_snapw *w = NULL;
	struct okta_err err = { 0 };
	struct okta_view bytes;
	size_t i;

	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_OK);
	for (i = 0; i < 2; i++)
		assert_int_equal(
		    okta_snapw_add_group(w, &groups[i], &number[i], &err), OKTA_OK);
	assert_int_equal(okta_snapw_add_user(w, &user, &err), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, &err), OKTA_OK);
	assert_int_equal(okta_snapw_publish(OKTA_SNAPSHOT_PATH, 0, bytes, &err), OKTA_OK);
	okta_snapw_free(&w);
}

static const struct ada as_before = { "00u1ada", ADA_UID, OKTA_STATUS_ACTIVE, true, -1 };

static void
publish_ada(struct talk *t)
{
	publish("ada", t->ctx);
}

static void
publish_bob_alone(struct talk *t)
{
	(void)t;
	publish("bob", &as_before);
}

static void
add_local_ada(struct talk *t)
{
	(void)t;
	put_file("/etc/passwd",
	    "root:x:0:0::/:/bin/sh\n_okta:x:990:990::/:/bin/sh\n"
	    "ada:x:1001:1001::/:/bin/sh\n",
	    0644);
}

static void
add_local_uid(struct talk *t)
{
	(void)t;
	put_file("/etc/passwd",
	    "root:x:0:0::/:/bin/sh\n_okta:x:990:990::/:/bin/sh\n"
	    "other:x:1879050001:1001::/:/bin/sh\n",
	    0644);
}

static void
lose_the_snapshot(struct talk *t)
{
	(void)t;
	assert_int_equal(unlink(OKTA_SNAPSHOT_PATH), 0);
}

static void
break_the_configuration(struct talk *t)
{
	(void)t;
	put_file(OKTA_CONF_FILE, "[okta]\n", 0644);
}

static int
login_during(void (*change)(struct talk *t), const struct ada *ada)
{
	union {
		const struct ada *in;
		void *out;
	} ctx = { ada };
	int r;

	(void)setup(NULL);
	talk.on_prompt = change;
	talk.ctx = ctx.out;
	r = login("ok");
	assert_int_equal(talk.prompts, 1);
	assert_helper_gone();
	return r;
}

static void
nothing_is_kept(void)
{
	assert_int_equal(access(CLAIMS, F_OK), -1);
	assert_int_equal(access(USED, F_OK), -1);
}

/* S1: whoever had the name approves; the name is another's, or has another number. */
static void
auth_refuses_who_lost_the_name_to_another_person_while_the_prompt_was_open(void **state)
{
	static const struct ada now[] = {
		{ "00u9newada", 1879050009u, OKTA_STATUS_ACTIVE, true, -1 },
		{ "00u9newada", ADA_UID, OKTA_STATUS_ACTIVE, true, -1 },
		{ "00u1ada", 1879050009u, OKTA_STATUS_ACTIVE, true, -1 },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(now) / sizeof(now[0]); i++) {
		assert_int_equal(login_during(publish_ada, &now[i]), PAM_AUTH_ERR);
		logged("result=refused reason=name_changed detail=\"the name became");
		assert_non_null(strstr(talk.error, "changed during the login"));
		nothing_is_kept();
	}
	assert_int_equal(login_during(publish_bob_alone, NULL), PAM_AUTH_ERR);
	logged("reason=name_changed");
	nothing_is_kept();
}

/* S5: the account phase leaves a local account alone, so this one must not let in. */
static void
auth_refuses_a_name_that_became_local_while_the_prompt_was_open(void **state)
{
	(void)state;
	assert_int_equal(login_during(add_local_ada, NULL), PAM_AUTH_ERR);
	logged("reason=name_changed");
	nothing_is_kept();
	assert_int_equal(call(account, "ada"), PAM_IGNORE);
	assert_int_equal(login_during(add_local_uid, NULL), PAM_AUTH_ERR);
	logged("reason=local_id");
	nothing_is_kept();
}

static void
auth_refuses_what_cannot_be_read_any_more_when_the_prompt_ends(void **state)
{
	(void)state;
	assert_int_equal(login_during(lose_the_snapshot, NULL), PAM_AUTHINFO_UNAVAIL);
	logged("reason=snapshot");
	assert_int_equal(
	    login_during(break_the_configuration, NULL), PAM_AUTHINFO_UNAVAIL);
	logged("reason=config");
	nothing_is_kept();
}

/* What is decided is decided by what is known now. */
static void
auth_follows_the_snapshot_that_came_while_the_prompt_was_open(void **state)
{
	static const struct ada suspended = { "00u1ada", ADA_UID, OKTA_STATUS_SUSPENDED,
		true, -1 },
				out = { "00u1ada", ADA_UID, OKTA_STATUS_ACTIVE, false,
					5 };

	(void)state;
	assert_int_equal(login_during(publish_ada, &as_before), PAM_SUCCESS);
	assert_int_equal(access(CLAIMS, F_OK), 0);
	assert_int_equal(login_during(publish_ada, &suspended), PAM_USER_UNKNOWN);
	logged("reason=disabled");
	nothing_is_kept();
	/* newer than the token, whose claim says otherwise */
	assert_int_equal(login_during(publish_ada, &out), PAM_AUTH_ERR);
	logged("reason=not_allowed");
}

/* --- what a denial leaves behind --- */

static void
account_denies_whom_a_deny_group_of_a_newer_claim_kept_out(void **state)
{
	(void)state;
	put_conf("ok", "deny_groups = ops\n"); /* only the claim has her there */
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
	assert_int_equal(call(authenticate, "ada"), PAM_AUTH_ERR);
	logged("reason=deny_group");
	stage_log[0] = '\0';
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
	logged("reason=deny_group detail=\"account:");
}

/* Then SSH keys still let her in: that must not be a secret. */
static void
auth_logs_a_denial_that_cannot_be_kept_with_file_and_remedy(void **state)
{
	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(chmod(OKTA_RUN_DIR "/claims", 0770), 0);
	stage_log[0] = '\0';
	assert_int_equal(login("no-groups"), PAM_AUTH_ERR);
	logged("result=unavailable reason=record detail=\"the denial is not kept, run "
	       "okta-sync --once: " OKTA_RUN_DIR
	       "/claims: is no directory of root's alone: remove it\"");
	logged("result=refused reason=not_allowed");
	assert_int_equal(chmod(OKTA_RUN_DIR "/claims", 0700), 0);
}

/* --- whose record is newer --- */

/* Approved later than whatever comes now, if it is to be believed. */
static void
put_record(const char *sub, const char *iss, int64_t verified_s)
{
	static struct okta_claims claims;
	struct okta_err err = { 0 };

	claims = (struct okta_claims){ .iss = sv(iss),
		.sub = sv(sub),
		.preferred_username = sv(""),
		.jti = sv("ID.later"),
		.iat_s = (uint64_t)time(NULL) + 500,
		.exp_s = (uint64_t)time(NULL) + 3600,
		.has_groups = true };
	assert_int_equal(
	    okta_record_store(OKTA_RUN_DIR, 0, ADA_UID, &claims, verified_s, &err),
	    OKTA_OK);
}

static bool
record_is_of_before(void)
{
	static struct okta_record got;
	struct okta_err err = { 0 };
	bool of_before;

	assert_int_equal(okta_record_load(OKTA_RUN_DIR, 0, ADA_UID, &got, &err), OKTA_OK);
	of_before = okta_view_eq_str(got.claims.jti, "ID.later");
	okta_record_clear(&got);
	return of_before;
}

static void
auth_lets_no_record_of_somebody_else_or_from_the_future_outlive_a_login(void **state)
{
	const char *acme = "https://acme.okta.com";

	(void)state;
	put_record("00u1ada", acme, time(NULL) - 1);
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_true(record_is_of_before()); /* the control */
	put_record("00u2bob", acme, time(NULL) - 1);
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_false(record_is_of_before());
	put_record("00u1ada", "https://other.okta.com", time(NULL) - 1);
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_false(record_is_of_before());
	put_record("00u1ada", acme, time(NULL) + 1000);
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_false(record_is_of_before());
}

/* --- what a claim names --- */

/* One byte of the group's record is another: its checksum tells. */
static void
damage_group(const char *okta_id)
{
	static char bytes[65536];
	char *at;
	size_t n;
	FILE *f = fopen(OKTA_SNAPSHOT_PATH, "rb");

	assert_non_null(f);
	n = fread(bytes, 1, sizeof(bytes), f);
	(void)fclose(f);
	assert_true(n > 0 && n < sizeof(bytes));
	at = memmem(bytes, n, okta_id, strlen(okta_id));
	assert_non_null(at);
	*at ^= 1;
	f = fopen(OKTA_SNAPSHOT_PATH ".new", "wb");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, n, f), n);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(rename(OKTA_SNAPSHOT_PATH ".new", OKTA_SNAPSHOT_PATH), 0);
}

/* The group could be one of deny_groups. */
static void
auth_refuses_where_the_record_of_a_group_the_claim_names_is_damaged(void **state)
{
	(void)state;
	damage_group("00g4ops"); /* she is not in it by the snapshot */
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
	assert_int_equal(login("ok"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=snapshot detail=\"the directory snapshot is damaged");
	assert_int_equal(talk.prompts, 1);
}

/* --- the account the helper runs as --- */

static void
auth_starts_no_helper_in_the_group_of_root(void **state)
{
	(void)state;
	put_file(
	    "/etc/passwd", "root:x:0:0::/:/bin/sh\n_okta:x:990:0::/:/bin/sh\n", 0644);
	assert_int_equal(login("ok"), PAM_AUTHINFO_UNAVAIL);
	logged("no unprivileged account _okta");
	assert_int_equal(talk.prompts, 0);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(auth_refuses_who_lost_the_name_to_another_person_while_the_prompt_was_open),
		T(auth_refuses_a_name_that_became_local_while_the_prompt_was_open),
		T(auth_refuses_what_cannot_be_read_any_more_when_the_prompt_ends),
		T(auth_follows_the_snapshot_that_came_while_the_prompt_was_open),
		T(account_denies_whom_a_deny_group_of_a_newer_claim_kept_out),
		T(auth_logs_a_denial_that_cannot_be_kept_with_file_and_remedy),
		T(auth_lets_no_record_of_somebody_else_or_from_the_future_outlive_a_login),
		T(auth_refuses_where_the_record_of_a_group_the_claim_names_is_damaged),
		T(auth_starts_no_helper_in_the_group_of_root),
	};

	return module_enter(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
