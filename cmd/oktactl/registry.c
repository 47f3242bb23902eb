/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry/registry.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/wipe.h"
#include "ctl.h"
#include "host/config.h"
#include "model/names.h"
#include "out.h"
#include "registry_lines.h"
#include "snap/read.h"

#define LINES_MAX_BYTES 268435456	  /* a million people and their groups */
#define ROWS_MAX_BYTES	((size_t)4 << 30) /* twenty million of them */

/* --- list --------------------------------------------------------------------------- */

static void
show_row(const struct ctl *ctl, const struct okta_registry_row *row)
{
	const char *kind = row->kind == OKTA_REGISTRY_USER ? "user" : "group";
	bool waiting = okta_registry_is_waiting(row), gone = row->gone && !waiting;
	struct ctl_json j = { 0 };
	char name[40], okta_id[72];

	if (ctl->json) { /* one object a line */
		ctl_json_open(&j, NULL, '{');
		ctl_json_cstr(&j, "kind", kind);
		ctl_json_num(&j, "id", row->id);
		ctl_json_cstr(&j, "name", row->name);
		ctl_json_cstr(&j, "okta_id", waiting ? NULL : row->okta_id);
		ctl_json_cstr(&j, "home_name",
		    row->kind == OKTA_REGISTRY_USER ? row->home_name : NULL);
		ctl_json_bool(&j, "gone", gone);
		ctl_json_bool(&j, "waiting", waiting);
		ctl_json_close(&j, '}');
		return;
	}
	okta_text_sanitize(name, sizeof(name), okta_view_str(row->name));
	okta_text_sanitize(okta_id, sizeof(okta_id), okta_view_str(row->okta_id));
	(void)printf("%-5s %10" PRIu32 " %-32s %s%s\n", kind, row->id, name,
	    waiting ? "waiting" : okta_id, gone ? " gone" : "");
}

static enum okta_rc
keep_row(void *ctx, const struct okta_registry_row *row)
{
	return okta_buf_append(ctx, row, sizeof(*row));
}

/* Printed once the database is closed: a pager takes its time over it, and okta-sync can
 * publish nothing while anybody reads. */
static int
list(const struct ctl *ctl, const char *path, const struct okta_conf *conf)
{
	struct okta_registry *reg = NULL;
	struct okta_registry_row row;
	struct okta_err err = { 0 };
	struct okta_buf rows;
	enum okta_rc r;
	size_t at;

	okta_buf_init(&rows, ROWS_MAX_BYTES);
	r = okta_registry_open(path, okta_view_str(conf->org_url), true, &reg, &err);
	if (r == OKTA_OK)
		r = okta_registry_each(reg, keep_row, &rows, &err);
	okta_registry_close(&reg);
	for (at = 0; r == OKTA_OK && at < rows.len; at += sizeof(row)) {
		memcpy(&row, rows.data + at, sizeof(row));
		show_row(ctl, &row);
	}
	okta_buf_clear(&rows);
	if (r == OKTA_E_NOMEM || r == OKTA_E_TOOBIG)
		(void)okta_err_set(&err, r, "%s: out of memory", path);
	return r == OKTA_OK ? 0 : ctl_fail(1, "%s", err.msg);
}

/* --- import ------------------------------------------------------------------------- */

/* Complaints, kept until the database is closed, as list() does. */
struct said {
	FILE *to;
	char *text;
	size_t len;
};

static enum okta_rc
said_begin(struct said *said, struct okta_err *err)
{
	said->to = open_memstream(&said->text, &said->len);
	return said->to != NULL ? OKTA_OK
				: okta_err_sys(err, errno, "complaints cannot be kept");
}

static void
said_end(struct said *said)
{
	if (said->to == NULL)
		return;
	(void)fclose(said->to);
	if (said->text != NULL)
		(void)fputs(said->text, stderr);
	free(said->text);
}

struct import {
	struct okta_registry *reg;
	const struct okta_conf *conf;
	struct said said;
	size_t rows, conflicts;
};

static bool
copy_text(char *dst, size_t size, struct okta_view v)
{
	if (v.len == 0 || v.len >= size)
		return false;
	memcpy(dst, v.p, v.len);
	dst[v.len] = '\0';
	return true;
}

/*
 * What %u stood for in the home directory: the pattern is the configuration's, so it can
 * be read back out of a home made with it, also where that is shorter than what its owner
 * is called today.  Otherwise the name, which is what it mostly is.
 */
static void
home_name(const struct okta_conf *conf, const struct okta_snap_user *user, char *dst,
    size_t size)
{
	const char *at = strstr(conf->home, "%u");
	size_t before, after, n;
	struct okta_view v;

	(void)copy_text(dst, size, user->name);
	if (at == NULL)
		return;
	before = (size_t)(at - conf->home);
	after = strlen(at + 2);
	if (user->home.len <= before + after || strstr(at + 2, "%u") != NULL ||
	    memcmp(user->home.p, conf->home, before) != 0 ||
	    memcmp(user->home.p + user->home.len - after, at + 2, after) != 0)
		return;
	n = user->home.len - before - after;
	v = (struct okta_view){ user->home.p + before, n };
	if (memchr(v.p, '/', n) == NULL)
		(void)copy_text(dst, size, v);
}

