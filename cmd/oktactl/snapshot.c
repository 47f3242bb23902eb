/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sysexits.h>

#include "base/paths.h"
#include "ctl.h"
#include "members.h"
#include "out.h"
#include "snap/read.h"

/* A dump is one JSON object a line, so that it can be read and compared line by line. */

static void
dump_header(const struct okta_snap *snap)
{
	struct ctl_json j = { 0 };

	ctl_json_open(&j, NULL, '{');
	ctl_json_cstr(&j, "type", "header");
	ctl_json_num(&j, "version", OKTA_SNAP_VERSION);
	ctl_json_str(&j, "org_url", snap->org_url);
	ctl_json_num(&j, "generation", (int64_t)snap->generation);
	ctl_json_num(&j, "published", snap->published_s);
	ctl_json_num(&j, "source_time", snap->source_s);
	ctl_json_num(&j, "id_min", snap->id_min);
	ctl_json_num(&j, "id_max", snap->id_max);
	ctl_json_num(&j, "users", snap->n_users);
	ctl_json_num(&j, "groups", snap->n_groups);
	ctl_json_close(&j, '}');
}

static void
dump_user(const struct okta_snap *snap, const struct okta_snap_user *user)
{
	struct okta_snap_group group;
	struct ctl_json j = { 0 };
	uint32_t i;

	ctl_json_open(&j, NULL, '{');
	ctl_json_cstr(&j, "type", "user");
	ctl_json_str(&j, "name", user->name);
	ctl_json_num(&j, "uid", user->uid);
	ctl_json_num(&j, "gid", user->gid);
	ctl_json_cstr(&j, "status", okta_snap_status_name(user->status));
	ctl_json_bool(
	    &j, "private_group", (user->flags & OKTA_SNAP_USER_PRIVATE_GROUP) != 0);
	ctl_json_str(&j, "gecos", user->gecos);
	ctl_json_str(&j, "home", user->home);
	ctl_json_str(&j, "shell", user->shell);
	ctl_json_str(&j, "okta_id", user->okta_id);
	ctl_json_str(&j, "okta_login", user->okta_login);
	ctl_json_open(&j, "gids", '[');
	for (i = 0; i < user->n_gids; i++)
		ctl_json_num(&j, NULL, okta_snap_gid(user, i));
	ctl_json_close(&j, ']');
	ctl_json_open(&j, "login_groups", '[');
	for (i = 0; i < user->n_refs; i++)
		if (okta_snap_group_at(snap, okta_snap_ref(user, i), &group) == OKTA_OK)
			ctl_json_str(&j, NULL, group.okta_id);
	ctl_json_close(&j, ']');
	ctl_json_close(&j, '}');
}

static void
dump_group(const struct okta_snap_group *group, struct okta_view members)
{
	struct ctl_json j = { 0 };
	uint32_t i;

	ctl_json_open(&j, NULL, '{');
	ctl_json_cstr(&j, "type", "group");
	ctl_json_cstr(&j, "kind", ctl_group_kind(group));
	ctl_json_str(&j, "name", group->name);
	ctl_json_num(&j, "gid", group->gid);
	ctl_json_str(&j, "okta_id", group->okta_id);
	ctl_json_str(&j, "okta_name", group->okta_name);
	ctl_json_bool(
	    &j, "members_omitted", (group->flags & OKTA_SNAP_GROUP_MEMBERS_OMITTED) != 0);
	ctl_json_open(&j, "members", '[');
	for (i = 0; i < group->n_members && members.len > 0; i++)
		ctl_json_str(&j, NULL, okta_view_split(&members, '\0'));
	ctl_json_close(&j, ']');
	ctl_json_open(&j, "joins", '[');
	for (i = 0; i < group->n_joins; i++)
		ctl_json_num(&j, NULL, okta_snap_join(group, i));
	ctl_json_close(&j, ']');
	ctl_json_close(&j, '}');
}

static int
dump(const struct okta_snap *snap)
{
	struct okta_snap_group group;
	struct okta_snap_user user;
	struct okta_view members;
	uint64_t cursor = 0;
	enum okta_rc r;

	dump_header(snap);
	while ((r = okta_snap_next_user(snap, &cursor, &user)) == OKTA_OK)
		dump_user(snap, &user);
	if (r != OKTA_E_NOTFOUND)
		return ctl_fail(1, "the snapshot is damaged behind user %llu",
		    (unsigned long long)cursor);
	cursor = 0;
	while ((r = okta_snap_next_group(snap, &cursor, &group)) == OKTA_OK) {
		r = ctl_members(&group, &members);
		if (r != OKTA_OK)
			break;
		dump_group(&group, members);
		free((void *)(uintptr_t)members.p);
	}
	if (r != OKTA_E_NOTFOUND)
		return ctl_fail(1, "the snapshot is damaged behind group %llu",
		    (unsigned long long)cursor);
	return 0;
}

static int
verify(const struct ctl *ctl, const char *path, const struct okta_snap *snap)
{
	struct okta_err err = { 0 };
	struct ctl_json j = { 0 };
	enum okta_rc r = okta_snap_verify(snap, &err);

	if (ctl->json) {
		ctl_json_open(&j, NULL, '{');
		ctl_json_bool(&j, "ok", r == OKTA_OK);
		ctl_json_cstr(&j, "error", r == OKTA_OK ? NULL : err.msg);
		ctl_json_close(&j, '}');
		return r == OKTA_OK ? 0 : 1;
	}
	if (r != OKTA_OK)
		return ctl_fail(1, "%s: %s", path, err.msg);
	(void)printf("%s: sound: %u people, %u groups, generation %llu\n", path,
	    snap->n_users, snap->n_groups, (unsigned long long)snap->generation);
	return 0;
}

int
ctl_snapshot(const struct ctl *ctl, int argc, char **argv)
{
	struct okta_snap snap = { 0 };
	char path[PATH_MAX];
	enum okta_rc r;
	int status;

	if (argc < 2 || argc > 3 ||
	    (strcmp(argv[1], "verify") != 0 && strcmp(argv[1], "dump") != 0))
		return ctl_usage("snapshot verify|dump [FILE]");
	if (argc == 3 && strlen(argv[2]) < sizeof(path))
		memcpy(path, argv[2], strlen(argv[2]) + 1);
	else if (argc == 3 || !ctl_state_path(ctl, OKTA_SNAPSHOT_FILE, path))
		return ctl_usage("snapshot: path is too long");
	r = okta_snap_open(path, ctl_owner_of(path), &snap);
	if (r != OKTA_OK)
		return ctl_fail(1, "%s: %s", path,
		    r == OKTA_E_NOTFOUND ? "no such file"
		    : r == OKTA_E_UNTRUSTED
			? "it or a directory above it belongs to somebody else "
			  "or others can write it"
			: "is damaged or no snapshot");
	status = argv[1][0] == 'v' ? verify(ctl, path, &snap) : dump(&snap);
	okta_snap_close(&snap);
	return status;
}
