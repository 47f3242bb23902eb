/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
/* Groups that have their members' names in a row, and files from before there were any.
 */
#include "../snap_before.h"
#include "snap/lanes.h"
#include "snap/member.h"
#include "snap_fixture.h"

#define FIRST  5000
#define N_MOST 5000

struct fixture {
	unsigned char *p; /* the sound file */
	unsigned char *q; /* the one to forge */
	size_t len;
	struct okta_snap snap;
	struct okta_snap_group crew;
	char *dst;
	char **pointers;
};

/* Names of 5 to 32 bytes, no two lengths after each other. */
static void
name_of(uint32_t i, char name[40])
{
	(void)snprintf(
	    name, 40, "m%u%s", 1000 + i, "-abcdefghijklmnopqrstuvwxyz" + 27 - i * 7 % 28);
}

/* One group of the first N of N_USERS people. */
static unsigned char *
bytes_of(uint32_t n, uint32_t n_users, size_t *ret_len)
{
	struct okta_snapw_head head = { .id_min = 5000, .id_max = OKTA_SNAP_ID_CEIL };
	struct okta_snapw *w = NULL;
	struct okta_snapw_group g = fx_group(FX_ENG);
	struct okta_snapw_user u = fx_user(FX_ADA);
	struct okta_err err = { 0 };
	char name[40], id[40];
	uint32_t i, number;

	g.gid = 2000000;
	assert_int_equal(okta_snapw_new(&head, &w, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_group(w, &g, &number, NULL), OKTA_OK);
	u.groups = &number;
	for (i = 0; i < n_users; i++) {
		name_of(i, name);
		(void)snprintf(id, sizeof(id), "00u%u", i);
		u.name = V(name);
		u.okta_id = V(id);
		u.uid = u.gid = FIRST + i;
		u.n_groups = i < n;
		if (okta_snapw_add_user(w, &u, &err) != OKTA_OK)
			fail_msg("%s", err.msg);
	}
	return fx_finish(w, ret_len);
}

static int
setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	fx->p = bytes_of(OKTA_SNAP_NAMES_LISTED_FROM, N_MOST, &fx->len);
	fx->q = fx_copy(fx->p, fx->len);
	assert_int_equal(okta_snap_open_bytes(fx->p, fx->len, &fx->snap), OKTA_OK);
	assert_int_equal(
	    okta_snap_group_by_name(&fx->snap, V("eng"), &fx->crew), OKTA_OK);
	/* nothing lies behind what may be written */
	fx->dst = malloc(fx->crew.members_len);
	fx->pointers = malloc(fx->crew.n_members * sizeof(char *));
	assert_true(fx->dst != NULL && fx->pointers != NULL);
	*state = fx;
	return 0;
}

static int
teardown(void **state)
{
	struct fixture *fx = *state;

	free(fx->p);
	free(fx->q);
	free(fx->dst);
	free(fx->pointers);
	free(fx);
	return 0;
}

static void
large_group_has_its_names_in_a_row_and_answers_with_them(void **state)
{
	struct fixture *fx = *state;
	char name[40];
	uint32_t i;

	assert_int_equal(fx->crew.flags, OKTA_SNAP_GROUP_NAMES_LISTED);
	assert_int_equal(okta_snap_verify(&fx->snap, NULL), OKTA_OK);
	assert_int_equal(
	    okta_snap_copy_members(&fx->crew, fx->dst, fx->pointers), OKTA_OK);
	for (i = 0; i < fx->crew.n_members; i++) {
		name_of(i, name);
		assert_string_equal(fx->pointers[i], name);
	}
	/* and not by way of the table */
	memset(
	    fx->q + fx->snap.members_off + fx->snap.members_len, 0, fx->snap.names_len);
	fx->crew.names = fx->q + fx->snap.members_off + fx->snap.members_len;
	assert_int_equal(
	    okta_snap_copy_members(&fx->crew, fx->dst, fx->pointers), OKTA_OK);
	assert_int_equal(okta_snap_copy_members(&fx->crew, fx->dst, NULL), OKTA_OK);
}

static void
smaller_group_has_its_names_in_the_table_only(void **state)
{
	struct okta_snap snap;
	struct okta_snap_group g;
	unsigned char *p;
	size_t len;

	(void)state;
	p = bytes_of(OKTA_SNAP_NAMES_LISTED_FROM - 1, N_MOST, &len);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_int_equal(okta_snap_group_by_name(&snap, V("eng"), &g), OKTA_OK);
	assert_int_equal(g.flags, 0);
	assert_null(g.listed);
	assert_int_equal(snap.members_len, okta_pad((uint64_t)g.n_members * 4, 8));
	free(p);
}

