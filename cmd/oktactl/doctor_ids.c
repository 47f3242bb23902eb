/* SPDX-License-Identifier: BSD-2-Clause */
/* Names and ids that two would claim: Okta's people and the host's own. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/paths.h"
#include "doctor.h"
#include "host/local.h"
#include "model/conf.h"
#include "snap/read.h"

#define SUBID_MAX_BYTES 1048576
#define SHOWN_BYTES	160

/* Who else gives ids away: systemd's table (its UIDS-GIDS document). */
static const struct {
	uint32_t first, last;
	const char *owner;
} taken[] = {
	{ 0, 999, "system accounts" },
	{ 60001, 60513, "systemd-homed" },
	{ 60514, 60577, "systemd-nspawn's mapped users" },
	{ 61184, 65519, "systemd's DynamicUser=" },
	{ 65534, 65535, "nobody, and 16-bit -1" },
	{ 524288, 1879048191, "systemd-nspawn containers" },
	{ 2147483647, UINT32_MAX, "no system call: as signed numbers they are negative" },
};

/* First range of /etc/subuid or /etc/subgid that overlaps MIN-MAX; false: none. */
static bool
meets_subids(
    const char *path, uint32_t min, uint32_t max, uint64_t *ret_first, uint64_t *ret_last)
{
	struct okta_view rest, line;
	uint64_t first, count;
	bool found = false;
	struct okta_buf text;

	okta_buf_init(&text, SUBID_MAX_BYTES);
	if (doctor_read(path, false, &text)) {
		rest = okta_buf_view(&text);
		while (!found && rest.p != NULL) {
			line = okta_view_trim(okta_view_split(&rest, '\n'));
			(void)okta_view_split(&line, ':');
			if (okta_view_u64(okta_view_split(&line, ':'), UINT32_MAX,
				&first) != OKTA_OK ||
			    okta_view_u64(line, UINT32_MAX, &count) != OKTA_OK ||
			    count == 0)
				continue;
			found = first <= max && first + count - 1 >= min;
			*ret_first = first;
			*ret_last = first + count - 1;
		}
	}
	okta_buf_clear(&text);
	return found;
}

static void
check_range(const struct doctor *d)
{
	static const char id[] = "ids.range",
			  cure[] = "before anybody has an id: [users] id_range = "
				   "1879048192-2147483646; later: move the other one";
	static const char *const files[] = { "/etc/subuid", "/etc/subgid" };
	uint64_t first = 0, last = 0;
	uint32_t min, max;
	size_t i;

	if (d->conf == NULL) {
		doctor_skip(d, id, "no configuration to use");
		return;
	}
	min = d->conf->id_min;
	max = d->conf->id_max;
	for (i = 0; i < sizeof(taken) / sizeof(taken[0]); i++)
		if (taken[i].first <= max && taken[i].last >= min) {
			doctor_warn(d, id, cure,
			    "[users] id_range %u-%u overlaps %u-%u, which is for %s", min,
			    max, taken[i].first, taken[i].last, taken[i].owner);
			return;
		}
	for (i = 0; i < 2; i++)
		if (meets_subids(files[i], min, max, &first, &last)) {
			doctor_warn(d, id, cure,
			    "[users] id_range %u-%u overlaps %llu-%llu of %s: containers "
			    "would own people's files",
			    min, max, (unsigned long long)first, (unsigned long long)last,
			    files[i]);
			return;
		}
	doctor_pass(d, id, "%u-%u overlaps nobody else's", min, max);
}

/* How many collide, and the first names. */
struct tally {
	unsigned n;
	char shown[SHOWN_BYTES];
};

static void
count(struct tally *t, struct okta_view name)
{
	const size_t at = strlen(t->shown);

	t->n++;
	if (at + name.len + 3 < sizeof(t->shown))
		(void)snprintf(t->shown + at, sizeof(t->shown) - at, "%s%.*s",
		    at == 0 ? "" : " ", (int)name.len, name.p);
}

struct clashes {
	struct tally names, numbers, subids;
};

static void
look_at_users(
    const struct okta_snap *snap, const struct okta_local *local, struct clashes *c)
{
	struct okta_snap_user user;
	uint64_t cursor = 0;

	while (okta_snap_next_user(snap, &cursor, &user) == OKTA_OK) {
		if (okta_local_has_user(local, user.name))
			count(&c->names, user.name);
		else if (okta_local_has_uid(local, user.uid) ||
			 ((user.flags & OKTA_SNAP_USER_PRIVATE_GROUP) != 0 &&
			     okta_local_has_gid(local, user.gid)))
			count(&c->numbers, user.name);
		if (okta_local_has_subid(local, user.uid))
			count(&c->subids, user.name);
	}
}

static void
look_at_groups(
    const struct okta_snap *snap, const struct okta_local *local, struct clashes *c)
{
	struct okta_snap_group group;
	uint64_t cursor = 0;

	while (okta_snap_next_group(snap, &cursor, &group) == OKTA_OK) {
		/* the others are local groups themselves, or have no gid */
		if (group.kind != OKTA_SNAP_GROUP_SERVED)
			continue;
		if (okta_local_has_group(local, group.name, NULL))
			count(&c->names, group.name);
		else if (okta_local_has_gid(local, group.gid))
			count(&c->numbers, group.name);
		if (okta_local_has_subid(local, group.gid))
			count(&c->subids, group.name);
	}
}

static void
judge(const struct doctor *d, const struct clashes *c)
{
	if (c->names.n > 0)
		doctor_warn(d, "ids.names", "rename or remove the local account or group",
		    "%u names of the snapshot are local too, so Okta's are not served: "
		    "%s",
		    c->names.n, c->names.shown);
	else
		doctor_pass(d, "ids.names", "no name is also a local one");
	if (c->numbers.n > 0)
		doctor_fail(d, "ids.numbers",
		    "give the local account or group another id, and its files with it",
		    "%u ids of the snapshot are local too: two would own the same files: "
		    "%s",
		    c->numbers.n, c->numbers.shown);
	else
		doctor_pass(d, "ids.numbers", "no uid or gid is also a local one");
	if (c->subids.n > 0)
		doctor_fail(d, "ids.subids", "move the range in /etc/subuid, /etc/subgid",
		    "%u ids of the snapshot lie in a range of /etc/subuid or /etc/subgid "
		    "and "
		    "so belong to somebody's containers: %s",
		    c->subids.n, c->subids.shown);
	else
		doctor_pass(d, "ids.subids", "no id lies in a range for containers");
}

const char *
doctor_ids(const struct doctor *d)
{
	struct okta_local *local = NULL;
	struct okta_snap snap = { 0 };
	struct clashes clashes = { 0 };
	struct okta_err err = { 0 };
	char path[PATH_MAX];

	check_range(d);
	if (!ctl_state_path(d->ctl, OKTA_SNAPSHOT_FILE, path) ||
	    okta_snap_open(path, ctl_owner_of(path), &snap) != OKTA_OK)
		return "no snapshot: see snapshot.file";
	if (okta_local_new("/etc", &local, &err) != OKTA_OK) {
		doctor_fail(d, "ids.names", "put the file back", "%s", err.msg);
		okta_snap_close(&snap);
		return "see ids.names";
	}
	look_at_users(&snap, local, &clashes);
	look_at_groups(&snap, local, &clashes);
	judge(d, &clashes);
	okta_local_free(&local);
	okta_snap_close(&snap);
	return NULL;
}
