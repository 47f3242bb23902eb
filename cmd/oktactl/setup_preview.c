/* SPDX-License-Identifier: BSD-2-Clause */
/* Who would be here: a run of okta-sync into a directory of its own, judged by the rules
 * a login meets. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/text.h"
#include "host/local.h"
#include "host/person.h"
#include "model/policy.h"
#include "setup.h"
#include "snap/read.h"

#define SHOWN	   20
#define NAME_BYTES 80

/* The names that come first in the alphabet, and how many there are. */
struct names {
	size_t count;
	char first[SHOWN][NAME_BYTES];
};

struct preview {
	struct names people, in, out, admin, groups;
	struct okta_effective effective;
	struct {
		const char *name;
		uint32_t gid;
		bool is_there;
	} root_group[3];
};

static void
add(struct names *names, const char *name)
{
	const size_t have = names->count < SHOWN ? names->count : SHOWN;
	size_t i = 0, moved;

	while (i < have && strcmp(names->first[i], name) < 0)
		i++;
	names->count++;
	if (i == SHOWN)
		return;
	moved = (have < SHOWN ? have : SHOWN - 1) - i; /* the last one falls off */
	memmove(names->first + i + 1, names->first + i, moved * NAME_BYTES);
	(void)snprintf(names->first[i], NAME_BYTES, "%s", name);
}

static void
show(const char *what, const struct names *names)
{
	size_t i, column = 0;

	(void)printf("  %s: %zu\n", what, names->count);
	for (i = 0; i < names->count && i < SHOWN; i++) {
		if (column + strlen(names->first[i]) > 80) {
			(void)putchar('\n');
			column = 0;
		}
		column += (size_t)printf(
		    "%s%s", column == 0 ? "      " : ", ", names->first[i]);
	}
	if (names->count > SHOWN)
		(void)printf("%s and %zu more", column == 0 ? "      " : ",",
		    names->count - SHOWN);
	if (names->count > 0)
		(void)putchar('\n');
}

static void
find_root_groups(struct preview *p, const struct okta_local *local)
{
	static const char *const names[] = { "sudo", "wheel", "admin" };
	size_t i;

	for (i = 0; i < 3; i++) {
		p->root_group[i].name = names[i];
		p->root_group[i].is_there = okta_local_has_group(
		    local, okta_view_str(names[i]), &p->root_group[i].gid);
	}
}

/* The local group that gives root, NULL: none. */
static const char *
root_by(const struct preview *p)
{
	size_t i, k;

	for (i = 0; i < p->effective.n_gids; i++)
		for (k = 0; k < 3; k++)
			if (p->root_group[k].is_there &&
			    p->root_group[k].gid == p->effective.gids[i])
				return p->root_group[k].name;
	return NULL;
}

static enum okta_rc
judge(struct preview *p, struct setup *s, const struct okta_snap *snap,
    struct okta_view user, struct okta_err *err)
{
	const struct okta_policy_now now = {
		.now_s = okta_clock_now_s(&okta_clock_system), .source_s = snap->source_s
	};
	struct okta_person person = { 0 };
	struct okta_decision decision = { 0 };
	char name[NAME_BYTES - 16], line[NAME_BYTES];
	const char *group = NULL;
	enum okta_rc r;

	r = okta_person_init(snap, user, &person, err);
	if (r != OKTA_OK)
		return r;
	okta_text_sanitize(name, sizeof(name), user);
	if (okta_policy_groups(
		s->conf, &person.policy, NULL, false, NULL, 0, &p->effective))
		group = root_by(p);
	okta_policy_account(s->conf, &person.policy, NULL, NULL, 0, &now, &decision);
	add(&p->people, name);
	add(decision.allowed ? &p->in : &p->out, name);
	if (decision.allowed && group != NULL) {
		(void)snprintf(line, sizeof(line), "%s (%s)", name, group);
		add(&p->admin, line);
	}
	okta_person_clear(&person);
	return OKTA_OK;
}

static enum okta_rc
read_snapshot(struct preview *p, struct setup *s, struct okta_err *err)
{
	struct okta_snap snap = { 0 };
	struct okta_snap_group group;
	struct okta_snap_user user;
	uint64_t cursor = 0;
	char name[NAME_BYTES];
	enum okta_rc r;

	r = okta_snap_open(SETUP_DRY "/" OKTA_SNAPSHOT_FILE, 0, &snap);
	if (r != OKTA_OK)
		return okta_err_set(
		    err, r, "%s: %s", SETUP_DRY "/" OKTA_SNAPSHOT_FILE, okta_rc_name(r));
	while ((r = okta_snap_next_user(&snap, &cursor, &user)) == OKTA_OK)
		if ((r = judge(p, s, &snap, user.name, err)) != OKTA_OK)
			break;
	cursor = 0;
	while (r == OKTA_E_NOTFOUND &&
	       (r = okta_snap_next_group(&snap, &cursor, &group)) == OKTA_OK) {
		r = OKTA_E_NOTFOUND;
		if (group.kind == OKTA_SNAP_GROUP_LOGIN)
			continue;
		okta_text_sanitize(name, sizeof(name), group.name);
		add(&p->groups, name);
	}
	okta_snap_close(&snap);
	return r == OKTA_E_NOTFOUND ? OKTA_OK : r;
}

static void
show_all(const struct preview *p)
{
	(void)printf("\nThis is what would be on this host:\n");
	show("people", &p->people);
	show("of these may log in", &p->in);
	show(
	    "may not (status, allow_groups, deny_groups: oktactl explain NAME)", &p->out);
	show("get root by a local group (sudo, wheel, admin)", &p->admin);
	show("groups, with the local ones people join", &p->groups);
	(void)printf("  Other rules of sudoers may give root too: sudo -l -U NAME\n");
}

static int
judge_all(struct setup *s)
{
	struct okta_local *local = NULL;
	struct okta_err err = { 0 };
	struct preview *p = calloc(1, sizeof(*p));
	enum okta_rc r;
	int status;

	if (p == NULL)
		return ctl_fail(1, "out of memory");
	r = okta_local_new("/etc", &local, &err);
	if (r == OKTA_OK) {
		find_root_groups(p, local);
		r = read_snapshot(p, s, &err);
	}
	okta_local_free(&local);
	if (r != OKTA_OK) {
		status = ctl_fail(1, "%s", err.msg);
	} else {
		show_all(p);
		(void)snprintf(s->person, sizeof(s->person), "%.63s", p->in.first[0]);
		status = p->in.count > 0 ? 0
			 : p->people.count == 0
			     ? ctl_fail(1, "nobody would be known: see the lines of "
					   "okta-sync above; often [users] strip_domains "
					   "lacks a domain")
			     : ctl_fail(1,
				   "nobody could log in: [login] allow_groups "
				   "names no group with somebody in it: run setup "
				   "again with other groups");
	}
	free(p);
	return status;
}

int
setup_preview(struct setup *s)
{
	int status;

	(void)printf("\nFetching people and groups, to look at them only:\n");
	setup_journal_remove_dir(SETUP_DRY); /* of a run that was interrupted */
	if (mkdir(SETUP_DRY, 0700) < 0)
		return ctl_fail(1, SETUP_DRY ": %s", strerror(errno));
	status = setup_run_sync(SETUP_CANDIDATE, SETUP_DRY);
	status = status == 0 ? judge_all(s)
			     : ctl_fail(1,
				   "okta-sync ended with %d: nothing is switched on; its "
				   "line above says what to put right",
				   status);
	setup_journal_remove_dir(SETUP_DRY);
	return status;
}
