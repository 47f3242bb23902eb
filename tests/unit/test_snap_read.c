/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snap/member.h"
#include "snap_fixture.h"

struct fixture {
	unsigned char *p; /* pristine */
	size_t len;
	struct okta_snap snap;
	unsigned char *q; /* a copy to damage */
};

static int
setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	fx->p = fx_bytes(&fx->len);
	fx->q = malloc(fx->len);
	assert_non_null(fx->q);
	memcpy(fx->q, fx->p, fx->len);
	assert_int_equal(okta_snap_open_bytes(fx->p, fx->len, &fx->snap), OKTA_OK);
	*state = fx;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	okta_snap_close(&fx->snap);
	free(fx->p);
	free(fx->q);
	free(fx);
	return 0;
}

/* --- what is read is what was written
 * ------------------------------------------------------- */

#define assert_view(v, s)                                                                \
	do {                                                                             \
		assert_int_equal((v).len, strlen(s));                                    \
		assert_memory_equal((v).p, (s), strlen(s) + 1); /* and a NUL */          \
	} while (0)

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
header_fields_are_read(void **state)
{
	const struct fixture *fx = *state;

	assert_int_equal(fx->snap.generation, 7);
	assert_int_equal(fx->snap.published_s, 1700000100);
	assert_int_equal(fx->snap.source_s, 1700000000);
	assert_int_equal(fx->snap.n_users, 4);
	assert_int_equal(fx->snap.n_groups, 5);
	assert_view(fx->snap.org_url, "https://acme.okta.com");
	assert_false(okta_snap_is_superseded(&fx->snap));
	okta_le32_put(fx->p + 20, 1);
	assert_true(okta_snap_is_superseded(&fx->snap));
	assert_int_equal(
	    okta_snap_verify(&fx->snap, NULL), OKTA_OK); /* outside every sum */
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

static size_t
index_bytes(const struct okta_snap *snap, size_t i)
{
	return ((size_t)snap->index[i].buckets + snap->index[i].probe - 1) *
	       OKTA_SNAP_BUCKET_BYTES;
}

/* --- damage
 * --------------------------------------------------------------------------------- */

static bool
same_view(struct okta_view a, struct okta_view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len + 1) == 0);
}

static void
check_user(const struct okta_snap_user *a, const struct okta_snap_user *b)
{
	uint32_t i;

	assert_int_equal(a->uid, b->uid);
	assert_int_equal(a->gid, b->gid);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->flags, b->flags);
	assert_true(same_view(a->name, b->name) && same_view(a->gecos, b->gecos) &&
		    same_view(a->home, b->home) && same_view(a->shell, b->shell) &&
		    same_view(a->okta_id, b->okta_id) &&
		    same_view(a->okta_login, b->okta_login));
	assert_int_equal(a->n_gids, b->n_gids);
	assert_int_equal(a->n_refs, b->n_refs);
	for (i = 0; i < a->n_gids; i++)
		assert_int_equal(okta_snap_gid(a, i), okta_snap_gid(b, i));
	for (i = 0; i < a->n_refs; i++)
		assert_int_equal(okta_snap_ref(a, i), okta_snap_ref(b, i));
}

static void
check_group(const struct okta_snap_group *a, const struct okta_snap_group *b)
{
	char names_a[64], names_b[64];
	uint32_t i;

	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->gid, b->gid);
	assert_int_equal(a->flags, b->flags);
	assert_true(same_view(a->name, b->name) && same_view(a->okta_id, b->okta_id) &&
		    same_view(a->okta_name, b->okta_name));
	assert_int_equal(a->n_members, b->n_members);
	assert_int_equal(a->members_len, b->members_len);
	assert_int_equal(okta_snap_copy_members(b, names_b, NULL), OKTA_OK);
	if (okta_snap_copy_members(a, names_a, NULL) == OKTA_OK)
		assert_memory_equal(names_a, names_b, a->members_len);
	assert_int_equal(a->n_joins, b->n_joins);
	for (i = 0; i < a->n_joins; i++)
		assert_int_equal(okta_snap_join(a, i), okta_snap_join(b, i));
}

/* R is the answer of a damaged file, R0 that of the sound one: the same, or none. */
static bool
is_answer(enum okta_rc r, enum okta_rc r0)
{
	assert_true(r == OKTA_OK || r == OKTA_E_NOTFOUND || r == OKTA_E_INPUT);
	if (r == OKTA_OK)
		assert_int_equal(r0, OKTA_OK); /* never somebody who is not there */
	return r == OKTA_OK;
}

