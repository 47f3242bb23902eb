/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
#include "snap_forge.h"

static void
user_by_name_gives_every_field(void **state)
{
	const struct fixture *fx = *state;
	struct okta_snap_user u;
	struct okta_snap_group g;

	assert_int_equal(okta_snap_user_by_name(&fx->snap, V("ada"), &u), OKTA_OK);
	assert_int_equal(u.uid, 5000);
	assert_int_equal(u.gid, 5000);
	assert_int_equal(u.status, OKTA_STATUS_ACTIVE);
	assert_int_equal(u.flags, OKTA_SNAP_USER_PRIVATE_GROUP);
	assert_view(u.name, "ada");
	assert_view(u.gecos, "Ada Lovelace");
	assert_view(u.home, "/home/ada");
	assert_view(u.shell, "/bin/bash");
	assert_view(u.okta_id, "00uada");
	assert_view(u.okta_login, "ada@acme.example");
	assert_int_equal(u.n_gids, 3); /* sudo through ops, eng, ops: ascending */
	assert_int_equal(okta_snap_gid(&u, 0), FX_SUDO);
	assert_int_equal(okta_snap_gid(&u, 1), 6000);
	assert_int_equal(okta_snap_gid(&u, 2), 6001);
	assert_int_equal(okta_snap_gid(&u, 3), UINT32_MAX);
	assert_int_equal(u.n_refs, 1);
	assert_int_equal(
	    okta_snap_group_at(&fx->snap, okta_snap_ref(&u, 0), &g), OKTA_OK);
	assert_int_equal(g.kind, OKTA_SNAP_GROUP_LOGIN);
	assert_view(g.okta_name, "Everyone");
	assert_int_equal(okta_snap_ref(&u, 1), 0);
}

/* What NSS copies in one piece is exactly what passwd(5) shows. */
static void
passwd_by_name_and_by_uid_give_the_block_of_five_texts(void **state)
{
	static const char block[] = "ada\0*\0Ada Lovelace\0/home/ada\0/bin/bash";
	const struct fixture *fx = *state;
	struct okta_snap_passwd pw, same;

	assert_int_equal(okta_snap_passwd_by_name(&fx->snap, V("ada"), &pw), OKTA_OK);
	assert_int_equal(pw.block_len, sizeof(block));
	assert_memory_equal(pw.name.p, block, sizeof(block));
	assert_string_equal(pw.name.p + pw.gecos_at, "Ada Lovelace");
	assert_string_equal(pw.name.p + pw.home_at, "/home/ada");
	assert_string_equal(pw.name.p + pw.shell_at, "/bin/bash");
	assert_int_equal(pw.uid, 5000);
	assert_int_equal(pw.gid, 5000);
	assert_int_equal(okta_snap_passwd_by_uid(&fx->snap, 5000, &same), OKTA_OK);
	assert_int_equal(same.off, pw.off);
	assert_int_equal(
	    okta_snap_passwd_by_name(&fx->snap, V("adb"), &pw), OKTA_E_NOTFOUND);
	assert_int_equal(okta_snap_passwd_by_uid(&fx->snap, 5003, &pw), OKTA_E_NOTFOUND);
}

/* Eight bytes at a time must refuse what one at a time would. */
static void
name_is_valid_agrees_with_its_rule_for_every_byte_at_every_place(void **state)
{
	char name[OKTA_SNAP_NAME_MAX + 1];
	size_t len, at;
	unsigned c;
	bool fine;

	(void)state;
	for (len = 1; len <= OKTA_SNAP_NAME_MAX; len++) {
		memset(name, 'k', sizeof(name));
		for (at = 0; at < len; at++) {
			for (c = 0; c < 256; c++) {
				name[at] = (char)c;
				fine = (c >= 'a' && c <= 'z') || c == '_' ||
				       (at > 0 && ((c >= '0' && c <= '9') || c == '.' ||
						      c == '-'));
				assert_int_equal(okta_snap_name_is_valid(
						     (struct okta_view){ name, len }),
				    fine);
			}
			name[at] = 'k';
		}
	}
	assert_false(okta_snap_name_is_valid((struct okta_view){ name, 0 }));
	assert_false(okta_snap_name_is_valid((struct okta_view){ name, sizeof(name) }));
}

