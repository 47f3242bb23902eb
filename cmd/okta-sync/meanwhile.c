/* SPDX-License-Identifier: BSD-2-Clause */
#include "meanwhile.h"

#include <stdlib.h>
#include <unistd.h>

#include "meanwhile_list.h"
#include "snap/le.h"
#include "spool.h"

static const char *const kinds[] = { "pairs", "itself", "members" };

void
sync_meanwhile_drop(const struct sync_state *state)
{
	(void)sync_spool_drop(state->spool);
	(void)unlink(state->read);
	(void)unlink(state->meanwhile);
}

/* --- writing down ---------------------------------------------------------------- */

enum sync_meant
sync_meant_of(struct okta_view name)
{
	return okta_view_eq_str(name, kinds[SYNC_MEANT_MEMBERS])  ? SYNC_MEANT_MEMBERS
	       : okta_view_eq_str(name, kinds[SYNC_MEANT_ITSELF]) ? SYNC_MEANT_ITSELF
								  : SYNC_MEANT_PAIRS;
}

/* Once; the most that was ever said of it counts. */
static enum okta_rc
put_list(
    struct sync_records *names, struct okta_view id, enum sync_meant kind, uint32_t *ret)
{
	int64_t number = sync_idmap_find(&names->group_ids, id);

	*ret = (uint32_t)(number < 0 ? (int64_t)names->n_groups : number);
	if (number < 0)
		return sync_records_add_group(names, id, okta_view_str(kinds[kind]));
	if (kind > sync_meant_of(names->groups[number].name))
		names->groups[number].name = okta_view_str(kinds[kind]);
	return OKTA_OK;
}

/* ID lives until all is written. */
static enum okta_rc
put_person(struct sync_records *names, struct okta_view id, uint32_t list)
{
	int64_t number = sync_idmap_find(&names->stray_ids, id);
	enum okta_rc r = OKTA_OK;

	if (number < 0) {
		number = (int64_t)names->stray_ids.n;
		r = sync_idmap_add(&names->stray_ids, id);
	}
	return r == OKTA_OK ? sync_records_add_stray(
				  names, (struct sync_member){ (uint32_t)number, list })
			    : r;
}

static enum okta_rc
put_people(struct sync_records *names, const struct sync_idmap *people)
{
	enum okta_rc r = OKTA_OK;
	size_t i;

	for (i = 0; r == OKTA_OK && i < people->n; i++)
		r = put_person(names, people->text[i], SYNC_LIST_OF_PEOPLE);
	return r;
}

static enum okta_rc
put_lists(
    struct sync_records *names, const struct sync_idmap *groups, enum sync_meant kind)
{
	enum okta_rc r = OKTA_OK;
	uint32_t list;
	size_t i;

	for (i = 0; r == OKTA_OK && i < groups->n; i++)
		r = put_list(names, groups->text[i], kind, &list);
	return r;
}

static enum okta_rc
put_pairs(struct sync_records *names, const struct sync_pair *pairs, size_t n)
{
	enum okta_rc r = OKTA_OK;
	uint32_t list;
	size_t i;

	for (i = 0; r == OKTA_OK && i < n; i++) {
		r = put_list(names, pairs[i].group, SYNC_MEANT_PAIRS, &list);
		if (r == OKTA_OK)
			r = put_person(names, pairs[i].user, list);
	}
	return r;
}

static enum okta_rc
put_change(struct sync_records *names, const struct sync_merge *what)
{
	const struct sync_records *fresh = what->fresh;
	const struct sync_news *news = what->news;
	enum okta_rc r = OKTA_OK;
	uint32_t list;
	size_t i;

	if (news->scope) /* who had come and gone again is on no list */
		names->groups[SYNC_LIST_OF_PEOPLE].name = okta_view_str(
		    kinds[SYNC_MEANT_MEMBERS]);
	for (i = 0; r == OKTA_OK && !news->scope && i < fresh->n_users; i++)
		r = put_person(names, fresh->users[i].id, SYNC_LIST_OF_PEOPLE);
	if (r == OKTA_OK)
		r = put_people(names, &news->gone_users);
	if (r == OKTA_OK)
		r = put_people(names, &news->in);
	if (r == OKTA_OK)
		r = put_people(names, &news->out);
	for (i = 0; r == OKTA_OK && i < fresh->n_groups; i++)
		r = put_list(names, fresh->groups[i].id, SYNC_MEANT_ITSELF, &list);
	if (r == OKTA_OK)
		r = put_lists(names, &news->gone_groups, SYNC_MEANT_ITSELF);
	if (r == OKTA_OK)
		r = put_lists(names, &news->listed, SYNC_MEANT_MEMBERS);
	if (r == OKTA_OK)
		r = put_pairs(names, news->joined, news->n_joined);
	if (r == OKTA_OK)
		r = put_pairs(names, news->left, news->n_left);
	return r;
}

