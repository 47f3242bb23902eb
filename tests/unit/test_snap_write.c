/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
#include "snap_fixture.h"

/* --- what may go in --- */

static char text_256[257], text_65[66], name_33[34], url_256[257];

static enum okta_rc
try_user(const struct okta_snapw_user *u, struct okta_err *err)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_group g = fx_group(FX_ENG);
	uint32_t n;
	enum okta_rc r;

	assert_int_equal(okta_snapw_add_group(w, &g, &n, NULL), OKTA_OK);
	r = okta_snapw_add_user(w, u, err);
	okta_snapw_free(&w);
	assert_null(w);
	return r;
}

static void
add_user_refuses_every_field_that_readers_would(void **state)
{
	struct okta_snapw_user u;
	struct okta_err err;
	const uint32_t no_such_group = 1;
	const struct okta_view bad_names[] = { V(""), V("Ada"), V("0x0"), V("a b"),
		V("a:b"), V("a\nb"), V("-a"), V("a/b"), V("\xc3\xa4"), V(name_33),
		{ "a\0b", 3 } };
	const struct okta_view bad_texts[] = { V("a:b"), V("a\nb"), V("a\x7f"),
		V("\x1b[2J"), V("\xff"), V(text_256), { "a\0b", 3 } };
	size_t i, f;

	(void)state;
#define REFUSED(field)                                                                   \
	do {                                                                             \
		memset(&err, 0, sizeof(err));                                            \
		assert_int_equal(try_user(&u, &err), OKTA_E_INPUT);                      \
		assert_non_null(strstr(err.msg, field)); /* names the field */           \
	} while (0)
	u = fx_user(FX_ADA);
	assert_int_equal(try_user(&u, &err), OKTA_OK);
	for (i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
		u = fx_user(FX_ADA);
		u.name = bad_names[i];
		REFUSED("name");
	}
	for (i = 0; i < sizeof(bad_texts) / sizeof(bad_texts[0]); i++) {
		for (f = 0; f < 5; f++) {
			u = fx_user(FX_ADA);
			*(f == 0     ? &u.gecos
			    : f == 1 ? &u.home
			    : f == 2 ? &u.shell
			    : f == 3 ? &u.okta_id
				     : &u.okta_login) = bad_texts[i];
			REFUSED("ada");
		}
	}
	u = fx_user(FX_ADA);
	u.okta_id = V("");
	REFUSED("Okta id");
	u.okta_id = V(text_65);
	REFUSED("Okta id");
	for (i = 0; i < 4; i++) {
		u = fx_user(FX_CY);
		u.uid = (const uint32_t[]){ 0, ID_MIN - 1, ID_MAX + 1, UINT32_MAX }[i];
		REFUSED("uid");
		u = fx_user(FX_CY);
		u.gid = (const uint32_t[]){ 0, ID_MIN - 1, ID_MAX + 1, FX_SUDO }[i];
		REFUSED("gid");
	}
	u = fx_user(FX_ADA);
	u.gid = 5001; /* private, but somebody else's */
	REFUSED("gid");
	u = fx_user(FX_ADA);
	u.status = OKTA_STATUS_NONE;
	REFUSED("status");
	u.status = OKTA_STATUS_COUNT;
	REFUSED("status");
	u = fx_user(FX_ADA);
	u.flags |= 2;
	REFUSED("flags");
	u = fx_user(FX_ADA);
	u.groups = &no_such_group;
	u.n_groups = 1;
	REFUSED("groups");
}

static void
add_group_refuses_every_field_that_readers_would(void **state)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_group g;
	struct okta_err err;
	uint32_t n = 77, many[OKTA_SNAP_JOIN_MAX + 1] = { 0 };
	const uint32_t zero = 0, huge = UINT32_MAX;
	size_t i;

	(void)state;
