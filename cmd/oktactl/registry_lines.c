/* SPDX-License-Identifier: BSD-2-Clause */
#include "registry_lines.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "model/names.h"

#define FIELDS_MAX 8

struct line {
	enum okta_registry_kind kind;
	char name[OKTA_NAME_BYTES];
	uint32_t id;
	struct okta_view gid; /* people, and only if the line has one */
};

static size_t
split(struct okta_view rest, char sep, struct okta_view field[FIELDS_MAX])
{
	size_t n = 0;
	bool more = true;

	while (more && n < FIELDS_MAX) {
		more = rest.len > 0 && memchr(rest.p, sep, rest.len) != NULL;
		field[n++] = okta_view_trim(okta_view_split(&rest, sep));
	}
	return n;
}

/* The folds of okta-sync apply to people: what it will call them is what must wait. */
static enum okta_rc
take_name(const struct okta_conf *conf, struct okta_view raw, struct line *ret,
    struct okta_err *err)
{
	const char *fault;

	if (ret->kind == OKTA_REGISTRY_USER)
		return okta_name_of_user(conf, raw, ret->name, err);
	fault = okta_name_fault(raw);
	if (fault == NULL && okta_name_is_reserved(raw, conf))
		fault = "its name is reserved for the system";
	if (fault != NULL)
		return okta_err_set(err, OKTA_E_REFUSED, "%s", fault);
	memcpy(ret->name, raw.p, raw.len);
	ret->name[raw.len] = '\0';
	return OKTA_OK;
}

static enum okta_rc
parse(const struct okta_conf *conf, struct okta_view text, struct line *ret,
    struct okta_err *err)
{
	struct okta_view field[FIELDS_MAX], id;
	bool colons = memchr(text.p, ':', text.len) != NULL;
	size_t n = split(text, colons ? ':' : ',', field);
	enum okta_rc r;

	*ret = (struct line){ .kind = OKTA_REGISTRY_USER };
	if (colons && n == 7) { /* passwd(5) */
		id = field[2];
		ret->gid = field[3];
	} else if (colons && n == 4) { /* group(5) */
		ret->kind = OKTA_REGISTRY_GROUP;
		id = field[2];
	} else if (!colons && (n == 2 || n == 3)) {
		id = field[1];
		ret->gid = n == 3 ? field[2] : (struct okta_view){ 0 };
	} else {
		return okta_err_set(err, OKTA_E_INPUT,
		    "is no line of passwd(5) or group(5), and not \"login, uid[, gid]\"");
	}
	r = take_name(conf, field[0], ret, err);
	if (r == OKTA_OK)
		r = okta_id_parse(conf, id, &ret->id, err);
	return r;
}

static bool
has_other_gid(const struct line *line)
{
	uint64_t gid = 0;

	return line->gid.len > 0 &&
	       (okta_view_u64(line->gid, UINT32_MAX, &gid) != OKTA_OK || gid != line->id);
}

static void
complain(struct ctl_lines *lines, const char *file, size_t number, const char *why)
{
	lines->faults++;
	(void)fprintf(lines->said, "%s: line %zu: %s\n", file, number, why);
}

/* Those of KIND, or for users also whatever cannot be read. */
static enum okta_rc
keep_kind(struct okta_registry *reg, const struct okta_conf *conf, const char *file,
    struct okta_view rest, enum okta_registry_kind kind, struct ctl_lines *lines,
    struct okta_err *err)
{
	struct okta_err why = { 0 };
	struct okta_view text;
	struct line line;
	enum okta_rc r;
	size_t number;

	for (number = 1; rest.len > 0; number++) {
		text = okta_view_trim(okta_view_split(&rest, '\n'));
		if (text.len == 0 || text.p[0] == '#')
			continue;
		r = parse(conf, text, &line, &why);
		if (line.kind != kind)
			continue;
		if (r == OKTA_OK)
			r = okta_registry_keep(
			    reg, kind, okta_view_str(line.name), line.id, &why);
		if (r == OKTA_E_INPUT || r == OKTA_E_REFUSED || r == OKTA_E_CONFLICT) {
			complain(lines, file, number, why.msg);
			continue;
		}
		if (r != OKTA_OK) {
			*err = why;
			return r;
		}
		lines->kept++;
		if (has_other_gid(&line))
			lines->other_gid++;
	}
	return OKTA_OK;
}

static enum okta_rc
show_refuted(void *ctx, const struct okta_registry_row *row)
{
	struct ctl_lines *lines = ctx;
	char name[40], okta_id[72];

	lines->faults++;
	okta_text_sanitize(name, sizeof(name), okta_view_str(row->name));
	okta_text_sanitize(okta_id, sizeof(okta_id), okta_view_str(row->okta_id));
	(void)fprintf(lines->said,
	    "%s (%s): has id %" PRIu32 " here, for ever: leave the name out\n", name,
	    okta_id, row->id);
	return OKTA_OK;
}

enum okta_rc
ctl_lines_keep(struct okta_registry *reg, const struct okta_conf *conf, const char *file,
    struct okta_view text, struct ctl_lines *lines, struct okta_err *err)
{
	enum okta_rc r;

	r = keep_kind(reg, conf, file, text, OKTA_REGISTRY_USER, lines, err);
	if (r == OKTA_OK)
		r = keep_kind(reg, conf, file, text, OKTA_REGISTRY_GROUP, lines, err);
	if (r == OKTA_OK)
		r = okta_registry_each_refuted(reg, show_refuted, lines, err);
	return r;
}
