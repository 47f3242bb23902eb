/* SPDX-License-Identifier: BSD-2-Clause */
/* The snapshot, and how the sync that made it went. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/paths.h"
#include "base/wipe.h"
#include "doctor.h"
#include "model/policy.h"
#include "net/json.h"
#include "out.h"
#include "snap/read.h"

#define STATUS_MAX_BYTES 1048576

static const char sync_cure[] = "okta-sync --once, and see what it says";

/* Programs that are not root look names up too. */
static bool
is_public(const struct doctor *d, const char *path)
{
	struct stat file, dir;

	return stat(path, &file) == 0 && stat(d->ctl->state, &dir) == 0 &&
	       (file.st_mode & S_IROTH) != 0 && (dir.st_mode & S_IXOTH) != 0;
}

static bool
check_open(const struct doctor *d, const char *path, struct okta_snap *ret)
{
	static const char id[] = "snapshot.file";
	enum okta_rc r;

	errno = 0;
	r = okta_snap_open(path, ctl_owner_of(path), ret);
	if (r == OKTA_OK && is_public(d, path)) {
		doctor_pass(d, id, "%s: %u people, %u groups, generation %llu", path,
		    ret->n_users, ret->n_groups, (unsigned long long)ret->generation);
		return true;
	}
	if (r == OKTA_OK)
		doctor_fail(d, id, "chmod 755 the directory and 644 the file",
		    "%s: only root can read it: other programs know nobody from Okta",
		    path);
	else if (r == OKTA_E_NOTFOUND)
		doctor_fail(d, id, sync_cure,
		    "%s: there is none yet: nobody from Okta is known here", path);
	else if (r == OKTA_E_UNTRUSTED)
		doctor_fail(d, id, "chown root: and chmod go-w what is not so",
		    "%s: it or a directory above it is not root's alone: names and "
		    "logins "
		    "refuse it",
		    path);
	else if (r == OKTA_E_SYS)
		doctor_fail(d, id, sync_cure, "%s: %s", path, strerror(errno));
	else
		doctor_fail(
		    d, id, sync_cure, "%s: is damaged (%s)", path, okta_rc_name(r));
	return false;
}

static void
check_age(const struct doctor *d, const struct okta_snap *snap)
{
	static const char id[] = "snapshot.age";
	const int64_t age = okta_clock_now_s(&okta_clock_system) - snap->source_s;
	char is[64], limit[64];

	ctl_duration(age, is, sizeof(is));
	if (d->conf == NULL) {
		doctor_skip(d, id, "%s old; the limit is in the configuration", is);
		return;
	}
	ctl_duration(d->conf->snapshot_max_age_s, limit, sizeof(limit));
	if (age > d->conf->snapshot_max_age_s)
		doctor_fail(d, id, sync_cure,
		    "%s old, more than [login] snapshot_max_age_s (%s): nobody from Okta "
		    "is "
		    "let in",
		    is, limit);
	else if (age > d->conf->snapshot_max_age_s / 2)
		doctor_warn(d, id, sync_cure,
		    "%s old: more than half of [login] snapshot_max_age_s (%s)", is,
		    limit);
	else if (age < -OKTA_POLICY_AHEAD_MAX_S)
		doctor_fail(d, id, "set the clock, then: okta-sync --once",
		    "it was made %s: nobody from Okta is let in: a clock is or was wrong",
		    is);
	else
		doctor_pass(d, id, "%s old, %s allowed", is, limit);
}

const char *
doctor_snapshot(const struct doctor *d)
{
	struct okta_snap snap = { 0 };
	struct okta_err err = { 0 };
	char path[PATH_MAX];

	if (!ctl_state_path(d->ctl, OKTA_SNAPSHOT_FILE, path) ||
	    !check_open(d, path, &snap))
		return "see snapshot.file";
	if (okta_snap_verify(&snap, &err) == OKTA_OK)
		doctor_pass(
		    d, "snapshot.integrity", "every record and index is as it must be");
	else
		doctor_fail(d, "snapshot.integrity", sync_cure, "%s", err.msg);
	check_age(d, &snap);
	if (d->conf == NULL)
		doctor_skip(d, "snapshot.org", "no configuration to compare it with");
	else if (okta_view_eq_str(snap.org_url, d->conf->org_url))
		doctor_pass(d, "snapshot.org", "%s", d->conf->org_url);
	else
		doctor_fail(d, "snapshot.org",
		    "correct [okta] org_url, or: okta-sync --once",
		    "the snapshot is of %.*s, the configuration of %s: nobody is let in",
		    (int)snap.org_url.len, snap.org_url.p, d->conf->org_url);
	okta_snap_close(&snap);
	return NULL;
}

static void
judge_last_sync(const struct doctor *d, const struct okta_json_value *root)
{
	static const char id[] = "sync.result";
	int64_t ended, problems = 0;
	struct okta_view result, message;
	char ago[64];

	if (okta_json_int(root, "ended", 0, INT64_MAX, &ended) != OKTA_OK ||
	    okta_json_str(root, "result", &result) != OKTA_OK ||
	    okta_json_str(root, "message", &message) != OKTA_OK) {
		doctor_warn(d, id, sync_cure, "%s: is damaged", OKTA_STATUS_FILE);
		return;
	}
	if (okta_json_int(root, "problem_count", 0, INT64_MAX, &problems) != OKTA_OK)
		problems = 0;
	ctl_duration(okta_clock_now_s(&okta_clock_system) - ended, ago, sizeof(ago));
	if (okta_view_eq_str(result, "done"))
		doctor_pass(d, id, "%s ago; %lld people or groups were refused or odd",
		    ago, (long long)problems);
	else if (okta_view_eq_str(result, "kept"))
		doctor_warn(d, id, sync_cure,
		    "%s ago the last good snapshot was kept: %.*s", ago, (int)message.len,
		    message.p);
	else
		doctor_fail(d, id, "do what it says, then: okta-sync --once",
		    "%s ago: %.*s", ago, (int)message.len, message.p);
}

const char *
doctor_last_sync(const struct doctor *d)
{
	static const char id[] = "sync.result";
	char path[PATH_MAX], *data = NULL;
	struct okta_json *doc = NULL;
	struct okta_err err = { 0 };
	size_t len = 0;
	enum okta_rc r;

	if (!ctl_state_path(d->ctl, OKTA_STATUS_FILE, path))
		return "--state is too long";
	r = okta_file_read_trusted(path, ctl_owner_of(path), OKTA_FILE_PUBLIC,
	    STATUS_MAX_BYTES, &data, &len, &err);
	if (r == OKTA_OK)
		r = okta_json_new(
		    (struct okta_view){ data, len }, STATUS_MAX_BYTES, &doc, &err);
	if (r == OKTA_OK)
		judge_last_sync(d, okta_json_root(doc));
	else
		doctor_warn(d, id, "systemctl enable --now okta-sync.service",
		    "no result of a sync: %s", err.msg);
	okta_json_free(&doc);
	okta_free_wiped(data, len);
	return NULL;
}
