/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/layout.h - what write.c gathers and layout.c turns into bytes.
 * Floor 1: base only.  Private to common/snap.
 */
#ifndef OKTA_SNAP_LAYOUT_H
#define OKTA_SNAP_LAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "snap/read.h"
#include "snap/write.h"

/* Memory that is handed out piece by piece and let go as a whole. */
struct okta_snapw_arena {
	struct okta_snapw_chunk *chunks;
	size_t used; /* of the first chunk */
};

/* Texts lie one after the other, each followed by a NUL, in the order of the record. */
struct okta_snapw_draft_group {
	enum okta_snap_group_kind kind;
	uint32_t gid;
	uint8_t name_len, okta_id_len, n_joins;
	uint16_t okta_name_len;
	const char *texts;
	size_t texts_len;
	uint32_t joins[OKTA_SNAP_JOIN_MAX];	   /* gids, ascending */
	uint32_t join_numbers[OKTA_SNAP_JOIN_MAX]; /* the LOCAL groups, once sealed */
	uint32_t n_members;
	uint64_t members_len;
	/* set while laying out */
	uint64_t off, members_off;
	bool omitted, listed; /* without its members; with their names */
};

struct okta_snapw_draft_user {
	uint32_t uid, gid;
	uint16_t status, flags, n_groups, texts_len;
	uint8_t len[6];	   /* name, gecos, home, shell, Okta id, Okta login */
	const char *texts; /* padded to 4, then u32 group numbers, ascending */
};

struct okta_snapw {
	struct okta_snapw_head head;
	char org_url[OKTA_SNAP_ORG_URL_MAX + 1];
	struct okta_snapw_arena group_texts, user_texts;
	struct okta_snapw_draft_group *groups;
	size_t n_groups, groups_size;
	struct okta_snapw_draft_user *users;
	size_t n_users, users_size;
	uint64_t user_records_len, names_len;
	bool sealed; /* no group may be added any more */
	bool finished;
	uint32_t *locals; /* numbers of the LOCAL groups, once sealed */
	size_t n_locals;
	uint32_t *scratch; /* group numbers of one user */
	size_t scratch_size;
	unsigned char *bytes;
	size_t bytes_len;
	char *omitted;
	size_t omitted_len;
};

/* What of a group is needed for each of its members; small, since that is all the time.
 */
struct okta_snapw_seat {
	unsigned char *next; /* in the member list; NULL: it is not written */
	uint32_t value;	     /* the gid, or the reference */
	bool is_ref;
};

/* The file in the making. */
struct okta_snapw_layout {
	struct okta_snapw *w;
	unsigned char *p;
	uint64_t users_len, groups_len, members_len,
	    names_len; /* users begin right behind the header */
	uint64_t groups_off, members_off, names_off, indexes_off, end;
	uint64_t seed;
	uint32_t *group_order;	       /* group numbers as the file has them */
	struct okta_snapw_seat *seats; /* by group number */
	uint64_t *keys,
	    *spare; /* room for one number per user or group, and to sort them */
	uint32_t *gids, *refs; /* of one user */
	char *answer;	       /* the names of one group's members */
};

/* Lengths of records before they are written. */
uint64_t okta_snapw_user_record_len(const struct okta_snapw_draft_user *user);
uint64_t okta_snapw_group_record_len(const struct okta_snapw_draft_group *group);

/* Resolve the gids that groups join; OKTA_E_INPUT if a LOCAL group is missing. */
OKTA_MUST_CHECK enum okta_rc okta_snapw_seal(struct okta_snapw *w, struct okta_err *err);

struct okta_view okta_snapw_group_okta_id(const struct okta_snapw_draft_group *group);

/* Ascending, by radix; SPARE is room for N more. */
void okta_snapw_sort(uint64_t *p, uint64_t *spare, size_t n);

/* Most bytes an index of N entries may take, the padding before it too. */
uint64_t okta_snapw_index_room(uint64_t n);

/*
 * Write all indexes from l->indexes_off on, at most to CAPACITY; sets l->seed and l->end.
 * OKTA_E_CONFLICT if two records have one key.
 */
OKTA_MUST_CHECK enum okta_rc okta_snapw_write_indexes(
    struct okta_snapw_layout *l, uint64_t capacity, struct okta_err *err);

/* OKTA_E_CONFLICT if an Okta id is there twice among the users, or among the groups. */
OKTA_MUST_CHECK enum okta_rc okta_snapw_check_okta_ids(
    struct okta_snapw_layout *l, bool users, struct okta_err *err);

/* OKTA_E_CONFLICT if a group record would hide the private group of a user. */
OKTA_MUST_CHECK enum okta_rc okta_snapw_check_private_groups(
    const struct okta_snap *snap, struct okta_err *err);

void okta_snapw_arena_free(struct okta_snapw_arena *arena);

#endif /* OKTA_SNAP_LAYOUT_H */
