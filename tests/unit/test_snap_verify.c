/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
#include "snap_forge.h"

static void
verify_refuses_a_group_that_hides_a_private_one(void **state)
{
	const struct okta_snapw_group eng = fx_group(FX_ENG);
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
	fx_forged_record(p, len, u.off, &snap);
	fx_verify_says(&snap, "hides a private group");
	free(p);
}

/* A login rule is decided by these references. */
static void
verify_refuses_references_to_anything_but_login_groups(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap_group eng;
	struct okta_snap_user bob;
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
		fx_forged_record(fx->q, fx->len, bob.off, &snap);
		fx_verify_says(&snap, "reference");
	}
}

static void
verify_sees_what_no_single_lookup_sees(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap_group g;
	struct okta_snap_user u;
	struct okta_snap snap;
	uint64_t cursor = 0;

	/* a colon in a home would make two fields of one in passwd(5) */
	assert_int_equal(okta_snap_next_user(&fx->snap, &cursor, &u), OKTA_OK);
	fx->q[u.home.p - (char *)fx->p] = ':';
	fx_forged_record(fx->q, fx->len, u.off, &snap);
	fx_verify_says(&snap, "text of a user");

	/* a member twice, with every checksum made right */
	memcpy(fx->q, fx->p, fx->len);
	assert_int_equal(okta_snap_group_by_name(&fx->snap, V("eng"), &g), OKTA_OK);
	memcpy(fx->q + (g.list - fx->p) + 4, g.list, 4);
	okta_le32_put(fx->q + g.off + 28, okta_snap_sum32("ada\0ada", 8));
	fx_forged_record(fx->q, fx->len, g.off, &snap);
	fx_verify_says(&snap, "member names");

	/* the table has another name than the record; nobody is in a group by it */
	memcpy(fx->q, fx->p, fx->len);
	fx->q[fx->snap.members_off + fx->snap.members_len + 4 + 4 + 1] = 'x'; /* cy */
	fx_forged(fx->q, fx->len, &snap);
	fx_verify_says(&snap, "name table");

	/* what is read at once behind the last name is not all zero */
	memcpy(fx->q, fx->p, fx->len);
	fx->q[snap.members_off + snap.members_len + snap.names_len - 1] = 1;
	fx_forged(fx->q, fx->len, &snap);
	fx_verify_says(&snap, "behind the name table");

	/* fewer users than the header says */
	memcpy(fx->q, fx->p, fx->len);
	okta_le32_put(fx->q + 80, 3);
	fx_seal_header(fx->q);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	fx_verify_says(&snap, "number of users");

	/* the org's URL does not end, then is none */
	memcpy(fx->q, fx->p, fx->len);
	fx->q[snap.org_url.p + snap.org_url.len - (char *)fx->q] = 'x';
	fx_forged(fx->q, fx->len, &snap);
	fx_verify_says(&snap, "org URL");
	memcpy(fx->q, fx->p, fx->len);
	fx->q[snap.org_url.p - (char *)fx->q] = '\n';
	fx_forged(fx->q, fx->len, &snap);
	fx_verify_says(&snap, "org URL");

	/* a byte nothing points at */
	memcpy(fx->q, fx->p, fx->len);
	fx->q[fx->len - 1] ^= 1;
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	fx_verify_says(&snap, "checksum of the whole");
	fx_verify_says(&snap, "okta-sync"); /* the remedy */
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, forge_setup, forge_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verify_refuses_a_group_that_hides_a_private_one),
		T(verify_refuses_references_to_anything_but_login_groups),
		T(verify_sees_what_no_single_lookup_sees),
	};

	return cmocka_run_group_tests_name("snap_verify", tests, NULL, NULL);
}