/* Every lookup of SNAP gives the truth or nothing. */
static void
check_all_lookups(const struct okta_snap *snap, const struct okta_snap *truth)
{
	const char *const names[] = { "ada", "bob", "cy", "dee", "eng", "ops", "sudo",
		"root" };
	const char *const okta_names[] = { "Engineering", "Ops \xc3\x84", "Linux Admins",
		"Everyone", "x" };
	const uint32_t ids[] = { 0, 27, 999, 5000, 5001, 5002, 6000, 6001, 6999, 7000 };
	struct okta_snap_user u, u0;
	struct okta_snap_group g, g0;
	uint64_t cursor;
	unsigned n;
	size_t i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (is_answer(okta_snap_user_by_name(snap, V(names[i]), &u),
			okta_snap_user_by_name(truth, V(names[i]), &u0)))
			check_user(&u, &u0);
		if (is_answer(okta_snap_group_by_name(snap, V(names[i]), &g),
			okta_snap_group_by_name(truth, V(names[i]), &g0)))
			check_group(&g, &g0);
	}
	for (i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		if (is_answer(okta_snap_user_by_uid(snap, ids[i], &u),
			okta_snap_user_by_uid(truth, ids[i], &u0)))
			check_user(&u, &u0);
		if (is_answer(okta_snap_group_by_gid(snap, ids[i], &g),
			okta_snap_group_by_gid(truth, ids[i], &g0)))
			check_group(&g, &g0);
	}
	for (i = 0; i < sizeof(okta_names) / sizeof(okta_names[0]); i++)
		if (is_answer(okta_snap_group_by_okta_name(snap, V(okta_names[i]), &g),
			okta_snap_group_by_okta_name(truth, V(okta_names[i]), &g0)))
			check_group(&g, &g0);
	for (cursor = 0, n = 0; okta_snap_next_user(snap, &cursor, &u) == OKTA_OK; n++) {
		assert_int_equal(okta_snap_user_by_uid(truth, u.uid, &u0), OKTA_OK);
		check_user(&u, &u0);
		assert_true(n < FX_USERS);
	}
	for (cursor = 0, n = 0; okta_snap_next_group(snap, &cursor, &g) == OKTA_OK; n++) {
		assert_int_equal(okta_snap_group_at(truth, g.off, &g0), OKTA_OK);
		check_group(&g, &g0);
		assert_true(n < FX_GROUPS);
	}
}

static void
every_single_bit_flip_gives_the_truth_or_nothing(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap;
	size_t bit;
	bool opened, in_word;

	for (bit = 0; bit < fx->len * 8; bit++) {
		fx->q[bit / 8] ^= (unsigned char)(1u << bit % 8);
		in_word = bit / 8 >= 20 &&
			  bit / 8 < 24; /* superseded: belongs to no sum */
		opened = okta_snap_open_bytes(fx->q, fx->len, &snap) == OKTA_OK;
		if (bit / 8 < OKTA_SNAP_HEADER_BYTES && !in_word)
			assert_false(opened);
		if (opened) {
			check_all_lookups(&snap, &fx->snap);
			assert_int_equal(okta_snap_verify(&snap, NULL),
			    in_word ? OKTA_OK : OKTA_E_INPUT);
		}
		fx->q[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
}

static void
every_truncation_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap;
	unsigned char *p;
	size_t len;

	for (len = 0; len < fx->len; len++) {
		p = malloc(len + (len == 0));
		assert_non_null(p);
		memcpy(p, fx->p, len);
		assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_E_INPUT);
		free(p);
	}
}

/* A header that agrees with the shorter file: its sections still do not fit. */
static void
every_truncation_with_a_forged_length_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap;
	unsigned char *p;
	size_t len;

	for (len = OKTA_SNAP_HEADER_BYTES; len < fx->len; len++) {
		p = malloc(len);
		assert_non_null(p);
		memcpy(p, fx->p, len);
		okta_le64_put(p + 24, len);
		fx_seal_body(p, len);
		assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_E_INPUT);
		free(p);
	}
}

static void
bytes_behind_the_end_are_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap;
	unsigned char *p = calloc(1, fx->len + 8);

	assert_non_null(p);
	memcpy(p, fx->p, fx->len);
	assert_int_equal(okta_snap_open_bytes(p, fx->len + 8, &snap), OKTA_E_INPUT);
	okta_le64_put(p + 24, fx->len + 8);
	fx_seal_body(p, fx->len + 8);
	assert_int_equal(okta_snap_open_bytes(p, fx->len + 8, &snap), OKTA_E_INPUT);
	free(p);
}

struct mutation {
	const char *what;
	uint32_t at, width;
	uint64_t value;
};

static void
put(unsigned char *p, uint32_t width, uint64_t value)
{
	if (width == 8)
		okta_le64_put(p, value);
	else if (width == 4)
		okta_le32_put(p, (uint32_t)value);
	else if (width == 2)
		okta_le16_put(p, (uint16_t)value);
	else
		*p = (unsigned char)value;
}

