/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: a name or id of the host must never be taken over from Okta.  MUST: when
 * in doubt call a name local; a line that glibc would skip still takes its name.
 */
#include "host/local.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"

#define FILE_MAX_BYTES (64u << 20)

struct name {
	struct okta_view text;
	uint32_t id;
	bool has_id;
};

struct range {
	uint64_t first, last;
};

struct names {
	struct okta_buf text; /* what the views point into */
	struct name *name;    /* sorted by text */
	size_t n_names;
	uint32_t *id; /* sorted */
	size_t n_ids;
};

struct okta_local {
	struct names users, groups;
	struct range *range; /* sorted by first */
	size_t n_ranges;
};

static enum okta_rc
read_whole(const char *path, struct okta_buf *out, bool *ret_exists, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	char block[8192];
	struct stat st;
	ssize_t n;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 && errno == ENOENT) {
		*ret_exists = false;
		return OKTA_OK;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot open", path);
		goto out;
	}
	if (!S_ISREG(st.st_mode)) {
		rc = okta_err_set(err, OKTA_E_INPUT, "%s: is not a regular file", path);
		goto out;
	}
	for (;;) {
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			rc = okta_err_sys(err, errno, "%s: cannot read", path);
			goto out;
		}
		if (n == 0)
			break;
		r = okta_buf_append(out, block, (size_t)n);
		if (r != OKTA_OK) {
			rc = okta_err_set(err, r == OKTA_E_TOOBIG ? OKTA_E_INPUT : r,
			    "%s: cannot be held in memory", path);
			goto out;
		}
	}
	*ret_exists = true;
	rc = OKTA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

static size_t
count_lines(struct okta_view text)
{
	size_t i, n = 1;

	for (i = 0; i < text.len; i++)
		n += text.p[i] == '\n';
	return n;
}

static int
compare_views(struct okta_view a, struct okta_view b)
{
	size_t n = a.len < b.len ? a.len : b.len;
	int order = n > 0 ? memcmp(a.p, b.p, n) : 0;

	return order != 0 ? order : (a.len > b.len) - (a.len < b.len);
}

static int
by_text(const void *a, const void *b)
{
	return compare_views(
	    ((const struct name *)a)->text, ((const struct name *)b)->text);
}

static int
by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static int
by_first(const void *a, const void *b)
{
	const struct range *x = a, *y = b;

	return (x->first > y->first) - (x->first < y->first);
}

/* NAME:x:ID:... of passwd(5) and group(5); false for comments and empty lines. */
static bool
take_line(struct okta_view line, struct name *ret)
{
	struct okta_view rest = okta_view_trim(line), id;
	uint64_t n;

	if (rest.len == 0 || rest.p[0] == '#')
		return false;
	ret->text = okta_view_split(&rest, ':');
	(void)okta_view_split(&rest, ':');
	id = okta_view_split(&rest, ':');
	ret->has_id = okta_view_u64(id, UINT32_MAX, &n) == OKTA_OK;
	ret->id = ret->has_id ? (uint32_t)n : 0;
	return true;
}

