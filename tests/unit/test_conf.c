/* SPDX-License-Identifier: BSD-2-Clause */
/* links: model base; libs: inih */
#include "base/text.h"
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>

/* The message must name the place and the remedy: an admin reads nothing else. */
static void
refused(const char *text, size_t len, unsigned use, const char *const *wanted)
{
	struct okta_conf *conf = (struct okta_conf *)0x1;
	struct okta_err err = { 0 };

	if (conf_parse(text, len, use, &conf, &err) != OKTA_E_CONFIG)
		fail_msg("accepted: %.200s", text);
	assert_ptr_equal(conf, (struct okta_conf *)0x1);
	for (; *wanted != NULL; wanted++)
		if (strstr(err.msg, *wanted) == NULL)
			fail_msg("\"%s\" does not say \"%s\"", err.msg, *wanted);
}

#define REFUSED(text, ...)                                                               \
	refused(text, strlen(text), OKTA_CONF_FOR_LOGIN,                                 \
	    (const char *const[]){ "test.conf", __VA_ARGS__, NULL })
#define REFUSED_FOR_SYNC(text, ...)                                                      \
	refused(text, strlen(text), OKTA_CONF_FOR_SYNC,                                  \
	    (const char *const[]){ "test.conf", __VA_ARGS__, NULL })

static void
conf_minimal_has_every_default(void **state)
{
	struct okta_conf *c = conf_good(CONF_HEAD);

	(void)state;
	assert_string_equal(c->issuer, "https://acme.okta.com");
	assert_string_equal(c->authorization_server, "org");
	assert_null(c->ca_file);
	assert_null(c->proxy);
	assert_int_equal(c->scopes.n, 3);
	assert_string_equal(c->scopes.item[2], "groups");
	assert_string_equal(c->groups_claim, "groups");
	assert_string_equal(c->claim_groups.item[0], "*");
	assert_int_equal(c->deny_groups.n, 0);
	assert_int_equal(c->max_auth_age_s, 0);
	assert_int_equal(c->clock_skew_s, 300);
	assert_int_equal(c->grace_s, 120);
	assert_int_equal(c->max_waiting, 80);
	assert_int_equal(c->max_waiting_user, 5);
	assert_int_equal(c->max_waiting_address, 20);
	assert_int_equal(c->snapshot_max_age_s, 259200);
	assert_int_equal(c->qr, OKTA_QR_NO);
	assert_string_equal(c->enter_services.item[0], "sshd");
	assert_int_equal(c->source, OKTA_SOURCE_OKTA);
	assert_int_equal(c->auth, OKTA_AUTH_PRIVATE_KEY_JWT);
	assert_int_equal(c->scope, OKTA_SCOPE_ALL);
	assert_int_equal(c->max_removal_percent, 20);
	assert_int_equal(c->id_min, 1879048192);
	assert_int_equal(c->id_max, 2147483646);
	assert_string_equal(c->home, "/home/%u");
	assert_string_equal(c->shell, "/bin/bash");
	assert_string_equal(c->prefix, "");
	assert_null(c->primary_group);
	okta_conf_free(&c);
	assert_null(c);
	okta_conf_free(&c);
}

static void
conf_issuer_of_a_custom_server_is_below_oauth2(void **state)
{
	struct okta_conf *c = conf_good("[okta]\norg_url = https://acme.okta.com:8443\n"
					"authorization_server = default\n"
					"[login]\nclient_id = x\nallow_groups = *\n");

	(void)state;
	assert_string_equal(c->issuer, "https://acme.okta.com:8443/oauth2/default");
	okta_conf_free(&c);
}

static void
conf_list_goes_on_in_indented_lines(void **state)
{
	struct okta_conf *c = conf_good(CONF_HEAD "deny_groups = a b,\n"
						  "  # why c\n"
						  "  c\n"
						  "\td, e\n"
						  "[groups]\nmatch =\n  eng\n");

	(void)state;
	assert_int_equal(c->deny_groups.n, 4);
	assert_string_equal(c->deny_groups.item[0], "a b");
	assert_string_equal(c->deny_groups.item[1], "c");
	assert_string_equal(c->deny_groups.item[3], "e");
	assert_int_equal(c->match.n, 1);
	assert_true(okta_list_has(&c->match, okta_view_str("eng")));
	assert_false(okta_list_has(&c->match, okta_view_str("en")));
	okta_conf_free(&c);
}

