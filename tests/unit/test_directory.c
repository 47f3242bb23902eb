/* SPDX-License-Identifier: BSD-2-Clause */
/* links: apic net model base; libs: libcurl libcrypto json-c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "net/directory.h"
#include "net/refusal.h"

static struct okta_err err;

/* What came out, as one text: easy to compare, easy to read. */
struct seen {
	char text[8192];
	size_t len;
};

static void
put(struct seen *s, struct okta_view v)
{
	assert_true(s->len + v.len + 2 < sizeof(s->text));
	if (v.len > 0)
		memcpy(s->text + s->len, v.p, v.len);
	s->len += v.len;
	s->text[s->len++] = '|';
	s->text[s->len] = '\0';
}

static enum okta_rc
on_user(void *ctx, const struct okta_directory_user *u)
{
	char digits[24];

	put(ctx, u->id);
	put(ctx, u->status);
	put(ctx, u->login);
	put(ctx, u->name);
	put(ctx, u->display_name);
	put(ctx, u->uid);
	put(ctx, u->shell);
	if (u->updated != 0) {
		(void)snprintf(
		    digits, sizeof(digits), "%llu", (unsigned long long)u->updated);
		put(ctx, okta_view_str(digits));
	}
	return OKTA_OK;
}

static enum okta_rc
on_group(void *ctx, struct okta_view id, struct okta_view name)
{
	put(ctx, id);
	put(ctx, name);
	return OKTA_OK;
}

static enum okta_rc
on_member(void *ctx, struct okta_view id)
{
	put(ctx, id);
	return OKTA_OK;
}

static struct okta_conf
conf_with(char *name_from, char *uid_from, char *shell_from)
{
	struct okta_conf conf = { 0 };

	conf.name_from = name_from;
	conf.uid_from = uid_from;
	conf.shell_from = shell_from;
	return conf;
}

static enum okta_rc
users(const char *page, struct seen *s)
{
	static char login[] = "login", uid[] = "unixUid", shell[] = "unixShell";
	struct okta_conf conf = conf_with(login, uid, shell);
	struct okta_directory_sink sink = { on_user, on_group, on_member, s };

	memset(s, 0, sizeof(*s));
	return okta_directory_users(okta_view_str(page), &conf, &sink, &err);
}

static enum okta_rc
app_users(const char *page, struct seen *s)
{
	static char login[] = "login";
	struct okta_conf conf = conf_with(login, NULL, NULL);
	struct okta_directory_sink sink = { on_user, on_group, on_member, s };

	memset(s, 0, sizeof(*s));
	return okta_directory_app_users(okta_view_str(page), &conf, &sink, &err);
}

static enum okta_rc
members(const char *page, struct seen *s)
{
	struct okta_directory_sink sink = { on_user, on_group, on_member, s };

	memset(s, 0, sizeof(*s));
	return okta_directory_members(okta_view_str(page), &sink, &err);
}

static enum okta_rc
groups(const char *page, struct seen *s)
{
	struct okta_directory_sink sink = { on_user, on_group, on_member, s };

	memset(s, 0, sizeof(*s));
	return okta_directory_groups(okta_view_str(page), &sink, &err);
}

static void
directory_users_reads_a_recorded_item(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(
	    users("[{\"id\":\"00usfdd3eO3sfObs54x6\",\"status\":\"SUSPENDED\","
		  "\"lastLogin\":null,"
		  "\"type\":{\"id\":\"otyc04qb2rUDcq2YA4x6\"},\"profile\":{\"firstName\":"
		  "\"John\","
		  "\"lastName\":\"Doe\",\"mobilePhone\":null,\"login\":\"John.Doe@"
		  "example.com\"},"
		  "\"credentials\":{\"password\":{},\"emails\":[{\"value\":\"x\"}]}}]",
		&s),
	    OKTA_OK);
	assert_string_equal(s.text, "00usfdd3eO3sfObs54x6|SUSPENDED|John.Doe@example.com|"
				    "John.Doe@example.com|John Doe|||");
}

