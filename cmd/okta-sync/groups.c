/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "build.h"
#include "idmap.h"
#include "model/wire.h"

static void
refuse(struct sync_build *b, size_t i, const char *why)
{
	const struct sync_group *g = &b->records->groups[i];

	b->groups[i].rule.served = false;
	sync_report_refused(b->report, "group", g->name, g->id, why);
}

static bool
list_has_id(const struct okta_list *list, struct okta_view id)
{
	return okta_list_has(list, id);
}

/* True if a "OKTA:UNIX" item of LIST names the group by its id; *ret is the other side.
 */
static bool
pair_has_id(
    const struct okta_list *list, size_t i, struct okta_view id, struct okta_view *ret)
{
	struct okta_view okta;

	return okta_group_pair(okta_view_str(list->item[i]), &okta, ret) &&
	       okta_view_eq(okta, id);
}

/*
 * Two groups have one name in Okta: a rule that names them by name means neither (whoever
 * may create groups could otherwise give himself another one's rights); one that uses the
 * id is as clear as ever.  A denial means both, or he could take it from somebody.
 */
static void
keep_by_id(struct sync_build *b, size_t i)
{
	const struct okta_conf *conf = b->conf;
	struct okta_view id = b->records->groups[i].id, other;
	struct okta_group_rule *rule = &b->groups[i].rule;
	const struct okta_group_rule before = *rule;
	size_t k;

	rule->served = before.served && list_has_id(&conf->match, id);
	for (k = 0; before.served && k < conf->rename.n; k++)
		if (pair_has_id(&conf->rename, k, id, &other))
			rule->served = true;
	rule->n_local = 0;
	for (k = 0; k < conf->local.n && rule->n_local < 16; k++)
		if (pair_has_id(&conf->local, k, id, &other))
			rule->local[rule->n_local++] = other;
	rule->wanted = rule->served || rule->n_local > 0 ||
		       list_has_id(&conf->allow_groups, id) ||
		       list_has_id(&conf->deny_groups, id) || b->groups[i].is_denied ||
		       list_has_id(&conf->scope_groups, id) ||
		       (conf->primary_group != NULL &&
			   okta_view_eq_str(id, conf->primary_group));
	if (before.wanted && (!rule->wanted || before.served != rule->served ||
				 before.n_local != rule->n_local))
		sync_report_refused(b->report, "group", b->records->groups[i].name, id,
		    "another group in Okta has the same name: rename one of them, or "
		    "name this "
		    "one by its id");
}

/* Which groups came twice, and which share a name. */
static enum okta_rc
find_doubles(struct sync_build *b)
{
	struct sync_idmap names = { 0 };
	const struct sync_records *rec = b->records;
	uint32_t *owner_of_number = NULL;
	enum okta_rc r = OKTA_OK;
	int64_t other;
	size_t i;

	owner_of_number = calloc(rec->n_groups + 1, sizeof(*owner_of_number));
	if (owner_of_number == NULL)
		return OKTA_E_NOMEM;
	for (i = 0; r == OKTA_OK && i < rec->n_groups; i++) {
		if (sync_idmap_find(&rec->group_ids, rec->groups[i].id) != (int64_t)i) {
			b->groups[i].is_double = true;
			continue;
		}
		other = sync_idmap_find(&names, rec->groups[i].name);
		if (other >= 0) {
			b->groups[i].is_ambiguous = true;
			b->groups[owner_of_number[other]].is_ambiguous = true;
			continue;
		}
		owner_of_number[names.n] = (uint32_t)i;
		r = sync_idmap_add(&names, rec->groups[i].name);
	}
	sync_idmap_clear(&names);
	free(owner_of_number);
	return r;
}

/* A name that the snapshot cannot hold is none that a login could be denied by. */
static bool
is_called(const struct sync_build *b, const char *name, size_t i)
{
	return okta_view_eq_str(b->records->groups[i].name, name) &&
	       okta_wire_is_group_name(b->records->groups[i].name);
}

