/* SPDX-License-Identifier: BSD-2-Clause */
/* The file and its header: whom to believe, and where the sections lie. */
#include "snap/read.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "snap/le.h"
#include "snap/record.h"
#include "snap/sum.h"

#define USER_MIN_BYTES 48 /* the shortest record that can hold its strings */

/* --- the file ----------------------------------------------------------------------- */

static bool
others_can_write(const struct stat *st)
{
	return (st->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* A directory whose entries only OWNER and root can exchange. */
static bool
directory_is_trusted(const struct stat *st, uid_t owner)
{
	if (!S_ISDIR(st->st_mode) || (st->st_uid != owner && st->st_uid != 0))
		return false;
	return !others_can_write(st) || (st->st_mode & S_ISVTX) != 0;
}

static enum okta_rc
rc_of_open_error(void)
{
	if (errno == ENOENT)
		return OKTA_E_NOTFOUND;
	if (errno == ELOOP || errno == ENOTDIR)
		return OKTA_E_UNTRUSTED; /* a symlink, or no directory, in the path */
	return OKTA_E_SYS;
}

/* Replace *fd by its trusted subdirectory NAME; *fd < 0 stands for none yet. */
static enum okta_rc
step_into(int *fd, const char *name, uid_t owner)
{
	struct stat st;
	int next;

	next = openat(*fd < 0 ? AT_FDCWD : *fd, name,
	    O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (next < 0)
		return rc_of_open_error();
	if (*fd >= 0)
		(void)close(*fd);
	*fd = next;
	if (fstat(next, &st) < 0)
		return OKTA_E_SYS;
	return directory_is_trusted(&st, owner) ? OKTA_OK : OKTA_E_UNTRUSTED;
}

enum okta_rc
okta_snap_open_dir(const char *path, uid_t owner, int *ret_fd, const char **ret_name)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	char name[NAME_MAX + 1];
	const char *slash;
	int fd = -1;

	r = step_into(&fd, path[0] == '/' ? "/" : ".", owner);
	for (;;) {
		if (r != OKTA_OK) {
			rc = r;
			goto out;
		}
		while (*path == '/')
			path++;
		slash = strchr(path, '/');
		if (slash == NULL)
			break;
		if ((size_t)(slash - path) > NAME_MAX) {
			rc = OKTA_E_UNTRUSTED;
			goto out;
		}
		memcpy(name, path, (size_t)(slash - path));
		name[slash - path] = '\0';
		path = slash;
		r = step_into(&fd, name, owner);
	}

	*ret_fd = fd;
	*ret_name = path;
	fd = -1;
	rc = OKTA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static enum okta_rc
check_directory(const char *path, uid_t owner)
{
	struct stat st;

	if (fstatat(AT_FDCWD, path, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return rc_of_open_error();
	return directory_is_trusted(&st, owner) ? OKTA_OK : OKTA_E_UNTRUSTED;
}

#define PATH_BYTES 256 /* more than ours has; it is on the caller's stack */

/*
 * okta_snap_open_dir()'s checks with a third of its system calls, for which each new
 * process waits.  Nothing is held, but each directory is looked at after those above it,
 * and in a trusted one nobody but OWNER and root can put another in its place.
 */
static enum okta_rc
check_directories(const char *path, uid_t owner)
{
	char above[PATH_BYTES];
	enum okta_rc r = OKTA_OK;
	size_t at;

	if (path[0] != '/')
		r = check_directory(".", owner);
	for (at = 0; r == OKTA_OK && path[at] != '\0'; at++) {
		if (at == sizeof(above) - 1)
			return OKTA_E_UNTRUSTED;
		above[at] = '\0';
		if (path[at] == '/' && (at == 0 || path[at - 1] != '/'))
			r = check_directory(at == 0 ? "/" : above, owner);
		above[at] = path[at];
	}
	return r;
}

static enum okta_rc
check_file(const struct stat *st, uid_t owner)
{
	/* more than one name is fine: who can link a file can neither own nor write it */
	if (!S_ISREG(st->st_mode) || st->st_uid != owner || others_can_write(st))
		return OKTA_E_UNTRUSTED;
	if (st->st_size < OKTA_SNAP_HEADER_BYTES)
		return OKTA_E_INPUT;
	if ((uint64_t)st->st_size > OKTA_SNAP_MAX_BYTES ||
	    (uint64_t)st->st_size > SIZE_MAX)
		return OKTA_E_TOOBIG;
	return OKTA_OK;
}

enum okta_rc
okta_snap_open(const char *path, uid_t owner, struct okta_snap *ret)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_snap snap;
	struct stat st;
	void *map = MAP_FAILED;
	size_t len = 0;
	int fd = -1;

	r = check_directories(path, owner);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		rc = rc_of_open_error();
		goto out;
	}
	if (fstat(fd, &st) < 0) {
		rc = OKTA_E_SYS;
		goto out;
	}
	r = check_file(&st, owner);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	/* shared, so that the superseded word shows */
	len = (size_t)st.st_size;
	map = mmap(NULL, len, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED) {
		rc = OKTA_E_SYS;
		goto out;
	}
	r = okta_snap_open_bytes(map, len, &snap);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	snap.dev = st.st_dev;
	snap.ino = st.st_ino;
	snap.is_mapped = true;

	*ret = snap;
	map = MAP_FAILED;
	rc = OKTA_OK;
out:
	if (map != MAP_FAILED)
		(void)munmap(map, len);
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

void
okta_snap_close(struct okta_snap *snap)
{
	if (snap->is_mapped)
		(void)munmap((void *)(uintptr_t)snap->base, snap->len);
	memset(snap, 0, sizeof(*snap));
}

/* --- the header --------------------------------------------------------------------- */

/* A section must begin where the last one ended, *end, give or take GAP bytes of padding.
 */
static bool
take_section(
    const struct okta_snap *snap, uint64_t off, uint64_t len, uint64_t gap, uint64_t *end)
{
	if (off % 8 != 0 || len % 8 != 0 || off < *end || off - *end > gap)
		return false;
	if (off > snap->len || len > snap->len - off)
		return false;
	*end = off + len;
	return true;
}

static bool
parse_indexes(struct okta_snap *snap, uint64_t *end)
{
	const unsigned char *p = snap->base + OKTA_SNAP_INDEXES_AT;
	uint64_t off, buckets, probe;
	size_t i;

	for (i = 0; i < OKTA_SNAP_INDEX_COUNT; i++, p += 16) {
		off = okta_le64(p);
		buckets = okta_le32(p + 8);
		probe = okta_le32(p + 12);
		if (buckets == 0 || probe == 0 || probe > OKTA_SNAP_PROBE_MAX ||
		    off % OKTA_SNAP_BUCKET_BYTES != 0 ||
		    !take_section(snap, off,
			(buckets + probe - 1) * OKTA_SNAP_BUCKET_BYTES, 56, end))
			return false;
		snap->index[i].off = off;
		snap->index[i].buckets = (uint32_t)buckets;
		snap->index[i].probe = (uint32_t)probe;
	}
	return true;
}

/* Its bytes are left to okta_snap_verify(): they would be a page of their own to map, in
 * the lookup that has to open the file, and none needs them. */
static bool
parse_org_url(struct okta_snap *snap, uint64_t end)
{
	uint64_t len = okta_le32(snap->base + 232), off = okta_le64(snap->base + 224);

	if (off != end || len > OKTA_SNAP_ORG_URL_MAX ||
	    okta_pad(off + len + 1, 8) != snap->len)
		return false;
	snap->org_url.p = (const char *)snap->base + off;
	snap->org_url.len = (size_t)len;
	return true;
}

static bool
parse_sections(struct okta_snap *snap)
{
	const unsigned char *p = snap->base;
	uint64_t end = OKTA_SNAP_HEADER_BYTES;

	snap->users_off = okta_le64(p + 88);
	snap->users_len = okta_le64(p + 96);
	snap->groups_off = okta_le64(p + 104);
	snap->groups_len = okta_le64(p + 112);
	snap->members_off = okta_le64(p + 120);
	snap->members_len = okta_le64(p + 128);
	snap->names_len = okta_le64(p + 136);
	return take_section(snap, snap->users_off, snap->users_len, 0, &end) &&
	       take_section(snap, snap->groups_off, snap->groups_len, 0, &end) &&
	       take_section(snap, snap->members_off, snap->members_len, 0, &end) &&
	       take_section(snap, end, snap->names_len, 0, &end) &&
	       parse_indexes(snap, &end) && parse_org_url(snap, end);
}

/* Zero where the specification says zero: a later version may give those bytes a meaning.
 */
static bool
reserved_is_zero(const unsigned char *p)
{
	return (okta_le32(p + 236) | okta_le64(p + 240) | okta_le64(p + 248)) == 0;
}

enum okta_rc
okta_snap_open_bytes(const void *bytes, size_t len, struct okta_snap *ret)
{
	const unsigned char *p = bytes;
	struct okta_snap snap;

	memset(&snap, 0, sizeof(snap));
	if (len < OKTA_SNAP_HEADER_BYTES || memcmp(p, OKTA_SNAP_MAGIC, 8) != 0 ||
	    (okta_le32(p + 8) != OKTA_SNAP_VERSION &&
		okta_le32(p + 8) != OKTA_SNAP_VERSION_BEFORE) ||
	    okta_le32(p + 12) != OKTA_SNAP_HEADER_BYTES ||
	    okta_le32(p + 16) != okta_snap_header_sum(p) || okta_le64(p + 24) != len ||
	    !reserved_is_zero(p))
		return OKTA_E_INPUT;
	snap.base = p;
	snap.len = len;
	snap.version = okta_le32(p + 8);
	snap.generation = okta_le64(p + 32);
	snap.published_s = (int64_t)okta_le64(p + 40);
	snap.source_s = (int64_t)okta_le64(p + 48);
	snap.seed = okta_le64(p + 64);
	snap.usual_front = snap.version == OKTA_SNAP_VERSION ? OKTA_SNAP_USER_COVERED : 0;
	snap.id_key = okta_snap_id_key(snap.seed);
	snap.id_min = okta_le32(p + 72);
	snap.id_max = okta_le32(p + 76);
	snap.n_users = okta_le32(p + 80);
	snap.n_groups = okta_le32(p + 84);
	if (snap.id_min < OKTA_SNAP_ID_FLOOR || snap.id_max > OKTA_SNAP_ID_CEIL ||
	    snap.id_min > snap.id_max || !parse_sections(&snap))
		return OKTA_E_INPUT;
	if (snap.n_users > snap.users_len / USER_MIN_BYTES ||
	    snap.n_groups > snap.groups_len / OKTA_SNAP_GROUP_HEAD)
		return OKTA_E_INPUT;
	if (snap.users_len >= OKTA_SNAP_USER_HEAD)
		snap.users_room = snap.users_len - OKTA_SNAP_USER_HEAD + 1;
	*ret = snap;
	return OKTA_OK;
}
