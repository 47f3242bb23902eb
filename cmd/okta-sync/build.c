/* SPDX-License-Identifier: BSD-2-Clause */
#include "build.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model/names.h"
#include "model/wire.h"

void
sync_build_clear(struct sync_build *b)
{
	size_t i;

	okta_snapw_free(&b->writer);
	for (i = 0; i < b->n_people; i++)
		free(b->people[i].home_name);
	free(b->people);
	free(b->groups);
	b->people = NULL;
	b->n_people = 0;
	b->groups = NULL;
}

/* --- groups ------------------------------------------------------------------------- */

/* The local groups somebody joins, each once. */
static enum okta_rc
add_local(struct sync_build *b, uint32_t gid, struct okta_view name,
    struct sync_idmap *seen, uint32_t *gids, struct okta_err *err)
{
	struct okta_snapw_group group = {
		.kind = OKTA_SNAP_GROUP_LOCAL, .gid = gid, .name = name
	};
	uint32_t number;
	enum okta_rc r;
	size_t i;

	for (i = 0; i < seen->n; i++)
		if (gids[i] == gid)
			return OKTA_OK;
	r = okta_snapw_add_group(b->writer, &group, &number, err);
	if (r == OKTA_E_INPUT)
		return OKTA_E_CONFIG; /* its name or gid cannot be used: the admin chose
					 it */
	if (r != OKTA_OK)
		return r;
	gids[seen->n] = gid;
	return sync_idmap_add(seen, name);
}

/* Local groups come from one list of the configuration: their number is small. */
static enum okta_rc
add_locals(struct sync_build *b, struct okta_err *err)
{
	uint32_t gids[OKTA_CONF_MAX_LIST + 1];
	struct sync_idmap seen = { 0 };
	struct okta_view okta, name;
	enum okta_rc r = OKTA_OK;
	uint32_t gid;
	size_t i;

	for (i = 0; r == OKTA_OK && i < b->conf->local.n && i < OKTA_CONF_MAX_LIST; i++)
		if (okta_group_pair(
			okta_view_str(b->conf->local.item[i]), &okta, &name) &&
		    okta_local_has_group(b->local, name, &gid) && gid != 0)
			r = add_local(b, gid, name, &seen, gids, err);
	sync_idmap_clear(&seen);
	return r;
}

static enum okta_rc
add_group(struct sync_build *b, size_t i, struct okta_err *err)
{
	struct sync_unix_group *g = &b->groups[i];
	struct okta_snapw_group group = { .okta_id = b->records->groups[i].id,
		.okta_name = b->records->groups[i].name,
		.joins = g->joins,
		.n_joins = g->n_joins };
	struct okta_err why = { 0 };
	char hidden[OKTA_DIRECTORY_ID_MAX + 2];
	enum okta_rc r;

	if (g->is_double || !g->rule.wanted || g->place != i)
		return OKTA_OK;
	if (g->rule.served) {
		group.kind = OKTA_SNAP_GROUP_SERVED;
		group.gid = g->gid;
		group.name = okta_view_str(g->rule.unix_name);
	} else {
		group.kind = OKTA_SNAP_GROUP_LOGIN;
	}
	if ((g->is_ambiguous && !g->is_denied) ||
	    !okta_wire_is_group_name(group.okta_name)) {
		/* a groups claim carries names: one that two groups share must find
		 * neither, unless to deny, and one that no claim carries must not stand
		 * in the way */
		(void)snprintf(hidden, sizeof(hidden), "\x01%.*s", (int)group.okta_id.len,
		    group.okta_id.p);
		group.okta_name = okta_view_str(hidden);
	}
	r = okta_snapw_add_group(b->writer, &group, &g->number, &why);
	if (r == OKTA_E_INPUT && !g->is_denied &&
	    !okta_list_has(&b->conf->deny_groups, group.okta_id)) {
		g->number = UINT32_MAX;
		sync_report_refused(b->report, "group", b->records->groups[i].name,
		    b->records->groups[i].id, why.msg);
		return OKTA_OK;
	}
	if (r != OKTA_OK)
		*err = why;
	else
		b->n_groups++;
	return r;
}

/* --- people ------------------------------------------------------------------------- */

