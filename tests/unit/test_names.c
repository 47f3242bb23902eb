/* SPDX-License-Identifier: BSD-2-Clause */
/* links: model base; libs: inih json-c */
#include "conf_fixture.h"

#include <json.h>
#include <stdio.h>
#include <stdlib.h>

#include "model/groups.h"
#include "model/names.h"

static struct okta_conf *conf;

static int
setup(void **state)
{
	(void)state;
	conf = conf_good(CONF_HEAD "[users]\nstrip_domains = acme.example\n"
				   "reserved_names = deploy\nid_range = 1000-2147483646\n"
				   "shells = /bin/bash, /bin/sh\n[groups]\nmatch = *\n");
	return 0;
}

static int
teardown(void **state)
{
	(void)state;
	okta_conf_free(&conf);
	return 0;
}

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

static void
name_fault_says_what_is_wrong(void **state)
{
	(void)state;
	assert_null(okta_name_fault(v("ada")));
	assert_null(okta_name_fault(v("_a.b-c_9")));
	assert_null(okta_name_fault(v("abcdefghijklmnopqrstuvwxyz012345")));
	assert_non_null(strstr(okta_name_fault(v("")), "empty"));
	assert_non_null(strstr(
	    okta_name_fault(v("abcdefghijklmnopqrstuvwxyz0123456")), "longer than 32"));
	assert_non_null(strstr(okta_name_fault(v("9a")), "begin"));
	assert_non_null(strstr(okta_name_fault(v("-a")), "begin"));
	assert_non_null(strstr(okta_name_fault(v("aB")), "character"));
	assert_non_null(okta_name_fault((struct okta_view){ "a\0b", 3 }));
}

static void
name_reserved_knows_built_in_systemd_and_configured_in_any_case(void **state)
{
	(void)state;
	assert_true(okta_name_is_reserved(v("root"), conf));
	assert_true(okta_name_is_reserved(v("RooT"), conf));
	assert_true(okta_name_is_reserved(v("_apt"), conf));
	assert_true(okta_name_is_reserved(v("www-data"), conf));
	assert_true(okta_name_is_reserved(v("_okta"), conf));
	assert_true(okta_name_is_reserved(v("Systemd-anything"), conf));
	assert_true(okta_name_is_reserved(v("DEPLOY"), conf));
	assert_false(okta_name_is_reserved(v("systemd"), conf));
	assert_false(okta_name_is_reserved(v("roo"), conf));
	assert_false(okta_name_is_reserved(v("roott"), conf));
	assert_false(okta_name_is_reserved(v(""), conf));
	assert_false(okta_name_is_reserved((struct okta_view){ "root\0x", 6 }, conf));
}

static void
name_of_user_strips_listed_domains_and_folds_case(void **state)
{
	char name[OKTA_NAME_BYTES];
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(
	    okta_name_of_user(conf, v("Ivan.K@ACME.example"), name, &err), OKTA_OK);
	assert_string_equal(name, "ivan.k");
	assert_int_equal(okta_name_of_user(conf, v("ada"), name, &err), OKTA_OK);
	assert_string_equal(name, "ada");
}

