/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>

#include "meanwhile.h"
#include "meanwhile_list.h"
#include "snap/le.h"

struct change {
	const struct sync_base *names, *now;
	enum okta_scope scope;
	struct sync_records *fresh;
	struct sync_news *news;
	struct sync_idmap people;	     /* of names */
	bool *is_meant, *is_user, *is_stray; /* by person of names */
	int64_t *person;		     /* by person of now: that of names, or -1 */
	int64_t *list;			     /* by group of now: that of names, or -1 */
	size_t *number;			     /* by group of names: that of fresh */
	bool *is_there;			     /* by group of names: is in now */
	bool is_unknown;		     /* one of its groups is not in now */
	bool *is_pair;			     /* by membership of names: it is one now */
};

static struct sync_member
member_at(const struct change *c, size_t i)
{
	const unsigned char *at = c->names->stray_members + 8 * i;

	return (struct sync_member){ okta_le32(at), okta_le32(at + 4) };
}

static struct okta_view
person_id(const struct sync_base *base, size_t person)
{
	return person < base->n_users ? base->users[person].id
				      : base->strays[person - base->n_users];
}

static enum sync_meant
kind_at(const struct change *c, size_t list)
{
	return sync_meant_of(c->names->groups[list].name);
}

static enum okta_rc
know_people(struct change *c)
{
	enum okta_rc r = OKTA_OK;
	struct sync_member m;
	size_t i;

	for (i = 0; r == OKTA_OK && i < c->names->n_strays; i++)
		r = sync_idmap_add(&c->people, c->names->strays[i]);
	for (i = 0; i < c->names->n_stray_members; i++) {
		m = member_at(c, i);
		c->is_meant[m.user] = c->is_meant[m.user] ||
				      m.group == SYNC_LIST_OF_PEOPLE;
	}
	return r;
}

static enum okta_rc
take_people(struct change *c)
{
	const struct sync_base *now = c->now;
	enum okta_rc r = OKTA_OK;
	int64_t k;
	size_t i;

	c->news->scope = kind_at(c, SYNC_LIST_OF_PEOPLE) == SYNC_MEANT_MEMBERS;
	for (i = 0; i < now->n_users + now->n_strays; i++) {
		k = c->person[i] = sync_idmap_find(&c->people, person_id(now, i));
		if (k >= 0)
			*(i < now->n_users ? &c->is_user[k] : &c->is_stray[k]) = true;
	}
	for (i = 0; r == OKTA_OK && i < now->n_users; i++)
		if (c->news->scope || (c->person[i] >= 0 && c->is_meant[c->person[i]]))
			r = sync_records_add_user(c->fresh, &now->users[i]);
	return r;
}

static enum okta_rc
say_people(struct change *c)
{
	struct sync_news *news = c->news;
	enum okta_rc r = OKTA_OK;
	struct okta_view id;
	size_t k;

	for (k = 0; r == OKTA_OK && k < c->names->n_strays; k++) {
		if (!c->is_meant[k])
			continue;
		id = c->names->strays[k];
		if (c->scope == OKTA_SCOPE_APP)
			r = sync_idmap_add(c->is_user[k] ? &news->in : &news->out, id);
		/* a member who is nobody in scope is somebody all the same */
		if (r == OKTA_OK && !c->is_user[k] &&
		    (c->scope == OKTA_SCOPE_ALL || !c->is_stray[k]))
			r = sync_idmap_add(&news->gone_users, id);
	}
	return r;
}

static enum okta_rc
take_group(struct change *c, struct okta_view id, struct okta_view name, size_t list)
{
	enum okta_rc r = OKTA_OK;

	/* one that is there twice is one */
	if (c->is_there[list])
		return OKTA_OK;
	c->is_there[list] = true;
	c->number[list] = c->fresh->n_groups;
	if (kind_at(c, list) != SYNC_MEANT_PAIRS)
		r = sync_records_add_group(c->fresh, id, name);
	if (r == OKTA_OK && kind_at(c, list) == SYNC_MEANT_MEMBERS)
		r = sync_idmap_add(&c->news->listed, c->names->groups[list].id);
	return r;
}

static enum okta_rc
take_groups(struct change *c)
{
	const struct sync_base *now = c->now, *names = c->names;
	struct sync_idmap lists = { 0 };
	enum okta_rc r = OKTA_OK;
	size_t i;

	for (i = 0; r == OKTA_OK && i < names->n_groups; i++)
		r = sync_idmap_add(&lists, names->groups[i].id);
	for (i = 0; r == OKTA_OK && i < now->n_groups; i++) {
		c->list[i] = sync_idmap_find(&lists, now->groups[i].id);
		if (c->list[i] > SYNC_LIST_OF_PEOPLE)
			r = take_group(c, now->groups[i].id, now->groups[i].name,
			    (size_t)c->list[i]);
	}
	for (i = SYNC_LIST_OF_PEOPLE + 1; r == OKTA_OK && i < names->n_groups; i++)
		if (!c->is_there[i] && kind_at(c, i) != SYNC_MEANT_PAIRS)
			r = sync_idmap_add(&c->news->gone_groups, names->groups[i].id);
	sync_idmap_clear(&lists);
	return r;
}