/* A checksum stops accidents; what the numbers mean must hold all the same. */
static void
every_impossible_header_field_is_refused(void **state)
{
	struct fixture *fx = *state;
	const uint64_t users_len = fx->snap.users_len, groups_len = fx->snap.groups_len;
	const struct mutation m[] = {
		{ "version to come", 8, 4, OKTA_SNAP_VERSION + 1 },
		{ "version of old", 8, 4, OKTA_SNAP_VERSION_BEFORE - 1 },
		{ "header length", 12, 4, 264 },
		{ "file length", 24, 8, fx->len - 8 },
		{ "id floor", 72, 4, 999 },
		{ "id floor zero", 72, 4, 0 },
		{ "id ceiling", 76, 4, 2147483647 },
		{ "id range upside down", 76, 4, ID_MIN - 1 },
		{ "users", 80, 4, 1000000 },
		{ "groups", 84, 4, 1000000 },
		{ "users offset", 88, 8, 264 },
		{ "users offset in the header", 88, 8, 0 },
		{ "users length", 96, 8, users_len + 8 },
		{ "users length huge", 96, 8, UINT64_MAX - 7 },
		{ "users length odd", 96, 8, users_len + 1 },
		{ "groups offset", 104, 8, 256 },
		{ "groups offset beyond", 104, 8, UINT64_MAX - 7 },
		{ "groups length", 112, 8, groups_len + 8 },
		{ "groups length wraps", 112, 8, UINT64_MAX - 255 },
		{ "members offset", 120, 8, 0 },
		{ "members length", 128, 8, UINT64_C(1) << 40 },
		{ "name table length", 136, 8, fx->snap.names_len + 64 },
		{ "name table length odd", 136, 8, fx->snap.names_len + 1 },
		{ "name table length huge", 136, 8, UINT64_MAX - 7 },
		{ "index offset", 144, 8, 0 },
		{ "index offset beyond", 144, 8, fx->len },
		{ "index offset off by 64", 144, 8, fx->snap.index[0].off + 64 },
		{ "index offset between lines", 144, 8, fx->snap.index[0].off - 8 },
		{ "index buckets none", 152, 4, 0 },
		{ "index buckets all", 152, 4, UINT32_MAX },
		{ "index probe none", 156, 4, 0 },
		{ "index probe endless", 156, 4, UINT32_MAX },
		{ "index probe beyond the limit", 156, 4, OKTA_SNAP_PROBE_MAX + 1 },
		{ "last index buckets", 216, 4, 1000 },
		{ "org URL offset", 224, 8, 0 },
		{ "org URL length", 232, 4, 256 },
		{ "org URL length short", 232, 4, 3 },
		{ "reserved 236", 236, 4, 1 },
		{ "reserved 240", 240, 8, 1 },
		{ "reserved 248", 248, 8, 1 },
	};
	struct okta_snap snap;
	size_t i;

	for (i = 0; i < sizeof(m) / sizeof(m[0]); i++) {
		memcpy(fx->q, fx->p, fx->len);
		put(fx->q + m[i].at, m[i].width, m[i].value);
		fx_seal_header(fx->q);
		if (okta_snap_open_bytes(fx->q, fx->len, &snap) != OKTA_E_INPUT)
			fail_msg("accepted: %s", m[i].what);
	}
}

static void
header_without_its_checksum_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap = { .len = 99 };

	okta_le64_put(fx->q + 32, 8); /* a later generation than it is */
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_E_INPUT);
	assert_int_equal(snap.len, 99); /* untouched */
	fx_seal_header(fx->q);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	fx->q[0] = 'o';
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_E_INPUT);
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
		fx_seal_body(fx->q, fx->len);
		assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
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
		fx_seal_body(fx->q, fx->len);
		assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
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
		fx_seal_record(fx->q, eng.off);
		fx_seal_body(fx->q, fx->len);
		assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
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
		fx_seal_record(fx->q, pw.off);
		fx_seal_body(fx->q, fx->len);
		assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
		assert_int_equal(
		    okta_snap_user_by_name(&snap, V(names[i]), &u), OKTA_E_INPUT);
	}
	assert_int_equal(okta_snap_passwd_by_name(&snap, V("dee"), &pw), OKTA_E_INPUT);
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

/* N users u0... without groups but for GROUP, in memory the caller frees. */
static unsigned char *
many_users(unsigned n, const char *first_name, const struct okta_snapw_group *group,
    size_t *ret_len)
{
	struct okta_snapw *w = fx_new(42);
	struct okta_snapw_user user = fx_user(FX_CY);
	struct okta_view bytes;
	char name[32], id[32];
	unsigned char *p;
	uint32_t number;
	unsigned i;

	if (group != NULL)
		assert_int_equal(okta_snapw_add_group(w, group, &number, NULL), OKTA_OK);
	for (i = 0; i < n; i++) {
		(void)snprintf(name, sizeof(name), "u%u", i);
		(void)snprintf(id, sizeof(id), "00u%u", i);
		user.name = i == 0 ? V(first_name) : V(name);
		user.okta_id = V(id);
		user.uid = user.gid = ID_MIN + i;
		assert_int_equal(okta_snapw_add_user(w, &user, NULL), OKTA_OK);
	}
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	p = malloc(bytes.len);
	assert_non_null(p);
	memcpy(p, bytes.p, bytes.len);
	*ret_len = bytes.len;
	okta_snapw_free(&w);
	return p;
}