static void
directory_users_reads_when_somebody_was_updated_or_that_nobody_knows(void **state)
{
	static const char *const odd[] = { "\"2026-01-31\"",
		"\"2026-01-31T12:00:00.00xZ\"", "\"2026-01-31T12:00:00.0001Z\"",
		"\"2026-01-31 12:00:00.000Z\"", "1", "null", "[]" };
	char page[200];
	struct seen s;
	size_t i;

	(void)state;
	assert_int_equal(users("[{\"id\":\"00u1\",\"status\":\"ACTIVE\",\"lastUpdated\":"
			       "\"2026-01-31T12:34:56.789Z\",\"profile\":{}}]",
			     &s),
	    OKTA_OK);
	assert_string_equal(s.text, "00u1|ACTIVE||||||20260131123456789|");
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		(void)snprintf(page, sizeof(page),
		    "[{\"id\":\"00u1\",\"status\":\"ACTIVE\",\"lastUpdated\":%s,"
		    "\"profile\":{}}]",
		    odd[i]);
		assert_int_equal(users(page, &s), OKTA_OK);
		assert_string_equal(s.text, "00u1|ACTIVE||||||");
	}
}

static void
directory_users_reads_numbers_and_texts_as_ids(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(users("[{\"id\":\"00u1\",\"status\":\"ACTIVE\",\"profile\":{"
			       "\"login\":\"a\",\"displayName\":"
			       "\"A B\",\"unixUid\":20001,\"unixShell\":\"/bin/zsh\"}},"
			       "{\"id\":\"00u2\",\"status\":\"ACTIVE\",\"profile\":{"
			       "\"login\":\"b\",\"unixUid\":"
			       "\"20002\",\"unixShell\":null}}]",
			     &s),
	    OKTA_OK);
	assert_string_equal(
	    s.text, "00u1|ACTIVE|a|a|A B|20001|/bin/zsh|00u2|ACTIVE|b|b||20002||");
}

/* A uid that is neither a number nor digits must not look like an absent one. */
static void
directory_users_marks_attributes_of_a_wrong_type(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(
	    users(
		"[{\"id\":\"00u1\",\"status\":\"ACTIVE\",\"profile\":{\"login\":[\"a\"],"
		"\"unixUid\":1.5,\"unixShell\":true}}]",
		&s),
	    OKTA_OK);
	assert_string_equal(s.text, "00u1|ACTIVE||\x01||\x01|\x01|");
	assert_int_equal(
	    users("[{\"id\":\"00u1\",\"status\":\"ACTIVE\",\"profile\":{\"login\":"
		  "\"ro\\u0000ot\"}}]",
		&s),
	    OKTA_OK);
	assert_string_equal(s.text, "00u1|ACTIVE||\x01||||");
}