static bool
is_denied_by_name(const struct sync_build *b, size_t i)
{
	size_t k;

	for (k = 0; k < b->conf->deny_groups.n; k++)
		if (is_called(b, b->conf->deny_groups.item[k], i))
			return true;
	return false;
}

static void
apply_rules(struct sync_build *b, size_t i)
{
	const struct okta_group_in in = { b->records->groups[i].id,
		b->records->groups[i].name };
	struct okta_group_rule *rule = &b->groups[i].rule;
	struct okta_err why = { 0 };
	enum okta_rc r;

	r = okta_group_apply(b->conf, &in, rule, &why);
	if (r != OKTA_OK) {
		if (r != OKTA_E_REFUSED)
			memset(rule, 0, sizeof(*rule));
		refuse(b, i, why.msg);
	}
	b->groups[i].is_denied = is_denied_by_name(b, i);
	if (b->groups[i].is_ambiguous)
		keep_by_id(b, i);
}

static bool
has_lower_id(const struct sync_group *a, const struct sync_group *b)
{
	const size_t n = a->id.len < b->id.len ? a->id.len : b->id.len;
	const int order = memcmp(a->id.p, b->id.p, n);

	return order < 0 || (order == 0 && a->id.len < b->id.len);
}

/*
 * The snapshot holds a name once: of groups that are denied by one, that with the lowest
 * id stands for all, with everybody's members; so none of them can be a Unix group.
 */
static enum okta_rc
stand_together(struct sync_build *b, size_t i, struct okta_err *err)
{
	const struct sync_group *groups = b->records->groups;
	struct sync_unix_group *g = &b->groups[i];
	char shown[80];
	size_t k;

	g->place = i;
	if (!g->is_ambiguous || !g->is_denied)
		return OKTA_OK;
	okta_text_sanitize(shown, sizeof(shown), groups[i].name);
	if (g->rule.served || g->rule.n_local > 0)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "[login] deny_groups: two groups are called \"%s\", and another rule "
		    "takes one of them by its id: name it by its id here, too",
		    shown);
	for (k = 0; k < b->records->n_groups; k++)
		if (!b->groups[k].is_double &&
		    okta_view_eq(groups[k].name, groups[i].name) &&
		    has_lower_id(&groups[k], &groups[g->place]))
			g->place = k;
	return OKTA_OK;
}

/* Local files win, in both name spaces: su and ls cannot tell a user's name from a
 * group's. */
static void
check_local(struct sync_build *b, size_t i)
{
	struct okta_view name = okta_view_str(b->groups[i].rule.unix_name);

	if (!b->groups[i].rule.served)
		return;
	if (okta_local_has_group(b->local, name, NULL))
		refuse(b, i,
		    "its Unix name is that of a local group, which wins: give it another "
		    "with "
		    "[groups] rename, or join the local one with [groups] local");
	else if (okta_local_has_user(b->local, name))
		refuse(b, i,
		    "its Unix name is that of a local user, who wins: give it another "
		    "with "
		    "[groups] rename");
}

static enum okta_rc
check_unique(struct sync_build *b)
{
	struct sync_idmap names = { 0 };
	enum okta_rc r = OKTA_OK;
	uint32_t *first;
	bool *clash;
	int64_t other;
	size_t i, n = b->records->n_groups;

	first = calloc(n + 1, sizeof(*first));
	clash = calloc(n + 1, sizeof(*clash));
	if (first == NULL || clash == NULL)
		r = OKTA_E_NOMEM;
	for (i = 0; r == OKTA_OK && i < n; i++) {
		if (!b->groups[i].rule.served)
			continue;
		other = sync_idmap_find(
		    &names, okta_view_str(b->groups[i].rule.unix_name));
		if (other >= 0) {
			clash[i] = clash[first[other]] = true;
			continue;
		}
		first[names.n] = (uint32_t)i;
		r = sync_idmap_add(&names, okta_view_str(b->groups[i].rule.unix_name));
	}
	for (i = 0; r == OKTA_OK && i < n; i++)
		if (clash[i])
			refuse(b, i,
			    "another selected group maps to the same Unix name: neither "
			    "is served: "
			    "give one another name with [groups] rename");
	sync_idmap_clear(&names);
	free(first);
	free(clash);
	return r;
}

