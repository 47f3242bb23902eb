/* SPDX-License-Identifier: BSD-2-Clause */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/wipe.h"
#include "net/listing.h"
#include "source.h"

struct source_file {
	struct sync_source base;
	const char *dir;
};

/* The beginning of the names of a list's files. */
static int
prefix_of(const struct sync_list *list, char *dst, size_t size)
{
	switch (list->kind) {
	case SYNC_LIST_USERS:
		return snprintf(dst, size, "users");
	case SYNC_LIST_GROUPS:
		return snprintf(dst, size, "groups");
	case SYNC_LIST_APP:
		return snprintf(dst, size, "app-%s-users", list->id);
	case SYNC_LIST_MEMBERS:
	default:
		return snprintf(dst, size, "group-%s-users", list->id);
	}
}

static bool
is_page(const char *name, const char *prefix)
{
	static const char suffix[] = ".json";
	size_t n = strlen(name), p = strlen(prefix);

	return n >= p + sizeof(suffix) - 1 && strncmp(name, prefix, p) == 0 &&
	       strcmp(name + n - (sizeof(suffix) - 1), suffix) == 0;
}

static int
by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* All names in the directory, sorted; read once for all lists. */
struct names {
	char **name;
	size_t n;
};

static void
names_clear(struct names *names)
{
	size_t i;

	for (i = 0; i < names->n; i++)
		free(names->name[i]);
	free(names->name);
	*names = (struct names){ NULL, 0 };
}

static enum okta_rc
names_read(const char *dir, struct names *ret, struct okta_err *err)
{
	struct names names = { NULL, 0 };
	struct dirent *entry;
	size_t max = 0;
	char **more;
	DIR *list = opendir(dir);

	if (list == NULL) {
		(void)okta_err_sys(err, errno, "[sync] source_dir: %s", dir);
		return OKTA_E_CONFIG;
	}
	/* a name that is not seen would be a list of members that is empty */
	while ((errno = 0, entry = readdir(list)) != NULL) {
		if (names.n == max) {
			max = max == 0 ? 64 : max * 2;
			more = reallocarray(names.name, max, sizeof(*more));
			if (more == NULL)
				goto no_memory;
			names.name = more;
		}
		names.name[names.n] = strdup(entry->d_name);
		if (names.name[names.n] == NULL)
			goto no_memory;
		names.n++;
	}
	if (errno != 0) {
		(void)okta_err_sys(err, errno, "[sync] source_dir: %s", dir);
		(void)closedir(list);
		names_clear(&names);
		return OKTA_E_SYS;
	}
	(void)closedir(list);
	if (names.n > 0)
		qsort(names.name, names.n, sizeof(*names.name), by_name);
	*ret = names;
	return OKTA_OK;
no_memory:
	(void)closedir(list);
	names_clear(&names);
	return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
}

/* The owner of the directory vouches for what lies in it. */
static enum okta_rc
check_dir(const char *dir, uid_t *ret_owner, struct okta_err *err)
{
	struct stat st;

	if (stat(dir, &st) < 0) {
		(void)okta_err_sys(err, errno, "[sync] source_dir: %s", dir);
		return OKTA_E_CONFIG;
	}
	if (!S_ISDIR(st.st_mode) || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "[sync] source_dir: %s must be a directory that only its owner can "
		    "write: "
		    "chmod go-w it",
		    dir);
	*ret_owner = st.st_uid;
	return OKTA_OK;
}

static enum okta_rc
read_page(const char *dir, const char *name, uid_t owner, size_t i,
    enum okta_rc (*page)(
	void *ctx, size_t i, struct okta_view body, struct okta_err *err),
    void *ctx, struct okta_err *err)
{
	char path[PATH_MAX], *data = NULL;
	struct okta_err why = { 0 };
	size_t len = 0;
	enum okta_rc r;
	int n;

	n = snprintf(path, sizeof(path), "%s/%s", dir, name);
	if (n < 0 || (size_t)n >= sizeof(path))
		return okta_err_set(
		    err, OKTA_E_CONFIG, "[sync] source_dir: path is too long");
	r = okta_file_read_trusted(
	    path, owner, OKTA_FILE_PUBLIC, OKTA_LISTING_PAGE_MAX, &data, &len, err);
	if (r != OKTA_OK)
		return r;
	r = page(ctx, i, (struct okta_view){ data, len }, &why);
	okta_free_wiped(data, len);
	if (r != OKTA_OK)
		return okta_err_set(err, r, "%s: %s", path, why.msg);
	return OKTA_OK;
}

static enum okta_rc
read_lists(struct sync_source *self, const struct sync_list *lists, size_t n,
    enum okta_rc (*page)(
	void *ctx, size_t i, struct okta_view body, struct okta_err *err),
    void *ctx, struct okta_err *err)
{
	const struct source_file *s = (struct source_file *)self;
	struct names names = { NULL, 0 };
	char prefix[160];
	uid_t owner = 0;
	size_t i, k, found;
	enum okta_rc r;

	r = check_dir(s->dir, &owner, err);
	if (r == OKTA_OK)
		r = names_read(s->dir, &names, err);
	for (i = 0; r == OKTA_OK && i < n; i++) {
		(void)prefix_of(&lists[i], prefix, sizeof(prefix));
		for (k = found = 0; r == OKTA_OK && k < names.n; k++)
			if (is_page(names.name[k], prefix)) {
				r = read_page(
				    s->dir, names.name[k], owner, i, page, ctx, err);
				found++;
			}
		if (r == OKTA_OK && found == 0)
			r = okta_err_set(err, OKTA_E_INPUT,
			    "%s: has no %s*.json: write [] into it if the list is empty",
			    s->dir, prefix);
	}
	names_clear(&names);
	return r;
}

static void
source_free(struct sync_source **self)
{
	free(*self);
	*self = NULL;
}

enum okta_rc
sync_source_file(
    const struct okta_conf *conf, struct sync_source **ret, struct okta_err *err)
{
	struct source_file *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	s->base.read = read_lists;
	s->base.free = source_free;
	s->dir = conf->source_dir;
	*ret = &s->base;
	return OKTA_OK;
}