/* Of person I; the home is of the name he had first. */
static enum okta_rc
home_and_shell(const struct sync_build *b, size_t i, char ret_home[256],
    char ret_shell[256], struct okta_err *err)
{
	const struct sync_person *p = &b->people[i];
	enum okta_rc r;

	r = okta_home_of_user(b->conf,
	    okta_view_str(p->home_name != NULL ? p->home_name : p->name), ret_home, err);
	if (r != OKTA_OK)
		return r;
	return okta_shell_of_user(b->conf, b->records->users[i].shell, ret_shell, err);
}

static enum okta_rc
add_user(struct sync_build *b, size_t i, const uint32_t *numbers, size_t n,
    struct okta_err *err)
{
	const struct okta_directory_user *u = &b->records->users[i];
	struct sync_person *p = &b->people[i];
	struct okta_snapw_user user = { .uid = p->uid,
		.gid = b->primary_gid != 0 ? b->primary_gid : p->uid,
		.status = (enum okta_snap_status)p->status,
		.flags = b->primary_gid != 0 ? 0 : OKTA_SNAP_USER_PRIVATE_GROUP,
		.name = okta_view_str(p->name),
		.okta_id = u->id,
		.okta_login = u->login,
		.groups = numbers,
		.n_groups = n };
	struct okta_err why = { 0 };
	char gecos[256], home[256], shell[256];
	enum okta_rc r;

	r = home_and_shell(b, i, home, shell, &why);
	if (r != OKTA_OK) {
		sync_refuse_user(b, i, why.msg);
		return OKTA_OK;
	}
	user.home = okta_view_str(home);
	user.shell = okta_view_str(shell);
	okta_gecos_of_user(u->display_name, gecos);
	user.gecos = okta_view_str(gecos);
	r = okta_snapw_add_user(b->writer, &user, &why);
	if (r == OKTA_E_INPUT) {
		sync_refuse_user(b, i, why.msg);
		return OKTA_OK;
	}
	if (r != OKTA_OK) {
		*err = why;
		return r;
	}
	b->n_users++;
	b->n_members += n;
	return OKTA_OK;
}

/* The number in the snapshot of group I, whose double may have come first. */
static uint32_t
number_of(const struct sync_build *b, uint32_t i)
{
	int64_t first;

	if (!b->groups[i].is_double)
		return b->groups[i].number;
	first = sync_idmap_find(&b->records->group_ids, b->records->groups[i].id);
	return first < 0 ? UINT32_MAX : b->groups[first].number;
}

/* Members are sorted by person: one pass over both. */
static enum okta_rc
add_people(struct sync_build *b, struct okta_err *err)
{
	const struct sync_records *rec = b->records;
	enum okta_rc r = OKTA_OK;
	uint32_t *numbers, number;
	size_t i, k = 0, n;

	numbers = calloc(rec->n_groups + 1, sizeof(*numbers));
	if (numbers == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "people: out of memory");
	for (i = 0; r == OKTA_OK && i < rec->n_users; i++) {
		for (n = 0; k < rec->n_members && rec->members[k].user == i; k++) {
			number = number_of(b, rec->members[k].group);
			if (number != UINT32_MAX)
				numbers[n++] = number;
		}
		if (b->people[i].served)
			r = add_user(b, i, numbers, n, err);
	}
	free(numbers);
	return r;
}

enum okta_rc
sync_build_run(
    struct sync_build *b, const struct okta_snapw_head *head, struct okta_err *err)
{
	const struct sync_records *rec = b->records;
	enum okta_rc r;
	size_t i;

	b->people = calloc(rec->n_users + 1, sizeof(*b->people));
	b->groups = calloc(rec->n_groups + 1, sizeof(*b->groups));
	if (b->people == NULL || b->groups == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	b->n_people = rec->n_users;
	r = sync_decide_groups(b, err);
	if (r == OKTA_OK)
		r = sync_decide_people(b, err);
	if (r == OKTA_OK)
		r = sync_assign_ids(b, err);
	if (r == OKTA_OK)
		r = okta_snapw_new(head, &b->writer, err);
	if (r == OKTA_OK)
		r = add_locals(b, err);
	for (i = 0; r == OKTA_OK && i < rec->n_groups; i++)
		r = add_group(b, i, err);
	for (i = 0; i < rec->n_groups; i++)
		if (!b->groups[i].is_double)
			b->groups[i].number = b->groups[b->groups[i].place].number;
	if (r == OKTA_OK)
		r = add_people(b, err);
	return r;
}