static void
conf_list_matches_by_glob(void **state)
{
	struct okta_conf *c = conf_good(CONF_HEAD "[groups]\nmatch = linux-*, eng\n");

	(void)state;
	assert_true(okta_list_matches(&c->match, okta_view_str("linux-users")));
	assert_false(okta_list_matches(&c->match, okta_view_str("xlinux-users")));
	assert_false(okta_list_matches(&c->match, okta_view_str("Eng")));
	okta_conf_free(&c);
}

/* S2: each mandatory key deleted, empty, twice, garbled: refused, and the key is named.
 */
static void
conf_refuses_each_mandatory_key_missing_empty_or_twice(void **state)
{
	static const struct {
		const char *section, *key, *value;
	} must[] = { { "okta", "org_url", "https://acme.okta.com" },
		{ "login", "client_id", "0oanativelinuxlogin1" },
		{ "login", "allow_groups", "linux-users" } };
	char text[1024], name[64];
	size_t i, j, mutant;

	(void)state;
	for (i = 0; i < 3; i++)
		for (mutant = 0; mutant < 4; mutant++) {
			text[0] = '\0';
			for (j = 0; j < 3; j++) {
				size_t n = strlen(text);
				const char *value = must[j].value;

				if (j != i)
					(void)snprintf(text + n, sizeof(text) - n,
					    "[%s]\n%s = %s\n", must[j].section,
					    must[j].key, value);
				else if (mutant == 1)
					(void)snprintf(text + n, sizeof(text) - n,
					    "[%s]\n%s =\n", must[j].section, must[j].key);
				else if (mutant == 2)
					(void)snprintf(text + n, sizeof(text) - n,
					    "[%s]\n%s = %s\n%s = %s\n", must[j].section,
					    must[j].key, value, must[j].key, value);
				else if (mutant == 3)
					(void)snprintf(text + n, sizeof(text) - n,
					    "[%s]\n%s_ = %s\n", must[j].section,
					    must[j].key, value);
			}
			(void)snprintf(
			    name, sizeof(name), "[%s] %s", must[i].section, must[i].key);
			REFUSED(text, name,
			    mutant == 0	  ? "is missing"
			    : mutant == 1 ? "is empty"
			    : mutant == 2 ? "is given twice"
					  : "unknown key, did you mean");
		}
}

static void
conf_refuses_a_key_twice_over_two_files(void **state)
{
	struct okta_conf_parser *parser = NULL;
	struct okta_err err = { 0 };
	const char *more = "\n\n[login]\nclient_id = other\n";

	(void)state;
	assert_int_equal(okta_conf_begin(&parser, &err), OKTA_OK);
	assert_int_equal(
	    okta_conf_add(parser, "a.conf", okta_view_str(CONF_HEAD), &err), OKTA_OK);
	assert_int_equal(
	    okta_conf_add(parser, "conf.d/b.conf", okta_view_str(more), &err),
	    OKTA_E_CONFIG);
	assert_non_null(strstr(err.msg, "conf.d/b.conf: line 4: [login] client_id"));
	assert_non_null(strstr(err.msg, "line 4 of a.conf"));
	okta_conf_parser_free(&parser);
	assert_null(parser);
}

static void
conf_refuses_more_files_than_it_counts(void **state)
{
	struct okta_conf_parser *parser = NULL;
	struct okta_err err = { 0 };
	int i;

	(void)state;
	assert_int_equal(okta_conf_begin(&parser, &err), OKTA_OK);
	for (i = 0; i < 65; i++)
		assert_int_equal(
		    okta_conf_add(parser, "x.conf", okta_view_str("\n"), &err), OKTA_OK);
	assert_int_equal(
	    okta_conf_add(parser, "x.conf", okta_view_str("\n"), &err), OKTA_E_CONFIG);
	okta_conf_parser_free(&parser);
}