/* 320 groups of the same 25,000 people, whose names are as long as may be. */
static void
names_are_in_rows_until_these_take_256_mib(void **state)
{
	enum { GROUPS = 320, PEOPLE = 25000, ROW = PEOPLE * (1 + 33) };
	struct okta_snapw_head head = { .id_min = 5000, .id_max = OKTA_SNAP_ID_CEIL };
	struct okta_snapw *w = NULL;
	struct okta_snapw_group g = fx_group(FX_ENG);
	struct okta_snapw_user u = fx_user(FX_ADA);
	struct okta_snap snap;
	struct okta_snap_group group;
	char name[40], id[40], *dst[2];
	uint32_t numbers[GROUPS], i;
	uint64_t listed = 0;
	unsigned char *p;
	size_t len;

	(void)state;
	assert_int_equal(okta_snapw_new(&head, &w, NULL), OKTA_OK);
	for (i = 0; i < GROUPS; i++) {
		(void)snprintf(name, sizeof(name), "g%u", i);
		(void)snprintf(id, sizeof(id), "00g%u", i);
		g.name = g.okta_name = V(name);
		g.okta_id = V(id);
		g.gid = 2000000 + i;
		assert_int_equal(okta_snapw_add_group(w, &g, &numbers[i], NULL), OKTA_OK);
	}
	u.groups = numbers;
	u.n_groups = GROUPS;
	for (i = 0; i < PEOPLE; i++) {
		(void)snprintf(name, sizeof(name), "m%031u", i);
		(void)snprintf(id, sizeof(id), "00u%u", i);
		u.name = V(name);
		u.okta_id = V(id);
		u.uid = u.gid = FIRST + i;
		assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	}
	p = fx_finish(w, &len);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	dst[0] = malloc(PEOPLE * 33);
	dst[1] = malloc(PEOPLE * 33);
	assert_true(dst[0] != NULL && dst[1] != NULL);
	for (i = 0; i < GROUPS; i++) {
		(void)snprintf(name, sizeof(name), "g%u", i);
		assert_int_equal(
		    okta_snap_group_by_name(&snap, V(name), &group), OKTA_OK);
		assert_int_equal(group.n_members, PEOPLE);
		listed += group.listed != NULL;
		if (i != 0 && i != GROUPS - 1)
			continue;
		assert_int_equal(group.listed != NULL, i == 0);
		assert_int_equal(
		    okta_snap_copy_members(&group, dst[i != 0], NULL), OKTA_OK);
	}
	assert_int_equal(listed, OKTA_SNAP_NAMES_LISTED_MAX_BYTES / ROW);
	assert_memory_equal(dst[0], dst[1], PEOPLE * 33);
	free(dst[0]);
	free(dst[1]);
	free(p);
}

/* Where in the file the names of the crew are. */
static size_t
names_at(const struct fixture *fx)
{
	return (size_t)(fx->crew.listed - fx->p);
}

/* What a forger wrote, with every checksum made right. */
static void
seal(struct fixture *fx, struct okta_snap *snap, struct okta_snap_group *g)
{
	unsigned char *r = fx->q + fx->crew.off;

	okta_le32_put(r + 28, okta_snap_sum32(fx->q + names_at(fx), okta_le32(r + 24)));
	fx_forged_record(fx->q, fx->len, fx->crew.off, snap);
	assert_int_equal(okta_snap_group_by_name(snap, V("eng"), g), OKTA_OK);
}

static void
every_impossible_row_of_names_is_refused(void **state)
{
	struct fixture *fx = *state;
	const size_t at = names_at(fx), end = at + fx->crew.members_len;
	const size_t first = strlen((const char *)fx->p + at); /* 32 */
	struct okta_snap snap;
	struct okta_snap_group g;
	size_t i;
	const size_t lengths = at - fx->crew.n_members;
	const struct {
		const char *what;
		size_t at;
		unsigned char value;
	} m[] = {
		{ "two names made one", at + first, 'x' },
		{ "no end", end - 1, 'x' },
		{ "a longer name", lengths + 7, 32 },
		{ "a shorter name", lengths + 7, 2 },
		{ "no name", lengths, 0 },
		{ "an empty name", lengths, 1 },
		{ "a name beyond the longest", lengths, OKTA_SNAP_NAME_MAX + 2 },
	};

	for (i = 0; i < sizeof(m) / sizeof(m[0]); i++) {
		memcpy(fx->q, fx->p, fx->len);
		fx->q[m[i].at] = m[i].value;
		seal(fx, &snap, &g);
		if (okta_snap_copy_members(&g, fx->dst, fx->pointers) != OKTA_E_INPUT)
			fail_msg("handed out: %s", m[i].what);
		if (okta_snap_verify(&snap, NULL) != OKTA_E_INPUT)
			fail_msg("verified: %s", m[i].what);
	}
}