static void
directory_users_cuts_long_texts(void **state)
{
	struct seen s;
	char page[6000], longer[3000];

	(void)state;
	memset(longer, 'x', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	(void)snprintf(page, sizeof(page),
	    "[{\"id\":\"00u1\",\"status\":\"ACTIVE\",\"profile\":{\"login\":\"%s\"}}]",
	    longer);
	assert_int_equal(users(page, &s), OKTA_OK);
	assert_int_equal(s.len, strlen("00u1|ACTIVE|") + 2 * (1024 + 1) + 3);
}

/* One item left out is a person dropped without a word. */
static void
directory_users_refuses_the_whole_page_for_one_bad_item(void **state)
{
	static const char *const bad[] = {
		"{}",
		"null",
		"[1]",
		"[null]",
		"[{\"status\":\"ACTIVE\",\"profile\":{}}]",
		"[{\"id\":7,\"status\":\"ACTIVE\",\"profile\":{}}]",
		"[{\"id\":\"\",\"status\":\"ACTIVE\",\"profile\":{}}]",
		"[{\"id\":\"a/b\",\"status\":\"ACTIVE\",\"profile\":{}}]",
		"[{\"id\":\"00u1\",\"profile\":{}}]",
		"[{\"id\":\"00u1\",\"status\":\"\",\"profile\":{}}]",
		"[{\"id\":\"00u1\",\"status\":null,\"profile\":{}}]",
		"[{\"id\":\"00u1\",\"status\":\"ACTIVE\"}]",
		"[{\"id\":\"00u1\",\"status\":\"ACTIVE\",\"profile\":[]}]",
		"[{\"id\":\"00u1\",\"id\":\"00u2\",\"status\":\"ACTIVE\",\"profile\":{}}"
		"]",
		"[{\"id\":\"00u1\",\"status\":\"ACTIVE\",\"profile\":{}}",
		"[] []",
		"",
		"<html>",
	};
	struct seen s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (users(bad[i], &s) == OKTA_OK)
			fail_msg("accepted %s", bad[i]);
}

static void
directory_app_users_takes_the_embedded_persons_status(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(app_users("[{\"id\":\"00u1\",\"status\":\"ACTIVE\",\"scope\":"
				   "\"GROUP\",\"_embedded\":{\"user\":"
				   "{\"id\":\"00u1\",\"status\":\"SUSPENDED\","
				   "\"profile\":{\"login\":\"a\"}}}}]",
			     &s),
	    OKTA_OK);
	assert_string_equal(s.text, "00u1|SUSPENDED|a|a||||");
}

static void
directory_app_users_refuses_an_item_without_its_person(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(
	    app_users("[{\"id\":\"00u1\",\"status\":\"ACTIVE\"}]", &s), OKTA_E_INPUT);
	assert_int_equal(app_users("[{\"id\":\"00u1\",\"_embedded\":{\"user\":{\"id\":"
				   "\"00u2\",\"status\":\"ACTIVE\","
				   "\"profile\":{}}}}]",
			     &s),
	    OKTA_E_INPUT);
}

static void
directory_groups_reads_ids_and_names(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(
	    groups(
		"[{\"id\":\"00g1\",\"type\":\"OKTA_GROUP\",\"profile\":{\"name\":\"Data "
		"Science\",\"description\":null}}]",
		&s),
	    OKTA_OK);
	assert_string_equal(s.text, "00g1|Data Science|");
	assert_int_equal(groups("[{\"id\":\"00g1\",\"profile\":{}}]", &s), OKTA_E_INPUT);
	assert_int_equal(
	    groups("[{\"id\":\"00g1\",\"profile\":{\"name\":\"\"}}]", &s), OKTA_E_INPUT);
	assert_int_equal(groups("[{\"profile\":{\"name\":\"x\"}}]", &s), OKTA_E_INPUT);
	assert_int_equal(
	    groups("[{\"id\":\"00g1\",\"profile\":{\"name\":7}}]", &s), OKTA_E_INPUT);
}

/* Neither may it stop the sync, nor be taken for a name that okta-sync made up. */
static void
directory_groups_lets_no_group_name_do_harm(void **state)
{
	static const char *const names[] = { "a\\u0000b", "\\u0000", "\\u000100gABC",
		"\\u0001" };
	char page[128];
	struct seen s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(page, sizeof(page),
		    "[{\"id\":\"00g1\",\"profile\":{\"name\":\"%s\"}}]", names[i]);
		assert_int_equal(groups(page, &s), OKTA_OK);
		assert_string_equal(s.text, "00g1|\x01|");
	}
	assert_int_equal(
	    groups("[{\"id\":\"00g1\",\"profile\":{\"name\":\"a\\u0001\"}}]", &s),
	    OKTA_OK);
	assert_string_equal(s.text, "00g1|a\x01|");
}

/* One group asked for by itself is called as it is in a list. */
static void
directory_group_name_is_what_the_list_says(void **state)
{
	char long_name[1101];
	const char *const names[] = { "eng", "a\\u0000b", "\\u000100gABC", long_name,
		"\\u00e9" };
	char item[2048], expected[2048];
	struct okta_json *doc = NULL;
	struct okta_view name;
	struct seen s;
	size_t i;

	(void)state;
	memset(long_name, 'n', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		(void)snprintf(item, sizeof(item),
		    "[{\"id\":\"00g1\",\"profile\":{\"name\":\"%s\"}}]", names[i]);
		assert_int_equal(groups(item, &s), OKTA_OK);
		assert_int_equal(
		    okta_json_new(okta_view_str(item), sizeof(item), &doc, NULL),
		    OKTA_OK);
		name = okta_directory_group_name(okta_json_item(okta_json_root(doc), 0));
		(void)snprintf(
		    expected, sizeof(expected), "00g1|%.*s|", (int)name.len, name.p);
		assert_string_equal(s.text, expected);
		okta_json_free(&doc);
	}
	assert_int_equal(
	    okta_json_new(okta_view_str("{\"profile\":{\"name\":5}}"), 99, &doc, NULL),
	    OKTA_OK);
	assert_int_equal(okta_directory_group_name(okta_json_root(doc)).len, 0);
	okta_json_free(&doc);
}

