/* SPDX-License-Identifier: BSD-2-Clause */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "ctl.h"
#include "members.h"
#include "out.h"

static void
group_name(const struct okta_snap *snap, uint32_t gid, char *dst, size_t size)
{
	struct okta_snap_group group;

	if (okta_snap_group_by_gid(snap, gid, &group) == OKTA_OK)
		okta_text_sanitize(dst, size, group.name);
	else
		dst[0] = '\0';
}

static void
user_json(const struct okta_snap *snap, const struct okta_snap_user *user)
{
	struct ctl_json j = { 0 };
	struct okta_snap_group group;
	char name[64];
	uint32_t i;

	ctl_json_open(&j, NULL, '{');
	ctl_json_str(&j, "name", user->name);
	ctl_json_num(&j, "uid", user->uid);
	ctl_json_num(&j, "gid", user->gid);
	ctl_json_str(&j, "gecos", user->gecos);
	ctl_json_str(&j, "home", user->home);
	ctl_json_str(&j, "shell", user->shell);
	ctl_json_str(&j, "okta_id", user->okta_id);
	ctl_json_str(&j, "okta_login", user->okta_login);
	ctl_json_cstr(&j, "status", okta_snap_status_name(user->status));
	ctl_json_open(&j, "groups", '[');
	for (i = 0; i < user->n_gids; i++) {
		group_name(snap, okta_snap_gid(user, i), name, sizeof(name));
		ctl_json_open(&j, NULL, '{');
		ctl_json_num(&j, "gid", okta_snap_gid(user, i));
		ctl_json_cstr(&j, "name", name);
		ctl_json_close(&j, '}');
	}
	ctl_json_close(&j, ']');
	ctl_json_open(&j, "login_groups", '[');
	for (i = 0; i < user->n_refs; i++)
		if (okta_snap_group_at(snap, okta_snap_ref(user, i), &group) == OKTA_OK)
			ctl_json_str(&j, NULL, group.okta_name);
	ctl_json_close(&j, ']');
	ctl_json_close(&j, '}');
}

static void
user_text(const struct okta_snap *snap, const struct okta_snap_user *user)
{
	struct okta_snap_group group;
	char name[64];
	uint32_t i;

	ctl_line("user", user->name);
	(void)printf(
	    "%-14s %" PRIu32 "\n%-14s %" PRIu32 "\n", "uid", user->uid, "gid", user->gid);
	ctl_line("full name", user->gecos);
	ctl_line("home", user->home);
	ctl_line("shell", user->shell);
	ctl_line("Okta id", user->okta_id);
	ctl_line("Okta login", user->okta_login);
	ctl_line("Okta status", okta_view_str(okta_snap_status_name(user->status)));
	for (i = 0; i < user->n_gids; i++) {
		group_name(snap, okta_snap_gid(user, i), name, sizeof(name));
		(void)printf(
		    "%-14s %s (%" PRIu32 ")\n", "group", name, okta_snap_gid(user, i));
	}
	for (i = 0; i < user->n_refs; i++)
		if (okta_snap_group_at(snap, okta_snap_ref(user, i), &group) == OKTA_OK)
			ctl_line("login group", group.okta_name);
}

int
ctl_user(const struct ctl *ctl, int argc, char **argv)
{
	struct okta_snap snap = { 0 };
	struct okta_snap_user user;
	enum okta_rc r;
	int status;

	if (argc != 2)
		return ctl_usage("user NAME");
	status = ctl_open_snapshot(ctl, &snap);
	if (status != 0)
		return status;
	r = okta_snap_user_by_name(&snap, okta_view_str(argv[1]), &user);
	if (r == OKTA_OK) {
		if (ctl->json)
			user_json(&snap, &user);
		else
			user_text(&snap, &user);
	} else if (r == OKTA_E_NOTFOUND) {
		status = ctl_fail(1,
		    "no such user in the snapshot: okta-sync --once lists whom it "
		    "refuses, and why");
	} else {
		status = ctl_fail(1, "the snapshot is damaged: run okta-sync --once");
	}
	okta_snap_close(&snap);
	return status;
}

static void
group_json(const struct okta_snap_group *group, struct okta_view members)
{
	struct ctl_json j = { 0 };
	uint32_t i;

	ctl_json_open(&j, NULL, '{');
	ctl_json_str(&j, "name", group->name);
	ctl_json_num(&j, "gid", group->gid);
	ctl_json_cstr(&j, "kind", ctl_group_kind(group));
	ctl_json_str(&j, "okta_id", group->okta_id);
	ctl_json_str(&j, "okta_name", group->okta_name);
	ctl_json_bool(
	    &j, "members_omitted", (group->flags & OKTA_SNAP_GROUP_MEMBERS_OMITTED) != 0);
	ctl_json_open(&j, "members", '[');
	for (i = 0; i < group->n_members && members.len > 0; i++)
		ctl_json_str(&j, NULL, okta_view_split(&members, '\0'));
	ctl_json_close(&j, ']');
	ctl_json_close(&j, '}');
}

static void
group_text(const struct okta_snap_group *group, struct okta_view members)
{
	uint32_t i;

	ctl_line("group", group->name);
	(void)printf("%-14s %" PRIu32 "\n", "gid", group->gid);
	ctl_line("kind", okta_view_str(ctl_group_kind(group)));
	if (group->okta_id.len > 0) {
		ctl_line("Okta id", group->okta_id);
		ctl_line("Okta name", group->okta_name);
	}
	if ((group->flags & OKTA_SNAP_GROUP_MEMBERS_OMITTED) != 0)
		(void)printf("%-14s too many to list\n", "members");
	for (i = 0; i < group->n_members && members.len > 0; i++)
		ctl_line("member", okta_view_split(&members, '\0'));
}

int
ctl_group(const struct ctl *ctl, int argc, char **argv)
{
	struct okta_snap snap = { 0 };
	struct okta_snap_group group;
	struct okta_view members = { NULL, 0 };
	enum okta_rc r;
	int status;

	if (argc != 2)
		return ctl_usage("group NAME");
	status = ctl_open_snapshot(ctl, &snap);
	if (status != 0)
		return status;
	r = okta_snap_group_by_name(&snap, okta_view_str(argv[1]), &group);
	if (r == OKTA_E_NOTFOUND)
		r = okta_snap_group_by_okta_name(&snap, okta_view_str(argv[1]), &group);
	if (r == OKTA_OK)
		r = ctl_members(&group, &members);
	if (r == OKTA_OK) {
		if (ctl->json)
			group_json(&group, members);
		else
			group_text(&group, members);
	} else if (r == OKTA_E_NOTFOUND) {
		status = ctl_fail(1,
		    "no such group in the snapshot: check [groups] match; "
		    "okta-sync --once lists which it refuses, and why");
	} else {
		status = ctl_fail(1, "the snapshot is damaged: run okta-sync --once");
	}
	free((void *)(uintptr_t)members.p);
	okta_snap_close(&snap);
	return status;
}