/* A single lookup cannot see that it is not the member's, as long as the sum is right. */
static void
verify_refuses_another_name_than_the_tables(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap;
	struct okta_snap_group g;

	const char names[] = { 'n', '\0' };
	size_t i;

	for (i = 0; i < sizeof(names); i++) {
		memcpy(fx->q, fx->p, fx->len);
		fx->q[names_at(fx) + 2] = (unsigned char)names[i];
		fx_forged(fx->q, fx->len, &snap); /* the sum is the table's */
		fx_verify_says(&snap, "member names");
		seal(fx, &snap, &g); /* the sum is the row's */
		assert_int_equal(
		    okta_snap_copy_members(&g, fx->dst, fx->pointers), OKTA_OK);
		fx_verify_says(&snap, "member names");
	}
}

static void
damaged_name_in_the_row_is_not_handed_out(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap;
	struct okta_snap_group g;
	size_t bit, at = names_at(fx);

	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_group_by_name(&snap, V("eng"), &g), OKTA_OK);
	for (bit = 0; bit < 8 * (size_t)g.members_len; bit += 97) {
		fx->q[at + bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_int_equal(
		    okta_snap_copy_members(&g, fx->dst, fx->pointers), OKTA_E_INPUT);
		fx->q[at + bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	assert_int_equal(okta_snap_copy_members(&g, fx->dst, fx->pointers), OKTA_OK);
}

static void
row_of_names_beyond_its_section_is_refused(void **state)
{
	struct fixture *fx = *state;
	unsigned char *r = fx->q + fx->crew.off;
	uint32_t len = fx->crew.members_len;
	struct okta_snap snap;
	struct okta_snap_group g;

	/* the only list, so its padding alone lies behind */
	okta_le32_put(r + 24, (uint32_t)okta_pad(len, 8) + 1);
	fx_forged_record(fx->q, fx->len, fx->crew.off, &snap);
	assert_int_equal(okta_snap_group_by_name(&snap, V("eng"), &g), OKTA_E_INPUT);
	okta_le32_put(r + 24, (uint32_t)okta_pad(len, 8));
	fx_seal_record(fx->q, fx->crew.off);
	assert_int_equal(okta_snap_group_by_name(&snap, V("eng"), &g), OKTA_OK);
}

static void
row_of_names_of_nobody_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap_group g;
	unsigned char *p;
	size_t len;

	p = bytes_of(0, 1, &len);
	assert_int_equal(okta_snap_open_bytes(p, len, &fx->snap), OKTA_OK);
	assert_int_equal(okta_snap_group_by_name(&fx->snap, V("eng"), &g), OKTA_OK);
	p[g.off + 38] = OKTA_SNAP_GROUP_NAMES_LISTED;
	fx_seal_record(p, g.off);
	assert_int_equal(okta_snap_group_by_name(&fx->snap, V("eng"), &g), OKTA_E_INPUT);
	free(p);
}

/* All of these would be read beyond the names, or point nowhere. */
static void
point_at_takes_exactly_the_names_of_these_lengths(void **state)
{
	static const unsigned char of[] = { 2, 3, 32, 33 };
	unsigned char lengths[300], refused;
	char text[512], *pointers[300], *next;
	size_t i, k, len;
	uint32_t n;

	(void)state;
	for (k = 0; k < sizeof(of); k++) {
		memset(lengths, of[k], sizeof(lengths));
		for (len = 0, n = 0; len + of[k] <= sizeof(text); n++) {
			memset(text + len, 'a', of[k]);
			len += of[k];
			text[len - 1] = '\0';
			assert_true(
			    okta_snap_point_at(text, len, lengths, n + 1, pointers));
			for (i = 0, next = text; i <= n; i++, next += of[k])
				assert_ptr_equal(pointers[i], next);
			assert_false(okta_snap_point_at(text, len, lengths, n, pointers));
			assert_false(
			    okta_snap_point_at(text, len, lengths, n + 2, pointers));
			assert_false(
			    okta_snap_point_at(text, len - 1, lengths, n + 1, pointers));
			text[len - 1] = 'a'; /* no end */
			assert_false(
			    okta_snap_point_at(text, len, lengths, n + 1, pointers));
			text[len - 1] = '\0';
		}
	}
	memset(text, '\0', sizeof(text));
	for (k = 0; k < 256; k++) {
		refused = (unsigned char)k;
		assert_int_equal(okta_snap_point_at(text, k, &refused, 1, pointers),
		    k >= 2 && k <= OKTA_SNAP_NAME_MAX + 1);
	}
}

static void
lane_bits_are_the_same_whatever_the_processor_offers(void **state)
{
	okta_snap_lanes x;
	unsigned i, bits;

	(void)state;
	for (bits = 0; bits < 65536; bits++) {
		for (i = 0; i < 16; i++)
			x[i] = (bits >> i & 1) != 0 ? -1 : 0;
		assert_int_equal(okta_snap_lane_bits(x), bits);
		assert_int_equal(okta_snap_lane_bits_plain(x), bits);
	}
}

/* --- the version before --- */

/* After an upgrade nobody is unknown until okta-sync has run. */
static void
file_of_the_version_before_is_read_whole(void **state)
{
	const char *const users[] = { "ada", "bob", "cy", "dee" };
	const char *const groups[] = { "eng", "ops", "sudo" };
	struct okta_snap snap;
	struct okta_snap_user user;
	struct okta_snap_passwd pw;
	struct okta_snap_group g;
	char dst[64], *pointers[4];
	unsigned char *p;
	size_t len, i;

	(void)state;
	p = fx_bytes(&len);
	snap_make_version_before(p);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	for (i = 0; i < 4; i++) {
		assert_int_equal(
		    okta_snap_user_by_name(&snap, V(users[i]), &user), OKTA_OK);
		assert_int_equal(okta_snap_passwd_by_uid(&snap, user.uid, &pw), OKTA_OK);
		assert_string_equal(pw.name.p, users[i]);
	}
	for (i = 0; i < 3; i++) {
		assert_int_equal(
		    okta_snap_group_by_name(&snap, V(groups[i]), &g), OKTA_OK);
		assert_int_equal(okta_snap_copy_members(&g, dst, pointers), OKTA_OK);
		assert_string_equal(pointers[0], "ada");
	}
	free(p);
}

/* Its row of names has no lengths before it. */
static void
large_group_of_the_version_before_answers_out_of_the_table(void **state)
{
	struct fixture *fx = *state;
	const uint32_t n = fx->crew.n_members;
	struct okta_snap_group g;
	struct okta_snap snap;
	char name[40];
	uint32_t i;

	memmove(fx->q + names_at(fx) - n, fx->q + names_at(fx), fx->crew.members_len);
	snap_make_version_before(fx->q);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_int_equal(okta_snap_group_by_name(&snap, V("eng"), &g), OKTA_OK);
	assert_int_equal(g.flags, OKTA_SNAP_GROUP_NAMES_LISTED);
	assert_int_equal(okta_snap_copy_members(&g, fx->dst, fx->pointers), OKTA_OK);
	for (i = 0; i < n; i++) {
		name_of(i, name);
		assert_string_equal(fx->pointers[i], name);
	}
}

static void
damaged_user_of_the_version_before_is_refused(void **state)
{
	struct okta_snap_user user;
	struct okta_snap snap;
	unsigned char *p;
	size_t len;

	(void)state;
	p = fx_bytes(&len);
	snap_make_version_before(p);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_user_by_name(&snap, V("ada"), &user), OKTA_OK);
	p[user.off + 40] ^= 1;
	assert_int_equal(okta_snap_user_by_name(&snap, V("ada"), &user), OKTA_E_INPUT);
	assert_int_equal(okta_snap_user_by_name(&snap, V("bob"), &user), OKTA_OK);
	free(p);
}

