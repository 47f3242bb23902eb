/* SPDX-License-Identifier: BSD-2-Clause */
#include "merge.h"

#include <stdlib.h>

#include "assemble.h"
#include "model/groups.h"

#define GONE INT64_C(-1)

struct work {
	const struct sync_merge *what;
	struct sync_records *out;
	int64_t *number;	  /* by group of the base: that of OUT, or GONE */
	bool *listed;		  /* by group of the base: its members came anew */
	struct sync_idmap paired; /* people whom pairs name */
	int64_t *pairs_of;	  /* by person of the base: his number there, or -1 */
	const struct sync_pair **pair; /* those of each of them behind another */
	size_t *first_pair; /* by his number: where his begin; one more: the end */
	bool *scoped;	    /* by person of the base: is in a group in scope */
	struct sync_idmap scoped_ids;	/* others who are */
	bool *base_scope, *fresh_scope; /* by group */
	bool *used;			/* by person of FRESH: is in the base too */
	uint32_t *person; /* by person of the base: the one of OUT (assemble.h) + 1 */
};

static struct okta_view
person_id(const struct sync_base *base, uint32_t user)
{
	return user < base->n_users ? base->users[user].id
				    : base->strays[user - base->n_users];
}

static bool
has(const struct sync_idmap *map, struct okta_view id)
{
	return map->n > 0 && sync_idmap_find(map, id) >= 0;
}

/* --- groups ---------------------------------------------------------------------- */

static enum okta_rc
merge_groups(struct work *w)
{
	const struct sync_base *base = w->what->base;
	const struct sync_records *fresh = w->what->fresh;
	enum okta_rc r = OKTA_OK;
	struct okta_view id;
	int64_t number;
	size_t i;

	for (i = 0; r == OKTA_OK && i < base->n_groups; i++) {
		id = base->groups[i].id;
		w->number[i] = GONE;
		w->listed[i] = has(&w->what->news->listed, id);
		if (has(&w->what->news->gone_groups, id))
			continue;
		number = sync_idmap_find(&fresh->group_ids, id);
		w->number[i] = (int64_t)w->out->n_groups;
		r = sync_records_add_group(w->out, id,
		    number >= 0 ? fresh->groups[number].name : base->groups[i].name);
	}
	for (i = 0; r == OKTA_OK && i < fresh->n_groups; i++) {
		id = fresh->groups[i].id;
		if (sync_idmap_find(&w->out->group_ids, id) < 0 &&
		    !has(&w->what->news->gone_groups, id))
			r = sync_records_add_group(w->out, id, fresh->groups[i].name);
	}
	return r;
}

/* --- which groups are in scope --------------------------------------------------- */

/* The one group REF means, or GONE: none, or more than one. */
static int64_t
resolve(const struct sync_group *groups, size_t n, const char *ref)
{
	struct okta_group_in in;
	int64_t found = GONE;
	size_t i;

	for (i = 0; i < n; i++) {
		in = (struct okta_group_in){ groups[i].id, groups[i].name };
		if (!okta_group_is(okta_view_str(ref), &in))
			continue;
		if (found != GONE && !okta_view_eq(groups[found].id, in.id))
			return GONE;
		found = (int64_t)i;
	}
	return found;
}

static void
mark(bool *flags, const struct sync_group *groups, size_t n, struct okta_view id)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (okta_view_eq(groups[i].id, id))
			flags[i] = true;
}

