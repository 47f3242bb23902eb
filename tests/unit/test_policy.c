/* SPDX-License-Identifier: BSD-2-Clause */
/* links: model base; libs: inih */
#include "conf_fixture.h"

#include <stdio.h>

#include "model/policy.h"

#define NOW    1800000000
#define USERS  "00g1usersusersusers0"
#define ENG    "00g2engengengengeng0"
#define ADMINS "00g3adminsadminsadm0"
#define TEMPS  "00g4tempstempstemps0"

enum { G_USERS, G_ENG, G_ADMINS, G_TEMPS, G_ALL };

static const uint32_t sudo_gid[] = { 27 };
static struct okta_policy_group all[G_ALL];
static struct okta_policy_group mine[G_ALL];
static struct okta_policy_person person;
static struct okta_claims claims;
static struct okta_policy_now now;
static struct okta_decision d;
static struct okta_effective e;
static struct okta_conf *conf;

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

/* Ada is in linux-users, eng (gid 5000) and linux-admins (joins sudo); all is as it
 * should be. */
static int
setup(void **state)
{
	(void)state;
	memset(&claims, 0, sizeof(claims));
	all[G_USERS] = (struct okta_policy_group){ v(USERS), v("linux-users"), false, 0,
		NULL, 0 };
	all[G_ENG] = (struct okta_policy_group){ v(ENG), v("eng"), true, 5000, NULL, 0 };
	all[G_ADMINS] = (struct okta_policy_group){ v(ADMINS), v("linux-admins"), true,
		5001, sudo_gid, 1 };
	all[G_TEMPS] = (struct okta_policy_group){ v(TEMPS), v("temps"), false, 0, NULL,
		0 };
	memcpy(mine, all, sizeof(mine));
	person = (struct okta_policy_person){ v("ada"), v("00u1ada"), true, "ACTIVE",
		mine, 3 };
	claims.iss = v("https://acme.okta.com");
	claims.sub = v("00u1ada");
	claims.preferred_username = v("ada@acme.example");
	claims.has_groups = true;
	claims.groups[0] = v("linux-users");
	claims.groups[1] = v("eng");
	claims.groups[2] = v("linux-admins");
	claims.n_groups = 3;
	claims.auth_time_s = NOW - 10;
	now = (struct okta_policy_now){ NOW, NOW - 60, true };
	conf = conf_good(CONF_HEAD);
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	okta_conf_free(&conf);
	return 0;
}

static void
use(const char *lines)
{
	char text[512];

	okta_conf_free(&conf);
	(void)snprintf(text, sizeof(text),
	    "[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = x\n%s", lines);
	conf = conf_good(text);
}

/* KNOWN is what a caller would look up: the groups of the snapshot the claim names. */
static size_t
known(struct okta_policy_group *ret)
{
	size_t i, j, n = 0;

	for (i = 0; i < claims.n_groups; i++)
		for (j = 0; j < G_ALL; j++)
			if (okta_view_eq(claims.groups[i], all[j].okta_name))
				ret[n++] = all[j];
	return n;
}

static void
login(void)
{
	struct okta_policy_group k[G_ALL];
	size_t n = known(k);

	memset(&d, 0x5a, sizeof(d));
	okta_policy_login(conf, &person, &claims, k, n, &now, &d);
}

static void
account(bool with_claims)
{
	struct okta_policy_group k[G_ALL];
	size_t n = known(k);

	memset(&d, 0x5a, sizeof(d));
	now.claims_are_newer = with_claims;
	okta_policy_account(conf, &person, with_claims ? &claims : NULL, k,
	    with_claims ? n : 0, &now, &d);
}