/* What the sum of a record's front does not cover has a sum of its own. */
static void
every_bit_flip_of_a_long_record_gives_the_truth_or_nothing(void **state)
{
	const struct okta_snapw_group eng = fx_group(FX_ENG);
	struct okta_snapw *w = fx_new(42);
	struct okta_snapw_user ada = fx_user(FX_ADA);
	struct okta_snap_user u, u0;
	struct okta_snap snap, truth;
	struct okta_view bytes;
	char login[200];
	unsigned char *p;
	uint32_t number;
	size_t bit, seen = 0;

	(void)state;
	memset(login, 'a', sizeof(login) - 1);
	login[sizeof(login) - 1] = '\0';
	ada.okta_login = V(login);
	ada.groups = &number;
	ada.n_groups = 1;
	assert_int_equal(okta_snapw_add_group(w, &eng, &number, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_user(w, &ada, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	p = malloc(bytes.len);
	assert_non_null(p);
	memcpy(p, bytes.p, bytes.len);
	assert_int_equal(okta_snap_open_bytes(bytes.p, bytes.len, &truth), OKTA_OK);
	assert_int_equal(okta_snap_user_by_uid(&truth, ada.uid, &u0), OKTA_OK);
	for (bit = (size_t)u0.off * 8; bit < (truth.users_off + truth.users_len) * 8;
	     bit++) {
		p[bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_int_equal(okta_snap_open_bytes(p, bytes.len, &snap), OKTA_OK);
		if (okta_snap_user_by_uid(&snap, ada.uid, &u) == OKTA_OK) {
			check_user(&u, &u0);
			seen++;
		}
		p[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	assert_int_equal(seen, 0);
	free(p);
	okta_snapw_free(&w);
}

/* Slots that lead to the wrong record, in circles or nowhere. */
static void
forged_index_never_gives_another_identity(void **state)
{
	struct fixture *fx = *state;
	const uint64_t targets[] = { 0, 1, 32, 33, fx->snap.groups_off / 8,
		fx->snap.members_off / 8, fx->len / 8 - 1, fx->len / 8, UINT32_MAX };
	struct okta_snap snap;
	uint64_t at, end = 0, slot;
	size_t i, t;

	for (i = 0; i < OKTA_SNAP_INDEX_COUNT; i++) {
		at = fx->snap.index[i].off;
		end = at + index_bytes(&fx->snap, i);
		for (; at < end; at += 4) {
			if (at % OKTA_SNAP_BUCKET_BYTES < OKTA_SNAP_BUCKET_BYTES / 2)
				continue; /* a tag */
			slot = okta_le32(fx->p + at);
			for (t = 0; t < sizeof(targets) / sizeof(targets[0]); t++) {
				okta_le32_put(fx->q + at, (uint32_t)targets[t]);
				fx_seal_body(fx->q, fx->len);
				assert_int_equal(
				    okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
				check_all_lookups(&snap, &fx->snap);
				if ((uint32_t)targets[t] != slot)
					assert_int_equal(
					    okta_snap_verify(&snap, NULL), OKTA_E_INPUT);
			}
			okta_le32_put(fx->q + at, (uint32_t)slot);
		}
	}
}

/* Write TAG and RECORD / 8 to every slot of N buckets at P. */
static void
fill_buckets(unsigned char *p, uint32_t n, uint32_t tag, uint64_t record)
{
	uint32_t i;

	for (i = 0; i < n * OKTA_SNAP_BUCKET_SLOTS; i++, p += 4) {
		if (i > 0 && i % OKTA_SNAP_BUCKET_SLOTS == 0)
			p += OKTA_SNAP_BUCKET_BYTES / 2;
		okta_le32_put(p, tag);
		okta_le32_put(p + OKTA_SNAP_BUCKET_BYTES / 2, (uint32_t)(record / 8));
	}
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
	struct okta_view bytes;
	unsigned char *p;
	size_t i, at;

	(void)state;
	for (i = 0; i < 2; i++) {
		u = fx_user(i == 0 ? FX_ADA : FX_BOB);
		u.name = V(names[i]);
		assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	}
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	p = malloc(bytes.len);
	assert_non_null(p);
	memcpy(p, bytes.p, bytes.len);
	assert_int_equal(okta_snap_open_bytes(p, bytes.len, &snap), OKTA_OK);
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
	okta_snapw_free(&w);
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
	fx_seal_record(fx->q, OKTA_SNAP_HEADER_BYTES);
	fx_seal_body(fx->q, fx->len);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_next_passwd(&snap, &cursor, &pw), OKTA_E_INPUT);
	assert_int_equal(cursor, 0);
}

/* There is no user's record to lead to, so every number in the index leads elsewhere. */
static void
forged_index_of_nobody_finds_nobody(void **state)
{
	struct okta_snapw *w = fx_new(42);
	struct okta_snapw_group eng = fx_group(FX_ENG);
	struct okta_snap snap;
	struct okta_snap_passwd pw;
	struct okta_view bytes;
	uint64_t targets[3];
	unsigned char *p;
	uint32_t number, tag;
	size_t t;

	(void)state;
	assert_int_equal(okta_snapw_add_group(w, &eng, &number, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	p = malloc(bytes.len);
	assert_non_null(p);
	memcpy(p, bytes.p, bytes.len);
	assert_int_equal(okta_snap_open_bytes(p, bytes.len, &snap), OKTA_OK);
	assert_int_equal(snap.users_len, 0);
	targets[0] = snap.groups_off;
	targets[1] = bytes.len - 8;
	targets[2] = (uint64_t)UINT32_MAX * 8;
	tag = (uint32_t)(okta_snap_hash_id(snap.seed, 5000) >> 32);
	for (t = 0; t < 3; t++) {
		fill_buckets(p + snap.index[OKTA_SNAP_INDEX_UID].off,
		    snap.index[OKTA_SNAP_INDEX_UID].buckets, tag, targets[t]);
		assert_int_equal(okta_snap_passwd_by_uid(&snap, 5000, &pw), OKTA_E_INPUT);
	}
	free(p);
	okta_snapw_free(&w);
}

static void
search_ends_after_the_longest_probe(void **state)
{
	struct fixture *fx = *state;
	uint32_t tag = (uint32_t)(okta_snap_hash_name(42, "nobody-here", 11) >> 32);
	struct okta_snap_user ada, u;
	struct okta_snap snap;

	/* every slot says: yes, here, and leads to ada; behind the index, too */
	assert_int_equal(okta_snap_user_by_name(&fx->snap, V("ada"), &ada), OKTA_OK);
	fill_buckets(fx->q + fx->snap.index[0].off, 2, tag, ada.off);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	assert_int_equal(
	    okta_snap_user_by_name(&snap, V("nobody-here"), &u), OKTA_E_NOTFOUND);
}

/* What lies one bucket behind the longest probe is not there; in the last it is. */
static void
search_looks_at_no_bucket_too_many(void **state)
{
	uint32_t tag, home, probe;
	struct okta_snap_user first, u;
	struct okta_snap snap;
	unsigned char *p, *index;
	size_t len;

	(void)state;
	p = many_users(400, "u0", NULL, &len);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_user_by_name(&snap, V("u0"), &first), OKTA_OK);
	assert_int_equal(okta_snap_user_by_name(&snap, V("u77"), &u), OKTA_OK);
	tag = (uint32_t)(okta_snap_hash_name(snap.seed, "u77", 3) >> 32);
	home = (uint32_t)((uint64_t)tag * snap.index[0].buckets >> 32);
	probe = snap.index[0].probe;
	assert_true(probe > 1 && home + probe < snap.index[0].buckets);
	index = p + snap.index[0].off + (size_t)home * OKTA_SNAP_BUCKET_BYTES;
	fill_buckets(index, probe, tag, first.off);
	fill_buckets(index + (size_t)probe * OKTA_SNAP_BUCKET_BYTES, 1, tag, u.off);
	assert_int_equal(okta_snap_user_by_name(&snap, V("u77"), &u), OKTA_E_NOTFOUND);
	fill_buckets(index + (size_t)(probe - 1) * OKTA_SNAP_BUCKET_BYTES, 1, tag, u.off);
	assert_int_equal(okta_snap_user_by_name(&snap, V("u77"), &u), OKTA_OK);
	free(p);
}

/* Fewer buckets and as many more to probe fill the same room, and make a lookup a walk.
 */
static void
header_that_allows_a_long_walk_is_refused(void **state)
{
	struct okta_snap snap;
	uint32_t all;
	unsigned char *p;
	size_t len;

	(void)state;
	p = many_users(400, "u0", NULL, &len);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	all = snap.index[0].buckets + snap.index[0].probe - 1;
	okta_le32_put(p + 152, all - OKTA_SNAP_PROBE_MAX + 1);
	okta_le32_put(p + 156, OKTA_SNAP_PROBE_MAX);
	fx_seal_header(p);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	okta_le32_put(p + 152, all - OKTA_SNAP_PROBE_MAX);
	okta_le32_put(p + 156, OKTA_SNAP_PROBE_MAX + 1);
	fx_seal_header(p);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_E_INPUT);
	free(p);
}

static void
verify_refuses_a_group_that_hides_a_private_one(void **state)
{
	const struct okta_snapw_group eng = fx_group(FX_ENG);
	struct okta_err err = { 0 };
	struct okta_snap_user u;
	struct okta_snap snap;
	unsigned char *p;
	size_t len;

	(void)state;
	p = many_users(
	    1, "eng", &eng, &len); /* a user eng, who has no group of his own */
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_int_equal(okta_snap_user_by_name(&snap, V("eng"), &u), OKTA_OK);
	p[u.off + 17] = OKTA_SNAP_USER_PRIVATE_GROUP;
	fx_seal_record(p, u.off);
	fx_seal_body(p, len);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "hides a private group"));
	free(p);
}

/* A login rule is decided by these references. */
static void
verify_refuses_references_to_anything_but_login_groups(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap_group eng;
	struct okta_snap_user bob;
	struct okta_err err = { 0 };
	struct okta_snap snap;
	uint64_t bad[4];
	size_t i;

	assert_int_equal(okta_snap_group_by_name(&fx->snap, V("eng"), &eng), OKTA_OK);
	assert_int_equal(okta_snap_user_by_name(&fx->snap, V("bob"), &bob), OKTA_OK);
	bad[0] = eng.off / 8;
	bad[1] = bob.off / 8;
	bad[2] = UINT32_MAX;
	bad[3] = okta_snap_ref(&bob, 1) / 8; /* the same one twice */
	for (i = 0; i < 4; i++) {
		memcpy(fx->q, fx->p, fx->len);
		okta_le32_put(fx->q + (bob.refs - fx->p), (uint32_t)bad[i]);
		fx_seal_record(fx->q, bob.off);
		fx_seal_body(fx->q, fx->len);
		assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
		assert_int_equal(okta_snap_verify(&snap, &err), OKTA_E_INPUT);
		assert_non_null(strstr(err.msg, "reference"));
	}
}

static void
verify_sees_what_no_single_lookup_sees(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap_group g;
	struct okta_snap_user u;
	struct okta_err err = { 0 };
	struct okta_snap snap;
	uint64_t cursor = 0;

	/* a colon in a home would make two fields of one in passwd(5) */
	assert_int_equal(okta_snap_next_user(&fx->snap, &cursor, &u), OKTA_OK);
	fx->q[u.home.p - (char *)fx->p] = ':';
	fx_seal_record(fx->q, u.off);
	fx_seal_body(fx->q, fx->len);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "text of a user"));

	/* a member twice, with every checksum made right */
	memcpy(fx->q, fx->p, fx->len);
	assert_int_equal(okta_snap_group_by_name(&fx->snap, V("eng"), &g), OKTA_OK);
	memcpy(fx->q + (g.list - fx->p) + 4, g.list, 4);
	okta_le32_put(fx->q + g.off + 28, okta_snap_sum32("ada\0ada", 8));
	fx_seal_record(fx->q, g.off);
	fx_seal_body(fx->q, fx->len);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "member names"));

	/* the table has another name than the record; nobody is in a group by it */
	memcpy(fx->q, fx->p, fx->len);
	fx->q[fx->snap.members_off + fx->snap.members_len + 4 + 4 + 1] = 'x'; /* cy */
	fx_seal_body(fx->q, fx->len);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "name table"));

	/* what is read at once behind the last name is not all zero */
	memcpy(fx->q, fx->p, fx->len);
	fx->q[snap.members_off + snap.members_len + snap.names_len - 1] = 1;
	fx_seal_body(fx->q, fx->len);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "behind the name table"));

	/* fewer users than the header says */
	memcpy(fx->q, fx->p, fx->len);
	okta_le32_put(fx->q + 80, 3);
	fx_seal_header(fx->q);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "number of users"));

	/* a byte nothing points at */
	memcpy(fx->q, fx->p, fx->len);
	fx->q[fx->len - 1] ^= 1;
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "checksum of the whole"));
	assert_non_null(strstr(err.msg, "okta-sync")); /* the remedy */
}

