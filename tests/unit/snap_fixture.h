/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/snap_fixture.h - one small directory as a snapshot, and what is true about
 * it. */
#ifndef SNAP_FIXTURE_H
#define SNAP_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "snap/le.h"
#include "snap/read.h"
#include "snap/write.h"

#define ID_MIN	5000
#define ID_MAX	7000
#define FX_SUDO 27

static inline struct okta_view
V(const char *s) {
	return okta_view_str(s);
}

static inline struct okta_snapw *
fx_new(uint64_t seed)
{
	struct okta_snapw_head head = { .org_url = V("https://acme.okta.com"),
		.generation = 7,
		.published_s = 1700000100,
		.source_s = 1700000000,
		.seed = seed,
		.id_min = ID_MIN,
		.id_max = ID_MAX };
	struct okta_snapw *w = NULL;

	assert_int_equal(okta_snapw_new(&head, &w, NULL), OKTA_OK);
	return w;
}

/* Five groups: served eng and ops, local sudo, login groups that do and do not join it.
 */
enum fx_group { FX_ENG, FX_OPS, FX_SUDO_GROUP, FX_ADMINS, FX_ALL, FX_GROUPS };
enum fx_user { FX_ADA, FX_BOB, FX_CY, FX_DEE, FX_USERS };

static const uint32_t fx_join_sudo[] = { FX_SUDO };

static inline struct okta_snapw_group
fx_group(enum fx_group which)
{
	struct okta_snapw_group g[FX_GROUPS] = {
		{ OKTA_SNAP_GROUP_SERVED, 6000, V("eng"), V("00geng"), V("Engineering"),
		    NULL, 0 },
		{ OKTA_SNAP_GROUP_SERVED, 6001, V("ops"), V("00gops"), V("Ops \xc3\x84"),
		    fx_join_sudo, 1 },
		{ OKTA_SNAP_GROUP_LOCAL, FX_SUDO, V("sudo"), V(""), V(""), NULL, 0 },
		{ OKTA_SNAP_GROUP_LOGIN, 0, V(""), V("00gadm"), V("Linux Admins"),
		    fx_join_sudo, 1 },
		{ OKTA_SNAP_GROUP_LOGIN, 0, V(""), V("00gall"), V("Everyone"), NULL, 0 },
	};

	return g[which];
}

static inline struct okta_snapw_user
fx_user(enum fx_user which)
{
	struct okta_snapw_user u[FX_USERS] = {
		{ .uid = 5000,
		    .gid = 5000,
		    .status = OKTA_STATUS_ACTIVE,
		    .flags = OKTA_SNAP_USER_PRIVATE_GROUP,
		    .name = V("ada"),
		    .gecos = V("Ada Lovelace"),
		    .home = V("/home/ada"),
		    .shell = V("/bin/bash"),
		    .okta_id = V("00uada"),
		    .okta_login = V("ada@acme.example") },
		{ .uid = 5001,
		    .gid = 5001,
		    .status = OKTA_STATUS_SUSPENDED,
		    .flags = OKTA_SNAP_USER_PRIVATE_GROUP,
		    .name = V("bob"),
		    .gecos = V(""),
		    .home = V("/home/bob"),
		    .shell = V("/bin/sh"),
		    .okta_id = V("00ubob"),
		    .okta_login = V("bob@acme.example") },
		{ .uid = 5002,
		    .gid = 6000,
		    .status = OKTA_STATUS_PASSWORD_EXPIRED,
		    .name = V("cy"),
		    .gecos = V("Cy"),
		    .home = V("/home/cy"),
		    .shell = V("/bin/sh"),
		    .okta_id = V("00ucy"),
		    .okta_login = V("cy@acme.example") },
		{ .uid = 6999,
		    .gid = FX_SUDO,
		    .status = OKTA_STATUS_ACTIVE,
		    .name = V("dee"),
		    .gecos = V("Dee"),
		    .home = V("/home/dee"),
		    .shell = V("/bin/sh"),
		    .okta_id = V("00udee"),
		    .okta_login = V("dee@acme.example") },
	};

	return u[which];
}

static const enum fx_group fx_memberships[FX_USERS][FX_GROUPS] = {
	{ FX_ENG, FX_OPS, FX_ALL, FX_GROUPS },
	{ FX_ADMINS, FX_ALL, FX_GROUPS },
	{ FX_ALL, FX_GROUPS },
	{ FX_ENG, FX_GROUPS },
};