/* Other groups than before: people would come whom no change names. */
static enum okta_rc
find_scope(struct work *w, struct okta_err *err)
{
	const struct sync_merge *what = w->what;
	int64_t was, is;
	size_t i;

	if (what->conf->scope != OKTA_SCOPE_GROUPS)
		return OKTA_OK;
	for (i = 0; i < what->conf->scope_groups.n; i++) {
		was = resolve(what->base->groups, what->base->n_groups,
		    what->conf->scope_groups.item[i]);
		is = resolve(
		    w->out->groups, w->out->n_groups, what->conf->scope_groups.item[i]);
		if (was == GONE || is == GONE ||
		    !okta_view_eq(what->base->groups[was].id, w->out->groups[is].id))
			return okta_err_set(err, OKTA_E_CONFLICT,
			    "the groups in scope are others than before");
		mark(w->base_scope, what->base->groups, what->base->n_groups,
		    w->out->groups[is].id);
		mark(w->fresh_scope, what->fresh->groups, what->fresh->n_groups,
		    w->out->groups[is].id);
	}
	return OKTA_OK;
}

/* --- memberships ----------------------------------------------------------------- */

/* The other pairs of a person need not be looked at: there may be thousands. */
static bool
is_pair(const struct work *w, int64_t number, struct okta_view group)
{
	size_t i;

	for (i = w->first_pair[number]; i < w->first_pair[number + 1]; i++)
		if (okta_view_eq(w->pair[i]->group, group))
			return true;
	return false;
}

/* True if a member of the base still is one, as far as the news say nothing else. */
static bool
still_holds(const struct work *w, uint32_t person, uint32_t group)
{
	const struct sync_base *base = w->what->base;
	const struct sync_news *news = w->what->news;

	if (w->number[group] == GONE || w->listed[group])
		return false;
	if (news->gone_users.n > 0 && has(&news->gone_users, person_id(base, person)))
		return false;
	return w->pairs_of[person] < 0 ||
	       !is_pair(w, w->pairs_of[person], base->groups[group].id);
}

static const struct sync_pair *
pair_at(const struct sync_news *news, size_t i)
{
	return i < news->n_joined ? &news->joined[i] : &news->left[i - news->n_joined];
}

/* Sorted by person, by counting. */
static enum okta_rc
sort_pairs(struct work *w)
{
	const struct sync_news *news = w->what->news;
	const size_t n = news->n_joined + news->n_left;
	enum okta_rc r = OKTA_OK;
	size_t i;

	for (i = 0; r == OKTA_OK && i < n; i++)
		if (!has(&w->paired, pair_at(news, i)->user))
			r = sync_idmap_add(&w->paired, pair_at(news, i)->user);
	w->pair = calloc(n + 1, sizeof(*w->pair));
	w->first_pair = calloc(w->paired.n + 2, sizeof(*w->first_pair));
	if (r != OKTA_OK || w->pair == NULL || w->first_pair == NULL)
		return OKTA_E_NOMEM;
	for (i = 0; i < n; i++)
		w->first_pair[sync_idmap_find(&w->paired, pair_at(news, i)->user) + 2]++;
	for (i = 2; i < w->paired.n + 2; i++)
		w->first_pair[i] += w->first_pair[i - 1];
	/* what ends behind number N begins there while they are put in */
	for (i = 0; i < n; i++)
		w->pair[w->first_pair
			    [sync_idmap_find(&w->paired, pair_at(news, i)->user) + 1]++] =
		    pair_at(news, i);
	return OKTA_OK;
}

static enum okta_rc
find_pairs(struct work *w)
{
	const struct sync_base *base = w->what->base;
	enum okta_rc r = sort_pairs(w);
	size_t i;

	for (i = 0; r == OKTA_OK && i < base->n_users + base->n_strays; i++)
		w->pairs_of[i] = w->paired.n == 0 ? -1
						  : sync_idmap_find(&w->paired,
							person_id(base, (uint32_t)i));
	return r;
}

static enum okta_rc
add_scoped(struct work *w, struct okta_view id)
{
	return sync_idmap_find(&w->scoped_ids, id) >= 0
		   ? OKTA_OK
		   : sync_idmap_add(&w->scoped_ids, id);
}

static bool
is_scope_group(const struct work *w, struct okta_view id)
{
	const struct sync_base *base = w->what->base;
	size_t i;

	for (i = 0; i < base->n_groups; i++)
		if (w->base_scope[i] && okta_view_eq(base->groups[i].id, id))
			return true;
	return false;
}

