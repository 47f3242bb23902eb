/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/wipe.h"
#include "ctl.h"
#include "host/config.h"
#include "model/policy.h"
#include "net/json.h"
#include "out.h"
#include "progress.h"

#define STATUS_MAX_BYTES 1048576
#define PROBLEMS_MAX	 8

/* What is wrong, in the order it was found. */
struct problems {
	char text[PROBLEMS_MAX][420];
	size_t n;
};

static void __attribute__((format(printf, 2, 3)))
problem(struct problems *p, const char *fmt, ...)
{
	va_list ap;

	if (p->n == PROBLEMS_MAX)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(p->text[p->n++], sizeof(p->text[0]), fmt, ap);
	va_end(ap);
}

struct last_sync {
	bool known;
	int64_t ended_s, problem_count;
	char result[16], message[420];
	char mode[16];		 /* "once", "watch", "": an older okta-sync */
	int64_t full_s, delta_s; /* watch: the last of each kind; 0: none */
	int64_t asked_s;	 /* when Okta was asked last, changes or not */
	bool log;		 /* watch: the System Log is used */
};

static void
copy_text(const struct okta_json_value *root, const char *name, char *dst, size_t size)
{
	struct okta_view v;

	dst[0] = '\0';
	/* okta-sync writes ASCII; of anything else a cut could leave half a character,
	 * which is no text for JSON */
	if (okta_json_str(root, name, &v) == OKTA_OK)
		okta_text_sanitize(dst, size, v);
}

/* What --watch says besides; all of it may be missing. */
static void
read_mode(const struct okta_json_value *root, const char *path, struct last_sync *ret)
{
	struct stat st;

	copy_text(root, "mode", ret->mode, sizeof(ret->mode));
	if (okta_json_int(root, "last_full", 0, INT64_MAX, &ret->full_s) != OKTA_OK)
		ret->full_s = 0;
	if (okta_json_int(root, "last_delta", 0, INT64_MAX, &ret->delta_s) != OKTA_OK)
		ret->delta_s = 0;
	if (okta_json_bool(root, "log", &ret->log) != OKTA_OK)
		ret->log = false;
	ret->asked_s = lstat(path, &st) < 0 ? ret->ended_s : (int64_t)st.st_mtime;
}

static void
read_last_sync(const struct ctl *ctl, struct last_sync *ret, struct problems *p)
{
	char path[PATH_MAX], *data = NULL;
	struct okta_json *doc = NULL;
	const struct okta_json_value *root;
	struct okta_err err = { 0 };
	size_t len = 0;
	enum okta_rc r;

	if (!ctl_state_path(ctl, OKTA_STATUS_FILE, path))
		return;
	r = okta_file_read_trusted(path, ctl_owner_of(path), OKTA_FILE_PUBLIC,
	    STATUS_MAX_BYTES, &data, &len, &err);
	if (r == OKTA_OK)
		r = okta_json_new(
		    (struct okta_view){ data, len }, STATUS_MAX_BYTES, &doc, &err);
	okta_free_wiped(data, len);
	if (r != OKTA_OK) {
		problem(p, "no result of a sync: %s", err.msg);
		return;
	}
	root = okta_json_root(doc);
	if (okta_json_int(root, "ended", 0, INT64_MAX, &ret->ended_s) != OKTA_OK ||
	    okta_json_int(root, "problem_count", 0, INT64_MAX, &ret->problem_count) !=
		OKTA_OK) {
		problem(p, "%s: is damaged: the next okta-sync replaces it", path);
	} else {
		copy_text(root, "result", ret->result, sizeof(ret->result));
		copy_text(root, "message", ret->message, sizeof(ret->message));
		read_mode(root, path, ret);
		ret->known = true;
	}
	okta_json_free(&doc);
}

struct limits {
	int64_t age_s, full_interval_s; /* 0: unknown */
};