#define BAD_GROUP(field)                                                                 \
	do {                                                                             \
		memset(&err, 0, sizeof(err));                                            \
		assert_int_equal(okta_snapw_add_group(w, &g, &n, &err), OKTA_E_INPUT);   \
		assert_non_null(strstr(err.msg, field));                                 \
		assert_int_equal(n, 77);                                                 \
	} while (0)
	for (i = 0; i < 3; i++) {
		g = fx_group(FX_ENG);
		g.gid = (const uint32_t[]){ 0, ID_MIN - 1, ID_MAX + 1 }[i];
		BAD_GROUP("gid");
	}
	g = fx_group(FX_ENG);
	g.name = V("Eng");
	BAD_GROUP("name");
	g = fx_group(FX_ENG);
	g.okta_id = V("");
	BAD_GROUP("Okta id");
	g = fx_group(FX_ENG);
	g.okta_name = V("");
	BAD_GROUP("Okta name");
	g.okta_name = V("\xff");
	BAD_GROUP("Okta name");
	g = fx_group(FX_ENG);
	g.joins = &zero;
	g.n_joins = 1;
	BAD_GROUP("joins");
	g.joins = &huge;
	BAD_GROUP("joins");
	g.joins = many;
	g.n_joins = OKTA_SNAP_JOIN_MAX + 1;
	BAD_GROUP("joins");
	g = fx_group(FX_SUDO_GROUP);
	g.gid = 0; /* nobody ever joins root */
	BAD_GROUP("gid");
	g.gid = UINT32_MAX;
	BAD_GROUP("gid");
	g = fx_group(FX_SUDO_GROUP);
	g.okta_id = V("00g");
	BAD_GROUP("Okta id");
	g = fx_group(FX_SUDO_GROUP);
	g.okta_name = V("Sudo");
	BAD_GROUP("Okta name");
	g = fx_group(FX_SUDO_GROUP);
	g.joins = fx_join_sudo;
	g.n_joins = 1;
	BAD_GROUP("joins");
	g = fx_group(FX_ALL);
	g.gid = 6000;
	BAD_GROUP("gid");
	g = fx_group(FX_ALL);
	g.name = V("all");
	BAD_GROUP("name");
	g = fx_group(FX_ALL);
	g.kind = (enum okta_snap_group_kind)4;
	BAD_GROUP("kind");
	okta_snapw_free(&w);
}

static void
new_refuses_an_id_range_that_reaches_system_accounts(void **state)
{
	struct okta_snapw_head head = { .id_min = 999, .id_max = 2000 };
	struct okta_snapw *w = (struct okta_snapw *)0x1;
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "range"));
	head.id_min = 3000;
	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_E_INPUT);
	head.id_min = 1000;
	head.id_max = 2147483647;
	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_E_INPUT);
	head.id_max = 2147483646;
	head.org_url = V(url_256);
	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_E_INPUT);
	head.org_url = V("https://acme\n.okta.com");
	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_E_INPUT);
	assert_ptr_equal(w, (struct okta_snapw *)0x1);
}

static void
joined_gid_without_local_group_is_refused(void **state)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_group g = fx_group(FX_OPS);
	struct okta_view bytes;
	struct okta_err err = { 0 };
	uint32_t n;

	(void)state;
	assert_int_equal(okta_snapw_add_group(w, &g, &n, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "27"));
	okta_snapw_free(&w);
}

static void
order_of_calls_is_enforced(void **state)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_user u = fx_user(FX_ADA);
	struct okta_snapw_group g = fx_group(FX_ENG);
	struct okta_view bytes;
	uint32_t n;

	(void)state;
	assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_group(w, &g, &n, NULL), OKTA_E_INTERNAL);
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_E_INTERNAL);
	assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_E_INTERNAL);
	okta_snapw_free(&w);
	okta_snapw_free(&w); /* NULL is fine */
}

/* --- conflicts --- */