static void
user_refused(const char *raw, const char *says)
{
	char name[OKTA_NAME_BYTES] = "untouched";
	struct okta_err err = { 0 };

	assert_int_equal(okta_name_of_user(conf, v(raw), name, &err), OKTA_E_REFUSED);
	if (strstr(err.msg, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
	assert_string_equal(name, "untouched");
}

static void
name_of_user_refuses_with_a_reason(void **state)
{
	(void)state;
	user_refused("judy@partner.example", "strip_domains");
	user_refused("ada@acme.example@partner.example", "strip_domains");
	user_refused("ada@partner.example@acme.example", "strip_domains");
	user_refused("ada@", "strip_domains");
	user_refused("@acme.example", "empty");
	user_refused("root@acme.example", "reserved");
	user_refused("Sudo", "reserved");
	user_refused("K", "single capital");
	user_refused("abcdefghijklmnopqrstuvwxyz0123456@acme.example", "longer than 32");
	user_refused("\x1b[2J", "?[2J");
}

/* What glibc and people trust: name, home, shell, group and gecos of the hostile corpus.
 */
static bool
names_take(const char *kind, struct okta_view value)
{
	char name[OKTA_NAME_BYTES], out[256];
	struct okta_err err = { 0 };
	struct okta_group_rule rule;
	const struct okta_group_in group = { v("00g1abcdEFGHijkl0h7x"), value };
	uint32_t id;

	if (strcmp(kind, "user") == 0)
		return okta_name_of_user(conf, value, name, &err) == OKTA_OK;
	if (strcmp(kind, "group") == 0)
		return okta_group_apply(conf, &group, &rule, &err) == OKTA_OK &&
		       rule.served;
	if (strcmp(kind, "home") == 0)
		return okta_home_fault(value) == NULL;
	if (strcmp(kind, "shell") == 0) /* an empty one means the configured one */
		return value.len > 0 &&
		       okta_shell_of_user(conf, value, out, &err) == OKTA_OK;
	if (strcmp(kind, "uid") == 0)
		return okta_id_parse(conf, value, &id, &err) == OKTA_OK;
	fail_msg("no rule for rows of kind %s", kind);
	return true;
}

/* What a uid row must come to, by the ranges of S7 and not by the code under test. */
static bool
uid_may_pass(json_object *value)
{
	int64_t n = json_object_get_int64(value);

	if (json_object_is_type(value, json_type_string))
		return strcmp(json_object_get_string(value), "1000") == 0;
	return json_object_is_type(value, json_type_int) && n >= 1000 &&
	       n <= 2147483646 && !(n >= 61184 && n <= 65535);
}

static void
gecos_is_clean(struct okta_view value)
{
	char out[256];
	size_t i;

	okta_gecos_of_user(value, out);
	for (i = 0; out[i] != '\0'; i++)
		assert_true((unsigned char)out[i] >= 0x20 && out[i] != 0x7f &&
			    out[i] != ':' && out[i] != ',');
}

/* Two people may come to one name only by letter case or a listed domain: that the sync
 * sees. */
static void
collision_is_seen(json_object *pair)
{
	char a[OKTA_NAME_BYTES], b[OKTA_NAME_BYTES];
	struct okta_err err = { 0 };
	json_object *x = json_object_array_get_idx(pair, 0),
		    *y = json_object_array_get_idx(pair, 1);

	if (okta_name_of_user(conf, v(json_object_get_string(x)), a, &err) != OKTA_OK ||
	    okta_name_of_user(conf, v(json_object_get_string(y)), b, &err) != OKTA_OK ||
	    strcmp(a, b) != 0)
		return;
	assert_int_equal(
	    strcasecmp(json_object_get_string(x), json_object_get_string(y)), 0);
}

static void
hostile_identities_end_exactly_as_expected(void **state)
{
	static char line[65536];
	FILE *f = fopen("tests/vectors/own/hostile_identities.jsonl", "r");
	int rows = 0;

	(void)state;
	if (f == NULL)
		skip();
	while (fgets(line, sizeof(line), f) != NULL) {
		json_object *row = json_tokener_parse(line), *kind, *expect,
			    *value = NULL;
		const char *k, *e, *text;
		struct okta_view val;
		bool taken;

		assert_non_null(row);
		assert_true(json_object_object_get_ex(row, "kind", &kind));
		assert_true(json_object_object_get_ex(row, "expect", &expect));
		(void)json_object_object_get_ex(row, "value", &value);
		k = json_object_get_string(kind);
		e = json_object_get_string(expect);
		text = value == NULL ? "" : json_object_get_string(value);
		val.p = text;
		val.len = json_object_is_type(value, json_type_string)
			      ? (size_t)json_object_get_string_len(value)
			      : strlen(text);
		rows++;
		if (strcmp(k, "collision") == 0) {
			collision_is_seen(value);
		} else if (strcmp(k, "gecos") == 0) {
			gecos_is_clean(val);
		} else {
			taken = names_take(k, val);
			if (strcmp(k, "uid") == 0)
				assert_int_equal(taken, uid_may_pass(value));
			else if (strcmp(k, "shell") == 0)
				assert_false(taken); /* none of them is configured */
			else if (strcmp(e, "fold-or-reject") != 0 &&
				 taken != (strcmp(e, "accept") == 0))
				fail_msg("row %d: %s", rows, line);
		}
		json_object_put(row);
	}
	(void)fclose(f);
	assert_true(rows >= 205);
}

static void
home_fills_the_pattern_and_refuses_what_leaves_it(void **state)
{
	char home[256] = "untouched", name[300];
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(okta_home_of_user(conf, v("ada"), home, &err), OKTA_OK);
	assert_string_equal(home, "/home/ada");
	assert_int_equal(okta_home_of_user(conf, v("a/b"), home, &err), OKTA_E_REFUSED);
	assert_int_equal(okta_home_of_user(conf, v(".."), home, &err), OKTA_E_REFUSED);
	assert_int_equal(okta_home_of_user(conf, v(""), home, &err), OKTA_E_REFUSED);
	memset(name, 'a', sizeof(name));
	assert_int_equal(
	    okta_home_of_user(conf, (struct okta_view){ name, 250 }, home, &err),
	    OKTA_E_REFUSED);
	assert_string_equal(home, "/home/ada");
	assert_null(okta_home_fault(v("/var/home/ada")));
	assert_null(okta_home_fault(v("/data/home/ada")));
	assert_non_null(okta_home_fault(v("/var/lib")));
	assert_non_null(okta_home_fault(v("/home/a:b")));
	assert_non_null(okta_home_fault(v("/home/a\nb")));
	assert_non_null(okta_home_fault(v("/home/ada/")));
	assert_non_null(okta_home_fault(v("/usr/local/x")));
}

static void
shell_is_the_configured_one_or_one_of_the_list(void **state)
{
	char shell[256];
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(okta_shell_of_user(conf, v(""), shell, &err), OKTA_OK);
	assert_string_equal(shell, "/bin/bash");
	assert_int_equal(okta_shell_of_user(conf, v("/bin/sh"), shell, &err), OKTA_OK);
	assert_string_equal(shell, "/bin/sh");
	assert_int_equal(
	    okta_shell_of_user(conf, v("/bin/zsh"), shell, &err), OKTA_E_REFUSED);
	assert_non_null(strstr(err.msg, "[users] shells"));
}

static void
gecos_keeps_letters_and_blanks_the_rest(void **state)
{
	char out[256], big[400];

	(void)state;
	okta_gecos_of_user(v("Ada, Countess: of\nL\xc3\xb6velace"), out);
	assert_string_equal(out, "Ada  Countess  of L\xc3\xb6velace");
	okta_gecos_of_user(v("\xff\xc3(\xe2\x80\xae x\xc2\x9b y\xef\xbb\xbf"), out);
	assert_string_equal(out, "  (  x  y ");
	/* cut at a character, never inside one */
	memset(big, 'a', sizeof(big));
	memcpy(big + 254, "\xc3\xb6", 2);
	okta_gecos_of_user((struct okta_view){ big, 300 }, out);
	assert_int_equal(strlen(out), 254);
}

static void
id_parse_takes_64_bits_before_it_looks_at_ranges(void **state)
{
	uint32_t id = 7;
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(okta_id_parse(conf, v("4294967296"), &id, &err), OKTA_E_REFUSED);
	/* cut to 32 bits it would be 61183, which is in the range */
	assert_int_equal(okta_id_parse(conf, v("4295028479"), &id, &err), OKTA_E_REFUSED);
	assert_int_equal(
	    okta_id_parse(conf, v("18446744073709551616"), &id, &err), OKTA_E_REFUSED);
	assert_int_equal(okta_id_parse(conf, v("0x400"), &id, &err), OKTA_E_REFUSED);
	assert_int_equal(okta_id_parse(conf, v("1e9"), &id, &err), OKTA_E_REFUSED);
	assert_int_equal(okta_id_parse(conf, v("61184"), &id, &err), OKTA_E_REFUSED);
	assert_int_equal(okta_id_parse(conf, v("2147483647"), &id, &err), OKTA_E_REFUSED);
	assert_int_equal(id, 7);
	assert_int_equal(okta_id_parse(conf, v("61183"), &id, &err), OKTA_OK);
	assert_int_equal(id, 61183);
	conf->id_min = 5000;
	conf->id_max = 6000;
	assert_non_null(okta_id_fault(conf, 4999));
	assert_null(okta_id_fault(conf, 5000));
	assert_null(okta_id_fault(conf, 6000));
	assert_non_null(okta_id_fault(conf, 6001));
}

static void
id_form_is_twenty_letters_and_digits_with_the_prefix(void **state)
{
	(void)state;
	assert_true(okta_id_has_form(v("00g1abcdEFGHijkl0h7x"), "00g"));
	assert_false(okta_id_has_form(v("00u1abcdEFGHijkl0h7x"), "00g"));
	assert_false(okta_id_has_form(v("00g1abcdEFGHijkl0h7"), "00g"));
	assert_false(okta_id_has_form(v("00g1abcdEFGHijkl0h7-"), "00g"));
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(name_fault_says_what_is_wrong),
		cmocka_unit_test(
		    name_reserved_knows_built_in_systemd_and_configured_in_any_case),
		cmocka_unit_test(name_of_user_strips_listed_domains_and_folds_case),
		cmocka_unit_test(name_of_user_refuses_with_a_reason),
		cmocka_unit_test(hostile_identities_end_exactly_as_expected),
		cmocka_unit_test(home_fills_the_pattern_and_refuses_what_leaves_it),
		cmocka_unit_test(shell_is_the_configured_one_or_one_of_the_list),
		cmocka_unit_test(gecos_keeps_letters_and_blanks_the_rest),
		cmocka_unit_test(id_parse_takes_64_bits_before_it_looks_at_ranges),
		cmocka_unit_test(id_form_is_twenty_letters_and_digits_with_the_prefix),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