static void
directory_members_finds_the_id_wherever_it_stands(void **state)
{
	struct seen s;

	(void)state;
	assert_int_equal(members(" [ "
				 "{\"id\":\"00u1\",\"profile\":{\"id\":\"00uX\",\"a\":[{"
				 "\"id\":\"00uY\"},\"}\",\"\\\"\"]}} ,\n"
				 "{\"n\" : -1.5e3 , \"t\":true,\"z\":null, "
				 "\"s\":\"\\\\\", \"e\":{}, \"f\":[] , \"id\" : "
				 "\"00u2\" }]",
			     &s),
	    OKTA_OK);
	assert_string_equal(s.text, "00u1|00u2|");
	assert_int_equal(members("[{\"id\":\"00u\\u0031\"}]", &s), OKTA_OK);
	assert_string_equal(s.text, "00u1|");
	assert_int_equal(members("[]", &s), OKTA_OK);
	assert_string_equal(s.text, "");
	assert_int_equal(members(" [ ] ", &s), OKTA_OK);
}

static void
directory_members_refuses_what_is_no_list_of_people(void **state)
{
	static const char *const bad[] = {
		"",
		"{}",
		"null",
		"\"00u1\"",
		"[1]",
		"[[]]",
		"[\"00u1\"]",
		"[{}]",
		"[{\"id\":1}]",
		"[{\"id\":null}]",
		"[{\"id\":\"\"}]",
		"[{\"id\":\"a b\"}]",
		"[{\"id\":\"00u1\",\"id\":\"00u2\"}]",
		"[{\"i\\u0064\":\"00u1\",\"id\":\"00u2\"}]",
		"[{\"id\":\"00u1\"}",
		"[{\"id\":\"00u1\"},]",
		"[{\"id\":\"00u1\"}]x",
		"[{\"id\":\"00u1\" \"x\":1}]",
		"[{\"profile\":{\"id\":\"00u1\"}}]",
	};
	struct seen s;
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		if (members(bad[i], &s) == OKTA_OK)
			fail_msg("accepted %s", bad[i]);
}

/* The fast reader and the strict one must see the same people in any text. */
static void
directory_members_agrees_with_the_full_reader_on_every_truncation(void **state)
{
	static const char page[] = "[{\"id\":\"00u1\",\"status\":\"ACTIVE\",\"profile\":{"
				   "\"login\":\"a\\\"]}\"},\"x\":[1,{\"y\":"
				   "\"\\\\\"}]},{\"status\":\"ACTIVE\",\"profile\":{"
				   "\"login\":\"b\"},\"id\":\"00u2\"}]";
	char cut[sizeof(page)];
	struct seen a, b;
	size_t n;

	(void)state;
	for (n = 0; n < sizeof(page); n++) {
		memcpy(cut, page, n);
		cut[n] = '\0';
		assert_int_equal(members(cut, &a) == OKTA_OK, users(cut, &b) == OKTA_OK);
	}
	assert_string_equal(a.text, "00u1|00u2|");
}

static enum okta_rc
refusal(long status, const char *headers, const char *body, const char *named_by)
{
	struct okta_http_answer a = { .end = OKTA_HTTP_ANSWERED, .status = status };
	enum okta_rc r;

	okta_buf_init(&a.headers, 4096);
	okta_buf_init(&a.body, 4096);
	assert_int_equal(okta_buf_append_str(&a.headers, headers), OKTA_OK);
	assert_int_equal(okta_buf_append_str(&a.body, body), OKTA_OK);
	r = okta_refusal(&a, "/api/v1/groups", named_by, &err);
	okta_buf_clear(&a.headers);
	okta_buf_clear(&a.body);
	return r;
}

/* Okta answers with an empty body: the header alone says which scope is missing. */
static void
refusal_names_the_missing_scope(void **state)
{
	(void)state;
	assert_int_equal(refusal(403,
			     "www-authenticate: Bearer "
			     "authorization_uri=\"http://o/oauth2/v1/authorize\", "
			     "realm=\"http://o\", scope=\"okta.groups.read\", "
			     "error=\"insufficient_scope\", "
			     "error_description=\"The access token provided does not "
			     "contain the required "
			     "scopes.\", resource=\"/api/v1/groups\"\r\n",
			     "", NULL),
	    OKTA_E_CONFIG);
	assert_non_null(strstr(err.msg, "okta.groups.read"));
	assert_non_null(strstr(err.msg, "grant it"));
}

static void
refusal_names_the_missing_role(void **state)
{
	(void)state;
	assert_int_equal(
	    refusal(403, "", "{\"errorCode\":\"E0000006\",\"errorSummary\":\"x\"}", NULL),
	    OKTA_E_CONFIG);
	assert_non_null(strstr(err.msg, "admin role"));
}

