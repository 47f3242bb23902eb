/* SPDX-License-Identifier: BSD-2-Clause */
#include "base.h"

#include <stdlib.h>

#include "snap/format.h"

#define SEED_GROUP  UINT64_C(0x9d39247e33776d41)
#define SEED_USER   UINT64_C(0x2af7398005aaa5c7)
#define SEED_MEMBER UINT64_C(0x44db015024623547)

static uint64_t
sum_text(uint64_t seed, struct okta_view v)
{
	const uint64_t parts[2] = { seed, okta_snap_sum64(v.p, v.len) };

	return okta_snap_sum64(parts, sizeof(parts));
}

static uint64_t
sum_str(uint64_t seed, const char *s)
{
	return s == NULL ? sum_text(~seed, (struct okta_view){ "", 0 })
			 : sum_text(seed, okta_view_str(s));
}

static uint64_t
sum_list(uint64_t seed, const struct okta_list *list)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		seed = sum_str(seed, list->item[i]);
	return sum_str(seed, NULL);
}

uint64_t
sync_base_conf_sum(const struct okta_conf *conf)
{
	const uint64_t numbers[] = { (uint64_t)conf->source, (uint64_t)conf->scope,
		conf->id_min, conf->id_max };
	uint64_t s = okta_snap_sum64(numbers, sizeof(numbers));

	s = sum_str(s, conf->org_url);
	s = sum_str(s, conf->source_dir);
	s = sum_list(s, &conf->scope_groups);
	s = sum_str(s, conf->app_id);
	s = sum_str(s, conf->name_from);
	s = sum_str(s, conf->uid_from);
	s = sum_str(s, conf->shell_from);
	/* these say whose members are wanted */
	s = sum_list(s, &conf->match);
	s = sum_list(s, &conf->rename);
	s = sum_list(s, &conf->local);
	s = sum_list(s, &conf->allow_groups);
	s = sum_list(s, &conf->deny_groups);
	s = sum_str(s, conf->primary_group);
	/* and these what is made of the same answers */
	s = sum_list(s, &conf->strip_domains);
	s = sum_list(s, &conf->reserved_names);
	s = sum_list(s, &conf->shells);
	s = sum_str(s, conf->home);
	s = sum_str(s, conf->shell);
	return sum_str(s, conf->prefix);
}

static uint64_t
sum_user(const struct okta_directory_user *u)
{
	uint64_t s = sum_text(SEED_USER, u->id);

	s = sum_text(s, u->status);
	s = sum_text(s, u->login);
	s = sum_text(s, u->name);
	s = sum_text(s, u->display_name);
	s = sum_text(s, u->uid);
	return sum_text(s, u->shell);
}

/*
 * Of a membership: sum_text(sum_text(SEED_MEMBER, group), user), of which the half that
 * is the group's is worked out once, and the other once for each person.
 */
static uint64_t
sum_member(uint64_t group_sum, uint64_t user_sum)
{
	const uint64_t parts[2] = { group_sum, user_sum };

	return okta_snap_sum64(parts, sizeof(parts));
}

static uint64_t
sum_members(const struct sync_records *rec, const uint64_t *group_sum)
{
	const struct sync_member *m;
	uint64_t total = 0, user_sum = 0;
	struct okta_view id;
	size_t i;

	for (i = 0; i < rec->n_members; i++) {
		m = &rec->members[i];
		if (i == 0 || m[-1].user != m->user) {
			id = rec->users[m->user].id;
			user_sum = okta_snap_sum64(id.p, id.len);
		}
		total += sum_member(group_sum[m->group], user_sum);
	}
	for (i = 0; i < rec->n_strays; i++) {
		m = &rec->strays[i];
		id = rec->stray_ids.text[m->user];
		total += sum_member(group_sum[m->group], okta_snap_sum64(id.p, id.len));
	}
	return total;
}

enum okta_rc
sync_base_content_sum(const struct sync_records *rec, uint64_t *ret, struct okta_err *err)
{
	uint64_t *group_sum = calloc(rec->n_groups + 1, sizeof(*group_sum));
	uint64_t total = 0;
	size_t i;

	if (group_sum == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	for (i = 0; i < rec->n_groups; i++) {
		total += sum_text(
		    sum_text(SEED_GROUP, rec->groups[i].id), rec->groups[i].name);
		group_sum[i] = sum_text(SEED_MEMBER, rec->groups[i].id);
	}
	for (i = 0; i < rec->n_users; i++)
		total += sum_user(&rec->users[i]);
	*ret = total + sum_members(rec, group_sum);
	free(group_sum);
	return OKTA_OK;
}