static enum okta_rc
restore(struct import *im, const struct okta_registry_row *row, struct okta_err *err)
{
	struct okta_err why = { 0 };
	enum okta_rc r = okta_registry_restore(im->reg, row, &why);

	if (r == OKTA_OK) {
		im->rows++;
		return OKTA_OK;
	}
	if (r == OKTA_E_CONFLICT) { /* all of them are wanted, not only the first */
		im->conflicts++;
		(void)fprintf(im->said.to, "conflict: %s\n", why.msg);
		return OKTA_OK;
	}
	*err = why;
	return r;
}

static enum okta_rc
import_users(struct import *im, const struct okta_snap *snap, struct okta_err *err)
{
	struct okta_registry_row row;
	struct okta_snap_user user;
	uint64_t cursor = 0;
	enum okta_rc r;

	while ((r = okta_snap_next_user(snap, &cursor, &user)) == OKTA_OK) {
		row = (struct okta_registry_row){ .kind = OKTA_REGISTRY_USER,
			.id = user.uid };
		if (!copy_text(row.okta_id, sizeof(row.okta_id), user.okta_id) ||
		    !copy_text(row.name, sizeof(row.name), user.name))
			return OKTA_E_INPUT;
		home_name(im->conf, &user, row.home_name, sizeof(row.home_name));
		r = restore(im, &row, err);
		if (r != OKTA_OK)
			return r;
	}
	return r == OKTA_E_NOTFOUND ? OKTA_OK : r;
}

static enum okta_rc
import_groups(struct import *im, const struct okta_snap *snap, struct okta_err *err)
{
	struct okta_registry_row row;
	struct okta_snap_group group;
	uint64_t cursor = 0;
	enum okta_rc r;

	while ((r = okta_snap_next_group(snap, &cursor, &group)) == OKTA_OK) {
		if (group.kind != OKTA_SNAP_GROUP_SERVED)
			continue;
		row = (struct okta_registry_row){ .kind = OKTA_REGISTRY_GROUP,
			.id = group.gid };
		if (!copy_text(row.okta_id, sizeof(row.okta_id), group.okta_id) ||
		    !copy_text(row.name, sizeof(row.name), group.name))
			return OKTA_E_INPUT;
		r = restore(im, &row, err);
		if (r != OKTA_OK)
			return r;
	}
	return r == OKTA_E_NOTFOUND ? OKTA_OK : r;
}

/* All or nothing: half of somebody's ids would be worse than none. */
static enum okta_rc
import_all(struct import *im, const struct okta_snap *snap, struct okta_err *err)
{
	enum okta_rc r;

	r = okta_registry_begin(im->reg, err);
	if (r == OKTA_OK)
		r = import_users(im, snap, err);
	if (r == OKTA_OK)
		r = import_groups(im, snap, err);
	if (r == OKTA_OK)
		r = okta_registry_raise_generation(im->reg, snap->generation, err);
	if (r == OKTA_OK && im->conflicts > 0)
		return okta_err_set(err, OKTA_E_CONFLICT,
		    "%zu rows contradict the registry: nothing was imported: import into "
		    "an empty "
		    "one, or find out which of the two is right",
		    im->conflicts);
	if (r == OKTA_OK)
		r = okta_registry_commit(im->reg, err);
	return r;
}

