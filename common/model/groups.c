/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: whoever may create groups in Okta chooses their names, not their ids.
 * MUST: an item of the configuration that has the form of an id means that id only, so
 * that a group cannot be named like the id of another one.
 */
#include "model/groups.h"

#include <string.h>

#include "base/text.h"

bool
okta_group_is(struct okta_view ref, const struct okta_group_in *group)
{
	if (okta_id_has_form(ref, "00g"))
		return okta_view_eq(ref, group->id);
	return okta_view_eq(ref, group->name);
}

bool
okta_group_pair(
    struct okta_view item, struct okta_view *ret_okta, struct okta_view *ret_unix)
{
	size_t i = item.len;
	struct okta_view left, right;

	while (i > 0 && item.p[i - 1] != ':')
		i--;
	if (i == 0)
		return false;
	left = okta_view_trim((struct okta_view){ item.p, i - 1 });
	right = okta_view_trim((struct okta_view){ item.p + i, item.len - i });
	if (left.len == 0 || right.len == 0)
		return false;
	*ret_okta = left;
	*ret_unix = right;
	return true;
}

static bool
list_names(const struct okta_list *list, const struct okta_group_in *group)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (okta_group_is(okta_view_str(list->item[i]), group))
			return true;
	return false;
}

static bool
is_matched(const struct okta_list *match, const struct okta_group_in *group)
{
	struct okta_view item;
	size_t i;

	for (i = 0; i < match->n; i++) {
		item = okta_view_str(match->item[i]);
		if (okta_id_has_form(item, "00g") ? okta_view_eq(item, group->id)
						  : okta_text_glob(item, group->name))
			return true;
	}
	return false;
}

static bool
find_rename(const struct okta_conf *conf, const struct okta_group_in *group,
    struct okta_view *ret_unix)
{
	struct okta_view okta, name;
	size_t i;

	for (i = 0; i < conf->rename.n; i++)
		if (okta_group_pair(okta_view_str(conf->rename.item[i]), &okta, &name) &&
		    okta_group_is(okta, group)) {
			*ret_unix = name;
			return true;
		}
	return false;
}

/* False if there are more than fit. */
static bool
add_local(struct okta_group_rule *rule, struct okta_view name)
{
	size_t i;

	for (i = 0; i < rule->n_local; i++)
		if (okta_view_eq(rule->local[i], name))
			return true;
	if (rule->n_local == sizeof(rule->local) / sizeof(rule->local[0]))
		return false;
	rule->local[rule->n_local++] = name;
	return true;
}

static bool
find_local(const struct okta_conf *conf, const struct okta_group_in *group,
    struct okta_group_rule *rule)
{
	struct okta_view okta, name;
	size_t i;

	for (i = 0; i < conf->local.n; i++)
		if (okta_group_pair(okta_view_str(conf->local.item[i]), &okta, &name) &&
		    okta_group_is(okta, group) && !add_local(rule, name))
			return false;
	return true;
}

static bool
is_named(const struct okta_conf *conf, const struct okta_group_in *group)
{
	return list_names(&conf->allow_groups, group) ||
	       list_names(&conf->deny_groups, group) ||
	       list_names(&conf->scope_groups, group) ||
	       (conf->primary_group != NULL &&
		   okta_group_is(okta_view_str(conf->primary_group), group));
}

/* The Unix name of a group that MATCH selected: prefix, then the name in lower case. */
static bool
fold_name(const struct okta_conf *conf, struct okta_view name, char ret[OKTA_NAME_BYTES])
{
	size_t i, n = strlen(conf->prefix);

	if (n + name.len >= OKTA_NAME_BYTES)
		return false;
	memcpy(ret, conf->prefix, n);
	for (i = 0; i < name.len; i++)
		ret[n + i] = okta_text_lower(name.p[i]);
	ret[n + name.len] = '\0';
	/* a NUL inside would hide the rest of the name from every check below */
	return strlen(ret) == n + name.len;
}

static enum okta_rc
refuse(const struct okta_group_in *group, const char *why, struct okta_err *err)
{
	char name[80];

	okta_text_sanitize(name, sizeof(name), group->name);
	return okta_err_set(err, OKTA_E_REFUSED,
	    "group \"%s\": %s: give it another Unix name with [groups] rename", name,
	    why);
}

enum okta_rc
okta_group_apply(const struct okta_conf *conf, const struct okta_group_in *group,
    struct okta_group_rule *ret, struct okta_err *err)
{
	struct okta_group_rule rule = { 0 };
	struct okta_view renamed;
	const char *fault;

	rule.wanted = is_named(conf, group);
	*ret = rule;
	if (!find_local(conf, group, &rule))
		return okta_err_set(err, OKTA_E_REFUSED,
		    "[groups] local: one Okta group joins more than 16 local groups");
	rule.wanted = rule.wanted || rule.n_local > 0;
	*ret = rule;

	if (find_rename(conf, group, &renamed)) {
		if (renamed.len >= sizeof(rule.unix_name))
			return refuse(
			    group, "its Unix name is longer than 32 bytes", err);
		memcpy(rule.unix_name, renamed.p, renamed.len);
	} else if (!is_matched(&conf->match, group)) {
		return OKTA_OK;
	} else if (!fold_name(conf, group->name, rule.unix_name)) {
		return refuse(group, "its name is too long for a Unix group", err);
	}
	fault = okta_name_fault(okta_view_str(rule.unix_name));
	if (fault != NULL)
		return refuse(group, fault, err);
	if (okta_name_is_reserved(okta_view_str(rule.unix_name), conf))
		return refuse(group, "its Unix name is reserved for the system", err);
	rule.served = rule.wanted = true;
	*ret = rule;
	return OKTA_OK;
}
