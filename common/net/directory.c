/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/directory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "model/wire.h"
#include "net/json_pull.h"
#include "net/listing.h"

#define STAMP_MAX    32
#define DIGITS_BYTES 24
#define KEEP_BYTES   (12 * OKTA_DIRECTORY_TEXT_MAX)

/* What a text becomes that nobody may take for less than it is: no name, no number. */
static const struct okta_view useless = { "\x01", 1 };

static enum okta_rc
bad_page(struct okta_err *err, const char *why)
{
	return okta_err_set(
	    err, OKTA_E_INPUT, "a page of Okta's cannot be used: %s", why);
}

/* An id goes into addresses and messages later: letters, digits, '-' and '_' only. */
static bool
is_id(struct okta_view v)
{
	size_t i;

	if (v.len == 0 || v.len > OKTA_DIRECTORY_ID_MAX)
		return false;
	for (i = 0; i < v.len; i++)
		if ((v.p[i] < '0' || v.p[i] > '9') && (v.p[i] < 'A' || v.p[i] > 'Z') &&
		    (v.p[i] < 'a' || v.p[i] > 'z') && v.p[i] != '-' && v.p[i] != '_')
			return false;
	return true;
}

/* A page being read.  Texts with escapes are unpacked into `keep`, until the next item.
 */
struct page {
	struct okta_pull pull;
	const struct okta_conf *conf;
	const struct okta_directory_sink *sink;
	struct okta_err *err;
	char keep[KEEP_BYTES];
	size_t kept;
};

/* --- single values: false is a fault of the JSON ------------------------------------ */

/* A string of at most MAX bytes, without NUL; anything else reads as empty, a longer one
 * as one byte too long. */
static bool
text(struct page *p, size_t max, struct okta_view *ret)
{
	size_t room = KEEP_BYTES - p->kept < max + 1 ? KEEP_BYTES - p->kept : max + 1;
	char *buf = p->keep + p->kept;
	bool has_nul;

	*ret = (struct okta_view){ NULL, 0 };
	if (okta_pull_type(&p->pull) != OKTA_PULL_STRING)
		return okta_pull_skip(&p->pull);
	if (!okta_pull_str(&p->pull, buf, room, ret, &has_nul))
		return false;
	if (ret->p == buf)
		p->kept += ret->len;
	if (has_nul)
		*ret = (struct okta_view){ NULL, 0 };
	else if (ret->len > max + 1)
		ret->len = max + 1;
	return true;
}

static struct okta_view
cut(struct okta_view v)
{
	if (v.len > OKTA_DIRECTORY_TEXT_MAX)
		v.len = OKTA_DIRECTORY_TEXT_MAX;
	return v;
}

/* An attribute as text: a number keeps its digits; what is of no use says so. */
static bool
attribute(struct page *p, struct okta_view *ret)
{
	char *digits = p->keep + p->kept;
	bool is_int;
	int64_t n;

	switch (okta_pull_type(&p->pull)) {
	case OKTA_PULL_STRING:
		if (!text(p, OKTA_DIRECTORY_TEXT_MAX, ret))
			return false;
		*ret = ret->p == NULL ? useless : cut(*ret);
		return true;
	case OKTA_PULL_NUMBER:
		if (!okta_pull_number(&p->pull, &n, &is_int))
			return false;
		*ret = useless;
		if (!is_int || KEEP_BYTES - p->kept < DIGITS_BYTES)
			return true;
		(void)snprintf(digits, DIGITS_BYTES, "%" PRId64, n);
		*ret = okta_view_str(digits);
		p->kept += ret->len;
		return true;
	case OKTA_PULL_NULL:
		*ret = (struct okta_view){ NULL, 0 };
		return okta_pull_skip(&p->pull);
	case OKTA_PULL_BOOL:
	case OKTA_PULL_ARRAY:
	case OKTA_PULL_OBJECT:
	case OKTA_PULL_NONE:
	default:
		*ret = useless;
		return okta_pull_skip(&p->pull);
	}
}

/* --- the array a page must be ------------------------------------------------------- */