static enum okta_rc
names_init(struct names *names, const char *etc, const char *file, struct okta_err *err)
{
	char path[PATH_MAX];
	struct okta_view rest;
	struct name found;
	enum okta_rc r;
	bool exists = false;
	size_t lines;
	int n;

	n = snprintf(path, sizeof(path), "%s/%s", etc, file);
	if (n < 0 || (size_t)n >= sizeof(path))
		return okta_err_set(err, OKTA_E_INPUT, "%s: path is too long", etc);
	r = read_whole(path, &names->text, &exists, err);
	if (r != OKTA_OK)
		return r;
	if (!exists)
		return okta_err_set(err, OKTA_E_INPUT, "%s: does not exist", path);
	rest = okta_buf_view(&names->text);
	lines = count_lines(rest);
	names->name = calloc(lines, sizeof(*names->name));
	names->id = calloc(lines, sizeof(*names->id));
	if (names->name == NULL || names->id == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", path);
	while (rest.p != NULL) {
		if (!take_line(okta_view_split(&rest, '\n'), &found))
			continue;
		names->name[names->n_names++] = found;
		if (found.has_id)
			names->id[names->n_ids++] = found.id;
	}
	qsort(names->name, names->n_names, sizeof(*names->name), by_text);
	qsort(names->id, names->n_ids, sizeof(*names->id), by_number);
	return OKTA_OK;
}

static void
names_clear(struct names *names)
{
	okta_buf_clear(&names->text);
	free(names->name);
	free(names->id);
}

static const struct name *
find_name(const struct names *names, struct okta_view text)
{
	const struct name key = { .text = text };

	return bsearch(&key, names->name, names->n_names, sizeof(key), by_text);
}

static bool
has_id(const struct names *names, uint32_t id)
{
	return bsearch(&id, names->id, names->n_ids, sizeof(id), by_number) != NULL;
}

/* OWNER:FIRST:COUNT of subuid(5); a host without the file gives none away. */
static enum okta_rc
add_ranges(
    struct okta_local *local, const char *etc, const char *file, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	char path[PATH_MAX];
	struct okta_buf text;
	struct okta_view rest, line;
	struct range *grown;
	uint64_t first, count;
	bool exists = false;
	int n;

	okta_buf_init(&text, FILE_MAX_BYTES);
	n = snprintf(path, sizeof(path), "%s/%s", etc, file);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		rc = okta_err_set(err, OKTA_E_INPUT, "%s: path is too long", etc);
		goto out;
	}
	r = read_whole(path, &text, &exists, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rest = okta_buf_view(&text);
	grown = realloc(
	    local->range, (local->n_ranges + count_lines(rest)) * sizeof(*grown));
	if (grown == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", path);
		goto out;
	}
	local->range = grown;
	while (rest.p != NULL) {
		line = okta_view_trim(okta_view_split(&rest, '\n'));
		(void)okta_view_split(&line, ':');
		if (okta_view_u64(okta_view_split(&line, ':'), UINT32_MAX, &first) !=
			OKTA_OK ||
		    okta_view_u64(line, UINT32_MAX, &count) != OKTA_OK || count == 0)
			continue;
		local->range[local->n_ranges++] = (struct range){ first,
			first + count - 1 };
	}
	rc = OKTA_OK;
out:
	okta_buf_clear(&text);
	return rc;
}

enum okta_rc
okta_local_new(const char *etc, struct okta_local **ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_local *local;

	local = calloc(1, sizeof(*local));
	if (local == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "out of memory");
		goto out;
	}
	okta_buf_init(&local->users.text, FILE_MAX_BYTES);
	okta_buf_init(&local->groups.text, FILE_MAX_BYTES);
	r = names_init(&local->users, etc, "passwd", err);
	if (r == OKTA_OK)
		r = names_init(&local->groups, etc, "group", err);
	if (r == OKTA_OK)
		r = add_ranges(local, etc, "subuid", err);
	if (r == OKTA_OK)
		r = add_ranges(local, etc, "subgid", err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	qsort(local->range, local->n_ranges, sizeof(*local->range), by_first);
	*ret = local;
	local = NULL;
	rc = OKTA_OK;
out:
	okta_local_free(&local);
	return rc;
}

void
okta_local_free(struct okta_local **local)
{
	if (*local == NULL)
		return;
	names_clear(&(*local)->users);
	names_clear(&(*local)->groups);
	free((*local)->range);
	free(*local);
	*local = NULL;
}

bool
okta_local_has_user(const struct okta_local *local, struct okta_view name)
{
	return find_name(&local->users, name) != NULL;
}

bool
okta_local_has_uid(const struct okta_local *local, uint32_t uid)
{
	return has_id(&local->users, uid);
}

bool
okta_local_has_gid(const struct okta_local *local, uint32_t gid)
{
	return has_id(&local->groups, gid);
}

bool
okta_local_has_group(
    const struct okta_local *local, struct okta_view name, uint32_t *ret_gid)
{
	const struct name *found = find_name(&local->groups, name);

	if (found == NULL)
		return false;
	if (ret_gid != NULL && found->has_id)
		*ret_gid = found->id;
	return ret_gid == NULL || found->has_id;
}

bool
okta_local_has_subid(const struct okta_local *local, uint32_t id)
{
	size_t i;

	for (i = 0; i < local->n_ranges && local->range[i].first <= id; i++)
		if (id <= local->range[i].last)
			return true;
	return false;
}

/* Where in a line the scan of okta_local_find_user() is. */
struct scan {
	size_t at;     /* bytes of the name that matched */
	bool started;  /* past the blanks at the start of the line */
	bool mismatch; /* this line is somebody else's */
};

/* True when the line turned out to be NAME's. */
static bool
scan_byte(struct scan *s, char c, struct okta_view name)
{
	bool found;

	if (c == '\n' || c == ':') {
		found = s->started && !s->mismatch && s->at == name.len;
		s->mismatch = c == ':';
		if (c == '\n')
			*s = (struct scan){ 0 };
		return found;
	}
	if (s->mismatch || (!s->started && (c == ' ' || c == '\t')))
		return false;
	s->started = true;
	if (s->at < name.len && name.p[s->at] == c)
		s->at++;
	else
		s->mismatch = true;
	return false;
}

enum okta_rc
okta_local_find_user(
    const char *path, struct okta_view name, bool *ret, struct okta_err *err)
{
	enum okta_rc rc = OKTA_E_INTERNAL;
	struct scan scan = { 0 };
	char block[4096];
	bool found = false;
	ssize_t n = 1, i;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0) {
		rc = okta_err_sys(err, errno, "%s: cannot open", path);
		goto out;
	}
	while (!found && n > 0) {
		n = read(fd, block, sizeof(block));
		if (n < 0 && errno == EINTR) {
			n = 1;
			continue;
		}
		if (n < 0) {
			rc = okta_err_sys(err, errno, "%s: cannot read", path);
			goto out;
		}
		for (i = 0; i < n && !found; i++)
			found = scan_byte(&scan, block[i], name);
	}
	if (!found && scan_byte(&scan, '\n', name))
		found = true; /* a last line without its newline */
	*ret = found;
	rc = OKTA_OK;
out:
	if (fd >= 0)
		(void)close(fd);
	return rc;
}