static enum okta_rc
put_old(struct sync_records *names, const struct sync_base *old)
{
	const unsigned char *at = old->stray_members;
	enum okta_rc r = OKTA_OK;
	uint32_t list;
	size_t i;

	for (i = 0; r == OKTA_OK && i < old->n_groups; i++)
		r = put_list(
		    names, old->groups[i].id, sync_meant_of(old->groups[i].name), &list);
	for (i = 0; r == OKTA_OK && i < old->n_stray_members; i++, at += 8)
		r = put_person(names, old->strays[okta_le32(at)], okta_le32(at + 4));
	return r;
}

int
sync_meant_order(const void *a, const void *b)
{
	const struct sync_member *x = a, *y = b;

	if (x->user != y->user)
		return x->user < y->user ? -1 : 1;
	return x->group < y->group ? -1 : x->group > y->group;
}

/* Each once, in order: what is named again and again must not make the file grow. */
static void
sort_strays(struct sync_records *names)
{
	size_t i, n = 0;

	if (names->n_strays > 0)
		qsort(names->strays, names->n_strays, sizeof(*names->strays),
		    sync_meant_order);
	for (i = 0; i < names->n_strays; i++)
		if (n == 0 ||
		    sync_meant_order(&names->strays[n - 1], &names->strays[i]) != 0)
			names->strays[n++] = names->strays[i];
	names->n_strays = n;
}

static enum okta_rc
begin_names(struct sync_records *names)
{
	uint32_t list;

	names->keep_strays = true;
	return put_list(names, okta_view_str("people"), SYNC_MEANT_PAIRS, &list);
}

static enum okta_rc
write_names(const struct sync_state *state, uint64_t conf_sum, uint64_t generation,
    struct sync_records *names, struct okta_err *err)
{
	const struct sync_base_head head = { .conf_sum = conf_sum,
		.generation = generation,
		.people = names->stray_ids.n +
			  (sync_meant_of(names->groups[SYNC_LIST_OF_PEOPLE].name) ==
			      SYNC_MEANT_MEMBERS),
		.groups = names->n_groups };

	sort_strays(names);
	return sync_base_write(state->meanwhile, &head, names, err);
}

enum okta_rc
sync_meanwhile_begin(const struct sync_state *state, uint64_t conf_sum,
    uint64_t generation, struct okta_err *err)
{
	struct sync_records names = { 0 };
	enum okta_rc r;

	sync_meanwhile_drop(state);
	r = begin_names(&names);
	r = r == OKTA_OK ? write_names(state, conf_sum, generation, &names, err)
			 : okta_err_set(err, r, "out of memory");
	sync_records_clear(&names);
	return r;
}

bool
sync_meanwhile_is_of(
    const struct sync_state *state, uint64_t conf_sum, uint64_t generation, bool *ret_any)
{
	struct sync_base_head head;

	if (sync_base_look(state->meanwhile, conf_sum, &head) != OKTA_OK ||
	    head.generation != generation)
		return false;
	*ret_any = head.people > 0 || head.groups > 1;
	return true;
}

void
sync_meanwhile_add(const struct sync_state *state, uint64_t before, uint64_t after,
    const struct sync_merge *what)
{
	const uint64_t conf_sum = sync_base_conf_sum(what->conf);
	struct sync_records names = { 0 };
	struct sync_base old = { 0 };
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = sync_base_load(state->meanwhile, conf_sum, &old, &err);
	if (r == OKTA_OK && old.head.generation != before)
		r = OKTA_E_INPUT; /* of a change between them nothing is known */
	if (r == OKTA_OK)
		r = begin_names(&names);
	if (r == OKTA_OK)
		r = put_old(&names, &old);
	if (r == OKTA_OK)
		r = put_change(&names, what);
	if (r == OKTA_OK)
		r = write_names(state, conf_sum, after, &names, &err);
	/* without it an older page would undo this change */
	if (r != OKTA_OK)
		sync_meanwhile_drop(state);
	sync_records_clear(&names);
	sync_base_clear(&old);
}