/* Whoever asks again later gets an answer, and the same from the same page on. */
static void
refusal_that_passes_by_itself_is_an_outage_and_any_other_is_not(void **state)
{
	static const long passes[] = { 408, 425, 429, 500, 502, 503, 504 };
	static const long stays[] = { 400, 404, 405, 409, 410, 414, 422 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(passes) / sizeof(passes[0]); i++)
		assert_int_equal(refusal(passes[i], "", "", NULL), OKTA_E_UNAVAIL);
	for (i = 0; i < sizeof(stays) / sizeof(stays[0]); i++)
		assert_int_equal(refusal(stays[i], "", "", NULL), OKTA_E_INPUT);
}

static void
refusal_of_the_token_needs_an_admin(void **state)
{
	(void)state;
	assert_int_equal(refusal(401, "", "", NULL), OKTA_E_CONFIG);
	assert_int_equal(refusal(401, "",
			     "{\"errorCode\":\"E0000011\",\"errorSummary\":\"Invalid "
			     "token provided\"}",
			     NULL),
	    OKTA_E_CONFIG);
	assert_non_null(strstr(err.msg, "E0000011"));
}

static void
refusal_blames_the_configuration_for_a_404_only_when_it_named_the_thing(void **state)
{
	(void)state;
	assert_int_equal(refusal(404, "", "", "[sync] app_id"), OKTA_E_CONFIG);
	assert_non_null(strstr(err.msg, "[sync] app_id"));
	assert_int_equal(refusal(404, "", "", NULL), OKTA_E_INPUT);
}

/* What Okta cannot answer just now may be asked again as it is; the rest may not. */
static void
refusal_tells_what_may_be_asked_again_as_it_is(void **state)
{
	(void)state;
	assert_int_equal(refusal(503, "", "", NULL), OKTA_E_UNAVAIL);
	assert_int_equal(refusal(429, "", "", NULL), OKTA_E_UNAVAIL);
	assert_int_equal(refusal(410, "", "", NULL), OKTA_E_INPUT);
}

/* Okta's own text goes to a terminal and into the log. */
static void
refusal_prints_no_control_byte_of_oktas(void **state)
{
	const char *p;

	(void)state;
	assert_int_equal(
	    refusal(400, "",
		"{\"errorCode\":\"E\\u001b[2J\",\"errorSummary\":\"a\\nb\\u009b\"}",
		NULL),
	    OKTA_E_INPUT);
	for (p = err.msg; *p != '\0'; p++)
		assert_in_range(*p, 0x20, 0x7e);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(directory_users_reads_a_recorded_item),
		cmocka_unit_test(
		    directory_users_reads_when_somebody_was_updated_or_that_nobody_knows),
		cmocka_unit_test(directory_users_reads_numbers_and_texts_as_ids),
		cmocka_unit_test(directory_users_marks_attributes_of_a_wrong_type),
		cmocka_unit_test(directory_users_cuts_long_texts),
		cmocka_unit_test(directory_users_refuses_the_whole_page_for_one_bad_item),
		cmocka_unit_test(directory_app_users_takes_the_embedded_persons_status),
		cmocka_unit_test(directory_app_users_refuses_an_item_without_its_person),
		cmocka_unit_test(directory_groups_reads_ids_and_names),
		cmocka_unit_test(directory_groups_lets_no_group_name_do_harm),
		cmocka_unit_test(directory_group_name_is_what_the_list_says),
		cmocka_unit_test(directory_members_finds_the_id_wherever_it_stands),
		cmocka_unit_test(directory_members_refuses_what_is_no_list_of_people),
		cmocka_unit_test(
		    directory_members_agrees_with_the_full_reader_on_every_truncation),
		cmocka_unit_test(refusal_names_the_missing_scope),
		cmocka_unit_test(refusal_names_the_missing_role),
		cmocka_unit_test(refusal_of_the_token_needs_an_admin),
		cmocka_unit_test(
		    refusal_that_passes_by_itself_is_an_outage_and_any_other_is_not),
		cmocka_unit_test(
		    refusal_blames_the_configuration_for_a_404_only_when_it_named_the_thing),
		cmocka_unit_test(refusal_prints_no_control_byte_of_oktas),
		cmocka_unit_test(refusal_tells_what_may_be_asked_again_as_it_is),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