static void
resolve_joins(struct sync_build *b, size_t i)
{
	struct sync_unix_group *g = &b->groups[i];
	struct okta_view name;
	uint32_t gid;
	size_t k;

	g->n_joins = 0;
	for (k = 0; k < g->rule.n_local; k++) {
		name = g->rule.local[k];
		if (!okta_local_has_group(b->local, name, &gid))
			sync_report_note(b->report,
			    "[groups] local: this host has no local group \"%.*s\": "
			    "create it "
			    "or remove the rule",
			    (int)name.len, name.p);
		else if (gid == 0)
			sync_report_note(b->report,
			    "[groups] local: nobody joins \"%.*s\": its gid is 0",
			    (int)name.len, name.p);
		else
			g->joins[g->n_joins++] = gid;
	}
}

/* True if REF, a name or an id, means group I for sure. */
static bool
means(const struct sync_build *b, const char *ref, size_t i)
{
	const struct okta_group_in in = { b->records->groups[i].id,
		b->records->groups[i].name };

	if (b->groups[i].is_double || !okta_group_is(okta_view_str(ref), &in))
		return false;
	return !b->groups[i].is_ambiguous || okta_view_eq_str(in.id, ref);
}

static enum okta_rc
check_primary(struct sync_build *b, struct okta_err *err)
{
	const char *ref = b->conf->primary_group;
	size_t i;

	if (ref == NULL)
		return OKTA_OK;
	for (i = 0; i < b->records->n_groups; i++)
		if (means(b, ref, i) && b->groups[i].rule.served)
			return OKTA_OK;
	return okta_err_set(err, OKTA_E_CONFIG,
	    "[users] primary_group: \"%s\" is not one group that [groups] match serves: "
	    "correct "
	    "it, or leave it out for private groups",
	    ref);
}

/* A denial of a group that is not there denies nobody, and whoever may rename the group
 * would have lifted it: what was published before, with its members, stays. */
static enum okta_rc
check_denied(struct sync_build *b, struct okta_err *err)
{
	const struct okta_list *denied = &b->conf->deny_groups;
	char shown[80];
	size_t i, k;

	for (k = 0; k < denied->n; k++) {
		i = 0;
		while (i < b->records->n_groups && !is_called(b, denied->item[k], i) &&
		       !okta_view_eq_str(b->records->groups[i].id, denied->item[k]))
			i++;
		if (i < b->records->n_groups)
			continue;
		okta_text_sanitize(shown, sizeof(shown), okta_view_str(denied->item[k]));
		return okta_err_set(err, OKTA_E_CONFIG,
		    "[login] deny_groups: Okta has no group \"%s\" that this credential "
		    "may read: correct the name or id, or the admin role's resource set",
		    shown);
	}
	return OKTA_OK;
}

enum okta_rc
sync_decide_groups(struct sync_build *b, struct okta_err *err)
{
	enum okta_rc r;
	size_t i;

	r = find_doubles(b);
	for (i = 0; r == OKTA_OK && i < b->records->n_groups; i++) {
		b->groups[i].number = UINT32_MAX;
		if (b->groups[i].is_double)
			continue;
		apply_rules(b, i);
		check_local(b, i);
		resolve_joins(b, i);
	}
	if (r == OKTA_OK)
		r = check_unique(b);
	if (r != OKTA_OK)
		return okta_err_set(err, r, "groups: out of memory");
	r = check_primary(b, err);
	if (r == OKTA_OK)
		r = check_denied(b, err);
	for (i = 0; r == OKTA_OK && i < b->records->n_groups; i++)
		if (!b->groups[i].is_double)
			r = stand_together(b, i, err);
	return r;
}
