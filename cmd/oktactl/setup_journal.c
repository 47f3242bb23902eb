/* SPDX-License-Identifier: BSD-2-Clause */
#include "setup_journal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/wipe.h"

#define JOURNAL	   SETUP_DIR "/journal"
#define FIRST_LINE "okta-login setup 1"
#define TEXT_MAX   262144
#define ABSENT	   "absent"

static const char *const kinds[] = { "file", "made", "unit", "authselect" };

/* --- the journal as text --- */

static enum okta_rc
write_journal(const struct setup_journal *j, struct okta_err *err)
{
	const struct setup_entry *e;
	enum okta_rc r;
	struct okta_buf text;
	size_t i;

	okta_buf_init(&text, TEXT_MAX);
	r = okta_buf_append_str(&text, FIRST_LINE "\n");
	for (i = 0; i < j->n && r == OKTA_OK; i++) {
		e = &j->entry[i];
		r = okta_buf_printf(&text, "%s\t%u\t%u\t%u\t%u\t%u\t%s\t%s\t%s\n",
		    kinds[e->kind], e->number, e->existed, e->mode, e->uid, e->gid,
		    e->before, e->left, e->what);
	}
	if (r == OKTA_OK && j->is_done)
		r = okta_buf_append_str(&text, "done\n");
	if (r == OKTA_OK)
		r = okta_file_replace(JOURNAL, 0600, text.data, text.len, err);
	else
		r = okta_err_set(err, r, JOURNAL ": too long");
	okta_buf_clear(&text);
	return r;
}

static bool
take_number(struct okta_view *rest, uint32_t *ret)
{
	uint64_t n;

	if (okta_view_u64(okta_view_split(rest, '\t'), UINT32_MAX, &n) != OKTA_OK)
		return false;
	*ret = (uint32_t)n;
	return true;
}

static bool
take_text(struct okta_view *rest, char *dst, size_t size)
{
	struct okta_view v = okta_view_split(rest, '\t');

	return snprintf(dst, size, "%.*s", (int)v.len, v.len == 0 ? "" : v.p) < (int)size;
}

static bool
read_entry(struct okta_view line, struct setup_entry *e)
{
	struct okta_view kind = okta_view_split(&line, '\t');
	uint32_t existed;
	size_t i;

	for (i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (okta_view_eq_str(kind, kinds[i]))
			break;
	if (i == sizeof(kinds) / sizeof(kinds[0]))
		return false;
	e->kind = (enum setup_kind)i;
	if (!take_number(&line, &e->number) || !take_number(&line, &existed) ||
	    !take_number(&line, &e->mode) || !take_number(&line, &e->uid) ||
	    !take_number(&line, &e->gid) ||
	    !take_text(&line, e->before, sizeof(e->before)) ||
	    !take_text(&line, e->left, sizeof(e->left)) ||
	    !take_text(&line, e->what, sizeof(e->what)))
		return false;
	e->existed = existed != 0;
	return e->what[0] != '\0' && line.p == NULL;
}

static bool
parse(struct setup_journal *j, struct okta_view rest)
{
	struct okta_view line = okta_view_split(&rest, '\n');

	if (!okta_view_eq_str(line, FIRST_LINE))
		return false;
	while (rest.len > 0) {
		line = okta_view_split(&rest, '\n');
		if (okta_view_eq_str(line, "done")) {
			j->is_done = true;
			return rest.len == 0;
		}
		if (j->n == SETUP_ENTRIES_MAX || !read_entry(line, &j->entry[j->n]))
			return false;
		j->n++;
	}
	return true;
}

static enum okta_rc
read_journal(struct setup_journal *j, struct okta_err *err)
{
	char *text = NULL;
	size_t len = 0;
	enum okta_rc r;
	bool good;

	r = okta_file_read_trusted(
	    JOURNAL, 0, OKTA_FILE_SECRET, TEXT_MAX, &text, &len, err);
	if (r == OKTA_E_NOTFOUND)
		return OKTA_OK;
	if (r != OKTA_OK)
		return r;
	good = parse(j, (struct okta_view){ text, len });
	okta_free_wiped(text, len);
	if (!good)
		return okta_err_set(err, OKTA_E_INPUT,
		    JOURNAL ": is damaged: put back what " SETUP_DIR
			    " has by hand, then remove that directory");
	j->is_there = true;
	return OKTA_OK;
}

/* --- its directory --- */

void
setup_journal_remove_dir(const char *path)
{
	struct dirent *entry;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), entry->d_name, 0); /* not directories */
	(void)closedir(dir);
	(void)rmdir(path);
}

