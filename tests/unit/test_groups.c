/* SPDX-License-Identifier: BSD-2-Clause */
/* links: model base; libs: inih */
#include "conf_fixture.h"

#include <stdio.h>

#include "model/groups.h"

#define ID  "00g1abcdEFGHijkl0h7x"
#define ID2 "00g2abcdEFGHijkl0h7x"

static struct okta_group_rule rule;
static struct okta_err err;

static enum okta_rc
apply(const char *lines, const char *id, const char *name, struct okta_conf **ret)
{
	const struct okta_group_in in = { okta_view_str(id), okta_view_str(name) };
	char text[1024];

	(void)snprintf(text, sizeof(text), CONF_HEAD "%s", lines);
	*ret = conf_good(text);
	memset(&rule, 0x5a, sizeof(rule));
	memset(&err, 0, sizeof(err));
	return okta_group_apply(*ret, &in, &rule, &err);
}

static void
group_no_rule_names_is_not_wanted(void **state)
{
	struct okta_conf *c;

	(void)state;
	assert_int_equal(apply("", ID, "eng", &c), OKTA_OK);
	assert_false(rule.served);
	assert_false(rule.wanted);
	assert_int_equal(rule.n_local, 0);
	okta_conf_free(&c);
}

static void
group_matched_is_served_under_prefix_and_lower_case(void **state)
{
	struct okta_conf *c;

	(void)state;
	assert_int_equal(
	    apply("[groups]\nmatch = Eng*\nprefix = okta-\n", ID, "Eng-Web", &c),
	    OKTA_OK);
	assert_true(rule.served);
	assert_true(rule.wanted);
	assert_string_equal(rule.unix_name, "okta-eng-web");
	okta_conf_free(&c);
}

static void
group_rename_is_exact_and_needs_no_match(void **state)
{
	struct okta_conf *c;

	(void)state;
	assert_int_equal(apply("[groups]\nprefix = okta-\nrename = Data: Science:data\n",
			     ID, "Data: Science", &c),
	    OKTA_OK);
	assert_true(rule.served);
	assert_string_equal(rule.unix_name, "data");
	okta_conf_free(&c);
	assert_int_equal(
	    apply("[groups]\nrename = " ID ":data\n", ID, "anything", &c), OKTA_OK);
	assert_string_equal(rule.unix_name, "data");
	okta_conf_free(&c);
}

/* T6 makes a group whose name is the id of the admins' group. */
static void
group_named_like_an_id_is_not_that_group(void **state)
{
	struct okta_conf *c;

	(void)state;
	assert_int_equal(apply("[groups]\nmatch = " ID "\nlocal = " ID ":sudo\n"
			       "rename = " ID ":admins\n",
			     ID2, ID, &c),
	    OKTA_OK);
	assert_false(rule.wanted);
	assert_false(rule.served);
	assert_int_equal(rule.n_local, 0);
	okta_conf_free(&c);
}

static void
group_refused_when_its_unix_name_is_impossible_or_reserved(void **state)
{
	static const char *const bad[] = { "docker", "Docker", "sudo", "Data Science",
		"\xd1\x95udo", "", "9eng", "systemd-x", "a:b", "a\nb",
		"abcdefghijklmnopqrstuvwxyz0123456" };
	struct okta_conf *c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(
		    apply("[groups]\nmatch = *\nlocal = docker:lxd\n", ID, bad[i], &c),
		    OKTA_E_REFUSED);
		assert_non_null(strstr(err.msg, "[groups] rename"));
		assert_false(rule.served);
		/* the joins hold all the same: they have nothing to do with the name */
		assert_int_equal(rule.n_local, i == 0 ? 1 : 0);
		okta_conf_free(&c);
	}
}

static void
group_with_a_nul_in_its_name_is_refused(void **state)
{
	struct okta_conf *c = conf_good(CONF_HEAD "[groups]\nmatch = *\n");
	const struct okta_group_in in = { okta_view_str(ID), { "eng\0x", 5 } };

	(void)state;
	assert_int_equal(okta_group_apply(c, &in, &rule, &err), OKTA_E_REFUSED);
	okta_conf_free(&c);
}

static void
group_wanted_by_each_rule_that_names_it(void **state)
{
	static const char *const lines[] = { "deny_groups = eng\n",
		"[sync]\nscope_groups = x, eng\n", "[users]\nprimary_group = eng\n",
		"[groups]\nlocal = eng:sudo\n" };
	struct okta_conf *c;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		assert_int_equal(apply(lines[i], ID, "eng", &c), OKTA_OK);
		assert_true(rule.wanted);
		assert_false(rule.served);
		okta_conf_free(&c);
	}
	assert_int_equal(apply("", ID, "linux-users", &c), OKTA_OK); /* allow_groups */
	assert_true(rule.wanted);
	okta_conf_free(&c);
}

static void
group_joins_each_local_group_once(void **state)
{
	struct okta_conf *c;

	(void)state;
	assert_int_equal(
	    apply("[groups]\nlocal = eng:sudo, eng:docker, " ID ":sudo, x:adm\n", ID,
		"eng", &c),
	    OKTA_OK);
	assert_int_equal(rule.n_local, 2);
	assert_true(okta_view_eq_str(rule.local[0], "sudo"));
	assert_true(okta_view_eq_str(rule.local[1], "docker"));
	okta_conf_free(&c);
}

static void
group_refused_when_it_joins_more_than_fit(void **state)
{
	struct okta_conf *c;
	char lines[512] = "[groups]\nlocal =\n";
	size_t n = strlen(lines);
	int i;

	(void)state;
	for (i = 0; i < 17; i++)
		n += (size_t)snprintf(
		    lines + n, sizeof(lines) - n, "  eng:g%d%s\n", i, i < 16 ? "," : "");
	assert_int_equal(apply(lines, ID, "eng", &c), OKTA_E_REFUSED);
	okta_conf_free(&c);
}

static void
group_pair_splits_at_the_last_colon(void **state)
{
	struct okta_view a, b;

	(void)state;
	assert_true(okta_group_pair(okta_view_str("x:y : z"), &a, &b));
	assert_true(okta_view_eq_str(a, "x:y"));
	assert_true(okta_view_eq_str(b, "z"));
	assert_false(okta_group_pair(okta_view_str("x"), &a, &b));
	assert_false(okta_group_pair(okta_view_str(":z"), &a, &b));
	assert_false(okta_group_pair(okta_view_str("x:"), &a, &b));
	assert_false(okta_group_pair(okta_view_str(""), &a, &b));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(group_no_rule_names_is_not_wanted),
		cmocka_unit_test(group_matched_is_served_under_prefix_and_lower_case),
		cmocka_unit_test(group_rename_is_exact_and_needs_no_match),
		cmocka_unit_test(group_named_like_an_id_is_not_that_group),
		cmocka_unit_test(
		    group_refused_when_its_unix_name_is_impossible_or_reserved),
		cmocka_unit_test(group_with_a_nul_in_its_name_is_refused),
		cmocka_unit_test(group_wanted_by_each_rule_that_names_it),
		cmocka_unit_test(group_joins_each_local_group_once),
		cmocka_unit_test(group_refused_when_it_joins_more_than_fit),
		cmocka_unit_test(group_pair_splits_at_the_last_colon),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
