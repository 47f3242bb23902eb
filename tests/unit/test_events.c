/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync net model base; libs: libcrypto json-c inih */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "../../cmd/okta-sync/events.h"

#define USER(id)  "{\"type\":\"User\",\"id\":\"" id "\",\"displayName\":\"x\"}"
#define GROUP(id) "{\"type\":\"UserGroup\",\"id\":\"" id "\",\"displayName\":\"eng\"}"
#define APP(id)	  "{\"type\":\"AppInstance\",\"id\":\"" id "\",\"displayName\":\"a\"}"
#define EVENT(type, targets)                                                             \
	"{\"eventType\":\"" type "\",\"uuid\":\"1\",\"target\":[" targets "]}"

static char eng[] = "eng", none[] = "", app_id[] = "0oa1",
	    scope_group[] = "00g000000000000000c9";
static char *match[] = { eng }, *scope_groups[] = { scope_group };

static struct okta_conf
conf(enum okta_scope scope)
{
	return (struct okta_conf){ .scope = scope,
		.match = { match, 1 },
		.prefix = none,
		.scope_groups = { scope_groups, 1 },
		.app_id = app_id };
}

static enum okta_rc
add(struct sync_events *e, enum okta_scope scope, const char *page)
{
	const struct okta_conf c = conf(scope);
	struct okta_err err = { 0 };

	return sync_events_add(e, &c, okta_view_str(page), &err);
}

static bool
has(const struct sync_idmap *map, const char *text)
{
	return sync_idmap_find(map, okta_view_str(text)) >= 0;
}

static void
events_name_people_by_lifecycle_and_account_events(void **state)
{
	struct sync_events e = { 0 };

	(void)state;
	assert_int_equal(add(&e, OKTA_SCOPE_ALL,
			     "[" EVENT("user.lifecycle.suspend", USER("00u1")) "," EVENT(
				 "user.account.lock", USER("00u2")) "," EVENT("user."
									      "lifecycle."
									      "delete."
									      "completed",
				 USER("00u3")) "]"),
	    OKTA_OK);
	assert_int_equal(e.users.n, 3);
	assert_true(
	    has(&e.users, "00u1") && has(&e.users, "00u2") && has(&e.users, "00u3"));
	assert_int_equal(e.deleted.n, 1);
	assert_true(has(&e.deleted, "00u3"));
	sync_events_clear(&e);
}

static void
events_pass_over_signing_in_and_everything_else(void **state)
{
	struct sync_events e = { 0 };

	(void)state;
	assert_int_equal(
	    add(&e, OKTA_SCOPE_ALL,
		"[" EVENT("user.session.start", USER("00u1")) "," EVENT(
		    "application.user_membership.add",
		    USER("00u1") "," APP(
			"0oa1")) "," EVENT("group.application_assignment.add",
		    GROUP("00g1") "," APP(
			"0oa1")) ",{\"eventType\":\"user.lifecycle."
				 "create\",\"target\":null},{},null,7]"),
	    OKTA_OK);
	assert_int_equal(e.users.n + e.groups.n + e.pairs.n, 0);
	assert_false(e.app);
	sync_events_clear(&e);
}

/* Targets are found by their type: Okta promises no order. */
static void
events_pair_members_and_groups_that_a_rule_wants_whatever_their_order(void **state)
{
	struct sync_events e = { 0 };

	(void)state;
	assert_int_equal(
	    add(&e, OKTA_SCOPE_ALL,
		"[" EVENT("group.user_membership.add",
		    GROUP("00g1") "," USER(
			"00u1")) "," EVENT("group.user_membership.remove",
		    USER("00u2") "," GROUP("00g1")) "," EVENT("group.user_membership.add",
		    USER("00u3") ",{\"type\":\"UserGroup\",\"id\":\"00g2\","
				 "\"displayName\":\"nobody wants it\"}") "]"),
	    OKTA_OK);
	assert_int_equal(e.pairs.n, 2);
	assert_true(has(&e.pairs, "00u1/00g1") && has(&e.pairs, "00u2/00g1"));
	assert_int_equal(e.users.n, 0);
	sync_events_clear(&e);
}

static void
events_that_do_not_name_their_group_may_be_about_one_that_a_rule_wants(void **state)
{
	static const char page[] = "[" EVENT("group.user_membership.remove",
	    USER("00u1") ",{\"type\":\"UserGroup\",\"id\":\"00g1\"}") "]";
	struct sync_events e = { 0 };

	(void)state;
	assert_int_equal(add(&e, OKTA_SCOPE_ALL, page), OKTA_OK);
	assert_true(e.pairs.n == 1 && has(&e.pairs, "00u1/00g1"));
	assert_int_equal(e.users.n, 0);
	sync_events_clear(&e);
	assert_int_equal(add(&e, OKTA_SCOPE_GROUPS, page), OKTA_OK);
	assert_true(e.users.n == 1 && has(&e.users, "00u1"));
	sync_events_clear(&e);
}

