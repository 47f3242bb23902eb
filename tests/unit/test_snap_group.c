/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
#include "snap/member.h"
#include "snap_forge.h"

/* N names in the LEN bytes NAMES, and a pointer to each. */
static void
assert_members(
    const struct okta_snap_group *group, uint32_t n, const char *names, uint32_t len)
{
	char dst[64], *p[8], *next = dst;
	uint32_t i;

	assert_int_equal(group->n_members, n);
	assert_int_equal(group->members_len, len);
	memset(dst, 'x', sizeof(dst));
	assert_int_equal(okta_snap_copy_members(group, dst, p), OKTA_OK);
	assert_memory_equal(dst, names, len);
	assert_int_equal(dst[len], 'x'); /* not a byte beyond */
	for (i = 0; i < n; i++, next += strlen(next) + 1)
		assert_ptr_equal(p[i], next);
	memset(dst, 'x', sizeof(dst));
	assert_int_equal(okta_snap_copy_members(group, dst, NULL), OKTA_OK);
	assert_memory_equal(dst, names, len);
}

static void
groups_are_found_by_name_gid_and_okta_name(void **state)
{
	const struct fixture *fx = *state;
	struct okta_snap_group g, h;

	assert_int_equal(okta_snap_group_by_name(&fx->snap, V("eng"), &g), OKTA_OK);
	assert_int_equal(g.kind, OKTA_SNAP_GROUP_SERVED);
	assert_int_equal(g.gid, 6000);
	assert_members(&g, 2, "ada\0dee", 8);
	assert_view(g.okta_id, "00geng");
	assert_int_equal(okta_snap_group_by_gid(&fx->snap, 6000, &h), OKTA_OK);
	assert_int_equal(g.off, h.off);
	assert_int_equal(
	    okta_snap_group_by_okta_name(&fx->snap, V("Engineering"), &h), OKTA_OK);
	assert_int_equal(g.off, h.off);
	assert_int_equal(
	    okta_snap_group_by_okta_name(&fx->snap, V("Linux Admins"), &h), OKTA_OK);
	assert_int_equal(h.gid, 0);
	assert_int_equal(h.n_joins, 1);
	assert_int_equal(okta_snap_join(&h, 0), FX_SUDO);
	assert_int_equal(okta_snap_join(&h, 1), UINT32_MAX);
}

static void
local_group_lists_who_joins_it(void **state)
{
	const struct fixture *fx = *state;
	struct okta_snap_group g;

	assert_int_equal(okta_snap_group_by_gid(&fx->snap, FX_SUDO, &g), OKTA_OK);
	assert_int_equal(g.kind, OKTA_SNAP_GROUP_LOCAL);
	assert_view(g.name, "sudo");
	assert_members(&g, 2, "ada\0bob", 8);
	assert_int_equal(
	    okta_snap_group_by_okta_name(&fx->snap, V("sudo"), &g), OKTA_E_NOTFOUND);
}

static void
private_group_is_implied_by_its_user_only(void **state)
{
	const struct fixture *fx = *state;
	struct okta_snap_group g;

	assert_int_equal(okta_snap_group_by_name(&fx->snap, V("ada"), &g), OKTA_OK);
	assert_int_equal(g.gid, 5000);
	assert_int_equal(g.n_members, 0);
	assert_int_equal(okta_snap_group_by_gid(&fx->snap, 5001, &g), OKTA_OK);
	assert_view(g.name, "bob");
	assert_int_equal(
	    okta_snap_group_by_name(&fx->snap, V("cy"), &g), OKTA_E_NOTFOUND);
	assert_int_equal(okta_snap_group_by_gid(&fx->snap, 5002, &g), OKTA_E_NOTFOUND);
}

/* A login group has gid 0: neither its names nor that gid may lead to a Unix group. */
static void
login_group_is_never_a_unix_group(void **state)
{
	const struct fixture *fx = *state;
	struct okta_snap_group g;

	assert_int_equal(okta_snap_group_by_gid(&fx->snap, 0, &g), OKTA_E_NOTFOUND);
	assert_int_equal(
	    okta_snap_group_by_name(&fx->snap, V("Everyone"), &g), OKTA_E_NOTFOUND);
	assert_int_equal(okta_snap_group_by_name(&fx->snap, V(""), &g), OKTA_E_NOTFOUND);
}