/* What the JSON itself has wrong goes before what is missing in it. */
static enum okta_rc
verdict(struct page *p, const char *why)
{
	if (p->pull.wrong != NULL)
		return okta_pull_end(&p->pull, p->err);
	return bad_page(p->err, why);
}

/* ITEM reads one object, whose members begin. */
static enum okta_rc
each_item(struct okta_view body, enum okta_rc (*item)(struct page *p),
    const struct okta_conf *conf, const struct okta_directory_sink *sink,
    struct okta_err *err)
{
	struct page p;
	enum okta_rc r = OKTA_OK;

	if (body.len > OKTA_LISTING_PAGE_MAX)
		return okta_err_set(err, OKTA_E_TOOBIG, "a page of Okta's is too large");
	okta_pull_init(&p.pull, body);
	p.conf = conf;
	p.sink = sink;
	p.err = err;
	if (!okta_pull_array(&p.pull)) {
		(void)okta_pull_skip(&p.pull);
		r = okta_pull_end(&p.pull, err);
		return r != OKTA_OK ? r : bad_page(err, "it is no list");
	}
	while (r == OKTA_OK && okta_pull_item(&p.pull)) {
		p.kept = 0;
		if (okta_pull_type(&p.pull) != OKTA_PULL_OBJECT)
			return verdict(&p, "an item is no object");
		r = item(&p);
	}
	return r != OKTA_OK ? r : okta_pull_end(&p.pull, err);
}

/* --- people ------------------------------------------------------------------------- */

struct person {
	struct okta_directory_user user;
	struct okta_view first, last;
	bool has_profile;
};

/* One member of the profile may be wanted for several reasons. */
static bool
profile_member(struct page *p, struct okta_view name, struct person *person)
{
	const struct okta_conf *conf = p->conf;
	struct okta_directory_user *user = &person->user;
	struct {
		const char *from;
		struct okta_view *to;
	} const attributes[] = { { conf->name_from, &user->name },
		{ conf->uid_from, &user->uid }, { conf->shell_from, &user->shell } },
		texts[] = { { "login", &user->login },
			{ "displayName", &user->display_name },
			{ "firstName", &person->first }, { "lastName", &person->last } };
	struct okta_view value = { NULL, 0 };
	bool is_string, is_wanted = false;
	size_t i;

	for (i = 0; !is_wanted && i < 3; i++)
		is_wanted = attributes[i].from != NULL &&
			    okta_view_eq_str(name, attributes[i].from);
	for (i = 0; !is_wanted && i < 4; i++)
		is_wanted = okta_view_eq_str(name, texts[i].from);
	if (!is_wanted)
		return okta_pull_skip(&p->pull);
	is_string = okta_pull_type(&p->pull) == OKTA_PULL_STRING;
	if (!attribute(p, &value))
		return false;
	for (i = 0; i < 3; i++)
		if (attributes[i].from != NULL &&
		    okta_view_eq_str(name, attributes[i].from))
			*attributes[i].to = value;
	for (i = 0; i < 4; i++)
		if (is_string && value.p != useless.p &&
		    okta_view_eq_str(name, texts[i].from))
			*texts[i].to = value;
	return true;
}

static bool
profile(struct page *p, struct person *person)
{
	struct okta_pull_object outer;
	struct okta_view name;

	if (okta_pull_type(&p->pull) != OKTA_PULL_OBJECT)
		return okta_pull_skip(&p->pull);
	person->has_profile = okta_pull_object(&p->pull, &outer);
	while (okta_pull_member(&p->pull, &outer, &name))
		if (!profile_member(p, name, person))
			return false;
	return p->pull.wrong == NULL;
}

static uint64_t
stamp_of(struct okta_view v)
{
	static const char form[] = "0000-00-00T00:00:00.000Z";
	uint64_t n = 0;
	size_t i;

	if (v.len != sizeof(form) - 1)
		return 0;
	for (i = 0; i < v.len; i++) {
		if (form[i] != '0' && v.p[i] != form[i])
			return 0;
		if (form[i] != '0')
			continue;
		if (v.p[i] < '0' || v.p[i] > '9')
			return 0;
		n = n * 10 + (uint64_t)(v.p[i] - '0');
	}
	return n;
}