static void
conf_names_the_nearest_key_and_section(void **state)
{
	(void)state;
	REFUSED(
	    CONF_HEAD "deny_group = x\n", "line 6", "did you mean [login] deny_groups?");
	REFUSED(CONF_HEAD "org_url = x\n", "did you mean [okta] org_url?");
	REFUSED(CONF_HEAD "something_else_entirely = x\n", "unknown key: remove it");
	REFUSED(CONF_HEAD "[logins]\nqr = no\n", "did you mean [login]?");
	REFUSED(CONF_HEAD "[nothing]\nqr = no\n", "the sections are");
	REFUSED("qr = no\n" CONF_HEAD, "line 1", "before the first section");
}

static void
conf_refuses_lines_inih_would_misread(void **state)
{
	static const char nul[] = CONF_HEAD "deny_groups = a\0b\n";
	char text[1024];
	int n;

	(void)state;
	refused(nul, sizeof(nul) - 1, OKTA_CONF_FOR_LOGIN,
	    (const char *const[]){ "line 6", "control byte", NULL });
	REFUSED(CONF_HEAD "deny_groups = a\x1b[2J\n", "line 6", "control byte");
	REFUSED(CONF_HEAD "deny_groups = a\r\n", "line 6", "control byte");
	REFUSED(CONF_HEAD "deny_groups = \xff\n", "line 6", "UTF-8");
	REFUSED(CONF_HEAD "deny_groups = a ; b\n", "line 6", "comment");
	REFUSED(CONF_HEAD "deny_groups = a #b\n", "line 6", "comment");
	REFUSED(CONF_HEAD "deny_groups\n", "line 6", "neither [section] nor key = value");
	REFUSED(CONF_HEAD "[groups\nmatch = x\n", "line 6", "neither [section]");
	REFUSED(CONF_HEAD "qr = no\n  utf8\n", "line 7", "only a list may go on");
	REFUSED("[okta]\n  org_url = https://a\n", "line 2", "continues no key");
	REFUSED(CONF_HEAD " [groups]\n", "line 6", "start of its line");
	n = snprintf(text, sizeof(text), CONF_HEAD "deny_groups = ");
	memset(text + n, 'x', 300);
	text[n + 300] = '\0';
	REFUSED(text, "line 6", "longer than 198 bytes");
	/* one byte less than too long is fine */
	(void)snprintf(text + n, sizeof(text) - (size_t)n, "%.*s\n", 198 - 14,
	    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
	    "yyyyyyyyyyyyyyyyyyyy"
	    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy"
	    "yyyyyyyyyyyyyyyyyyyy");
	{
		struct okta_conf *c = conf_good(text);

		assert_int_equal(strlen(c->deny_groups.item[0]), 184);
		okta_conf_free(&c);
	}
}

static void
conf_refuses_a_file_larger_than_its_maximum(void **state)
{
	size_t n = OKTA_CONF_MAX_BYTES + 1;
	char *text = malloc(n);

	(void)state;
	assert_non_null(text);
	memset(text, '\n', n);
	refused(text, n, OKTA_CONF_FOR_LOGIN, (const char *const[]){ "65536", NULL });
	free(text);
}

static void
conf_refuses_every_url_but_a_plain_https_origin(void **state)
{
	static const struct {
		const char *value, *says;
	} bad[] = { { "http://acme.okta.com", "https://" },
		{ "acme.okta.com", "https://" },
		{ "https://acme.okta.com/", "remove the path or slash" },
		{ "https://acme.okta.com/oauth2", "remove the path or slash" },
		{ "https://acme.okta.com:443/", "remove the path or slash" },
		{ "https://acme-admin.okta.com", "remove -admin" },
		{ "https://Acme.okta.com", "lower case" },
		{ "https://user@acme.okta.com", "no host name has" },
		{ "https://acme.okta.com:0", "port" },
		{ "https://acme.okta.com:65536", "port" },
		{ "https://acme.okta.com:", "port" }, { "https://:443", "no host name" },
		{ "https://.okta.com", "no host name" }, { "https://", "https://" } };
	char text[256];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text),
		    "[okta]\norg_url = %s\n[login]\nclient_id = x\nallow_groups = *\n",
		    bad[i].value);
		REFUSED(text, "line 2: [okta] org_url", bad[i].says);
	}
}