static void
every_impossible_group_field_is_refused(void **state)
{
	struct fixture *fx = *state;
	const uint64_t members_end = fx->snap.members_off + fx->snap.members_len;
	struct okta_snap_group g, h;
	struct okta_snap snap;
	size_t i;
	const struct {
		const char *group, *what;
		uint32_t at, width;
		uint64_t value;
	} m[] = {
		{ "eng", "record length", 4, 4, 8 },
		{ "eng", "gid 0", 8, 4, 0 },
		{ "eng", "gid below the range", 8, 4, 27 },
		{ "eng", "gid above the range", 8, 4, ID_MAX + 1 },
		{ "eng", "more members than bytes", 12, 4, 100 },
		{ "eng", "no members, but bytes", 12, 4, 0 },
		{ "eng", "members offset elsewhere", 16, 8, 256 },
		{ "eng", "members offset odd", 16, 8, fx->snap.members_off + 1 },
		{ "eng", "members offset at the end", 16, 8, members_end },
		{ "eng", "members offset huge", 16, 8, UINT64_MAX - 7 },
		{ "eng", "members length", 24, 4, 3 },
		{ "eng", "members length huge", 24, 4, UINT32_MAX },
		{ "eng", "more than an answer holds", 24, 4, OKTA_SNAP_GROUP_ANSWER_MAX },
		{ "eng", "kind 0", 32, 1, 0 },
		{ "eng", "kind 4", 32, 1, 4 },
		{ "eng", "kind local", 32, 1, OKTA_SNAP_GROUP_LOCAL },
		{ "eng", "kind login", 32, 1, OKTA_SNAP_GROUP_LOGIN },
		{ "eng", "name length", 33, 1, 33 },
		{ "eng", "Okta id length", 34, 1, 65 },
		{ "eng", "joins", 35, 1, 17 },
		{ "eng", "Okta name length", 36, 2, 1021 },
		{ "eng", "flags unknown", 38, 2, 4 },
		{ "eng", "members although omitted", 38, 2, 1 },
		{ "eng", "name in capitals", 40, 1, 'E' },
		{ "ops", "joins gid 0", 68, 4, 0 },
		{ "ops", "joins a gid that is no local group", 68, 4, 4 },
		{ "sudo", "gid 0", 8, 4, 0 },
		{ "sudo", "gid -1", 8, 4, UINT32_MAX },
		{ "sudo", "kind served", 32, 1, OKTA_SNAP_GROUP_SERVED },
		{ "sudo", "names behind the last list", 38, 2, 2 },
	};

	for (i = 0; i < sizeof(m) / sizeof(m[0]); i++) {
		memcpy(fx->q, fx->p, fx->len);
		assert_int_equal(
		    okta_snap_group_by_name(&fx->snap, V(m[i].group), &g), OKTA_OK);
		put(fx->q + g.off + m[i].at, m[i].width, m[i].value);
		okta_le32_put(fx->q + 8, OKTA_SNAP_VERSION);
		if (m[i].at != 4)
			fx_seal_record(fx->q, g.off);
		fx_forged(fx->q, fx->len, &snap);
		if (okta_snap_group_by_name(&snap, V(m[i].group), &h) == OKTA_OK ||
		    okta_snap_group_by_gid(&snap, g.gid, &h) == OKTA_OK ||
		    okta_snap_group_at(&snap, g.off, &h) == OKTA_OK)
			fail_msg("handed out: %s: %s", m[i].group, m[i].what);
		if (okta_snap_verify(&snap, NULL) != OKTA_E_INPUT)
			fail_msg("verified: %s: %s", m[i].group, m[i].what);
	}
}