static uint64_t
next_random(uint64_t *x)
{
	*x ^= *x << 13;
	*x ^= *x >> 7;
	*x ^= *x << 17;
	return *x;
}

/* Many things wrong at once, with every checksum made right: still no crash, no wrong id.
 */
static void
forged_garbage_gives_no_id_outside_the_range(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap_user u;
	struct okta_snap_group g;
	struct okta_snap snap;
	uint64_t x = 88172645463325252u, cursor, off;
	unsigned round, k;
	enum okta_rc r;

	for (round = 0; round < 30000; round++) {
		memcpy(fx->q, fx->p, fx->len);
		for (k = 0; k <= round % 4; k++)
			fx->q[256 + next_random(&x) % (fx->len - 256)] = (unsigned char)
			    next_random(&x);
		for (off = 256, cursor = 0;
		     okta_snap_next_user(&fx->snap, &cursor, &u) == OKTA_OK; off = cursor)
			if (okta_le32(fx->q + off + 4) == okta_le32(fx->p + off + 4))
				fx_seal_record(fx->q, off);
		off = fx->snap.groups_off;
		for (cursor = 0; okta_snap_next_group(&fx->snap, &cursor, &g) == OKTA_OK;
		     off = cursor)
			if (okta_le32(fx->q + off + 4) == okta_le32(fx->p + off + 4))
				fx_seal_record(fx->q, off);
		fx_seal_body(fx->q, fx->len);
		if (okta_snap_open_bytes(fx->q, fx->len, &snap) != OKTA_OK)
			continue;
		r = okta_snap_verify(&snap, NULL);
		assert_true(r == OKTA_OK || r == OKTA_E_INPUT);
		for (cursor = 0; okta_snap_next_user(&snap, &cursor, &u) == OKTA_OK;) {
			assert_in_range(u.uid, ID_MIN, ID_MAX);
			assert_int_not_equal(u.gid, 0);
			for (k = 0; k < u.n_gids; k++)
				assert_int_not_equal(okta_snap_gid(&u, k), 0);
		}
		for (cursor = 0; okta_snap_next_group(&snap, &cursor, &g) == OKTA_OK;)
			assert_true(g.kind == OKTA_SNAP_GROUP_LOGIN || g.gid != 0);
	}
}