/* What the limits are, if the configuration can be read. */
static struct limits
read_limits(const struct ctl *ctl, struct problems *p)
{
	struct okta_conf *conf = NULL;
	struct okta_err err = { 0 };
	struct limits limits = { 0 };

	if (okta_config_load(ctl->config, ctl_owner_of(ctl->config), 0, &conf, &err) ==
	    OKTA_OK)
		limits = (struct limits){ conf->snapshot_max_age_s,
			conf->full_interval_s };
	else
		problem(p, "%s", err.msg);
	okta_conf_free(&conf);
	return limits;
}

/* Changes go on while reading everything fails: nothing else would tell. */
static void
judge_full(
    const struct last_sync *last, int64_t interval_s, int64_t now_s, struct problems *p)
{
	char text[64];

	if (strcmp(last->mode, "watch") != 0 || last->full_s == 0 || interval_s == 0 ||
	    now_s - last->full_s <= 2 * interval_s)
		return;
	ctl_duration(now_s - last->full_s, text, sizeof(text));
	problem(p,
	    "everything was read from Okta %s ago, more than two [sync] full_interval_s: "
	    "whom Okta deleted since may still be here: run okta-sync --once, it says "
	    "what is wrong",
	    text);
}

static void
judge(const struct okta_snap *snap, const struct last_sync *last, int64_t age,
    int64_t limit, struct problems *p)
{
	char text[64];

	if (snap->base != NULL && age < -OKTA_POLICY_AHEAD_MAX_S) {
		ctl_duration(age, text, sizeof(text));
		problem(p,
		    "the snapshot was made %s: nobody of Okta's can log in: set this "
		    "host's clock, then run okta-sync --once",
		    text);
	} else if (snap->base != NULL && limit > 0 && age > limit) {
		ctl_duration(limit, text, sizeof(text));
		problem(p,
		    "the snapshot is older than [login] snapshot_max_age_s (%s): nobody "
		    "of Okta's "
		    "can log in: see why okta-sync does not run",
		    text);
	} else if (snap->base != NULL && limit > 0 && age > limit / 2) {
		problem(p, "the snapshot has used up more than half of its allowed age");
	}
	if (last->known && strcmp(last->result, "done") != 0)
		problem(p, "the last sync: %s", last->message);
}

static void
show_json(const struct okta_snap *snap, const struct last_sync *last,
    const struct ctl_progress *running, int64_t age, const struct problems *p)
{
	struct ctl_json j = { 0 };
	size_t i;

	ctl_json_open(&j, NULL, '{');
	ctl_json_bool(&j, "ok", p->n == 0);
	if (snap->base != NULL) {
		ctl_json_open(&j, "snapshot", '{');
		ctl_json_str(&j, "org_url", snap->org_url);
		ctl_json_num(&j, "generation", (int64_t)snap->generation);
		ctl_json_num(&j, "published", snap->published_s);
		ctl_json_num(&j, "source_time", snap->source_s);
		ctl_json_num(&j, "age_s", age);
		ctl_json_num(&j, "users", snap->n_users);
		ctl_json_num(&j, "groups", snap->n_groups);
		ctl_json_close(&j, '}');
	} else {
		ctl_json_cstr(&j, "snapshot", NULL);
	}
	if (last->known) {
		ctl_json_open(&j, "last_sync", '{');
		ctl_json_num(&j, "ended", last->ended_s);
		ctl_json_cstr(&j, "result", last->result);
		ctl_json_cstr(&j, "message", last->message);
		ctl_json_num(&j, "problem_count", last->problem_count);
		ctl_json_cstr(&j, "mode", last->mode);
		ctl_json_num(&j, "last_full", last->full_s);
		ctl_json_num(&j, "last_delta", last->delta_s);
		ctl_json_num(&j, "last_asked", last->asked_s);
		ctl_json_bool(&j, "log", last->log);
		ctl_json_close(&j, '}');
	} else {
		ctl_json_cstr(&j, "last_sync", NULL);
	}
	ctl_progress_json(running, &j);
	ctl_json_open(&j, "problems", '[');
	for (i = 0; i < p->n; i++)
		ctl_json_cstr(&j, NULL, p->text[i]);
	ctl_json_close(&j, ']');
	ctl_json_close(&j, '}');
}

