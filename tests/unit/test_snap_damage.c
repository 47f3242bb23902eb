/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
/* Any bytes at all: the truth, nobody, or unavailable. */
#include "snap/front.h"
#include "snap_forge.h"

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

/* What the sum of a record's front does not cover has a sum of its own. */
static void
every_bit_flip_of_a_long_record_gives_the_truth_or_nothing(void **state)
{
	const struct okta_snapw_group eng = fx_group(FX_ENG);
	struct okta_snapw *w = fx_new(42);
	struct okta_snapw_user ada = fx_user(FX_ADA);
	struct okta_snap_user u, u0;
	struct okta_snap snap, truth;
	char login[200];
	unsigned char *p, *q;
	uint32_t number;
	size_t bit, len, seen = 0;

	(void)state;
	memset(login, 'a', sizeof(login) - 1);
	login[sizeof(login) - 1] = '\0';
	ada.okta_login = V(login);
	ada.groups = &number;
	ada.n_groups = 1;
	assert_int_equal(okta_snapw_add_group(w, &eng, &number, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_user(w, &ada, NULL), OKTA_OK);
	p = fx_finish(w, &len);
	q = fx_copy(p, len);
	assert_int_equal(okta_snap_open_bytes(p, len, &truth), OKTA_OK);
	assert_int_equal(okta_snap_user_by_uid(&truth, ada.uid, &u0), OKTA_OK);
	for (bit = (size_t)u0.off * 8; bit < (truth.users_off + truth.users_len) * 8;
	     bit++) {
		q[bit / 8] ^= (unsigned char)(1u << bit % 8);
		assert_int_equal(okta_snap_open_bytes(q, len, &snap), OKTA_OK);
		if (okta_snap_user_by_uid(&snap, ada.uid, &u) == OKTA_OK) {
			check_user(&u, &u0);
			seen++;
		}
		q[bit / 8] ^= (unsigned char)(1u << bit % 8);
	}
	assert_int_equal(seen, 0);
	free(p);
	free(q);
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
				fx_forged(fx->q, fx->len, &snap);
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

/* There is no user's record to lead to, so every number in the index leads elsewhere. */
static void
forged_index_of_nobody_finds_nobody(void **state)
{
	struct okta_snapw *w = fx_new(42);
	struct okta_snapw_group eng = fx_group(FX_ENG);
	struct okta_snap snap;
	struct okta_snap_passwd pw;
	uint64_t targets[3];
	unsigned char *p;
	uint32_t number, tag;
	size_t len, t;

	(void)state;
	assert_int_equal(okta_snapw_add_group(w, &eng, &number, NULL), OKTA_OK);
	p = fx_finish(w, &len);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	assert_int_equal(snap.users_len, 0);
	targets[0] = snap.groups_off;
	targets[1] = len - 8;
	targets[2] = (uint64_t)UINT32_MAX * 8;
	tag = (uint32_t)(okta_snap_hash_id(snap.seed, 5000) >> 32);
	for (t = 0; t < 3; t++) {
		fill_buckets(p + snap.index[OKTA_SNAP_INDEX_UID].off,
		    snap.index[OKTA_SNAP_INDEX_UID].buckets, tag, targets[t]);
		assert_int_equal(okta_snap_passwd_by_uid(&snap, 5000, &pw), OKTA_E_INPUT);
	}
	free(p);
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

/* Any two bits flipped, and anything else in one word. */
static void
front_sum_changes_with_every_word_and_every_two_bits(void **state)
{
	unsigned char p[OKTA_SNAP_USER_COVERED];
	size_t a, b, i;
	uint32_t s, x;

	(void)state;
	for (i = 0; i < sizeof(p); i++)
		p[i] = (unsigned char)(i * 37 + 11);
	s = okta_snap_front_sum(p, sizeof(p));
	for (a = 32; a < sizeof(p) * 8; a++) {
		p[a / 8] ^= (unsigned char)(1u << a % 8);
		assert_int_not_equal(s, okta_snap_front_sum(p, sizeof(p)));
		for (b = 32; b < a; b++) {
			p[b / 8] ^= (unsigned char)(1u << b % 8);
			if (okta_snap_usual_front_sum(p) == s)
				fail_msg("bits %zu and %zu", a, b);
			p[b / 8] ^= (unsigned char)(1u << b % 8);
		}
		p[a / 8] ^= (unsigned char)(1u << a % 8);
	}
	for (i = 4; i < sizeof(p); i += 2) {
		a = okta_le16(p + i);
		for (x = 0; x <= UINT16_MAX; x++) {
			okta_le16_put(p + i, (uint16_t)x);
			if ((okta_snap_usual_front_sum(p) == s) != (x == a))
				fail_msg("%u at %zu instead of %zu", x, i, a);
		}
		okta_le16_put(p + i, (uint16_t)a);
	}
}

/* The file is the same on every machine. */
static void
front_sum_is_the_same_whatever_the_processor_offers(void **state)
{
	unsigned char p[1024];
	uint32_t rng = 1, try;
	size_t i;

	(void)state;
	for (try = 0; try < 10000; try++) {
		for (i = 0; i < sizeof(p); i++) {
			rng = rng * 1664525 + 1013904223;
			p[i] = (unsigned char)(rng >> 24);
		}
		assert_int_equal(okta_snap_usual_front_sum(p),
		    okta_snap_front_sum(p, OKTA_SNAP_USER_COVERED));
	}
	/* by another program, from format.h's words alone */
	for (i = 0; i < sizeof(p); i++)
		p[i] = (unsigned char)(i * 7 + 3);
	assert_int_equal(okta_snap_front_sum(p, 128), 0xb557deb6);
	assert_int_equal(okta_snap_front_sum(p, 48), 0x57ad074e);
	assert_int_equal(okta_snap_front_sum(p, 1024), 0x1197f776);
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

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, forge_setup, forge_teardown)
	const struct CMUnitTest tests[] = {
		T(every_single_bit_flip_gives_the_truth_or_nothing),
		cmocka_unit_test(
		    every_bit_flip_of_a_long_record_gives_the_truth_or_nothing),
		T(forged_index_never_gives_another_identity),
		cmocka_unit_test(forged_index_of_nobody_finds_nobody),
		T(search_ends_after_the_longest_probe),
		cmocka_unit_test(search_looks_at_no_bucket_too_many),
		T(forged_garbage_gives_no_id_outside_the_range),
		cmocka_unit_test(sums_change_with_every_bit_and_with_the_length),
		cmocka_unit_test(front_sum_changes_with_every_word_and_every_two_bits),
		cmocka_unit_test(front_sum_is_the_same_whatever_the_processor_offers),
	};

	return cmocka_run_group_tests_name("snap_damage", tests, NULL, NULL);
}