static void
user_by_uid_gives_the_same_record(void **state)
{
	const struct fixture *fx = *state;
	struct okta_snap_user a, b;

	assert_int_equal(okta_snap_user_by_name(&fx->snap, V("bob"), &a), OKTA_OK);
	assert_int_equal(okta_snap_user_by_uid(&fx->snap, 5001, &b), OKTA_OK);
	assert_int_equal(a.off, b.off);
	assert_int_equal(b.status, OKTA_STATUS_SUSPENDED);
	assert_int_equal(b.n_gids, 1); /* sudo, through a group for login rules */
	assert_int_equal(okta_snap_gid(&b, 0), FX_SUDO);
	assert_int_equal(b.n_refs, 2);
}

static void
unknown_and_impossible_keys_are_not_found(void **state)
{
	const struct fixture *fx = *state;
	const char *const names[] = { "", "root", "ad", "adaa", "Ada", "ada ", "0",
		"5000", "-ada", "ada\n", "ada/../root",
		"abcdefghijklmnopqrstuvwxyzabcdefg" };
	const uint32_t ids[] = { 0, 1, 999, 4999, 5003, 7001, 2147483647, UINT32_MAX };
	struct okta_snap_user u;
	struct okta_snap_group g;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(
		    okta_snap_user_by_name(&fx->snap, V(names[i]), &u), OKTA_E_NOTFOUND);
		assert_int_equal(
		    okta_snap_group_by_name(&fx->snap, V(names[i]), &g), OKTA_E_NOTFOUND);
	}
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		assert_int_equal(
		    okta_snap_user_by_uid(&fx->snap, ids[i], &u), OKTA_E_NOTFOUND);
		assert_int_equal(
		    okta_snap_group_by_gid(&fx->snap, ids[i], &g), OKTA_E_NOTFOUND);
	}
	assert_int_equal(
	    okta_snap_user_by_name(&fx->snap, (struct okta_view){ "ada\0x", 5 }, &u),
	    OKTA_E_NOTFOUND);
	assert_int_equal(
	    okta_snap_group_by_okta_name(&fx->snap, V(""), &g), OKTA_E_NOTFOUND);
	assert_int_equal(okta_snap_group_by_okta_name(&fx->snap, V("engineering"), &g),
	    OKTA_E_NOTFOUND);
}

static void
enumeration_gives_each_record_once_in_order(void **state)
{
	const struct fixture *fx = *state;
	const uint32_t uids[] = { 5000, 5001, 5002, 6999 },
		       gids[] = { 6000, 6001, 27, 0, 0 };
	struct okta_snap_user u;
	struct okta_snap_group g;
	uint64_t cursor = 0;
	size_t i;

	for (i = 0; i < 4; i++) {
		assert_int_equal(okta_snap_next_user(&fx->snap, &cursor, &u), OKTA_OK);
		assert_int_equal(u.uid, uids[i]);
	}
	assert_int_equal(okta_snap_next_user(&fx->snap, &cursor, &u), OKTA_E_NOTFOUND);
	cursor = 0;
	for (i = 0; i < 5; i++) {
		assert_int_equal(okta_snap_next_group(&fx->snap, &cursor, &g), OKTA_OK);
		assert_int_equal(g.gid, gids[i]);
	}
	assert_int_equal(okta_snap_next_group(&fx->snap, &cursor, &g), OKTA_E_NOTFOUND);
}