static void
sums_change_with_every_bit_and_with_the_length(void **state)
{
	unsigned char p[100];
	size_t len, bit;
	uint32_t s;

	(void)state;
	memset(p, 0, sizeof(p));
	for (len = 1; len < sizeof(p); len++) {
		s = okta_snap_sum32(p, len);
		assert_int_not_equal(s, okta_snap_sum32(p, len - 1));
		for (bit = 0; bit < len * 8; bit++) {
			p[bit / 8] ^= (unsigned char)(1u << bit % 8);
			assert_int_not_equal(s, okta_snap_sum32(p, len));
			p[bit / 8] ^= (unsigned char)(1u << bit % 8);
		}
	}
}

/* --- the file
 * ------------------------------------------------------------------------------- */

struct dir {
	char path[64], file[80], other[80];
};

static int
dir_setup(void **state)
{
	struct dir *d = calloc(1, sizeof(*d));
	unsigned char *p;
	size_t len;
	FILE *f;

	assert_non_null(d);
	(void)snprintf(d->path, sizeof(d->path), "/tmp/okta-snap-XXXXXX");
	assert_non_null(mkdtemp(d->path));
	(void)snprintf(d->file, sizeof(d->file), "%s/s", d->path);
	(void)snprintf(d->other, sizeof(d->other), "%s/t", d->path);
	p = fx_bytes(&len);
	f = fopen(d->file, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(d->file, 0644), 0);
	free(p);
	*state = d;
	return 0;
}