/* Forge eng's member list and what is said about it: no answer, or the true one. */
static void
every_impossible_member_list_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap_group eng, g;
	struct okta_snap snap;
	char dst[64], *p[8];
	size_t i;

	assert_int_equal(okta_snap_group_by_name(&fx->snap, V("eng"), &eng), OKTA_OK);
	const uint64_t table = fx->snap.members_off + fx->snap.members_len;
	const uint64_t list = (uint64_t)(eng.list - fx->p);
	const struct {
		const char *what;
		uint64_t at;
		uint32_t width;
		uint64_t value;
	} m[] = {
		{ "names longer", eng.off + 24, 4, 9 },
		{ "names shorter", eng.off + 24, 4, 7 },
		{ "checksum", eng.off + 28, 4, 1 },
		{ "another member", list, 4, 4 },
		{ "between two names", list, 4, 1 },
		{ "behind the last name", list, 4, fx->snap.names_len - 33 },
		{ "at the end of the table", list, 4, fx->snap.names_len - 32 },
		{ "behind the table", list, 4, fx->snap.names_len },
		{ "far away", list, 4, UINT32_MAX },
		{ "no name", table, 1, 0 },
		{ "another name", table + 1, 1, 'b' },
		{ "a name too long", table, 1, 33 },
		{ "a name beyond the answer", table, 1, 32 },
		{ "names where another list is", eng.off + 38, 2, 2 },
	};

	for (i = 0; i < sizeof(m) / sizeof(m[0]); i++) {
		memcpy(fx->q, fx->p, fx->len);
		put(fx->q + m[i].at, m[i].width, m[i].value);
		okta_le32_put(fx->q + 8, OKTA_SNAP_VERSION);
		fx_forged_record(fx->q, fx->len, eng.off, &snap);
		assert_int_equal(okta_snap_group_by_name(&snap, V("eng"), &g), OKTA_OK);
		memset(dst, 'x', sizeof(dst));
		if (okta_snap_copy_members(&g, dst, p) != OKTA_E_INPUT)
			fail_msg("handed out: %s", m[i].what);
		assert_int_equal(dst[g.members_len], 'x'); /* not a byte beyond */
		if (okta_snap_verify(&snap, NULL) != OKTA_E_INPUT)
			fail_msg("verified: %s", m[i].what);
	}
}

/* The same without a checksum behind it that would refuse what it wrote. */
static void
resolve_refuses_names_too_long_and_numbers_out_of_the_table(void **state)
{
	unsigned char list[4], *table = calloc(1, 80);
	struct okta_snap_members m = { list, 1, table, 80, 41 };
	char dst[64];

	(void)state;
	assert_non_null(table);
	okta_le32_put(list, 0);
	table[0] = 40;
	memset(table + 1, 'a', 79);
	assert_false(okta_snap_resolve(&m, dst, NULL));
	table[0] = 32;
	m.len = 33;
	assert_true(okta_snap_resolve(&m, dst, NULL));
	table[80 - 33] = table[80 - 32] = 32;
	okta_le32_put(list, 80 - 33);
	assert_true(okta_snap_resolve(&m, dst, NULL));
	okta_le32_put(list, 80 - 32); /* its last byte would be behind the table */
	assert_false(okta_snap_resolve(&m, dst, NULL));
	free(table);
}

/* A table too short for what is read at once gives nobody a name from behind it. */
static void
name_table_without_its_zeros_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap = fx->snap;
	struct okta_snap_group g;
	char dst[64];

	snap.names_len = OKTA_SNAP_NAMES_PAD - 1;
	assert_int_equal(okta_snap_group_by_name(&snap, V("eng"), &g), OKTA_OK);
	assert_int_equal(okta_snap_copy_members(&g, dst, NULL), OKTA_E_INPUT);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_E_INPUT);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, forge_setup, forge_teardown)
	const struct CMUnitTest tests[] = {
		T(groups_are_found_by_name_gid_and_okta_name),
		T(local_group_lists_who_joins_it),
		T(private_group_is_implied_by_its_user_only),
		T(login_group_is_never_a_unix_group),
		T(every_impossible_group_field_is_refused),
		T(every_impossible_member_list_is_refused),
		cmocka_unit_test(
		    resolve_refuses_names_too_long_and_numbers_out_of_the_table),
		T(name_table_without_its_zeros_is_refused),
	};

	return cmocka_run_group_tests_name("snap_group", tests, NULL, NULL);
}
