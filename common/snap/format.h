/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/format.h - the directory snapshot on disk, version 4.  This file is the
 * specification; common/snap/write.c produces it, common/snap/user.c, group.c and
 * member.c trust none of it.  Floor 1: base only.
 *
 * One immutable file.  All numbers little endian, all offsets in bytes from the start of
 * the file and multiples of 8.  No secret, hash or token is ever stored in it.
 *
 *   header          256 bytes, below
 *   user records    sorted by uid, each a multiple of 16 bytes long, no gaps: the
 *                   16 bytes that its checksum reads at a time lie in one cache line
 *   group records   sorted by (kind, gid, Okta id), each a multiple of 8 bytes, no gaps
 *   member lists    for each group with listed members a u32 each, zero-padded to 8:
 *                   where in the name table the member's name is; behind the list of a
 *                   group with OKTA_SNAP_GROUP_NAMES_LISTED a u8 each, the length of the
 *                   name with its NUL, then those names themselves, each followed by a
 *                   NUL, zero-padded to 8
 *   name table      for each user, in the order of the records: u8 length, name without
 *                   NUL; then zeros, at least 33, up to a multiple of 8
 *   5 hash indexes  user name, uid, group name, gid, Okta group name; each begins on the
 *                   next multiple of 64: one bucket is one cache line
 *   org URL         followed by a NUL, zero-padded to a multiple of 8: the end of the
 *                   file
 *
 * Header (offset: type  meaning)
 *   0: char[8]  "OKTASNAP"
 *   8: u32  format version, 4
 *  12: u32  header length, 256
 *  16: u32  checksum of bytes 24..255 and of the version (okta_snap_header_sum)
 *  20: u32  superseded: 0, or 1 once a newer file took this one's place.  The only bytes
 *           that ever change, and only after the rename; outside every checksum
 *  24: u64  file length
 *  32: u64  generation: grows by at least one with each published file of a state
 *           directory
 *  40: i64  published, seconds since 1970
 *  48: i64  the source's data is as of this time, seconds since 1970 (start of the last
 *           complete read from Okta); its age is the snapshot's age
 *  56: u64  checksum of bytes 256..end (okta_snap_sum64), checked by `snapshot verify`
 *  64: u64  hash seed
 *  72: u32  lowest id, 76: u32 highest id: every uid, and every gid of a group that is
 *           not local, lies in it
 *  80: u32  number of users, 84: u32 number of group records
 *  88: u64  offset, 96: u64 length of the user records
 * 104: u64  offset, 112: u64 length of the group records
 * 120: u64  offset, 128: u64 length of the member lists
 * 136: u64  length of the name table, which begins where the member lists end
 * 144: 5 x { u64 offset, u32 buckets, u32 longest probe } of the indexes
 * 224: u64  offset of the org URL, 232: u32 its length
 * 236: 20 bytes zero
 *
 * Version 3 has okta_snap_sum32 as a user's first checksum, user records that are a
 * multiple of 8 bytes long, and no lengths before listed names; readers take both, so
 * that everybody is known between an upgrade and the next run of okta-sync.
 *
 * User record.  Its front answers for passwd(5), and a checksum of its own covers it, so
 * that a lookup touches no more of the record than that.  It covers 128 bytes, or the
 * front where that is longer, or the record where that is shorter: nearly always as
 * much, which is what a processor can foresee.
 *   0: u32  checksum of bytes 4..covered (okta_snap_front_sum)
 *   4: u32  record length
 *   8: u32  uid
 *  12: u32  gid
 *  16: u8   status (enum okta_snap_status), 17: u8 flags (OKTA_SNAP_USER_*)
 *  18: u8   length of the name, 19: u8 gecos, 20: u8 home, 21: u8 shell, 22: u8 Okta id
 *  23: u8   length of the Okta login
 *  24: u16  number of gids, 26: u16 number of group references
 *  28: u32  checksum of the rest: covered..record length
 *  32: strings, each followed by a NUL: name, "*", gecos, home, shell (that is struct
 *      passwd's block, copied in one piece); padded to 8: the end of the front
 *      then u32[] gids, ascending: the supplementary groups (served and local ones)
 *      then u32[] references: offset / 8 of the group records with no gid of their own
 *      (OKTA_SNAP_GROUP_LOGIN) the user is in
 *      then strings, each followed by a NUL: Okta id, Okta login; padded to 16
 *
 * Group record
 *   0: u32  checksum of bytes 4..record length
 *   4: u32  record length
 *   8: u32  gid (0 for OKTA_SNAP_GROUP_LOGIN)
 *  12: u32  number of members
 *  16: u64  offset of the member list,
 *  24: u32  length of the members' names, each with a NUL behind it,
 *  28: u32  checksum of those names as they are answered, in the list's order; all three
 *           0 when there are none
 *  32: u8   kind (enum okta_snap_group_kind), 33: u8 length of the name, 34: u8 of the
 *           Okta id
 *  35: u8   number of joined local gids, 36: u16 length of the Okta name, 38: u16 flags
 *  40: strings, each followed by a NUL: name, Okta id, Okta name; padded to 4 then
 *      u32[] local gids its members join; padded to 8
 *
 * Index: `buckets` + `longest probe` - 1 buckets of 64 bytes.  A bucket has u32[8] tags,
 * then u32[8] record offset / 8; an offset of 0 is a free slot, and a bucket's used slots
 * come first.  The tag is the upper half of the hash of the key.  An entry's home is
 * bucket tag * buckets >> 32; entries are in ascending order over the whole index, each
 * in the first bucket from its home on that still has a slot, which is at most `longest
 * probe` - 1 buckets away.  So a search ends at a bucket with a free slot or a larger
 * tag, or after `longest probe` buckets, and never wraps round.
 *
 * A user with OKTA_SNAP_USER_PRIVATE_GROUP is at the same time
 * a group of his name with gid = uid and no listed member; it has no group record.
 */
#ifndef OKTA_SNAP_FORMAT_H
#define OKTA_SNAP_FORMAT_H

#include <stddef.h>
#include <stdint.h>

#define OKTA_SNAP_MAGIC		 "OKTASNAP"
#define OKTA_SNAP_VERSION	 4
#define OKTA_SNAP_VERSION_BEFORE 3 /* is read as well */
#define OKTA_SNAP_HEADER_BYTES	 256
#define OKTA_SNAP_SUPERSEDED_AT	 20
#define OKTA_SNAP_MAX_BYTES	 (UINT64_C(8) << 30) /* reader refuses larger files */

/* Longest of each text, without its NUL. */
#define OKTA_SNAP_NAME_MAX	32
#define OKTA_SNAP_GECOS_MAX	255
#define OKTA_SNAP_HOME_MAX	255
#define OKTA_SNAP_SHELL_MAX	255
#define OKTA_SNAP_OKTA_ID_MAX	64
#define OKTA_SNAP_LOGIN_MAX	255
#define OKTA_SNAP_OKTA_NAME_MAX 1020 /* 255 characters of UTF-8 */
#define OKTA_SNAP_ORG_URL_MAX	255
#define OKTA_SNAP_JOIN_MAX	16
#define OKTA_SNAP_GIDS_MAX	65535

#define OKTA_SNAP_USER_COVERED 128

#define OKTA_SNAP_BUCKET_SLOTS 8
#define OKTA_SNAP_BUCKET_BYTES 64
#define OKTA_SNAP_PROBE_MAX    32 /* buckets */

/* Zeros behind the names: what is read at once for the last of them is in the table. */
#define OKTA_SNAP_NAMES_PAD (OKTA_SNAP_NAME_MAX + 1)

/*
 * glibc doubles a caller's buffer for every ERANGE, and keeps the last one for
 * getgrnam().  A group whose answer (pointers, names and its own name) would need more
 * than this is written without its member list: it is the most that a process is made to
 * keep, and that Go's os/user takes.  It is room for 50,000 members whose names have
 * eleven letters, for 25,000 with the longest ones.
 */
#define OKTA_SNAP_GROUP_ANSWER_MAX (UINT32_C(1) << 20)

/* From so many members on a list has the names too: each of them out of the table would
 * be a read of its own from somewhere in memory. */
#define OKTA_SNAP_NAMES_LISTED_FROM 4096
/* All of them together: beyond that a list goes without. */
#define OKTA_SNAP_NAMES_LISTED_MAX_BYTES (UINT64_C(256) << 20)

/* Lowest and highest id that are ever accepted for a user or a group of ours. */
#define OKTA_SNAP_ID_FLOOR 1000
#define OKTA_SNAP_ID_CEIL  2147483646

enum okta_snap_index {
	OKTA_SNAP_INDEX_USER_NAME,
	OKTA_SNAP_INDEX_UID,
	OKTA_SNAP_INDEX_GROUP_NAME,
	OKTA_SNAP_INDEX_GID,
	OKTA_SNAP_INDEX_OKTA_GROUP, /* by Okta name; only groups with an Okta id */
	OKTA_SNAP_INDEX_COUNT
};

/* Okta's user status, as in the Users API. */
enum okta_snap_status {
	OKTA_STATUS_NONE, /* never stored */
	OKTA_STATUS_ACTIVE,
	OKTA_STATUS_RECOVERY,
	OKTA_STATUS_PASSWORD_EXPIRED,
	OKTA_STATUS_LOCKED_OUT,
	OKTA_STATUS_SUSPENDED,
	OKTA_STATUS_PROVISIONED,
	OKTA_STATUS_STAGED,
	OKTA_STATUS_DEPROVISIONED,
	OKTA_STATUS_COUNT
};

#define OKTA_SNAP_USER_PRIVATE_GROUP                                                     \
	0x1 /* gid = uid, the group of that name is implied */

enum okta_snap_group_kind {
	OKTA_SNAP_GROUP_SERVED = 1, /* a Unix group of ours, with an Okta id */
	OKTA_SNAP_GROUP_LOCAL =
	    2,			  /* a local group that people of ours join; no Okta id */
	OKTA_SNAP_GROUP_LOGIN = 3 /* not a Unix group: only for login rules and joins */
};

#define OKTA_SNAP_GROUP_MEMBERS_OMITTED 0x1 /* too many for one answer, see above */
#define OKTA_SNAP_GROUP_NAMES_LISTED	0x2 /* behind the list */

/* Fast non-cryptographic sums and the seeded hash; they detect damage, not forgery. */
uint32_t okta_snap_sum32(const void *p, size_t len);
uint64_t okta_snap_sum64(const void *p, size_t len);
/*
 * Of the first LEN bytes of a user record, an even number, without the checksum itself:
 * the sum, modulo 2^32, of each 16-bit word I from the third on (I is 2 there), taken as
 * a signed number, times 16385 + 2 * (I * 5003 modulo 8192).
 */
uint32_t okta_snap_front_sum(const unsigned char *p, size_t len);
uint32_t okta_snap_header_sum(const unsigned char header[OKTA_SNAP_HEADER_BYTES]);
uint64_t okta_snap_hash_name(uint64_t seed, const char *name, size_t len);
uint64_t okta_snap_hash_id(uint64_t seed, uint32_t id);

#endif /* OKTA_SNAP_FORMAT_H */