/* They were written in order. */
static void
mark_pair(struct change *c, int64_t person, int64_t list)
{
	const struct sync_member wanted = { (uint32_t)person, (uint32_t)list };
	size_t low = 0, high = c->names->n_stray_members, i;
	struct sync_member m;
	int order;

	while (low < high) {
		i = low + (high - low) / 2;
		m = member_at(c, i);
		order = sync_meant_order(&m, &wanted);
		if (order == 0) {
			c->is_pair[i] = true;
			return;
		}
		if (order < 0)
			low = i + 1;
		else
			high = i;
	}
}

static enum okta_rc
take_members(struct change *c)
{
	struct sync_base_walk walk = { 0 };
	enum okta_rc r = OKTA_OK;
	uint32_t person, group;

	while (r == OKTA_OK && sync_base_next_member(c->now, &walk, &person, &group)) {
		if (c->list[group] <= SYNC_LIST_OF_PEOPLE)
			continue;
		if (kind_at(c, (size_t)c->list[group]) == SYNC_MEANT_MEMBERS)
			r = sync_records_add_member(c->fresh, c->number[c->list[group]],
			    person_id(c->now, person));
		else if (c->person[person] >= 0)
			mark_pair(c, c->person[person], c->list[group]);
	}
	return r;
}

static enum okta_rc
say_pairs(struct change *c)
{
	const size_t n = c->names->n_stray_members;
	struct sync_news *news = c->news;
	struct sync_pair pair;
	struct sync_member m;
	size_t i;

	news->joined = calloc(n + 1, sizeof(*news->joined));
	news->left = calloc(n + 1, sizeof(*news->left));
	if (news->joined == NULL || news->left == NULL)
		return OKTA_E_NOMEM;
	for (i = 0; i < n; i++) {
		m = member_at(c, i);
		if (m.group == SYNC_LIST_OF_PEOPLE ||
		    kind_at(c, m.group) == SYNC_MEANT_MEMBERS)
			continue;
		if (!c->is_there[m.group]) {
			c->is_unknown = c->is_unknown ||
					kind_at(c, m.group) == SYNC_MEANT_PAIRS;
			continue;
		}
		pair = (struct sync_pair){ c->names->strays[m.user],
			c->names->groups[m.group].id };
		if (c->is_pair[i])
			news->joined[news->n_joined++] = pair;
		else
			news->left[news->n_left++] = pair;
	}
	return OKTA_OK;
}

static enum okta_rc
make_change(struct change *c)
{
	enum okta_rc r;

	r = know_people(c);
	if (r == OKTA_OK)
		r = take_people(c);
	if (r == OKTA_OK)
		r = say_people(c);
	if (r == OKTA_OK)
		r = take_groups(c);
	if (r == OKTA_OK)
		r = take_members(c);
	if (r == OKTA_OK)
		r = say_pairs(c);
	return r == OKTA_OK ? sync_records_finish(c->fresh) : r;
}

enum okta_rc
sync_meanwhile_change(const struct sync_base *names, const struct sync_base *now,
    enum okta_scope scope, struct sync_records *fresh, struct sync_news *news,
    bool *ret_unknown)
{
	const size_t people = names->n_strays + 1, all = now->n_users + now->n_strays + 1,
		     groups = now->n_groups + 1;
	struct change c = { .names = names,
		.now = now,
		.scope = scope,
		.fresh = fresh,
		.news = news,
		.is_meant = calloc(people, sizeof(bool)),
		.is_user = calloc(people, sizeof(bool)),
		.is_stray = calloc(people, sizeof(bool)),
		.person = calloc(all, sizeof(int64_t)),
		.list = calloc(groups, sizeof(int64_t)),
		.number = calloc(names->n_groups + 1, sizeof(size_t)),
		.is_there = calloc(names->n_groups + 1, sizeof(bool)),
		.is_pair = calloc(names->n_stray_members + 1, sizeof(bool)) };
	enum okta_rc r = OKTA_E_NOMEM;

	if (c.is_meant != NULL && c.is_user != NULL && c.is_stray != NULL &&
	    c.person != NULL && c.list != NULL && c.number != NULL &&
	    c.is_there != NULL && c.is_pair != NULL)
		r = names->n_groups == 0 ? OKTA_E_INPUT : make_change(&c);
	*ret_unknown = c.is_unknown;
	sync_idmap_clear(&c.people);
	free(c.is_meant);
	free(c.is_user);
	free(c.is_stray);
	free(c.person);
	free(c.list);
	free(c.number);
	free(c.is_there);
	free(c.is_pair);
	return r;
}