void
setup_journal_sweep(const char *path)
{
	const char *slash = strrchr(path, '/'), *name, *p;
	char dir_path[PATH_MAX];
	struct dirent *entry;
	size_t len;
	DIR *dir;

	if (slash == NULL || snprintf(dir_path, sizeof(dir_path), "%.*s",
				 (int)(slash - path), path) >= (int)sizeof(dir_path))
		return;
	name = slash + 1;
	len = strlen(name);
	dir = opendir(dir_path);
	if (dir == NULL)
		return;
	while ((entry = readdir(dir)) != NULL) {
		if (strncmp(entry->d_name, name, len) != 0 || entry->d_name[len] != '.')
			continue;
		p = entry->d_name + len + 1;
		p += strspn(p, "0123456789");
		if (p > entry->d_name + len + 1 && strcmp(p, ".tmp") == 0)
			(void)unlinkat(dirfd(dir), entry->d_name, 0);
	}
	(void)closedir(dir);
}

enum okta_rc
setup_journal_open(bool create, struct setup_journal *ret, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct stat st;

	*ret = (struct setup_journal){ .lock = -1 };
	if (create && mkdir(SETUP_DIR, 0700) < 0 && errno != EEXIST) {
		rc = okta_err_sys(err, errno,
		    SETUP_DIR ": cannot create: install okta-login, which makes the "
			      "directory above it");
		goto out;
	}
	ret->lock = open(SETUP_DIR, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (ret->lock < 0 && errno == ENOENT && !create) {
		rc = OKTA_OK;
		goto out;
	}
	if (ret->lock < 0 || fstat(ret->lock, &st) < 0) {
		rc = okta_err_sys(err, errno, SETUP_DIR ": cannot open");
		goto out;
	}
	if (st.st_uid != 0 || (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
		rc = okta_err_set(err, OKTA_E_UNTRUSTED,
		    SETUP_DIR ": is not root's alone: look what is in it, then chown "
			      "root: and chmod 700 it");
		goto out;
	}
	if (flock(ret->lock, LOCK_EX | LOCK_NB) < 0 || fstat(ret->lock, &st) < 0 ||
	    st.st_nlink == 0) {
		rc = okta_err_set(err, OKTA_E_CONFLICT,
		    "another oktactl setup is at work: wait for it");
		goto out;
	}
	r = read_journal(ret, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	if (rc != OKTA_OK)
		setup_journal_close(ret);
	return rc;
}

void
setup_journal_close(struct setup_journal *j)
{
	if (j->lock >= 0)
		(void)close(j->lock);
	j->lock = -1;
}

enum okta_rc
setup_journal_remove(struct setup_journal *j, struct okta_err *err)
{
	if (unlink(JOURNAL) < 0 && errno != ENOENT)
		return okta_err_sys(err, errno, JOURNAL ": cannot remove");
	if (fsync(j->lock) < 0)
		return okta_err_sys(err, errno, SETUP_DIR ": cannot sync");
	setup_journal_remove_dir(SETUP_DIR "/dry");
	setup_journal_remove_dir(SETUP_DIR);
	return OKTA_OK;
}

/* --- files --- */

static enum okta_rc
number_path(const struct setup_entry *e, char ret[PATH_MAX])
{
	(void)snprintf(ret, PATH_MAX, SETUP_DIR "/%u", e->number);
	return OKTA_OK;
}

/* FNV-1a: tells that somebody edited a file, nothing more is asked of it.  (OpenSSL must
 * not be started here: the checks that talk to Okta are forked off this process.) */
static void
sum(struct okta_view bytes, char ret[SETUP_SUM_BYTES])
{
	uint64_t h = 0xcbf29ce484222325U;
	size_t i;

	for (i = 0; i < bytes.len; i++)
		h = (h ^ (unsigned char)bytes.p[i]) * 0x100000001b3U;
	(void)snprintf(ret, SETUP_SUM_BYTES, "%016" PRIx64 "-%zu", h, bytes.len);
}

enum okta_rc
setup_journal_sum(const char *path, char ret[SETUP_SUM_BYTES], struct okta_err *err)
{
	char *data = NULL;
	size_t len = 0;
	enum okta_rc r;

	r = okta_file_read_trusted(
	    path, 0, OKTA_FILE_PUBLIC, SETUP_FILE_MAX, &data, &len, err);
	if (r == OKTA_E_NOTFOUND) {
		memcpy(ret, ABSENT, sizeof(ABSENT));
		return OKTA_OK;
	}
	if (r != OKTA_OK)
		return r;
	sum((struct okta_view){ data, len }, ret);
	okta_free_wiped(data, len);
	return OKTA_OK;
}

static struct setup_entry *
find(struct setup_journal *j, const char *what)
{
	size_t i;

	for (i = j->n; i > 0; i--)
		if (strcmp(j->entry[i - 1].what, what) == 0)
			return &j->entry[i - 1];
	return NULL;
}

const struct setup_entry *
setup_journal_find(const struct setup_journal *j, const char *path)
{
	size_t i;

	for (i = j->n; i > 0; i--)
		if (strcmp(j->entry[i - 1].what, path) == 0)
			return &j->entry[i - 1];
	return NULL;
}

bool
setup_journal_is_open(const struct setup_journal *j, const char *path)
{
	const struct setup_entry *e = setup_journal_find(j, path);

	return e != NULL && e->kind == SETUP_FILE && e->left[0] == '\0';
}

static enum okta_rc
add(struct setup_journal *j, enum setup_kind kind, const char *what,
    struct setup_entry **ret, struct okta_err *err)
{
	struct setup_entry *e;

	if (j->n == SETUP_ENTRIES_MAX)
		return okta_err_set(err, OKTA_E_TOOBIG,
		    "the journal is full: run oktactl setup --undo, then set up again");
	e = &j->entry[j->n];
	*e = (struct setup_entry){ .kind = kind, .number = (uint32_t)j->n };
	if (snprintf(e->what, sizeof(e->what), "%s", what) >= (int)sizeof(e->what) ||
	    strpbrk(what, "\t\n") != NULL)
		return okta_err_set(
		    err, OKTA_E_TOOBIG, "%.100s: cannot stand in the journal", what);
	j->n++;
	*ret = e;
	return OKTA_OK;
}

/* Into memory and SETUP_DIR; the journal itself is the caller's to write. */
static enum okta_rc
save_one(struct setup_journal *j, const char *path, struct okta_err *err)
{
	char saved[PATH_MAX], now[SETUP_SUM_BYTES];
	struct setup_entry *e = find(j, path);
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct stat st;
	char *data = NULL;
	size_t len = 0;

	r = setup_journal_sum(path, now, err);
	if (r != OKTA_OK)
		return r;
	/* not finished, or nobody changed it since: what is saved is older and right */
	if (e != NULL && (e->left[0] == '\0' || strcmp(e->left, now) == 0)) {
		e->left[0] = '\0';
		return OKTA_OK;
	}
	r = add(j, SETUP_FILE, path, &e, err);
	if (r != OKTA_OK)
		return r;
	memcpy(e->before, now, sizeof(now));
	if (strcmp(now, ABSENT) == 0)
		return OKTA_OK;
	r = okta_file_read_trusted(
	    path, 0, OKTA_FILE_PUBLIC, SETUP_FILE_MAX, &data, &len, err);
	if (r != OKTA_OK || lstat(path, &st) < 0) {
		rc = r != OKTA_OK ? r : okta_err_sys(err, errno, "%s", path);
		goto out;
	}
	e->existed = true;
	e->mode = st.st_mode & 07777;
	e->uid = st.st_uid;
	e->gid = st.st_gid;
	(void)number_path(e, saved);
	r = okta_file_replace(saved, 0600, data, len, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_free_wiped(data, len);
	return rc;
}

enum okta_rc
setup_journal_save(
    struct setup_journal *j, const char *const paths[], size_t n, struct okta_err *err)
{
	enum okta_rc r = OKTA_OK;
	size_t i;

	for (i = 0; i < n && r == OKTA_OK; i++)
		r = save_one(j, paths[i], err);
	j->is_done = false;
	return r == OKTA_OK ? write_journal(j, err) : r;
}

enum okta_rc
setup_journal_left(
    struct setup_journal *j, const char *const paths[], size_t n, struct okta_err *err)
{
	struct setup_entry *e;
	enum okta_rc r = OKTA_OK;
	size_t i;

	for (i = 0; i < n && r == OKTA_OK; i++) {
		e = find(j, paths[i]);
		if (e != NULL)
			r = setup_journal_sum(paths[i], e->left, err);
	}
	return r == OKTA_OK ? write_journal(j, err) : r;
}

enum okta_rc
setup_journal_made(
    struct setup_journal *j, const char *const paths[], size_t n, struct okta_err *err)
{
	struct setup_entry *e;
	enum okta_rc r = OKTA_OK;
	struct stat st;
	size_t i;

	for (i = 0; i < n && r == OKTA_OK; i++)
		if (find(j, paths[i]) == NULL && lstat(paths[i], &st) < 0)
			r = add(j, SETUP_MADE, paths[i], &e, err);
	j->is_done = false;
	return r == OKTA_OK ? write_journal(j, err) : r;
}

enum okta_rc
setup_journal_note(struct setup_journal *j, enum setup_kind kind, const char *what,
    bool existed, struct okta_err *err)
{
	struct setup_entry *e = find(j, what);
	enum okta_rc r;

	if (e != NULL)
		return OKTA_OK;
	r = add(j, kind, what, &e, err);
	if (r != OKTA_OK)
		return r;
	e->existed = existed;
	j->is_done = false;
	return write_journal(j, err);
}

enum okta_rc
setup_journal_done(struct setup_journal *j, struct okta_err *err)
{
	j->is_done = true;
	return write_journal(j, err);
}

enum okta_rc
setup_journal_restore(const struct setup_entry *e, struct okta_err *err)
{
	char saved[PATH_MAX];
	char *data = NULL;
	size_t len = 0;
	enum okta_rc r;

	if (!e->existed) {
		if (unlink(e->what) < 0 && errno != ENOENT)
			return okta_err_sys(err, errno, "%s: cannot remove", e->what);
		return OKTA_OK;
	}
	(void)number_path(e, saved);
	r = okta_file_read_trusted(
	    saved, 0, OKTA_FILE_SECRET, SETUP_FILE_MAX, &data, &len, err);
	if (r != OKTA_OK)
		return r;
	r = okta_file_replace(e->what, (mode_t)e->mode, data, len, err);
	okta_free_wiped(data, len);
	if (r == OKTA_OK && (e->uid != 0 || e->gid != 0) &&
	    chown(e->what, e->uid, e->gid) < 0)
		r = okta_err_sys(err, errno, "%s: cannot chown", e->what);
	return r;
}