static void
status_names_go_both_ways(void **state)
{
	unsigned i;

	(void)state;
	for (i = 1; i < OKTA_STATUS_COUNT; i++)
		assert_int_equal(okta_snap_status_parse(
				     V(okta_snap_status_name((enum okta_snap_status)i))),
		    i);
	assert_string_equal(okta_snap_status_name(OKTA_STATUS_NONE), "");
	assert_string_equal(okta_snap_status_name((enum okta_snap_status)99), "");
	assert_int_equal(okta_snap_status_parse(V("active")), OKTA_STATUS_NONE);
	assert_int_equal(okta_snap_status_parse(V("")), OKTA_STATUS_NONE);
}

/* Forge ada's record with right checksums: no call may hand it out, and verify names it.
 */
static void
every_impossible_user_field_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap_user ada, u;
	struct okta_snap_group g;
	struct okta_snap snap;
	struct okta_err err = { 0 };
	struct okta_snap_passwd pw;
	bool in_front;
	size_t i;

	assert_int_equal(okta_snap_user_by_name(&fx->snap, V("ada"), &ada), OKTA_OK);
	const uint32_t gids = (uint32_t)(ada.gids - fx->p - (ptrdiff_t)ada.off);
	const uint32_t len = okta_le32(fx->p + ada.off + 4);
	const struct mutation m[] = {
		{ "record length short", 4, 4, 16 },
		{ "record length odd", 4, 4, len - 4 },
		{ "uid 0", 8, 4, 0 },
		{ "uid below the range", 8, 4, ID_MIN - 1 },
		{ "uid above the range", 8, 4, ID_MAX + 1 },
		{ "uid -1", 8, 4, UINT32_MAX },
		{ "gid 0", 12, 4, 0 },
		{ "gid of another private group", 12, 4, 5001 },
		{ "gid outside", 12, 4, 4 },
		{ "status none", 16, 1, 0 },
		{ "status unknown", 16, 1, OKTA_STATUS_COUNT },
		{ "flags unknown", 17, 1, 3 },
		{ "name length 0", 18, 1, 0 },
		{ "name length", 18, 1, 4 },
		{ "gecos length", 19, 1, 255 },
		{ "home length", 20, 1, 8 },
		{ "shell length", 21, 1, 0 },
		{ "Okta id length", 22, 1, 65 },
		{ "Okta login length", 23, 1, 255 },
		{ "more gids", 24, 2, 300 },
		{ "fewer gids", 24, 2, 0 },
		{ "more references", 26, 2, 65535 },
		{ "name in capitals", 32, 1, 'A' },
		{ "name with a slash", 33, 1, '/' },
		{ "password not *", 36, 1, 'x' },
		{ "no NUL behind the name", 35, 1, 'b' },
		{ "no NUL behind the password", 37, 1, 'b' },
		{ "no NUL behind the gecos", 50, 1, 'b' },
		{ "no NUL behind the home", 60, 1, 'b' },
		{ "no NUL behind the shell", 70, 1, 'b' },
		{ "gid list: 0", gids, 4, 0 },
		{ "gid list: a local group nobody joins", gids, 4, 4 },
		{ "gid list: not ascending", gids, 4, 6500 },
		{ "gid list: twice", gids + 8, 4, 6000 },
		{ "gid list: -1", gids + 8, 4, UINT32_MAX },
		{ "gid list: outside", gids + 8, 4, ID_MAX + 1 },
	};

	for (i = 0; i < sizeof(m) / sizeof(m[0]); i++) {
		memcpy(fx->q, fx->p, fx->len);
		put(fx->q + ada.off + m[i].at, m[i].width, m[i].value);
		if (m[i].at != 4)
			fx_seal_record(fx->q, ada.off);
		fx_forged(fx->q, fx->len, &snap);
		if (okta_snap_user_by_name(&snap, V("ada"), &u) == OKTA_OK ||
		    okta_snap_user_by_uid(&snap, 5000, &u) == OKTA_OK ||
		    (m[i].at == 8 && okta_snap_user_by_uid(
					 &snap, (uint32_t)m[i].value, &u) == OKTA_OK))
			fail_msg("handed out by a lookup of a user: %s", m[i].what);
		/* behind the front is nothing that passwd(5) or group(5) shows */
		in_front = m[i].at < 16 || (m[i].at >= 17 && m[i].at < 22) ||
			   (m[i].at >= 32 && m[i].at < gids);
		if (in_front &&
		    (okta_snap_passwd_by_name(&snap, V("ada"), &pw) == OKTA_OK ||
			okta_snap_passwd_by_uid(&snap, 5000, &pw) == OKTA_OK))
			fail_msg("handed out as a line of passwd: %s", m[i].what);
		if (in_front &&
		    (okta_snap_group_by_name(&snap, V("ada"), &g) == OKTA_OK ||
			okta_snap_group_by_gid(&snap, 5000, &g) == OKTA_OK))
			fail_msg("handed out as a private group: %s", m[i].what);
		if (okta_snap_verify(&snap, &err) != OKTA_E_INPUT)
			fail_msg("verified: %s", m[i].what);
	}
}