/* PATH as one text; a file that is not there is a failure. */
static enum okta_rc
read_existing(const char *path, struct okta_buf *out, struct okta_err *err)
{
	enum okta_rc r;
	bool exists = false;

	r = read_whole(path, out, &exists, err);
	if (r == OKTA_OK && !exists)
		return okta_err_set(err, OKTA_E_INPUT, "%s: does not exist", path);
	return r;
}

enum okta_rc
okta_local_find_id(const char *path, uint32_t id, bool *ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_buf text;
	struct okta_view rest;
	struct name line;
	bool found = false;

	okta_buf_init(&text, FILE_MAX_BYTES);
	r = read_existing(path, &text, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rest = okta_buf_view(&text);
	while (rest.p != NULL && !found)
		found = take_line(okta_view_split(&rest, '\n'), &line) && line.has_id &&
			line.id == id;
	*ret = found;
	rc = OKTA_OK;
out:
	okta_buf_clear(&text);
	return rc;
}

enum okta_rc
okta_local_ids_of(const char *path, struct okta_view name, uint32_t *ret_uid,
    uint32_t *ret_gid, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_buf text;
	struct okta_view rest, line;
	uint64_t uid, gid;

	okta_buf_init(&text, FILE_MAX_BYTES);
	r = read_existing(path, &text, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rest = okta_buf_view(&text);
	rc = okta_err_set(err, OKTA_E_NOTFOUND, "%s: has no such account", path);
	while (rest.p != NULL) {
		line = okta_view_split(&rest, '\n');
		if (!okta_view_eq(okta_view_split(&line, ':'), name))
			continue;
		(void)okta_view_split(&line, ':');
		if (okta_view_u64(okta_view_split(&line, ':'), UINT32_MAX - 1, &uid) !=
			OKTA_OK ||
		    okta_view_u64(okta_view_split(&line, ':'), UINT32_MAX - 1, &gid) !=
			OKTA_OK) {
			rc = okta_err_set(err, OKTA_E_INPUT,
			    "%s: the account's line is malformed", path);
			goto out;
		}
		*ret_uid = (uint32_t)uid;
		*ret_gid = (uint32_t)gid;
		rc = OKTA_OK;
		goto out;
	}
out:
	okta_buf_clear(&text);
	return rc;
}