static bool
read_person(struct page *p, struct person *ret)
{
	struct okta_pull_object outer;
	struct okta_view name, stamp = { NULL, 0 };
	bool good = okta_pull_object(&p->pull, &outer);

	*ret = (struct person){ 0 };
	while (good && okta_pull_member(&p->pull, &outer, &name)) {
		if (okta_view_eq_str(name, "id"))
			good = text(p, OKTA_DIRECTORY_ID_MAX, &ret->user.id);
		else if (okta_view_eq_str(name, "status"))
			good = text(p, OKTA_DIRECTORY_STATUS_MAX, &ret->user.status);
		else if (okta_view_eq_str(name, "profile"))
			good = profile(p, ret);
		else if (okta_view_eq_str(name, "lastUpdated"))
			good = text(p, STAMP_MAX, &stamp);
		else
			good = okta_pull_skip(&p->pull);
	}
	ret->user.updated = stamp_of(stamp);
	return p->pull.wrong == NULL;
}

static enum okta_rc
give_person(struct page *p, struct person *person)
{
	struct okta_directory_user *user = &person->user;
	char both[2 * OKTA_DIRECTORY_TEXT_MAX + 2];
	int n;

	if (!is_id(user->id))
		return bad_page(p->err, "a user has no usable id");
	if (user->status.len == 0 || user->status.len > OKTA_DIRECTORY_STATUS_MAX)
		return bad_page(p->err, "a user has no usable status");
	if (!person->has_profile)
		return bad_page(p->err, "a user has no profile");
	if (user->display_name.len == 0) {
		n = snprintf(both, sizeof(both), "%.*s%s%.*s", (int)person->first.len,
		    person->first.p,
		    person->first.len > 0 && person->last.len > 0 ? " " : "",
		    (int)person->last.len, person->last.p);
		if (n > 0 && (size_t)n < sizeof(both))
			user->display_name = cut((struct okta_view){ both, (size_t)n });
	}
	return p->sink->user(p->sink->ctx, user);
}

static enum okta_rc
one_user(struct page *p)
{
	struct person person;

	if (!read_person(p, &person))
		return verdict(p, "a user cannot be read");
	return give_person(p, &person);
}

enum okta_rc
okta_directory_users(struct okta_view page, const struct okta_conf *conf,
    const struct okta_directory_sink *sink, struct okta_err *err)
{
	return each_item(page, one_user, conf, sink, err);
}

/* {"user": {...}} among whatever else is embedded. */
static bool
embedded(struct page *p, struct person *ret, bool *ret_has)
{
	struct okta_pull_object outer;
	struct okta_view name;
	bool good = true;

	if (okta_pull_type(&p->pull) != OKTA_PULL_OBJECT)
		return okta_pull_skip(&p->pull);
	if (!okta_pull_object(&p->pull, &outer))
		return false;
	while (good && okta_pull_member(&p->pull, &outer, &name)) {
		if (okta_view_eq_str(name, "user") &&
		    okta_pull_type(&p->pull) == OKTA_PULL_OBJECT)
			*ret_has = good = read_person(p, ret);
		else
			good = okta_pull_skip(&p->pull);
	}
	return p->pull.wrong == NULL;
}

static enum okta_rc
one_app_user(struct page *p)
{
	struct person person = { 0 };
	struct okta_pull_object outer;
	struct okta_view name, id = { NULL, 0 };
	bool good = okta_pull_object(&p->pull, &outer), has_user = false;

	while (good && okta_pull_member(&p->pull, &outer, &name)) {
		if (okta_view_eq_str(name, "id"))
			good = text(p, OKTA_DIRECTORY_ID_MAX, &id);
		else if (okta_view_eq_str(name, "_embedded"))
			good = embedded(p, &person, &has_user);
		else
			good = okta_pull_skip(&p->pull);
	}
	/* the assignment's own status is not the person's */
	if (p->pull.wrong != NULL || !has_user)
		return verdict(p, "an app user comes without its user (expand=user)");
	if (id.len == 0 || !okta_view_eq(id, person.user.id))
		return bad_page(p->err, "an app user and its user have different ids");
	return give_person(p, &person);
}