static int
import_snapshot(const struct okta_conf *conf, const char *path, const char *file)
{
	struct import im = { .conf = conf };
	struct okta_snap snap = { 0 };
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = okta_snap_open(file, ctl_owner_of(file), &snap);
	if (r != OKTA_OK)
		return ctl_fail(
		    1, "%s: cannot be used as a snapshot (%s)", file, okta_rc_name(r));
	r = okta_snap_verify(&snap, &err);
	if (r == OKTA_OK && !okta_view_eq_str(snap.org_url, conf->org_url))
		r = okta_err_set(&err, OKTA_E_CONFLICT,
		    "%s: is of another org (%.*s) than [okta] org_url", file,
		    (int)snap.org_url.len, snap.org_url.p);
	if (r == OKTA_OK)
		r = said_begin(&im.said, &err);
	if (r == OKTA_OK)
		r = okta_registry_open(
		    path, okta_view_str(conf->org_url), false, &im.reg, &err);
	if (r == OKTA_OK)
		r = import_all(&im, &snap, &err);
	okta_registry_close(&im.reg);
	okta_snap_close(&snap);
	said_end(&im.said);
	if (r != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	(void)printf("%s: %zu ids are as %s has them\n", path, im.rows, file);
	return 0;
}

/* All or nothing here too; the registry is made if there is none yet. */
static enum okta_rc
keep_all(const struct okta_conf *conf, const char *path, const char *file,
    struct okta_view text, struct ctl_lines *lines, struct okta_err *err)
{
	struct okta_registry *reg = NULL;
	struct said said = { 0 };
	enum okta_rc r;

	r = said_begin(&said, err);
	lines->said = said.to;
	if (r == OKTA_OK)
		r = okta_registry_open(
		    path, okta_view_str(conf->org_url), false, &reg, err);
	if (r == OKTA_OK)
		r = okta_registry_begin(reg, err);
	if (r == OKTA_OK)
		r = ctl_lines_keep(reg, conf, file, text, lines, err);
	if (r == OKTA_OK && lines->faults > 0)
		r = okta_err_set(err, OKTA_E_CONFLICT,
		    "%s: %zu faults, listed above: nothing was imported: take these "
		    "lines out, or correct them",
		    file, lines->faults);
	if (r == OKTA_OK)
		r = okta_registry_commit(reg, err);
	okta_registry_close(&reg);
	said_end(&said);
	return r;
}

static int
import_lines(const struct okta_conf *conf, const char *path, const char *file,
    struct okta_view text)
{
	struct ctl_lines lines = { 0 };
	struct okta_err err = { 0 };

	if (keep_all(conf, path, file, text, &lines, &err) != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	(void)printf(
	    "%s: %zu ids are kept for the names in %s\n", path, lines.kept, file);
	if (lines.other_gid > 0 && conf->primary_group == NULL)
		(void)printf("%zu people had a primary group with another id than their "
			     "uid; here their gid is their uid: chgrp what they own\n",
		    lines.other_gid);
	return 0;
}

static int
import(const struct okta_conf *conf, const char *path, const char *file)
{
	struct okta_snap snap = { 0 };
	struct okta_err err = { 0 };
	char *data = NULL;
	size_t len = 0;
	int status;
	bool is_snapshot = okta_snap_open(file, ctl_owner_of(file), &snap) == OKTA_OK;

	okta_snap_close(&snap);
	if (is_snapshot)
		return import_snapshot(conf, path, file);
	if (okta_file_read_trusted(file, ctl_owner_of(file), OKTA_FILE_PUBLIC,
		LINES_MAX_BYTES, &data, &len, &err) != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	if (memchr(data, '\0', len) != NULL)
		status = ctl_fail(1,
		    "%s: is neither a sound snapshot nor text: run oktactl snapshot "
		    "verify on it",
		    file);
	else
		status = import_lines(conf, path, file, (struct okta_view){ data, len });
	okta_free_wiped(data, len);
	return status;
}

/* --- forget ------------------------------------------------------------------------- */

static enum okta_rc
forget_name(struct okta_registry *reg, struct okta_view name, struct okta_err *err)
{
	enum okta_rc user, group;

	user = okta_registry_forget(reg, OKTA_REGISTRY_USER, name, err);
	if (user != OKTA_OK && user != OKTA_E_NOTFOUND)
		return user;
	group = okta_registry_forget(reg, OKTA_REGISTRY_GROUP, name, err);
	return group == OKTA_E_NOTFOUND ? user : group;
}

static int
forget(const struct okta_conf *conf, const char *path, const char *name)
{
	struct okta_registry *reg = NULL;
	struct okta_err err = { 0 };
	char shown[72];
	enum okta_rc r;

	okta_text_sanitize(shown, sizeof(shown), okta_view_str(name));
	r = okta_registry_open(path, okta_view_str(conf->org_url), false, &reg, &err);
	if (r == OKTA_OK) {
		r = forget_name(reg, okta_view_str(name), &err);
		if (r == OKTA_E_NOTFOUND)
			(void)okta_err_set(&err, r,
			    "%s: no id waits for that name: one that somebody has is his "
			    "for ever",
			    shown);
	}
	okta_registry_close(&reg);
	return r == OKTA_OK ? 0 : ctl_fail(1, "%s", err.msg);
}

int
ctl_registry(const struct ctl *ctl, int argc, char **argv)
{
	struct okta_conf *conf = NULL;
	char path[PATH_MAX];
	bool is_list = argc == 2 && strcmp(argv[1], "list") == 0;
	bool is_import = argc == 3 && strcmp(argv[1], "import") == 0;
	bool is_forget = argc == 3 && strcmp(argv[1], "forget") == 0;
	int status;

	if (!is_list && !is_import && !is_forget)
		return ctl_usage(
		    "registry list | registry import FILE | registry forget NAME");
	if (!ctl_state_path(ctl, OKTA_REGISTRY_FILE, path))
		return ctl_usage("--state: path is too long");
	status = ctl_load_conf(ctl, 0, &conf);
	if (status != 0)
		return status;
	if (is_list)
		status = list(ctl, path, conf);
	else if (is_import)
		status = import(conf, path, argv[2]);
	else
		status = forget(conf, path, argv[2]);
	okta_conf_free(&conf);
	return status;
}