/* Who is in a group in scope, by all we know now. */
static enum okta_rc
find_scoped(struct work *w)
{
	const struct sync_records *fresh = w->what->fresh;
	const struct sync_news *news = w->what->news;
	enum okta_rc r = OKTA_OK;
	struct sync_base_walk walk = { 0 };
	uint32_t person, group;
	size_t i;

	if (w->what->conf->scope != OKTA_SCOPE_GROUPS)
		return OKTA_OK;
	while (sync_base_next_member(w->what->base, &walk, &person, &group))
		if (w->base_scope[group] && still_holds(w, person, group))
			w->scoped[person] = true;
	for (i = 0; r == OKTA_OK && i < fresh->n_members; i++)
		if (w->fresh_scope[fresh->members[i].group])
			r = add_scoped(w, fresh->users[fresh->members[i].user].id);
	for (i = 0; r == OKTA_OK && i < news->n_joined; i++)
		if (is_scope_group(w, news->joined[i].group))
			r = add_scoped(w, news->joined[i].user);
	return r;
}

/* Most of a base's memberships are of people who are still there: only others are looked
 * for, and each once. */
static enum okta_rc
keep_member(struct work *w, uint32_t user, uint32_t group)
{
	uint32_t person = 0;
	enum okta_rc r = OKTA_OK;

	if (w->person[user] == 0) {
		r = sync_assemble_person(w->out, person_id(w->what->base, user), &person);
		w->person[user] = person + 1;
	}
	return r == OKTA_OK ? sync_assemble_member(
				  w->out, w->person[user] - 1, (uint32_t)w->number[group])
			    : r;
}

/* One that is new; of a group that is gone meanwhile it is none. */
static enum okta_rc
add_member(struct work *w, struct okta_view user, struct okta_view group)
{
	const int64_t number = sync_idmap_find(&w->out->group_ids, group);
	uint32_t person = 0;
	enum okta_rc r;

	if (number < 0)
		return OKTA_OK;
	r = sync_assemble_person(w->out, user, &person);
	return r == OKTA_OK ? sync_assemble_member(w->out, person, (uint32_t)number) : r;
}

static enum okta_rc
merge_members(struct work *w)
{
	const struct sync_records *fresh = w->what->fresh;
	const struct sync_news *news = w->what->news;
	const struct sync_member *m;
	enum okta_rc r = OKTA_OK;
	struct sync_base_walk walk = { 0 };
	uint32_t person, group;
	size_t i;

	while (
	    r == OKTA_OK && sync_base_next_member(w->what->base, &walk, &person, &group))
		if (still_holds(w, person, group))
			r = keep_member(w, person, group);
	for (i = 0; r == OKTA_OK && i < fresh->n_members; i++) {
		m = &fresh->members[i];
		r = add_member(w, fresh->users[m->user].id, fresh->groups[m->group].id);
	}
	for (i = 0; r == OKTA_OK && i < fresh->n_strays; i++) {
		m = &fresh->strays[i];
		r = add_member(
		    w, fresh->stray_ids.text[m->user], fresh->groups[m->group].id);
	}
	for (i = 0; r == OKTA_OK && i < news->n_joined; i++)
		r = add_member(w, news->joined[i].user, news->joined[i].group);
	return r;
}

/* --- people ---------------------------------------------------------------------- */

static bool
is_in_scope(const struct work *w, struct okta_view id, bool was_there, bool was_scoped,
    bool is_fresh)
{
	const struct sync_news *news = w->what->news;

	if (has(&news->gone_users, id))
		return false;
	switch (w->what->conf->scope) {
	case OKTA_SCOPE_ALL:
		return true;
	case OKTA_SCOPE_APP:
		return news->scope
			   ? is_fresh
			   : has(&news->in, id) || (was_there && !has(&news->out, id));
	case OKTA_SCOPE_GROUPS:
	default:
		return was_scoped || has(&w->scoped_ids, id);
	}
}

