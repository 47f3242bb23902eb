/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/read.h - look people and groups up in a mapped snapshot.
 * Floor 1: base only.  No malloc, no stdio, no locale, no globals: this code runs inside
 * every process that asks for a user name.
 *
 * MUST: give the same kind of answer for any bytes whatever: a record whose checksum,
 * bounds and id range are right, OKTA_E_NOTFOUND, or OKTA_E_INPUT (the file is damaged).
 * MUST NOT: trust an offset, a length or a count; loop longer than the header's probe
 * limit.
 */
#ifndef OKTA_SNAP_READ_H
#define OKTA_SNAP_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/view.h"
#include "snap/format.h"

/* One mapped file.  Caller holds the struct; fields are for common/snap and `status`. */
struct okta_snap {
	const unsigned char *base;
	size_t len;
	bool is_mapped;	   /* by okta_snap_open(), for okta_snap_close() to undo */
	uint64_t dev, ino; /* of the file that was mapped */
	uint32_t version;
	uint64_t generation;
	int64_t published_s;
	int64_t source_s; /* the age of the data counts from here */
	uint64_t seed, id_key;
	uint32_t usual_front; /* longest one whose sum is looked at without a loop */
	uint32_t id_min, id_max;
	uint32_t n_users, n_groups;
	uint64_t users_room; /* a record begins nearer than that to the first one */
	uint64_t users_off, users_len, groups_off, groups_len, members_off, members_len;
	uint64_t names_len; /* behind the member lists */
	struct {
		uint64_t off;
		uint32_t buckets, probe;
	} index[OKTA_SNAP_INDEX_COUNT];
	struct okta_view org_url;
};

/*
 * Map PATH.  It must be a regular file owned by OWNER that group and others cannot write,
 * opened without following a symlink, at most OKTA_SNAP_MAX_BYTES; the directory it lies
 * in and each above it must be owned by OWNER or root and not writable by others (unless
 * sticky).  Magic, version, length, header checksum and every section bound are checked.
 * The descriptor is closed again.  *ret is untouched on failure.
 * OKTA_OK, OKTA_E_NOTFOUND, OKTA_E_UNTRUSTED, OKTA_E_TOOBIG, OKTA_E_INPUT or OKTA_E_SYS
 * (errno says what).
 */
OKTA_MUST_CHECK enum okta_rc okta_snap_open(
    const char *path, uid_t owner, struct okta_snap *ret);

/*
 * The directory PATH lies in, as an O_PATH descriptor the caller closes, after the same
 * checks of it and of each directory above; no symlink is followed on the way.  A
 * relative PATH is checked from the working directory on.  *ret_name points at PATH's
 * last component. OKTA_OK, OKTA_E_NOTFOUND, OKTA_E_UNTRUSTED or OKTA_E_SYS.
 */
OKTA_MUST_CHECK enum okta_rc okta_snap_open_dir(
    const char *path, uid_t owner, int *ret_fd, const char **ret_name);

/* okta_snap_open() over bytes the caller keeps (tests, fuzzing). */
OKTA_MUST_CHECK enum okta_rc okta_snap_open_bytes(
    const void *p, size_t len, struct okta_snap *ret);

/* Unmap.  Views into it are void.  Safe on a zeroed struct and twice. */
void okta_snap_close(struct okta_snap *snap);

/* True once the writer marked this file as replaced.  One load, no system call. */
static inline bool
okta_snap_is_superseded(const struct okta_snap *snap)
{
	const void *word = snap->base + OKTA_SNAP_SUPERSEDED_AT;

	/* another process changes it; only zero or not matters, so byte order does not */
	return __atomic_load_n((const uint32_t *)word, __ATOMIC_RELAXED) != 0;
}

/* Everything `snapshot verify` checks: body checksum, every record, every index entry
 * reachable, sorted order, names well formed, ids unique and in range.  O(n).  Message in
 * *err. */
OKTA_MUST_CHECK enum okta_rc okta_snap_verify(
    const struct okta_snap *snap, struct okta_err *err);

/* What passwd(5) shows of a user: nothing else of the record was looked at. */
struct okta_snap_passwd {
	uint32_t uid, gid;
	unsigned flags;
	/* begins the block: name \0 * \0 gecos \0 home \0 shell \0 */
	struct okta_view name;
	unsigned gecos_at, home_at, shell_at, block_len;
	uint32_t front_len, covered, record_len;
	uint64_t off; /* of the record */
};

struct okta_snap_user {
	uint32_t uid, gid;
	enum okta_snap_status status;
	unsigned flags;
	/* views into the mapping, each followed by a NUL there */
	struct okta_view name, gecos, home, shell, okta_id, okta_login;
	const unsigned char *gids; /* use okta_snap_gid() */
	uint32_t n_gids;
	const unsigned char *refs; /* use okta_snap_ref() */
	uint32_t n_refs;
	uint64_t off; /* of the record */
};