/* A record that claims eight bytes of what follows it, with its checksums made right. */
static void
record_longer_than_its_contents_is_refused(void **state)
{
	static const char *const names[] = { "cy", "dee" }; /* dee's is the last */
	struct fixture *fx = *state;
	struct okta_snap_passwd pw;
	struct okta_snap_user u;
	struct okta_snap snap;
	size_t i;

	for (i = 0; i < 2; i++) {
		memcpy(fx->q, fx->p, fx->len);
		assert_int_equal(
		    okta_snap_passwd_by_name(&fx->snap, V(names[i]), &pw), OKTA_OK);
		okta_le32_put(fx->q + pw.off + 4, pw.record_len + 8);
		fx_forged_record(fx->q, fx->len, pw.off, &snap);
		assert_int_equal(
		    okta_snap_user_by_name(&snap, V(names[i]), &u), OKTA_E_INPUT);
	}
	assert_int_equal(okta_snap_passwd_by_name(&snap, V("dee"), &pw), OKTA_E_INPUT);
}

/* As version 3 has it. */
static void
record_that_is_padded_to_eight_bytes_is_read(void **state)
{
	static const char *const names[] = { "ada", "bob", "cy", "dee" };
	struct fixture *fx = *state;
	struct okta_snap_user u;
	struct okta_snap snap;
	unsigned tried = 0;
	uint32_t len;
	size_t i, end;

	for (i = 0; i < 4; i++) {
		memcpy(fx->q, fx->p, fx->len);
		assert_int_equal(
		    okta_snap_user_by_name(&fx->snap, V(names[i]), &u), OKTA_OK);
		len = okta_le32(fx->p + u.off + 4);
		end = (size_t)((const unsigned char *)u.okta_login.p + u.okta_login.len +
			       1 - fx->snap.base) -
		      (size_t)u.off;
		if (len - end < 8)
			continue;
		tried++;
		okta_le32_put(fx->q + u.off + 4, len - 8);
		fx_forged_record(fx->q, fx->len, u.off, &snap);
		assert_int_equal(okta_snap_user_by_name(&snap, V(names[i]), &u), OKTA_OK);
		okta_le32_put(fx->q + u.off + 4, len - 4);
		fx_forged_record(fx->q, fx->len, u.off, &snap);
		assert_int_equal(
		    okta_snap_user_by_name(&snap, V(names[i]), &u), OKTA_E_INPUT);
	}
	assert_int_not_equal(tried, 0);
}

/* Whoever is in sudo by a gid list must be so by a group this file names, never by
 * chance. */
static void
joined_gid_without_its_local_group_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap_user u;
	struct okta_snap snap;
	uint64_t off = fx->snap.index[OKTA_SNAP_INDEX_GID].off;

	memset(fx->q + off, 0, index_bytes(&fx->snap, OKTA_SNAP_INDEX_GID));
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_user_by_name(&snap, V("bob"), &u), OKTA_E_INPUT);
	assert_int_equal(okta_snap_user_by_name(&snap, V("dee"), &u), OKTA_E_INPUT);
	assert_int_equal(okta_snap_user_by_name(&snap, V("cy"), &u), OKTA_OK);
}