static void
conf_refuses_values_of_the_wrong_type(void **state)
{
	static const struct {
		const char *line, *says;
	} bad[] = { { "grace_s = soon", "from 20 to 3600" },
		{ "grace_s = 19", "from 20 to 3600" }, { "grace_s = 3601", "from 20" },
		{ "max_waiting = 0", "from 1 to 1000" },
		{ "max_waiting_user = 0", "from 1 to 1000" },
		{ "max_waiting_address = 1001", "from 1 to 1000" },
		{ "grace_s = 4294967316", "from 20" }, { "grace_s = -1", "from 20" },
		{ "clock_skew_s = 301", "from 0 to 300" },
		{ "snapshot_max_age_s = 0", "from 60" },
		{ "qr = yes", "must be one of no, utf8" },
		{ "client_secret_file = secret", "absolute path" },
		{ "client_secret_file = /etc/../x", "plain path" },
		{ "client_secret_file = /etc//x", "plain path" },
		{ "client_secret_file = /etc/", "plain path" },
		{ "groups_claim = a b", "without blanks" },
		{ "deny_groups = a,,b", "empty item" },
		{ "deny_groups = a,", "empty item" }, { "deny_groups = a, a", "twice" },
		{ "deny_groups = *", "is no group here" },
		{ "scopes = profile", "must hold openid" },
		{ "scopes = openid profile", "must hold openid" },
		{ "scopes = openid, a b", "separate scopes by commas" },
		{ "[okta]\nauthorization_server = a/b", "id of a custom" },
		{ "[okta]\nproxy = https://p:1", "http://HOST:PORT" },
		{ "[okta]\nproxy = http://p", "needs a port" },
		{ "[sync]\nsource = ldap", "must be one of okta, file" },
		{ "[sync]\nmax_removal_percent = 101", "from 0 to 100" },
		{ "[users]\nstrip_domains = @acme.example", "plain domains" },
		{ "[users]\nstrip_domains = *.acme.example", "plain domains" },
		{ "[users]\nstrip_domains = .acme.example", "plain domains" },
		{ "[users]\nname_from = a-b", "profile attribute" },
		{ "[users]\nid_range = 5000", "MIN-MAX" },
		{ "[users]\nid_range = 999-5000", "MIN-MAX" },
		{ "[users]\nid_range = 5000-4000", "MIN-MAX" },
		{ "[users]\nid_range = 1000-2147483647", "MIN-MAX" },
		{ "[users]\nhome = /home/x", "must hold %u" },
		{ "[users]\nhome = /home/%n/%u", "knows only %u" },
		{ "[users]\nhome = home/%u", "absolute" },
		{ "[users]\nhome = /etc/%u", "system" },
		{ "[users]\nhome = /%u", "directly below" },
		{ "[users]\nshell = bash", "absolute path" },
		{ "[users]\nshell = /bin/zsh", "not listed in [users] shells" },
		{ "[users]\nshells = bash", "absolute paths" },
		{ "[users]\nshells = /bin/bash -l", "absolute paths" },
		{ "[groups]\nprefix = Okta-", "does not begin" },
		{ "[groups]\nrename = eng", "takes OKTA_GROUP:UNIX_NAME" },
		{ "[groups]\nrename = :eng", "takes OKTA_GROUP:UNIX_NAME" },
		{ "[groups]\nrename = eng:Eng", "Unix name" },
		{ "[groups]\nrename = eng:docker", "reserved" },
		{ "[groups]\nlocal = admins", "takes OKTA_GROUP:LOCAL_GROUP" },
		{ "[groups]\nlocal = admins:s u", "local group other" },
		{ "[groups]\nlocal = admins:root", "nobody's to give" } };
	char text[512];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text), CONF_HEAD "%s\n", bad[i].line);
		REFUSED(text, bad[i].line[0] == '[' ? "line 7: [" : "line 6: [login]",
		    bad[i].says);
	}
	REFUSED(
	    "[okta]\norg_url = https://a\n[login]\nclient_id = x\nallow_groups = *, a\n",
	    "allow_groups", "stand alone");
}