static void
show_time(const char *label, int64_t then_s, int64_t now_s)
{
	char text[64];

	if (then_s == 0)
		return;
	ctl_duration(now_s - then_s, text, sizeof(text));
	(void)printf("%-14s %s ago\n", label, text);
}

static void
show_mode(const struct last_sync *last, int64_t now_s)
{
	if (strcmp(last->mode, "watch") != 0)
		return;
	(void)printf("%-14s okta-sync --watch, %s Okta's System Log\n", "mode",
	    last->log ? "with" : "without");
	show_time("last full", last->full_s, now_s);
	show_time("last change", last->delta_s, now_s);
	show_time("last asked", last->asked_s, now_s);
}

static void
show_text(const struct okta_snap *snap, const struct last_sync *last,
    const struct ctl_progress *running, int64_t age, int64_t now_s,
    const struct problems *p)
{
	char text[64];
	size_t i;

	if (snap->base != NULL) {
		ctl_line("org", snap->org_url);
		ctl_duration(age, text, sizeof(text));
		(void)printf("%-14s %s%s, generation %" PRIu64 ", %" PRIu32
			     " people, %" PRIu32 " groups\n",
		    "snapshot", text, age < 0 ? "" : " old", snap->generation,
		    snap->n_users, snap->n_groups);
	} else {
		(void)printf("%-14s none\n", "snapshot");
	}
	if (last->known) {
		ctl_duration(now_s - last->ended_s, text, sizeof(text));
		(void)printf("%-14s %s ago: %s\n", "last sync", text, last->message);
	}
	show_mode(last, now_s);
	ctl_progress_show(running, now_s);
	/* no problem of this host: an admin may have meant every one of them */
	if (last->known && last->problem_count > 0)
		(void)printf("%-14s %" PRId64
			     " people or groups: okta-sync --once lists them\n",
		    "refused or odd", last->problem_count);
	for (i = 0; i < p->n; i++)
		ctl_line("problem", okta_view_str(p->text[i]));
	if (p->n == 0)
		(void)puts("no problem found");
}

int
ctl_status(const struct ctl *ctl, int argc, char **argv)
{
	const int64_t now_s = okta_clock_now_s(&okta_clock_system);
	struct last_sync last = { 0 };
	struct ctl_progress running;
	struct okta_snap snap = { 0 };
	struct problems p = { 0 };
	struct limits limits;
	int64_t age;
	char path[PATH_MAX];
	enum okta_rc r;

	(void)argv;
	if (argc != 1)
		return ctl_usage("status");
	if (!ctl_state_path(ctl, OKTA_SNAPSHOT_FILE, path))
		return ctl_usage("--state: path is too long");
	r = okta_snap_open(path, ctl_owner_of(path), &snap);
	if (r != OKTA_OK)
		problem(&p, "%s: %s: run okta-sync --once", path,
		    r == OKTA_E_NOTFOUND    ? "there is none yet"
		    : r == OKTA_E_UNTRUSTED ? "its owner or mode is not to be trusted"
					    : "is damaged or cannot be read");
	read_last_sync(ctl, &last, &p);
	ctl_progress_read(ctl, now_s, &running);
	limits = read_limits(ctl, &p);
	age = snap.base != NULL ? now_s - snap.source_s : 0;
	judge(&snap, &last, age, limits.age_s, &p);
	judge_full(&last, limits.full_interval_s, now_s, &p);
	if (ctl->json)
		show_json(&snap, &last, &running, age, &p);
	else
		show_text(&snap, &last, &running, age, now_s, &p);
	okta_snap_close(&snap);
	return p.n == 0 ? 0 : 1;
}