/* Beyond what is looked at first of a name. */
static void
long_names_are_compared_and_checked_to_their_end(void **state)
{
	const char *const names[] = { "abcdefghijklmnopqrs-one",
		"abcdefghijklmnopqrs-two" };
	struct okta_snapw *w = fx_new(42);
	struct okta_snap_passwd one, two, pw;
	struct okta_snapw_user u;
	struct okta_snap snap;
	unsigned char *p;
	size_t i, at, len;

	(void)state;
	for (i = 0; i < 2; i++) {
		u = fx_user(i == 0 ? FX_ADA : FX_BOB);
		u.name = V(names[i]);
		assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	}
	p = fx_finish(w, &len);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_passwd_by_name(&snap, V(names[0]), &one), OKTA_OK);
	assert_int_equal(okta_snap_passwd_by_name(&snap, V(names[1]), &two), OKTA_OK);
	/* the index leads from the one to the other */
	for (at = snap.index[0].off; at < snap.index[1].off; at += 4)
		if (okta_le32(p + at) == one.off / 8)
			okta_le32_put(p + at, (uint32_t)(two.off / 8));
	assert_int_equal(
	    okta_snap_passwd_by_name(&snap, V(names[0]), &pw), OKTA_E_NOTFOUND);
	p[one.off + 32 + 20] = 'O';
	fx_seal_record(p, one.off);
	assert_int_equal(okta_snap_passwd_by_uid(&snap, one.uid, &pw), OKTA_E_INPUT);
	p[one.off + 32 + 20] = 'o';
	p[one.off + 32] = '1';
	fx_seal_record(p, one.off);
	assert_int_equal(okta_snap_passwd_by_uid(&snap, one.uid, &pw), OKTA_E_INPUT);
	p[one.off + 32] = 'a';
	fx_seal_record(p, one.off);
	assert_int_equal(okta_snap_passwd_by_uid(&snap, one.uid, &pw), OKTA_OK);
	free(p);
}

/* What follows would be read from between two records. */
static void
next_passwd_refuses_a_record_of_an_odd_length(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap_passwd pw;
	struct okta_snap snap;
	uint64_t cursor = 0;
	uint32_t len = okta_le32(fx->q + OKTA_SNAP_HEADER_BYTES + 4);

	okta_le32_put(fx->q + OKTA_SNAP_HEADER_BYTES + 4, len + 4);
	fx_forged_record(fx->q, fx->len, OKTA_SNAP_HEADER_BYTES, &snap);
	assert_int_equal(okta_snap_next_passwd(&snap, &cursor, &pw), OKTA_E_INPUT);
	assert_int_equal(cursor, 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, forge_setup, forge_teardown)
	const struct CMUnitTest tests[] = {
		T(user_by_name_gives_every_field),
		T(passwd_by_name_and_by_uid_give_the_block_of_five_texts),
		cmocka_unit_test(
		    name_is_valid_agrees_with_its_rule_for_every_byte_at_every_place),
		T(user_by_uid_gives_the_same_record),
		T(unknown_and_impossible_keys_are_not_found),
		T(enumeration_gives_each_record_once_in_order),
		cmocka_unit_test(status_names_go_both_ways),
		T(every_impossible_user_field_is_refused),
		T(record_longer_than_its_contents_is_refused),
		T(record_that_is_padded_to_eight_bytes_is_read),
		T(joined_gid_without_its_local_group_is_refused),
		cmocka_unit_test(long_names_are_compared_and_checked_to_their_end),
		T(next_passwd_refuses_a_record_of_an_odd_length),
	};

	return cmocka_run_group_tests_name("snap_user", tests, NULL, NULL);
}
