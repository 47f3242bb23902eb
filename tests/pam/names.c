/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: pam json-c */
/* names BUILD: names of the corpus that no person from Okta may have (S5, S9). */
#include "module.h"

#include <json.h>

#define CORPUS	  "tests/vectors/own/hostile_identities.jsonl"
#define NAMES_MAX 256
#define FIRST	  1879050100u

static struct {
	char *name;
	bool taken; /* an ordinary one */
} names[NAMES_MAX];
static size_t n_names;

/* Before the stage may hide the tree. */
static bool
read_names(void)
{
	static char line[65536];
	FILE *f = fopen(CORPUS, "r");

	while (f != NULL && n_names < NAMES_MAX && fgets(line, sizeof(line), f) != NULL) {
		json_object *row = json_tokener_parse(line), *o = NULL;
		const char *kind, *expect;

		(void)json_object_object_get_ex(row, "kind", &o);
		kind = json_object_get_string(o);
		(void)json_object_object_get_ex(row, "expect", &o);
		expect = json_object_get_string(o);
		(void)json_object_object_get_ex(row, "value", &o);
		/* PAM's names end at a NUL */
		if ((strcmp(kind, "user") == 0 || strcmp(kind, "group") == 0) &&
		    strlen(json_object_get_string(o)) ==
			(size_t)json_object_get_string_len(o)) {
			names[n_names].name = strdup(json_object_get_string(o));
			names[n_names++].taken = strcmp(expect, "accept") == 0;
		}
		json_object_put(row);
	}
	if (f != NULL)
		(void)fclose(f);
	return n_names > 130;
}

/* As a sync would that takes any name; those that fit into a snapshot are in it. */
static size_t
put_all_of_them(void)
{
	const struct okta_snapw_head head = { .org_url = sv("https://acme.okta.com"),
		.generation = 1,
		.published_s = time(NULL) - 60,
		.source_s = time(NULL) - 60,
		.seed = 1,
		.id_min = 1879048192u,
		.id_max = 2147483646u };
	const struct okta_snapw_group users = { OKTA_SNAP_GROUP_LOGIN, 0, sv(""),
		sv("00g1users"), sv("linux-users"), NULL, 0 };
	struct okta_snapw *w = NULL;
	struct okta_err err = { 0 };
	struct okta_view bytes;
	uint32_t number;
	size_t i, j, n = 0;
	char id[32];

	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_OK);
	assert_int_equal(okta_snapw_add_group(w, &users, &number, &err), OKTA_OK);
	for (i = 0; i < n_names; i++) {
		struct okta_snapw_user u = { .uid = FIRST + (uint32_t)i,
			.gid = FIRST + (uint32_t)i,
			.status = OKTA_STATUS_ACTIVE,
			.flags = OKTA_SNAP_USER_PRIVATE_GROUP,
			.name = sv(names[i].name),
			.gecos = sv(""),
			.home = sv("/home/x"),
			.shell = sv("/bin/sh"),
			.okta_login = sv("x"),
			.groups = &number,
			.n_groups = 1 };

		for (j = 0; j < i && strcmp(names[j].name, names[i].name) != 0; j++)
			;
		(void)snprintf(id, sizeof(id), "00u%zu", i);
		u.okta_id = sv(id);
		if (j == i && okta_snapw_add_user(w, &u, &err) == OKTA_OK)
			n++;
	}
	if (okta_snapw_finish(w, &bytes, &err) != OKTA_OK ||
	    okta_snapw_publish(OKTA_SNAPSHOT_PATH, 0, bytes, &err) != OKTA_OK)
		fail_msg("%s", err.msg);
	okta_snapw_free(&w);
	return n;
}

static void
assert_log_is_printable(void)
{
	const char *p;

	for (p = stage_log; *p != '\0'; p++)
		if (*p != '\n' && (*p < 0x20 || *p > 0x7e))
			fail_msg(
			    "byte %#x in the log: %s", (unsigned)*p & 0xff, stage_log);
}

/* A name that the snapshot does not have is nobody's: no word, no line, no helper. */
static void
auth_knows_no_name_of_the_corpus(void **state)
{
	size_t i;

	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	for (i = 0; i < n_names; i++) {
		assert_int_equal(call(authenticate, names[i].name), PAM_USER_UNKNOWN);
		assert_int_equal(call(account, names[i].name), PAM_IGNORE);
	}
	assert_int_equal(talk.prompts + talk.infos + talk.errors, 0);
	assert_string_equal(stage_log, "");
}

/*
 * The snapshot has each of them, active and in the login group: whoever wrote it let
 * through what he should not have, or the list of reserved names is newer.  One that is
 * taken as it should gets as far as the helper, of which there is none.
 */
static void
auth_and_account_refuse_each_name_of_the_corpus_that_the_snapshot_has(void **state)
{
	size_t i, refused = 0, taken = 0;
	int r, a;

	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	assert_true(put_all_of_them() > 60);
	for (i = 0; i < n_names; i++) {
		stage_log[0] = '\0';
		r = call(authenticate, names[i].name);
		a = call(account, names[i].name);
		if (names[i].taken) {
			assert_int_equal(r, PAM_AUTHINFO_UNAVAIL);
			logged("reason=helper");
			assert_int_equal(a, PAM_SUCCESS);
			taken++;
		} else if (r == PAM_AUTH_ERR && a == PAM_PERM_DENIED) {
			logged("reason=reserved");
			refused++;
		} else if (r != PAM_USER_UNKNOWN || a != PAM_IGNORE) {
			fail_msg("\"%s\": %d and %d: %s", names[i].name, r, a, stage_log);
		}
		assert_log_is_printable();
	}
	assert_true(taken >= 8);
	assert_true(refused > 50);
	assert_int_equal(talk.prompts + talk.infos, 0);
}

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(auth_knows_no_name_of_the_corpus),
		T(auth_and_account_refuse_each_name_of_the_corpus_that_the_snapshot_has),
	};
	size_t i;
	int r;

	if (!read_names() || !module_enter(argc, argv))
		return 1;
	r = cmocka_run_group_tests(tests, NULL, NULL);
	for (i = 0; i < n_names; i++)
		free(names[i].name);
	return r;
}
