/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/member.h - a member list and the table its names are in.
 * Floor 1: base only.  Private to common/snap.
 */
#ifndef OKTA_SNAP_MEMBER_H
#define OKTA_SNAP_MEMBER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "snap/read.h"

struct okta_snap_members {
	const unsigned char *list; /* N numbers: where in the table a name is */
	uint32_t n;
	const unsigned char *table;
	uint64_t table_len;
	size_t len; /* of all names with their NULs */
};

/*
 * Write the names one after the other, each followed by a NUL, to the M->len bytes at
 * DST, and a pointer to each to RET_NAMES unless it is NULL.  False if they are not
 * exactly that long, or a number leads out of the table; DST is garbage then.
 */
bool okta_snap_resolve(const struct okta_snap_members *m, char *dst, char **ret_names);

/*
 * Write a pointer to each of N names, which fill the LEN bytes at P, each 1 to
 * OKTA_SNAP_NAME_MAX bytes and a NUL, LENGTHS in all, to RET_NAMES.  False if they are
 * not exactly that; RET_NAMES is garbage then.
 */
bool okta_snap_point_at(
    char *p, size_t len, const unsigned char *lengths, uint32_t n, char **ret_names);

#endif /* OKTA_SNAP_MEMBER_H */