static void
events_name_whoever_joins_a_group_in_scope(void **state)
{
	struct sync_events e = { 0 };

	(void)state;
	assert_int_equal(add(&e, OKTA_SCOPE_GROUPS,
			     "[" EVENT("group.user_membership.add",
				 USER("00u1") "," GROUP(
				     "00g000000000000000c9")) "," EVENT("group.user_"
									"membership."
									"add",
				 USER("00u2") "," GROUP("00g1")) "]"),
	    OKTA_OK);
	assert_int_equal(e.pairs.n, 2);
	assert_int_equal(e.users.n, 1);
	assert_true(has(&e.users, "00u1"));
	sync_events_clear(&e);
}

static void
events_about_our_app_count_and_those_about_others_do_not(void **state)
{
	struct sync_events e = { 0 };

	(void)state;
	assert_int_equal(add(&e, OKTA_SCOPE_APP,
			     "[" EVENT("application.user_membership.add",
				 USER("00u1") "," APP("0oa2")) "]"),
	    OKTA_OK);
	assert_int_equal(e.users.n, 0);
	assert_int_equal(add(&e, OKTA_SCOPE_APP,
			     "[" EVENT("application.user_membership.remove",
				 APP("0oa1") "," USER("00u1")) "]"),
	    OKTA_OK);
	assert_true(has(&e.users, "00u1"));
	assert_false(e.app);
	assert_int_equal(add(&e, OKTA_SCOPE_APP,
			     "[" EVENT("group.application_assignment.remove",
				 GROUP("00g1") "," APP("0oa1")) "]"),
	    OKTA_OK);
	assert_true(e.app);
	sync_events_clear(&e);
	/* a group that no rule wants may bring the app all the same */
	assert_int_equal(add(&e, OKTA_SCOPE_APP,
			     "[" EVENT("group.user_membership.add",
				 USER("00u5") ",{\"type\":\"UserGroup\",\"id\":\"00g7\","
					      "\"displayName\":\"other\"}") "]"),
	    OKTA_OK);
	assert_true(has(&e.users, "00u5"));
	sync_events_clear(&e);
}

/* An id becomes part of an address. */
static void
events_pass_over_ids_that_are_none(void **state)
{
	struct sync_events e = { 0 };

	(void)state;
	assert_int_equal(
	    add(&e, OKTA_SCOPE_ALL,
		"[" EVENT("user.lifecycle.suspend",
		    USER("../groups") "," USER("a b") "," USER("") "," USER(
			"0123456789012345678901234567890123456789012345678901234567890123"
			"4") ",{\"type\":\"User\"},null") "]"),
	    OKTA_OK);
	assert_int_equal(e.users.n, 0);
	sync_events_clear(&e);
}

static void
events_that_come_twice_count_once(void **state)
{
	struct sync_events e = { 0 };
	int i;

	(void)state;
	for (i = 0; i < 3; i++)
		assert_int_equal(
		    add(&e, OKTA_SCOPE_ALL,
			"[" EVENT("group.profile.update", GROUP("00g1")) "," EVENT(
			    "group.profile.update", GROUP("00g1")) "]"),
		    OKTA_OK);
	assert_int_equal(e.groups.n, 1);
	sync_events_clear(&e);
}

static void
events_refuse_a_page_that_is_no_list(void **state)
{
	struct sync_events e = { 0 };

	(void)state;
	assert_int_equal(add(&e, OKTA_SCOPE_ALL, "{}"), OKTA_E_INPUT);
	assert_int_equal(add(&e, OKTA_SCOPE_ALL, "[{]"), OKTA_E_INPUT);
	sync_events_clear(&e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(events_name_people_by_lifecycle_and_account_events),
		cmocka_unit_test(events_pass_over_signing_in_and_everything_else),
		cmocka_unit_test(
		    events_pair_members_and_groups_that_a_rule_wants_whatever_their_order),
		cmocka_unit_test(
		    events_that_do_not_name_their_group_may_be_about_one_that_a_rule_wants),
		cmocka_unit_test(events_name_whoever_joins_a_group_in_scope),
		cmocka_unit_test(
		    events_about_our_app_count_and_those_about_others_do_not),
		cmocka_unit_test(events_pass_over_ids_that_are_none),
		cmocka_unit_test(events_that_come_twice_count_once),
		cmocka_unit_test(events_refuse_a_page_that_is_no_list),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
