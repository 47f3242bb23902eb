/* SPDX-License-Identifier: BSD-2-Clause */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/file.h"
#include "base/paths.h"
#include "base/text.h"
#include "base/wipe.h"
#include "net/json.h"

#define FILE_MAX_BYTES 65536
#define STALE_S	       30 /* okta-sync writes it every ten seconds, or more often */

static bool
number(const struct okta_json_value *root, const char *name, int64_t min, int64_t *ret)
{
	return okta_json_int(root, name, min, INT64_MAX / 4, ret) == OKTA_OK;
}

static bool
take(const struct okta_json_value *root, int64_t now_s, struct ctl_progress *ret)
{
	struct ctl_progress p = { 0 };
	struct okta_view why;
	int64_t updated_s;

	if (!number(root, "updated", 0, &updated_s) ||
	    !number(root, "started", 0, &p.started_s) ||
	    !number(root, "people", 0, &p.people) ||
	    !number(root, "groups", 0, &p.groups) ||
	    !number(root, "memberships", 0, &p.memberships) ||
	    !number(root, "per_second", 0, &p.per_second) ||
	    !number(root, "lists_done", 0, &p.lists_done) ||
	    !number(root, "lists", 0, &p.lists) ||
	    !number(root, "left_s", -1, &p.left_s) ||
	    !number(root, "waiting_s", 0, &p.waiting_s) ||
	    okta_json_str(root, "waiting_for", &why) != OKTA_OK)
		return false;
	if (now_s - updated_s > STALE_S || updated_s - now_s > STALE_S)
		return false;
	okta_text_sanitize(p.waiting_for, sizeof(p.waiting_for), why);
	p.is_running = true;
	*ret = p;
	return true;
}

void
ctl_progress_read(const struct ctl *ctl, int64_t now_s, struct ctl_progress *ret)
{
	char path[PATH_MAX], *data = NULL;
	struct okta_json *doc = NULL;
	struct okta_err err = { 0 };
	size_t len = 0;

	*ret = (struct ctl_progress){ .is_running = false };
	if (!ctl_state_path(ctl, OKTA_PROGRESS_FILE, path) ||
	    okta_file_read_trusted(path, ctl_owner_of(path), OKTA_FILE_PUBLIC,
		FILE_MAX_BYTES, &data, &len, &err) != OKTA_OK)
		return;
	if (okta_json_new((struct okta_view){ data, len }, FILE_MAX_BYTES, &doc, &err) !=
		OKTA_OK ||
	    !take(okta_json_root(doc), now_s, ret))
		ret->is_running = false;
	okta_json_free(&doc);
	okta_free_wiped(data, len);
}

void
ctl_progress_show(const struct ctl_progress *p, int64_t now_s)
{
	char text[64];

	if (!p->is_running)
		return;
	ctl_duration(now_s - p->started_s, text, sizeof(text));
	(void)printf("%-14s for %s: %" PRId64 " people, %" PRId64 " groups, %" PRId64
		     " memberships so far, %" PRId64 " a second, %" PRId64 " of %" PRId64
		     " lists\n",
	    "sync runs", text, p->people, p->groups, p->memberships, p->per_second,
	    p->lists_done, p->lists);
	if (p->left_s > 0) {
		ctl_duration(p->left_s, text, sizeof(text));
		(void)printf("%-14s at least %s at Okta's limit\n", "time left", text);
	}
	if (p->waiting_s > 0)
		(void)printf("%-14s %" PRId64 " s: %s\n", "it waits", p->waiting_s,
		    p->waiting_for);
}

void
ctl_progress_json(const struct ctl_progress *p, struct ctl_json *j)
{
	if (!p->is_running) {
		ctl_json_cstr(j, "running", NULL);
		return;
	}
	ctl_json_open(j, "running", '{');
	ctl_json_num(j, "started", p->started_s);
	ctl_json_num(j, "people", p->people);
	ctl_json_num(j, "groups", p->groups);
	ctl_json_num(j, "memberships", p->memberships);
	ctl_json_num(j, "per_second", p->per_second);
	ctl_json_num(j, "lists_done", p->lists_done);
	ctl_json_num(j, "lists", p->lists);
	ctl_json_num(j, "left_s", p->left_s);
	ctl_json_num(j, "waiting_s", p->waiting_s);
	ctl_json_cstr(j, "waiting_for", p->waiting_for);
	ctl_json_close(j, '}');
}