static int
dir_teardown(void **state)
{
	struct dir *d = *state;

	(void)chmod(d->path, 0755);
	(void)unlink(d->file);
	(void)unlink(d->other);
	(void)rmdir(d->other);
	assert_int_equal(rmdir(d->path), 0);
	free(d);
	return 0;
}

static enum okta_rc
try_open(const char *path, uid_t owner)
{
	struct okta_snap snap = { .len = 99 };
	enum okta_rc r = okta_snap_open(path, owner, &snap);

	if (r == OKTA_OK)
		okta_snap_close(&snap);
	else
		assert_int_equal(snap.len, 99); /* untouched */
	return r;
}

static unsigned
open_descriptors(void)
{
	unsigned n = 0;
	int fd;

	for (fd = 0; fd < 256; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			n++;
	return n;
}

static void
open_maps_a_trusted_file_and_keeps_no_descriptor(void **state)
{
	const struct dir *d = *state;
	struct okta_snap snap;
	struct okta_snap_user u;
	struct stat st;
	unsigned before = open_descriptors();

	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_OK);
	assert_int_equal(open_descriptors(), before);
	assert_int_equal(stat(d->file, &st), 0);
	assert_int_equal(snap.ino, st.st_ino);
	assert_int_equal(okta_snap_user_by_uid(&snap, 5000, &u), OKTA_OK);
	okta_snap_close(&snap);
	okta_snap_close(&snap); /* twice is fine */
	assert_null(snap.base);
}

static void
open_tells_missing_from_bad(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(try_open(d->other, geteuid()), OKTA_E_NOTFOUND);
	assert_int_equal(try_open("/nonexistent/x/y", geteuid()), OKTA_E_NOTFOUND);
	assert_int_equal(truncate(d->file, 255), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_INPUT);
	assert_int_equal(truncate(d->file, 1000), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_INPUT);
	assert_int_equal(truncate(d->file, (off_t)OKTA_SNAP_MAX_BYTES + 1), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_TOOBIG);
}

static void
open_refuses_a_symlink(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(symlink(d->file, d->other), 0);
	assert_int_equal(try_open(d->other, geteuid()), OKTA_E_UNTRUSTED);
}

static void
open_refuses_a_symlinked_directory(void **state)
{
	const struct dir *d = *state;
	char path[100];

	assert_int_equal(symlink(d->path, d->other), 0);
	(void)snprintf(path, sizeof(path), "%s/s", d->other);
	assert_int_equal(try_open(path, geteuid()), OKTA_E_UNTRUSTED);
}

static void
open_refuses_what_is_no_regular_file(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(mkfifo(d->other, 0644), 0);
	assert_int_equal(
	    try_open(d->other, geteuid()), OKTA_E_UNTRUSTED); /* and does not block */
	assert_int_equal(unlink(d->other), 0);
	assert_int_equal(mkdir(d->other, 0755), 0);
	assert_int_equal(try_open(d->other, geteuid()), OKTA_E_UNTRUSTED);
	assert_int_equal(try_open("/dev/null", 0), OKTA_E_UNTRUSTED);
}