struct okta_snap_group {
	enum okta_snap_group_kind kind;
	uint32_t gid; /* 0 for OKTA_SNAP_GROUP_LOGIN */
	unsigned flags;
	struct okta_view name, okta_id, okta_name;
	uint32_t n_members;
	uint32_t members_len; /* of their names, each followed by a NUL */
	/* use okta_snap_copy_members() */
	uint32_t members_sum;
	const unsigned char *list, *names;
	/* the names once more, as answered, and how long each is; or NULL */
	const unsigned char *listed, *lengths;
	uint64_t names_len;
	const unsigned char *joins; /* use okta_snap_join() */
	uint32_t n_joins;
	uint64_t off; /* of the record; 0 for a user's implied private group */
};

/* [a-z_][a-z0-9_.-]{0,31}: the only names this code ever looks up or stores. */
bool okta_snap_name_is_valid(struct okta_view name);

/* Bytes of caller's buffer that answer for a group, whatever the buffer's alignment. */
static inline uint64_t
okta_snap_group_answer(uint64_t n_members, uint64_t members_len, uint64_t name_len)
{
	return sizeof(char *) - 1 + (n_members + 1) * sizeof(char *) + members_len +
	       name_len + 1 + sizeof("*");
}

/* Value I of the list; UINT32_MAX, or offset 0, beyond its end. */
uint32_t okta_snap_gid(const struct okta_snap_user *user, uint32_t i);
uint64_t okta_snap_ref(const struct okta_snap_user *user, uint32_t i); /* record offset */
uint32_t okta_snap_join(const struct okta_snap_group *group, uint32_t i);

/*
 * Copy the members' names, one after the other, each followed by a NUL, to the
 * group->members_len bytes at DST, and a pointer to each to the group->n_members places
 * of RET_NAMES, unless that is NULL.  OKTA_OK, or OKTA_E_INPUT with garbage in both.
 */
OKTA_MUST_CHECK enum okta_rc okta_snap_copy_members(
    const struct okta_snap_group *group, char *dst, char **ret_names);

/*
 * OKTA_OK, OKTA_E_NOTFOUND, OKTA_E_INPUT.  NAME may be anything of at most 32 bytes.
 * *ret is undefined unless OKTA_OK.
 */
OKTA_MUST_CHECK enum okta_rc okta_snap_passwd_by_name(
    const struct okta_snap *snap, struct okta_view name, struct okta_snap_passwd *ret);
OKTA_MUST_CHECK enum okta_rc okta_snap_passwd_by_uid(
    const struct okta_snap *snap, uint32_t uid, struct okta_snap_passwd *ret);

/* OKTA_OK, OKTA_E_NOTFOUND, OKTA_E_INPUT.  *ret is untouched unless OKTA_OK. */
OKTA_MUST_CHECK enum okta_rc okta_snap_user_by_name(
    const struct okta_snap *snap, struct okta_view name, struct okta_snap_user *ret);
OKTA_MUST_CHECK enum okta_rc okta_snap_user_by_uid(
    const struct okta_snap *snap, uint32_t uid, struct okta_snap_user *ret);
/* By Unix name or gid: SERVED and LOCAL groups and implied private groups. */
OKTA_MUST_CHECK enum okta_rc okta_snap_group_by_name(
    const struct okta_snap *snap, struct okta_view name, struct okta_snap_group *ret);
OKTA_MUST_CHECK enum okta_rc okta_snap_group_by_gid(
    const struct okta_snap *snap, uint32_t gid, struct okta_snap_group *ret);
/* By the group's name in Okta, exactly: SERVED and LOGIN groups. */
OKTA_MUST_CHECK enum okta_rc okta_snap_group_by_okta_name(const struct okta_snap *snap,
    struct okta_view okta_name, struct okta_snap_group *ret);
/* The group that a user with OKTA_SNAP_USER_PRIVATE_GROUP implies. */
void okta_snap_private_group(
    const struct okta_snap_passwd *user, struct okta_snap_group *ret);
/* The record at an offset taken from okta_snap_ref(). */
OKTA_MUST_CHECK enum okta_rc okta_snap_group_at(
    const struct okta_snap *snap, uint64_t off, struct okta_snap_group *ret);

/*
 * Enumeration in file order.  Start with *cursor = 0; OKTA_OK moves it to the next
 * record, OKTA_E_NOTFOUND is the end.
 */
OKTA_MUST_CHECK enum okta_rc okta_snap_next_passwd(
    const struct okta_snap *snap, uint64_t *cursor, struct okta_snap_passwd *ret);
OKTA_MUST_CHECK enum okta_rc okta_snap_next_user(
    const struct okta_snap *snap, uint64_t *cursor, struct okta_snap_user *ret);
OKTA_MUST_CHECK enum okta_rc okta_snap_next_group(
    const struct okta_snap *snap, uint64_t *cursor, struct okta_snap_group *ret);

/* "ACTIVE"... and back; the empty string and OKTA_STATUS_NONE for what is unknown. */
const char *okta_snap_status_name(enum okta_snap_status status);
enum okta_snap_status okta_snap_status_parse(struct okta_view v);

#endif /* OKTA_SNAP_READ_H */