static enum okta_rc
merge_people(struct work *w)
{
	const struct sync_base *base = w->what->base;
	const struct sync_records *fresh = w->what->fresh;
	struct okta_view id;
	int64_t number;
	size_t i;

	for (i = 0; i < base->n_users; i++) {
		id = base->users[i].id;
		number = fresh->n_users > 0 ? sync_idmap_find(&fresh->user_ids, id) : -1;
		if (number >= 0)
			w->used[number] = true;
		if (!is_in_scope(w, id, true, w->scoped[i], number >= 0))
			continue;
		/* a suspension that is known is not undone by what the index says */
		sync_assemble_user(w->out,
		    number >= 0 && (w->what->is_last ||
				       !sync_records_is_older(
					   &fresh->users[number], &base->users[i]))
			? &fresh->users[number]
			: &base->users[i]);
		w->person[i] = (uint32_t)w->out->n_users; /* its index + 1 */
	}
	for (i = 0; i < fresh->n_users; i++)
		if (!w->used[i] && is_in_scope(w, fresh->users[i].id, false, false, true))
			sync_assemble_user(w->out, &fresh->users[i]);
	return sync_assemble_users_done(w->out);
}

/* --------------------------------------------------------------------------------- */

static enum okta_rc
begin(struct work *w)
{
	const struct sync_merge *what = w->what;

	return sync_assemble_begin(w->out, what->base->n_users + what->fresh->n_users,
	    what->base->n_members + what->base->n_stray_members + what->fresh->n_members +
		what->fresh->n_strays + what->news->n_joined);
}

static enum okta_rc
run(struct work *w, struct okta_err *err)
{
	enum okta_rc r;

	r = merge_groups(w);
	if (r == OKTA_OK) {
		r = find_scope(w, err);
		if (r != OKTA_OK)
			return r;
		r = find_pairs(w);
	}
	if (r == OKTA_OK)
		r = find_scoped(w);
	if (r == OKTA_OK)
		r = begin(w);
	if (r == OKTA_OK)
		r = merge_people(w);
	if (r == OKTA_OK)
		r = merge_members(w);
	if (r == OKTA_OK)
		r = sync_assemble_end(w->out);
	return r == OKTA_OK ? r
			    : okta_err_set(err, r, "the changes cannot be applied (%s)",
				  okta_rc_name(r));
}

enum okta_rc
sync_merge(const struct sync_merge *what, struct sync_records *ret, struct okta_err *err)
{
	const size_t people = what->base->n_users + what->base->n_strays + 1,
		     groups = what->base->n_groups + 1;
	struct work w = { .what = what,
		.out = ret,
		.number = calloc(groups, sizeof(int64_t)),
		.listed = calloc(groups, sizeof(bool)),
		.pairs_of = calloc(people, sizeof(int64_t)),
		.scoped = calloc(people, sizeof(bool)),
		.base_scope = calloc(groups, sizeof(bool)),
		.fresh_scope = calloc(what->fresh->n_groups + 1, sizeof(bool)),
		.used = calloc(what->fresh->n_users + 1, sizeof(bool)),
		.person = calloc(people, sizeof(uint32_t)) };
	enum okta_rc r;

	if (w.number == NULL || w.listed == NULL || w.pairs_of == NULL ||
	    w.scoped == NULL || w.base_scope == NULL || w.fresh_scope == NULL ||
	    w.used == NULL || w.person == NULL)
		r = okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	else
		r = run(&w, err);
	free(w.number);
	free(w.listed);
	free(w.pairs_of);
	free(w.pair);
	free(w.first_pair);
	sync_idmap_clear(&w.paired);
	free(w.scoped);
	free(w.base_scope);
	free(w.fresh_scope);
	free(w.used);
	free(w.person);
	sync_idmap_clear(&w.scoped_ids);
	return r;
}