/* Add ada and cy, changed by CHANGE, and eng; the message must name WORD. */
static void
conflict(void (*change)(struct okta_snapw_user *cy, struct okta_snapw_group *eng),
    const char *word)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_user ada = fx_user(FX_ADA), cy = fx_user(FX_CY);
	struct okta_snapw_group eng = fx_group(FX_ENG), ops = fx_group(FX_OPS);
	struct okta_view bytes = { NULL, 7 };
	struct okta_err err = { 0 };
	uint32_t n;

	change(&cy, &eng);
	ops.n_joins = 0;
	assert_int_equal(okta_snapw_add_group(w, &ops, &n, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_group(w, &eng, &n, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_user(w, &ada, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_user(w, &cy, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, &err), OKTA_E_CONFLICT);
	assert_non_null(strstr(err.msg, word));
	assert_int_equal(bytes.len, 7);
	okta_snapw_free(&w);
}

#define CHANGE(name, what)                                                               \
	static void name(struct okta_snapw_user *cy, struct okta_snapw_group *eng)       \
	{                                                                                \
		(void)cy;                                                                \
		(void)eng;                                                               \
		what;                                                                    \
	}
CHANGE(same_name, cy->name = V("ada"))
CHANGE(same_uid, cy->uid = 5000)
CHANGE(same_okta_id, cy->okta_id = V("00uada"))
CHANGE(same_group_name, eng->name = V("ops"))
CHANGE(same_gid, eng->gid = 6001)
CHANGE(same_group_okta_id, eng->okta_id = V("00gops"))
CHANGE(same_group_okta_name, eng->okta_name = V("Ops \xc3\x84"))
CHANGE(group_named_like_private, eng->name = V("ada"))
CHANGE(group_gid_of_private, eng->gid = 5000)

static void
every_conflict_is_refused_and_named(void **state)
{
	(void)state;
	conflict(same_name, "ada");
	conflict(same_uid, "5000");
	conflict(same_okta_id, "00uada");
	conflict(same_group_name, "ops");
	conflict(same_gid, "6001");
	conflict(same_group_okta_id, "00gops");
	conflict(same_group_okta_name, "Ops");
	conflict(group_named_like_private, "private group of user \"ada\"");
	conflict(group_gid_of_private, "private group of user \"ada\"");
}

/* --- what comes out --- */

static void
same_input_in_any_order_gives_the_same_bytes(void **state)
{
	const enum fx_group groups[][FX_GROUPS] = {
		{ FX_ALL, FX_ADMINS, FX_SUDO_GROUP, FX_OPS, FX_ENG },
		{ FX_OPS, FX_ALL, FX_ENG, FX_SUDO_GROUP, FX_ADMINS },
		{ FX_SUDO_GROUP, FX_ENG, FX_ADMINS, FX_ALL, FX_OPS },
	};
	const enum fx_user users[][FX_USERS] = {
		{ FX_DEE, FX_CY, FX_BOB, FX_ADA },
		{ FX_BOB, FX_DEE, FX_ADA, FX_CY },
		{ FX_ADA, FX_CY, FX_DEE, FX_BOB },
	};
	struct okta_snapw *w;
	struct okta_view bytes;
	unsigned char *p;
	size_t len, i, j;

	(void)state;
	p = fx_bytes(&len);
	for (i = 0; i < 3; i++) {
		for (j = 0; j < 3; j++) {
			w = fx_new(42);
			fx_add_all(w, groups[i], users[j]);
			assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
			assert_int_equal(bytes.len, len);
			assert_memory_equal(bytes.p, p, len);
			okta_snapw_free(&w);
		}
	}
	free(p);
}

static void
written_snapshot_verifies(void **state)
{
	struct okta_snap snap;
	struct okta_err err = { 0 };
	unsigned char *p;
	size_t len;

	(void)state;
	p = fx_bytes(&len);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	if (okta_snap_verify(&snap, &err) != OKTA_OK)
		fail_msg("%s", err.msg);
	free(p);
}

static void
empty_snapshot_is_valid_and_holds_nobody(void **state)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snap snap;
	struct okta_snap_user u;
	struct okta_view bytes;
	uint64_t cursor = 0;

	(void)state;
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open_bytes(bytes.p, bytes.len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_int_equal(okta_snap_user_by_name(&snap, V("ada"), &u), OKTA_E_NOTFOUND);
	assert_int_equal(okta_snap_next_user(&snap, &cursor, &u), OKTA_E_NOTFOUND);
	okta_snapw_free(&w);
}

/* In a group twice, and in a local group by two ways, is in it once. */
static void
memberships_are_counted_once(void **state)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_group g;
	struct okta_snapw_user u = fx_user(FX_ADA);
	struct okta_snap snap;
	struct okta_snap_user user;
	struct okta_snap_group group;
	struct okta_view bytes;
	uint32_t n[4], list[6];

	(void)state;
	g = fx_group(FX_OPS);
	assert_int_equal(okta_snapw_add_group(w, &g, &n[0], NULL), OKTA_OK);
	g = fx_group(FX_ADMINS);
	assert_int_equal(okta_snapw_add_group(w, &g, &n[1], NULL), OKTA_OK);
	g = fx_group(FX_SUDO_GROUP);
	assert_int_equal(okta_snapw_add_group(w, &g, &n[2], NULL), OKTA_OK);
	list[0] = list[3] = n[0];
	list[1] = list[4] = n[1];
	list[2] = list[5] = n[2];
	u.groups = list;
	u.n_groups = 6;
	assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open_bytes(bytes.p, bytes.len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_int_equal(okta_snap_user_by_name(&snap, V("ada"), &user), OKTA_OK);
	assert_int_equal(user.n_gids, 2);
	assert_int_equal(user.n_refs, 1);
	assert_int_equal(okta_snap_group_by_name(&snap, V("sudo"), &group), OKTA_OK);
	assert_int_equal(group.n_members, 1);
	okta_snapw_free(&w);
}

/* Thousands of people in one group: all there, or, past one answer's limit, none and
 * said. */
static void
big_group(size_t n_users, bool omitted)
{
	struct okta_snapw_head head = { .id_min = 1000, .id_max = OKTA_SNAP_ID_CEIL };
	struct okta_snapw *w = NULL;
	struct okta_snapw_group g = fx_group(FX_ENG);
	struct okta_snapw_user u = fx_user(FX_ADA);
	struct okta_snap snap;
	struct okta_snap_group group;
	struct okta_snap_user user;
	struct okta_view bytes;
	char name[40], id[40];
	uint32_t n;
	size_t i;

	assert_int_equal(okta_snapw_new(&head, &w, NULL), OKTA_OK);
	g.gid = 1000;
	assert_int_equal(okta_snapw_add_group(w, &g, &n, NULL), OKTA_OK);
	u.groups = &n;
	u.n_groups = 1;
	for (i = 0; i < n_users; i++) {
		(void)snprintf(name, sizeof(name), "u%031zu", i); /* the longest */
		(void)snprintf(id, sizeof(id), "00u%zu", i);
		u.name = V(name);
		u.okta_id = V(id);
		u.uid = u.gid = (uint32_t)(100000 + i);
		assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	}
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open_bytes(bytes.p, bytes.len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_int_equal(okta_snap_group_by_gid(&snap, 1000, &group), OKTA_OK);
	assert_int_equal(group.n_members, omitted ? 0 : n_users);
	assert_int_equal(group.flags,
	    omitted ? OKTA_SNAP_GROUP_MEMBERS_OMITTED : OKTA_SNAP_GROUP_NAMES_LISTED);
	assert_int_equal(okta_snapw_omitted(w).len, omitted ? 4 : 0);
	if (omitted)
		assert_memory_equal(okta_snapw_omitted(w).p, "eng", 4);
	/* who is in it still has its gid */
	assert_int_equal(okta_snap_user_by_uid(&snap, 100000, &user), OKTA_OK);
	assert_int_equal(user.n_gids, 1);
	okta_snapw_free(&w);
}

static void
group_up_to_the_answer_limit_lists_all_members(void **state)
{
	(void)state;
	big_group(25500, false); /* 8 for the pointer, 33 for the name: under 1 MiB */
}

static void
group_beyond_the_answer_limit_is_written_without_members_and_reported(void **state)
{
	(void)state;
	big_group(25600, true);
}

/* Whoever may choose names could fill one place of the index; another seed undoes that.
 */
static void
chosen_names_cannot_make_the_index_unusable(void **state)
{
	enum { N = 400 };
	struct okta_snapw *w = fx_new(9);
	struct okta_snapw_user u = fx_user(FX_ADA);
	struct okta_snap snap;
	struct okta_snap_user user;
	struct okta_view bytes;
	char name[40], id[40];
	uint64_t tag, buckets = N / 6 + 1;
	unsigned i, made = 0;

	(void)state;
	for (i = 0; made < N; i++) {
		(void)snprintf(name, sizeof(name), "a%u", i);
		tag = okta_snap_hash_name(9, name, strlen(name)) >> 32;
		if (tag * buckets >> 32 != 20) /* all want bucket 20 */
			continue;
		(void)snprintf(id, sizeof(id), "00u%u", i);
		u.name = V(name);
		u.okta_id = V(id);
		u.uid = u.gid = ID_MIN + made++;
		assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	}
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open_bytes(bytes.p, bytes.len, &snap), OKTA_OK);
	assert_int_equal(snap.seed, 10);
	assert_true(snap.index[OKTA_SNAP_INDEX_USER_NAME].probe < 8);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_int_equal(okta_snap_user_by_uid(&snap, ID_MIN, &user), OKTA_OK);
	okta_snapw_free(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_user_refuses_every_field_that_readers_would),
		cmocka_unit_test(add_group_refuses_every_field_that_readers_would),
		cmocka_unit_test(new_refuses_an_id_range_that_reaches_system_accounts),
		cmocka_unit_test(joined_gid_without_local_group_is_refused),
		cmocka_unit_test(order_of_calls_is_enforced),
		cmocka_unit_test(every_conflict_is_refused_and_named),
		cmocka_unit_test(same_input_in_any_order_gives_the_same_bytes),
		cmocka_unit_test(written_snapshot_verifies),
		cmocka_unit_test(empty_snapshot_is_valid_and_holds_nobody),
		cmocka_unit_test(memberships_are_counted_once),
		cmocka_unit_test(group_up_to_the_answer_limit_lists_all_members),
		cmocka_unit_test(
		    group_beyond_the_answer_limit_is_written_without_members_and_reported),
		cmocka_unit_test(chosen_names_cannot_make_the_index_unusable),
	};

	memset(text_256, 'a', 256);
	memset(text_65, 'a', 65);
	memset(name_33, 'a', 33);
	memset(url_256, 'a', 256);
	return cmocka_run_group_tests_name("snap_write", tests, NULL, NULL);
}
