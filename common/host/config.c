/* SPDX-License-Identifier: BSD-2-Clause */
#include "host/config.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/view.h"
#include "base/wipe.h"

#define DROP_INS_MAX	 64
#define SECRET_MAX_BYTES 16384

/* Whatever keeps a file from being read means the same to the caller: no configuration.
 */
static enum okta_rc
as_config_error(enum okta_rc r, struct okta_err *err)
{
	if (r == OKTA_E_NOMEM)
		return r;
	if (err != NULL)
		err->rc = OKTA_E_CONFIG;
	return OKTA_E_CONFIG;
}

static enum okta_rc
add_file(
    struct okta_conf_parser *parser, const char *path, uid_t owner, struct okta_err *err)
{
	enum okta_rc r;
	struct okta_err cause = { 0 };
	char *text = NULL;
	size_t len = 0;

	r = okta_file_read_trusted(
	    path, owner, OKTA_FILE_PUBLIC, OKTA_CONF_MAX_BYTES, &text, &len, &cause);
	if (r == OKTA_E_NOTFOUND)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "%s: does not exist: make it from okta-login.conf.example", path);
	if (r != OKTA_OK) {
		r = as_config_error(r, &cause);
		if (err != NULL)
			*err = cause;
		return r;
	}
	r = okta_conf_add(parser, path, (struct okta_view){ text, len }, err);
	okta_free_wiped(text, len);
	return r;
}

static int
is_drop_in(const struct dirent *entry)
{
	size_t n = strlen(entry->d_name);

	return entry->d_name[0] != '.' && n > 5 &&
	       strcmp(entry->d_name + n - 5, ".conf") == 0;
}

/* By byte value: alphasort() would follow the host's locale. */
static int
by_name(const struct dirent **a, const struct dirent **b)
{
	return strcmp((*a)->d_name, (*b)->d_name);
}

static enum okta_rc
check_directory(const char *dir, uid_t owner, bool *ret_exists, struct okta_err *err)
{
	struct stat st;

	if (lstat(dir, &st) < 0) {
		if (errno != ENOENT && errno != ENOTDIR)
			return as_config_error(
			    okta_err_sys(err, errno, "%s: cannot stat", dir), err);
		*ret_exists = false;
		return OKTA_OK;
	}
	if (!S_ISDIR(st.st_mode))
		return okta_err_set(err, OKTA_E_CONFIG, "%s: is not a directory", dir);
	if (st.st_uid != owner || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "%s: must be owned by uid %lu and writable by nobody else: chown and "
		    "chmod "
		    "go-w it",
		    dir, (unsigned long)owner);
	*ret_exists = true;
	return OKTA_OK;
}

static enum okta_rc
add_drop_ins(
    struct okta_conf_parser *parser, const char *dir, uid_t owner, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct dirent **entry = NULL;
	char path[PATH_MAX];
	bool exists = false;
	int i, len, n = 0;

	r = check_directory(dir, owner, &exists, err);
	if (r != OKTA_OK || !exists)
		return r;
	n = scandir(dir, &entry, is_drop_in, by_name);
	if (n < 0) {
		rc = as_config_error(
		    okta_err_sys(err, errno, "%s: cannot list", dir), err);
		goto out;
	}
	if (n > DROP_INS_MAX) {
		rc = okta_err_set(
		    err, OKTA_E_CONFIG, "%s: more than 64 files: put some together", dir);
		goto out;
	}
	for (i = 0; i < n; i++) {
		len = snprintf(path, sizeof(path), "%s/%s", dir, entry[i]->d_name);
		if (len < 0 || (size_t)len >= sizeof(path)) {
			rc = okta_err_set(
			    err, OKTA_E_CONFIG, "%s: path is too long", dir);
			goto out;
		}
		r = add_file(parser, path, owner, err);
		if (r != OKTA_OK) {
			rc = r;
			goto out;
		}
	}
	rc = OKTA_OK;
out:
	for (i = 0; i < n; i++)
		free(entry[i]);
	free(entry);
	return rc;
}

static enum okta_rc
drop_in_directory(const char *file, char ret[PATH_MAX], struct okta_err *err)
{
	const char *slash = strrchr(file, '/');
	int n;

	if (slash == NULL)
		n = snprintf(ret, PATH_MAX, "conf.d");
	else
		n = snprintf(ret, PATH_MAX, "%.*sconf.d", (int)(slash - file) + 1, file);
	if (n < 0 || n >= PATH_MAX)
		return okta_err_set(err, OKTA_E_CONFIG, "configuration path is too long");
	return OKTA_OK;
}

enum okta_rc
okta_config_load(const char *file, uid_t owner, unsigned use, struct okta_conf **ret,
    struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_conf_parser *parser = NULL;
	char dir[PATH_MAX];

	r = okta_conf_begin(&parser, err);
	if (r == OKTA_OK)
		r = add_file(parser, file, owner, err);
	if (r == OKTA_OK)
		r = drop_in_directory(file, dir, err);
	if (r == OKTA_OK)
		r = add_drop_ins(parser, dir, owner, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	r = okta_conf_end(&parser, use, ret, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_conf_parser_free(&parser);
	return rc;
}

enum okta_rc
okta_config_secret(const char *key, const char *path, uid_t owner, char **ret,
    size_t *ret_len, struct okta_err *err)
{
	enum okta_rc r;
	struct okta_err cause = { 0 };
	char *text = NULL;
	size_t len = 0;

	r = okta_file_read_trusted(
	    path, owner, OKTA_FILE_SECRET, SECRET_MAX_BYTES, &text, &len, &cause);
	if (r == OKTA_E_NOMEM)
		return okta_err_set(err, r, "%s: out of memory", key);
	if (r != OKTA_OK)
		return okta_err_set(err, OKTA_E_CONFIG, "%s: %.250s", key, cause.msg);
	if (len > 0 && text[len - 1] == '\n')
		text[--len] = '\0';
	if (len == 0 || memchr(text, '\0', len) != NULL) {
		okta_free_wiped(text, len);
		return okta_err_set(err, OKTA_E_CONFIG,
		    "%s: %s: is empty or holds a NUL: put the secret there", key, path);
	}
	*ret = text;
	*ret_len = len;
	return OKTA_OK;
}