enum okta_rc
okta_directory_app_users(struct okta_view page, const struct okta_conf *conf,
    const struct okta_directory_sink *sink, struct okta_err *err)
{
	return each_item(page, one_app_user, conf, sink, err);
}

/* --- groups ------------------------------------------------------------------------- */

/*
 * Whoever may create groups chooses their names; none of them may stop the whole sync.  A
 * name that no rule and no claim can mean - one with a NUL, one that is too long, or one
 * that begins with the byte okta-sync hides names with - becomes that byte alone; the id
 * is as good as ever.
 */
static struct okta_view
harmless(struct okta_view name)
{
	return name.p == NULL || name.len > OKTA_WIRE_GROUP_MAX ||
		       (name.len > 0 && name.p[0] == useless.p[0])
		   ? useless
		   : name;
}

static bool
group_name(struct page *p, struct okta_view *ret)
{
	bool is_string = okta_pull_type(&p->pull) == OKTA_PULL_STRING;

	if (!text(p, OKTA_WIRE_GROUP_MAX, ret))
		return false;
	if (is_string)
		*ret = harmless(*ret);
	return true;
}

static bool
group_profile(struct page *p, struct okta_view *ret_name)
{
	struct okta_pull_object outer;
	struct okta_view name;
	bool good = true;

	if (okta_pull_type(&p->pull) != OKTA_PULL_OBJECT)
		return okta_pull_skip(&p->pull);
	if (!okta_pull_object(&p->pull, &outer))
		return false;
	while (good && okta_pull_member(&p->pull, &outer, &name))
		good = okta_view_eq_str(name, "name") ? group_name(p, ret_name)
						      : okta_pull_skip(&p->pull);
	return p->pull.wrong == NULL;
}

static enum okta_rc
one_group(struct page *p)
{
	struct okta_pull_object outer;
	struct okta_view member, id = { NULL, 0 }, name = { NULL, 0 };
	bool good = okta_pull_object(&p->pull, &outer);

	while (good && okta_pull_member(&p->pull, &outer, &member)) {
		if (okta_view_eq_str(member, "id"))
			good = text(p, OKTA_DIRECTORY_ID_MAX, &id);
		else if (okta_view_eq_str(member, "profile"))
			good = group_profile(p, &name);
		else
			good = okta_pull_skip(&p->pull);
	}
	if (p->pull.wrong != NULL || !is_id(id))
		return verdict(p, "a group has no usable id");
	if (name.len == 0)
		return bad_page(p->err, "a group has no usable name");
	return p->sink->group(p->sink->ctx, id, name);
}

struct okta_view
okta_directory_group_name(const struct okta_json_value *group)
{
	const struct okta_json_value *profile;
	struct okta_view name = { NULL, 0 };

	if (okta_json_object(group, "profile", &profile) == OKTA_OK &&
	    okta_json_type(profile, "name") == OKTA_JSON_STRING) {
		if (okta_json_str(profile, "name", &name) != OKTA_OK)
			name.p = NULL; /* a NUL */
		name = harmless(name);
	}
	return name;
}

enum okta_rc
okta_directory_groups(
    struct okta_view page, const struct okta_directory_sink *sink, struct okta_err *err)
{
	return each_item(page, one_group, NULL, sink, err);
}

/* --- ids alone ---------------------------------------------------------------------- */

static enum okta_rc
one_member(struct page *p)
{
	struct okta_pull_object outer;
	struct okta_view name, id = { NULL, 0 };
	bool good = okta_pull_object(&p->pull, &outer);

	while (good && okta_pull_member(&p->pull, &outer, &name))
		good = name.len == 2 && memcmp(name.p, "id", 2) == 0
			   ? text(p, OKTA_DIRECTORY_ID_MAX, &id)
			   : okta_pull_skip(&p->pull);
	if (p->pull.wrong != NULL || !is_id(id))
		return verdict(p, "a member has no usable id");
	return p->sink->member(p->sink->ctx, id);
}

enum okta_rc
okta_directory_members(
    struct okta_view page, const struct okta_directory_sink *sink, struct okta_err *err)
{
	return each_item(page, one_member, NULL, sink, err);
}