/* A group's name may hold what a terminal obeys or a log line ends with. */
static void
conf_says_which_item_comes_twice_in_short_printable_text(void **state)
{
	static const struct {
		const char *item, *says;
	} odd[] = { { "a\tb", "lists \"a?b\" twice: remove one" },
		{ "gr\xc3\xbc"
		  "n",
		    "twice: remove one" },
		{ "0123456789012345678901234567890123456789012345678901234567890123456789"
		  "0123456789012345678901234567890123456789012345678901234567890123456789"
		  "01234567890123456789",
		    "twice: remove one" } };
	struct okta_conf *c = NULL;
	struct okta_err err = { 0 };
	char text[1024];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		(void)snprintf(text, sizeof(text), CONF_HEAD "deny_groups = %s,\n %s\n",
		    odd[i].item, odd[i].item);
		assert_int_equal(
		    conf_parse(text, strlen(text), OKTA_CONF_FOR_LOGIN, &c, &err),
		    OKTA_E_CONFIG);
		assert_non_null(strstr(err.msg, odd[i].says));
		assert_true(okta_text_is_printable(okta_view_str(err.msg)));
	}
}

static void
conf_refuses_a_list_longer_than_its_maximum(void **state)
{
	char *text = malloc(8192);
	size_t n;
	int i;

	(void)state;
	assert_non_null(text);
	n = (size_t)snprintf(text, 8192, CONF_HEAD "deny_groups = g\n");
	for (i = 0; i < 256; i++)
		n += (size_t)snprintf(text + n, 8192 - n, " g%d,\n", i);
	(void)snprintf(text + n, 8192 - n, " last\n");
	REFUSED(text, "deny_groups", "more than 256");
	free(text);
}

static void
conf_for_sync_names_what_its_source_and_auth_need(void **state)
{
	static const char org[] = "[okta]\norg_url = https://acme.okta.com\n[sync]\n";
	static const struct {
		const char *lines, *key;
	} bad[] = { { "source = file", "source_dir" }, { "auth = ssws", "token_file" },
		{ "scope = all", "client_id" }, { "client_id = x", "private_key_file" },
		{ "client_id = x\nprivate_key_file = /k", "key_id" },
		{ "auth = client_secret\nclient_id = x", "client_secret_file" },
		{ "auth = ssws\ntoken_file = /t\nscope = groups", "scope_groups" },
		{ "auth = ssws\ntoken_file = /t\nscope = app", "app_id" } };
	struct okta_conf *c = NULL;
	struct okta_err err = { 0 };
	char text[512], name[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		(void)snprintf(text, sizeof(text), "%s%s\n", org, bad[i].lines);
		(void)snprintf(name, sizeof(name), "[sync] %s: is missing", bad[i].key);
		REFUSED_FOR_SYNC(text, name);
	}
	(void)snprintf(text, sizeof(text), "%sauth = ssws\ntoken_file = /t\n", org);
	assert_int_equal(
	    conf_parse(text, strlen(text), OKTA_CONF_FOR_SYNC, &c, &err), OKTA_OK);
	assert_null(c->client_id); /* a sync needs no login */
	okta_conf_free(&c);
}

static void
conf_takes_an_attribute_with_or_without_profile(void **state)
{
	struct okta_conf *c = conf_good(
	    CONF_HEAD "[users]\nuid_from = profile.unixUid\nshell_from = unixShell\n");

	(void)state;
	assert_string_equal(c->uid_from, "unixUid");
	assert_string_equal(c->shell_from, "unixShell");
	okta_conf_free(&c);
}