/* A version is not covered by a checksum of what lies behind it. */
static void
version_alone_makes_no_other_file_of_one(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap;

	okta_le32_put(fx->q + 8, OKTA_SNAP_VERSION_BEFORE);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_E_INPUT);
	fx_seal_header(fx->q);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	okta_le32_put(fx->q + 8, OKTA_SNAP_VERSION);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_E_INPUT);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(large_group_has_its_names_in_a_row_and_answers_with_them),
		cmocka_unit_test(smaller_group_has_its_names_in_the_table_only),
		cmocka_unit_test(names_are_in_rows_until_these_take_256_mib),
		T(every_impossible_row_of_names_is_refused),
		T(verify_refuses_another_name_than_the_tables),
		T(damaged_name_in_the_row_is_not_handed_out),
		T(row_of_names_beyond_its_section_is_refused),
		T(row_of_names_of_nobody_is_refused),
		cmocka_unit_test(point_at_takes_exactly_the_names_of_these_lengths),
		cmocka_unit_test(lane_bits_are_the_same_whatever_the_processor_offers),
		cmocka_unit_test(file_of_the_version_before_is_read_whole),
		T(large_group_of_the_version_before_answers_out_of_the_table),
		cmocka_unit_test(damaged_user_of_the_version_before_is_refused),
		T(version_alone_makes_no_other_file_of_one),
	};

	return cmocka_run_group_tests_name("snap_names", tests, NULL, NULL);
}