static void
open_refuses_a_file_others_can_write(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(chmod(d->file, 0664), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_UNTRUSTED);
	assert_int_equal(chmod(d->file, 0646), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_UNTRUSTED);
}

static void
open_refuses_a_file_of_another_owner(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(try_open(d->file, geteuid() + 1), OKTA_E_UNTRUSTED);
}

/* A second name is harmless to a file only its owner can write; refusing it would let
 * anybody who can link it switch the service off. */
static void
open_accepts_a_file_with_two_names(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(link(d->file, d->other), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_OK);
}

static void
open_refuses_a_directory_others_can_write(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(chmod(d->path, 0775), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_UNTRUSTED);
	assert_int_equal(chmod(d->path, 0757), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_UNTRUSTED);
	assert_int_equal(
	    chmod(d->path, 01777), 0); /* like /tmp: nobody can swap our entry */
	assert_int_equal(try_open(d->file, geteuid()), OKTA_OK);
}

static void
open_refuses_a_directory_of_a_stranger(void **state)
{
	const struct dir *d = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(d->path, 12345, 0), 0);
	assert_int_equal(try_open(d->file, 0), OKTA_E_UNTRUSTED);
	assert_int_equal(chown(d->path, 0, 0), 0);
	assert_int_equal(try_open(d->file, 0), OKTA_OK);
}

static void
open_checks_a_relative_path_from_here_on(void **state)
{
	const struct dir *d = *state;
	char here[4096];

	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(d->path), 0);
	assert_int_equal(try_open("s", geteuid()), OKTA_OK);
	assert_int_equal(try_open("./s", geteuid()), OKTA_OK);
	assert_int_equal(chmod(d->path, 0777), 0);
	assert_int_equal(try_open("s", geteuid()), OKTA_E_UNTRUSTED);
	assert_int_equal(chdir(here), 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
#define D(f) cmocka_unit_test_setup_teardown(f, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
		T(user_by_name_gives_every_field),
		T(passwd_by_name_and_by_uid_give_the_block_of_five_texts),
		cmocka_unit_test(
		    name_is_valid_agrees_with_its_rule_for_every_byte_at_every_place),
		T(user_by_uid_gives_the_same_record),
		T(groups_are_found_by_name_gid_and_okta_name),
		T(local_group_lists_who_joins_it),
		T(private_group_is_implied_by_its_user_only),
		T(login_group_is_never_a_unix_group),
		T(unknown_and_impossible_keys_are_not_found),
		T(enumeration_gives_each_record_once_in_order),
		T(header_fields_are_read),
		cmocka_unit_test(status_names_go_both_ways),
		T(every_single_bit_flip_gives_the_truth_or_nothing),
		cmocka_unit_test(
		    every_bit_flip_of_a_long_record_gives_the_truth_or_nothing),
		T(every_truncation_is_refused),
		T(every_truncation_with_a_forged_length_is_refused),
		T(bytes_behind_the_end_are_refused),
		T(every_impossible_header_field_is_refused),
		T(header_without_its_checksum_is_refused),
		T(every_impossible_user_field_is_refused),
		T(every_impossible_group_field_is_refused),
		T(every_impossible_member_list_is_refused),
		cmocka_unit_test(
		    resolve_refuses_names_too_long_and_numbers_out_of_the_table),
		T(record_longer_than_its_contents_is_refused),
		T(name_table_without_its_zeros_is_refused),
		T(joined_gid_without_its_local_group_is_refused),
		T(forged_index_never_gives_another_identity),
		cmocka_unit_test(long_names_are_compared_and_checked_to_their_end),
		T(next_passwd_refuses_a_record_of_an_odd_length),
		cmocka_unit_test(forged_index_of_nobody_finds_nobody),
		T(search_ends_after_the_longest_probe),
		cmocka_unit_test(search_looks_at_no_bucket_too_many),
		cmocka_unit_test(header_that_allows_a_long_walk_is_refused),
		cmocka_unit_test(verify_refuses_a_group_that_hides_a_private_one),
		T(verify_refuses_references_to_anything_but_login_groups),
		T(verify_sees_what_no_single_lookup_sees),
		T(forged_garbage_gives_no_id_outside_the_range),
		cmocka_unit_test(sums_change_with_every_bit_and_with_the_length),
		D(open_maps_a_trusted_file_and_keeps_no_descriptor),
		D(open_tells_missing_from_bad),
		D(open_refuses_a_symlink),
		D(open_refuses_a_symlinked_directory),
		D(open_refuses_what_is_no_regular_file),
		D(open_refuses_a_file_others_can_write),
		D(open_refuses_a_file_of_another_owner),
		D(open_accepts_a_file_with_two_names),
		D(open_refuses_a_directory_others_can_write),
		D(open_refuses_a_directory_of_a_stranger),
		D(open_checks_a_relative_path_from_here_on),
	};

	return cmocka_run_group_tests_name("snap_read", tests, NULL, NULL);
}