/* The example is what people start from. */
static void
conf_example_parses_and_shows_every_key(void **state)
{
	static char text[OKTA_CONF_MAX_BYTES];
	size_t len, i, n;
	const struct okta_conf_key *keys = okta_conf_keys(&n);
	struct okta_conf *c = NULL;
	struct okta_err err = { 0 };
	char line[300];
	FILE *f = fopen("conf/okta-login.conf.example", "r");

	(void)state;
	if (f == NULL)
		skip();
	len = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	text[len] = '\0';
	if (conf_parse(text, len, OKTA_CONF_FOR_LOGIN, &c, &err) != OKTA_OK)
		fail_msg("%s", err.msg);
	okta_conf_free(&c);
	for (i = 0; i < n; i++) {
		const char *section, *at;

		(void)snprintf(line, sizeof(line), "\n[%s]\n", keys[i].section);
		section = strstr(text, line);
		assert_non_null(section);
		(void)snprintf(line, sizeof(line), "\n#%s = %s%s", keys[i].key,
		    keys[i].default_value != NULL ? keys[i].default_value : "",
		    keys[i].default_value != NULL && keys[i].default_value[0] != '\0'
			? "\n"
			: "");
		at = strstr(section, line);
		if (at == NULL) {
			(void)snprintf(line, sizeof(line), "\n%s = ", keys[i].key);
			at = strstr(section, line);
		}
		if (at == NULL)
			fail_msg("[%s] %s is not in the example", keys[i].section,
			    keys[i].key);
	}
}

/* Uncommented, every line of the example must be right too. */
static void
conf_example_parses_with_every_comment_taken_away(void **state)
{
	static char text[OKTA_CONF_MAX_BYTES], all[OKTA_CONF_MAX_BYTES];
	size_t len, i, n = 0;
	struct okta_conf *c = NULL;
	struct okta_err err = { 0 };
	FILE *f = fopen("conf/okta-login.conf.example", "r");

	(void)state;
	if (f == NULL)
		skip();
	len = fread(text, 1, sizeof(text) - 1, f);
	(void)fclose(f);
	for (i = 0; i < len; i++)
		if (text[i] != '#' || (i > 0 && text[i - 1] != '\n') ||
		    text[i + 1] == ' ' || text[i + 1] == '\n')
			all[n++] = text[i];
	if (conf_parse(all, n, OKTA_CONF_FOR_LOGIN | OKTA_CONF_FOR_SYNC, &c, &err) !=
	    OKTA_OK)
		fail_msg("%s", err.msg);
	okta_conf_free(&c);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(conf_minimal_has_every_default),
		cmocka_unit_test(conf_issuer_of_a_custom_server_is_below_oauth2),
		cmocka_unit_test(conf_list_goes_on_in_indented_lines),
		cmocka_unit_test(conf_list_matches_by_glob),
		cmocka_unit_test(conf_refuses_each_mandatory_key_missing_empty_or_twice),
		cmocka_unit_test(conf_refuses_a_key_twice_over_two_files),
		cmocka_unit_test(conf_refuses_more_files_than_it_counts),
		cmocka_unit_test(conf_names_the_nearest_key_and_section),
		cmocka_unit_test(conf_refuses_lines_inih_would_misread),
		cmocka_unit_test(conf_refuses_a_file_larger_than_its_maximum),
		cmocka_unit_test(conf_refuses_every_url_but_a_plain_https_origin),
		cmocka_unit_test(conf_refuses_values_of_the_wrong_type),
		cmocka_unit_test(
		    conf_says_which_item_comes_twice_in_short_printable_text),
		cmocka_unit_test(conf_refuses_a_list_longer_than_its_maximum),
		cmocka_unit_test(conf_for_sync_names_what_its_source_and_auth_need),
		cmocka_unit_test(conf_takes_an_attribute_with_or_without_profile),
		cmocka_unit_test(conf_example_parses_and_shows_every_key),
		cmocka_unit_test(conf_example_parses_with_every_comment_taken_away),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