static void
denied(enum okta_policy_rule rule, const char *says)
{
	assert_false(d.allowed);
	assert_int_equal(d.rule, rule);
	if (strstr(d.reason, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", d.reason, says);
}

static void
allowed(enum okta_policy_rule rule)
{
	if (!d.allowed)
		fail_msg("denied: %s", d.reason);
	assert_int_equal(d.rule, rule);
}

static void
effective(bool with_claims)
{
	struct okta_policy_group k[G_ALL];
	size_t n = known(k);

	assert_true(okta_policy_groups(
	    conf, &person, with_claims ? &claims : NULL, true, k, n, &e));
}

static void
gids_are(size_t n, const uint32_t *want)
{
	assert_int_equal(e.n_gids, n);
	if (n > 0)
		assert_memory_equal(e.gids, want, n * sizeof(*want));
}

static void
policy_allows_a_member_of_an_allowed_group(void **state)
{
	(void)state;
	login();
	allowed(OKTA_RULE_ALLOW_GROUP);
	assert_string_equal(d.reason, "allowed via linux-users");
	account(false);
	allowed(OKTA_RULE_ALLOW_GROUP);
	use("allow_groups = " USERS "\n");
	login();
	allowed(OKTA_RULE_ALLOW_GROUP);
	use("allow_groups = *\n");
	person.n_groups = 0;
	claims.n_groups = 0;
	login();
	allowed(OKTA_RULE_ALLOW_ALL);
	account(false);
	allowed(OKTA_RULE_ALLOW_ALL);
}

static void
policy_login_denies_a_token_of_another_issuer(void **state)
{
	(void)state;
	claims.iss = v("https://acme.okta.com/");
	login();
	denied(OKTA_RULE_ISSUER, "issuer");
	claims.iss = v("https://evil.okta.com");
	login();
	denied(OKTA_RULE_ISSUER, "issuer");
}

/* S1: bob approves ada's code. */
static void
policy_login_denies_a_token_of_another_person(void **state)
{
	(void)state;
	claims.sub = v("00u1bob");
	claims.preferred_username = v("ada@acme.example\x1b[2J");
	login();
	denied(OKTA_RULE_OTHER_PERSON, "ada@acme.example?[2J");
	claims.sub = v("00u1ad");
	login();
	denied(OKTA_RULE_OTHER_PERSON, "somebody else");
	person.okta_id = claims.sub = v("");
	login();
	denied(OKTA_RULE_OTHER_PERSON, "somebody else");
}

static void
policy_denies_by_status_whatever_the_groups_say(void **state)
{
	(void)state;
	person.can_authenticate = false;
	person.status = "SUSPENDED";
	use("allow_groups = *\n");
	login();
	denied(OKTA_RULE_STATUS, "SUSPENDED");
	account(false);
	denied(OKTA_RULE_STATUS, "SUSPENDED");
	account(true);
	denied(OKTA_RULE_STATUS, "SUSPENDED");
}

static void
policy_denies_by_an_old_snapshot_and_by_one_from_the_future(void **state)
{
	(void)state;
	now.source_s = NOW - 259200;
	account(false);
	allowed(OKTA_RULE_ALLOW_GROUP);
	now.source_s = NOW - 259201;
	account(false);
	denied(OKTA_RULE_SNAPSHOT_AGE, "snapshot_max_age_s");
	login();
	denied(OKTA_RULE_SNAPSHOT_AGE, "okta-sync");
	now.source_s = NOW + 300;
	account(false);
	allowed(OKTA_RULE_ALLOW_GROUP);
	now.source_s = NOW + 301;
	account(false);
	denied(OKTA_RULE_SNAPSHOT_AGE, "clock");
}

static void
policy_login_denies_when_an_amr_is_missing(void **state)
{
	(void)state;
	use("allow_groups = *\nrequire_amr = pwd, mfa\n");
	login();
	denied(OKTA_RULE_AMR, "pwd");
	claims.amr[0] = v("pwd");
	claims.n_amr = 1;
	login();
	denied(OKTA_RULE_AMR, "mfa");
	claims.amr[1] = v("mfa");
	claims.n_amr = 2;
	login();
	allowed(OKTA_RULE_ALLOW_ALL);
}

static void
policy_login_denies_an_old_absent_or_future_auth_time(void **state)
{
	(void)state;
	use("allow_groups = *\nmax_auth_age_s = 100\nclock_skew_s = 5\n");
	claims.auth_time_s = NOW - 105;
	login();
	allowed(OKTA_RULE_ALLOW_ALL);
	claims.auth_time_s = NOW - 106;
	login();
	denied(OKTA_RULE_AUTH_AGE, "106 s old");
	claims.auth_time_s = 0;
	login();
	denied(OKTA_RULE_AUTH_AGE, "auth_time");
	claims.auth_time_s = NOW + 6;
	login();
	denied(OKTA_RULE_AUTH_AGE, "max_auth_age_s");
	claims.auth_time_s = NOW + 5;
	login();
	allowed(OKTA_RULE_ALLOW_ALL);
}

static void
policy_login_denies_without_a_groups_claim_unless_it_was_not_wanted(void **state)
{
	(void)state;
	claims.has_groups = false;
	claims.n_groups = 0;
	login();
	denied(OKTA_RULE_NO_GROUPS_CLAIM, "groups_claim = none");
	use("allow_groups = linux-users\ngroups_claim = none\n");
	login();
	allowed(OKTA_RULE_ALLOW_GROUP);
	use("allow_groups = *\n");
	login();
	allowed(OKTA_RULE_ALLOW_ALL);
}

static void
policy_denies_who_is_in_no_allowed_group(void **state)
{
	(void)state;
	use("allow_groups = temps\n");
	login();
	denied(OKTA_RULE_NOT_ALLOWED, "allow_groups");
	account(false);
	denied(OKTA_RULE_NOT_ALLOWED, "allow_groups");
	use("allow_groups = " TEMPS "\n");
	login();
	denied(OKTA_RULE_NOT_ALLOWED, "allow_groups");
}

static void
policy_deny_group_wins_over_allow_and_over_everybody(void **state)
{
	(void)state;
	use("allow_groups = linux-users\ndeny_groups = eng\n");
	login();
	denied(OKTA_RULE_DENY_GROUP, "is in eng");
	account(false);
	denied(OKTA_RULE_DENY_GROUP, "is in eng");
	use("allow_groups = *\ndeny_groups = " ENG "\n");
	login();
	denied(OKTA_RULE_DENY_GROUP, "is in eng");
}

/* The claim's filter may hide the deny group; so its silence proves nothing. */
static void
policy_claim_cannot_take_somebody_out_of_a_deny_group(void **state)
{
	(void)state;
	use("allow_groups = linux-users\ndeny_groups = eng\n");
	claims.n_groups = 1; /* linux-users alone */
	login();
	denied(OKTA_RULE_DENY_GROUP, "is in eng");
}

static void
policy_claim_can_put_somebody_into_a_deny_group(void **state)
{
	(void)state;
	use("allow_groups = linux-users\ndeny_groups = temps\nclaim_groups = linux-*\n");
	claims.groups[1] = v("temps");
	login();
	denied(OKTA_RULE_DENY_GROUP, "is in temps");
}

/* A group made, or renamed, after the last sync is in no snapshot yet.  (Found by
 * tests/fuzz/fuzz_auth.c.) */
static void
policy_claim_denies_by_a_name_the_snapshot_does_not_know(void **state)
{
	(void)state;
	use("allow_groups = *\ndeny_groups = contractors\n");
	login();
	assert_true(d.allowed);
	claims.groups[1] = v("contractors");
	login();
	denied(OKTA_RULE_DENY_GROUP, "is in contractors");
}

/* S11: whoever lost the login group since the last sync is out at the next login. */
static void
policy_newer_claim_takes_a_login_group_away(void **state)
{
	(void)state;
	claims.groups[0] = v("eng");
	claims.n_groups = 1;
	login();
	denied(OKTA_RULE_NOT_ALLOWED, "allow_groups");
	account(true);
	denied(OKTA_RULE_NOT_ALLOWED, "allow_groups");
	account(false); /* until the sync an SSH key alone does not know */
	allowed(OKTA_RULE_ALLOW_GROUP);
}

static void
policy_newer_claim_gives_a_login_group(void **state)
{
	(void)state;
	person.n_groups = 0;
	login();
	allowed(OKTA_RULE_ALLOW_GROUP);
	account(true);
	allowed(OKTA_RULE_ALLOW_GROUP);
	account(false);
	denied(OKTA_RULE_NOT_ALLOWED, "allow_groups");
	now.claims_are_newer = false;
	login();
	denied(OKTA_RULE_NOT_ALLOWED, "allow_groups");
}

static void
policy_claim_decides_only_where_its_filter_reaches(void **state)
{
	static const uint32_t both[] = { 27, 5000, 5001 }, eng[] = { 5000 };

	(void)state;
	claims.n_groups = 0;
	use("allow_groups = linux-users\nclaim_groups = linux-*\n");
	effective(true);
	gids_are(1, eng);
	use("allow_groups = linux-users\nclaim_groups = " USERS "\n");
	effective(true);
	gids_are(3, both);
	effective(false);
	gids_are(3, both);
	use("allow_groups = linux-users\ngroups_claim = none\n");
	effective(true);
	gids_are(3, both);
}

static void
policy_claim_adds_no_group_its_filter_does_not_reach(void **state)
{
	static const uint32_t admins[] = { 5001 };

	(void)state;
	person.n_groups = 0;
	use("allow_groups = linux-users\nclaim_groups = linux-*\n");
	effective(true);
	gids_are(1, admins);
}

/* S6: a claim knows groups by name only, and names can be imitated. */
static void
policy_claim_adds_an_ordinary_group_but_never_a_local_one(void **state)
{
	static const uint32_t added[] = { 5000, 5001 };

	(void)state;
	person.n_groups = 1; /* linux-users alone */
	effective(true);
	gids_are(2, added);
	assert_true(e.in_allowed);
}

/* S6: a rule that names a group by id asks for the group, not for its name. */
static void
policy_claim_alone_does_not_fulfil_a_rule_by_id(void **state)
{
	(void)state;
	use("allow_groups = " USERS "\n");
	effective(true);
	assert_true(e.in_allowed); /* the snapshot has her in it */
	person.n_groups = 0;
	effective(true);
	assert_false(e.in_allowed);
	use("allow_groups = linux-users\n");
	effective(true);
	assert_true(e.in_allowed);
}

static void
policy_claim_keeps_the_local_group_of_a_group_the_snapshot_knows(void **state)
{
	static const uint32_t want[] = { 27, 5001 };

	(void)state;
	claims.groups[0] = v("linux-admins");
	claims.n_groups = 1;
	effective(true);
	gids_are(2, want);
}

static void
policy_gids_are_sorted_without_doubles(void **state)
{
	static const uint32_t want[] = { 27, 5000, 5001 };

	(void)state;
	mine[3] = all[G_ADMINS]; /* twice */
	person.n_groups = 4;
	effective(true);
	gids_are(3, want);
}

static void
policy_more_groups_than_fit_are_a_denial(void **state)
{
	static struct okta_policy_group many[1026];
	static char id[1026][24];
	size_t i;

	(void)state;
	for (i = 0; i < 1026; i++) {
		(void)snprintf(id[i], sizeof(id[i]), "00g%zu", i);
		many[i] = (struct okta_policy_group){ v(id[i]), v("linux-users"), true,
			(uint32_t)(5000 + i), NULL, 0 };
	}
	claims.n_groups = 1;
	person.groups = many;
	person.n_groups = 1024;
	login();
	allowed(OKTA_RULE_ALLOW_GROUP);
	person.n_groups = 1025;
	login();
	denied(OKTA_RULE_NOT_ALLOWED, "more than 1024 groups");
	assert_false(okta_policy_groups(conf, &person, NULL, false, NULL, 0, &e));
}

static void
policy_reason_is_printable(void **state)
{
	(void)state;
	mine[0].okta_name = v("linux\x1b[2J");
	claims.groups[0] = mine[0].okta_name;
	use("allow_groups = " USERS "\n");
	login();
	allowed(OKTA_RULE_ALLOW_GROUP);
	assert_string_equal(d.reason, "allowed via linux?[2J");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(policy_allows_a_member_of_an_allowed_group),
		T(policy_login_denies_a_token_of_another_issuer),
		T(policy_login_denies_a_token_of_another_person),
		T(policy_denies_by_status_whatever_the_groups_say),
		T(policy_denies_by_an_old_snapshot_and_by_one_from_the_future),
		T(policy_login_denies_when_an_amr_is_missing),
		T(policy_login_denies_an_old_absent_or_future_auth_time),
		T(policy_login_denies_without_a_groups_claim_unless_it_was_not_wanted),
		T(policy_denies_who_is_in_no_allowed_group),
		T(policy_deny_group_wins_over_allow_and_over_everybody),
		T(policy_claim_cannot_take_somebody_out_of_a_deny_group),
		T(policy_claim_can_put_somebody_into_a_deny_group),
		T(policy_claim_denies_by_a_name_the_snapshot_does_not_know),
		T(policy_newer_claim_takes_a_login_group_away),
		T(policy_newer_claim_gives_a_login_group),
		T(policy_claim_decides_only_where_its_filter_reaches),
		T(policy_claim_adds_no_group_its_filter_does_not_reach),
		T(policy_claim_adds_an_ordinary_group_but_never_a_local_one),
		T(policy_claim_alone_does_not_fulfil_a_rule_by_id),
		T(policy_claim_keeps_the_local_group_of_a_group_the_snapshot_knows),
		T(policy_gids_are_sorted_without_doubles),
		T(policy_more_groups_than_fit_are_a_denial),
		T(policy_reason_is_printable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