/* Add everything, groups and users each in the given order. */
static inline void
fx_add_all(struct okta_snapw *w, const enum fx_group *groups, const enum fx_user *users)
{
	uint32_t number[FX_GROUPS], list[FX_GROUPS];
	struct okta_snapw_group g;
	struct okta_snapw_user u;
	struct okta_err err = { 0 };
	size_t i, n;

	for (i = 0; i < FX_GROUPS; i++) {
		g = fx_group(groups[i]);
		if (okta_snapw_add_group(w, &g, &number[groups[i]], &err) != OKTA_OK)
			fail_msg("%s", err.msg);
	}
	for (i = 0; i < FX_USERS; i++) {
		u = fx_user(users[i]);
		for (n = 0; n < FX_GROUPS && fx_memberships[users[i]][n] != FX_GROUPS;
		     n++)
			list[n] = number[fx_memberships[users[i]][n]];
		u.groups = list;
		u.n_groups = n;
		if (okta_snapw_add_user(w, &u, &err) != OKTA_OK)
			fail_msg("%s", err.msg);
	}
}

static const enum fx_group fx_groups_in_order[] = { FX_ENG, FX_OPS, FX_SUDO_GROUP,
	FX_ADMINS, FX_ALL };
static const enum fx_user fx_users_in_order[] = { FX_ADA, FX_BOB, FX_CY, FX_DEE };

/* In memory of exactly its size, so that a sanitizer sees a byte too many. */
static inline unsigned char *
fx_copy(const void *bytes, size_t len)
{
	unsigned char *p = malloc(len);

	assert_non_null(p);
	memcpy(p, bytes, len);
	return p;
}

/* The snapshot that W makes.  Frees W. */
static inline unsigned char *
fx_finish(struct okta_snapw *w, size_t *ret_len)
{
	struct okta_view bytes;
	unsigned char *p;

	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	p = fx_copy(bytes.p, bytes.len);
	*ret_len = bytes.len;
	okta_snapw_free(&w);
	return p;
}

static inline unsigned char *
fx_bytes(size_t *ret_len)
{
	struct okta_snapw *w = fx_new(42);

	fx_add_all(w, fx_groups_in_order, fx_users_in_order);
	return fx_finish(w, ret_len);
}

/* Make the checksums right again, as whoever forges a file would. */
static inline void
fx_seal_header(unsigned char *p)
{
	okta_le32_put(p + 16, okta_snap_header_sum(p));
}

/* A user's record has two checksums; LEN and the lengths of its texts may be forged, but
 * not so that they lead out of the file. */
static inline void
fx_seal_record(unsigned char *p, uint64_t off)
{
	unsigned char *r = p + off;
	size_t len = okta_le32(r + 4), front, covered;

	if (off < okta_le64(p + 104)) {
		front = (size_t)okta_pad(
		    32 + (size_t)r[18] + r[19] + r[20] + r[21] + 6, 8);
		covered = front > OKTA_SNAP_USER_COVERED ? front : OKTA_SNAP_USER_COVERED;
		if (covered > len)
			covered = len;
		okta_le32_put(r + 28, okta_snap_sum32(r + covered, len - covered));
		okta_le32_put(r, okta_snap_front_sum(r, covered));
	} else {
		okta_le32_put(r, okta_snap_sum32(r + 4, len - 4));
	}
}

static inline void
fx_seal_body(unsigned char *p, size_t len)
{
	okta_le64_put(p + 56,
	    okta_snap_sum64(p + OKTA_SNAP_HEADER_BYTES, len - OKTA_SNAP_HEADER_BYTES));
	fx_seal_header(p);
}

/* What was forged anywhere, with its checksums made right: a file that opens. */
static inline void
fx_forged(unsigned char *p, size_t len, struct okta_snap *snap)
{
	fx_seal_body(p, len);
	assert_int_equal(okta_snap_open_bytes(p, len, snap), OKTA_OK);
}

/* The same of what was forged in the record at OFF. */
static inline void
fx_forged_record(unsigned char *p, size_t len, uint64_t off, struct okta_snap *snap)
{
	fx_seal_record(p, off);
	fx_forged(p, len, snap);
}

static inline void
fx_verify_says(const struct okta_snap *snap, const char *word)
{
	struct okta_err err = { 0 };

	assert_int_equal(okta_snap_verify(snap, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, word));
}

#endif /* SNAP_FIXTURE_H */
