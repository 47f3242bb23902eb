/* SPDX-License-Identifier: BSD-2-Clause */
/* One value of okta-login.conf: checked against its type and stored. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "base/wipe.h"
#include "model/conf_keys.h"
#include "model/names.h"

_Static_assert(offsetof(struct okta_conf, id_max) ==
		   offsetof(struct okta_conf, id_min) + sizeof(uint32_t),
    "a range is stored into two neighbours");
_Static_assert(sizeof(enum okta_qr) == sizeof(int) &&
		   sizeof(enum okta_source) == sizeof(int) &&
		   sizeof(enum okta_sync_auth) == sizeof(int) &&
		   sizeof(enum okta_scope) == sizeof(int),
    "a choice is stored as an int");

static void *
member(struct okta_conf *conf, const struct okta_conf_field *field)
{
	return (char *)conf + field->offset;
}

static enum okta_rc
say(char why[OKTA_CONF_WHY_BYTES], const char *text)
{
	(void)snprintf(why, OKTA_CONF_WHY_BYTES, "%s", text);
	return OKTA_E_CONFIG;
}

/* HOST[:PORT] in lower case: what comes back from Okta is compared byte by byte. */
static const char *
host_fault(struct okta_view v, bool port_wanted)
{
	struct okta_view rest = v, host = okta_view_split(&rest, ':');
	uint64_t port;
	size_t i;

	if (host.len == 0 || host.p[0] == '.' || host.p[0] == '-')
		return "has no host name";
	for (i = 0; i < host.len; i++) {
		if (host.p[i] == '/')
			return "must end after the host or port: remove the path or "
			       "slash";
		if (host.p[i] >= 'A' && host.p[i] <= 'Z')
			return "must be in lower case";
		if (!((host.p[i] >= 'a' && host.p[i] <= 'z') ||
			(host.p[i] >= '0' && host.p[i] <= '9') || host.p[i] == '.' ||
			host.p[i] == '-'))
			return "has a character that no host name has";
	}
	if (rest.p == NULL)
		return port_wanted ? "needs a port: http://HOST:PORT" : NULL;
	if (memchr(rest.p, '/', rest.len) != NULL)
		return "must end after the host or port: remove the path or slash";
	if (okta_view_u64(rest, 65535, &port) != OKTA_OK || port == 0)
		return "has a port that is not 1 to 65535";
	return NULL;
}

static const char *
url_fault(struct okta_view v)
{
	static const char https[] = "https://", admin[] = "-admin.okta";
	const size_t n = sizeof(https) - 1;
	size_t i;

	if (v.len <= n || memcmp(v.p, https, n) != 0)
		return "must start with https://";
	for (i = n; i + sizeof(admin) - 1 <= v.len; i++)
		if (memcmp(v.p + i, admin, sizeof(admin) - 1) == 0)
			return "is the admin console's address: remove -admin";
	return host_fault((struct okta_view){ v.p + n, v.len - n }, false);
}

static const char *
proxy_fault(struct okta_view v)
{
	static const char http[] = "http://";
	const size_t n = sizeof(http) - 1;

	if (v.len <= n || memcmp(v.p, http, n) != 0)
		return "must be http://HOST:PORT";
	return host_fault((struct okta_view){ v.p + n, v.len - n }, true);
}

static const char *
token_fault(struct okta_view v)
{
	if (!okta_text_is_printable(v) || memchr(v.p, ' ', v.len) != NULL)
		return "must be printable ASCII without blanks";
	return NULL;
}

static const char *
attribute_fault(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (!((v.p[i] >= 'a' && v.p[i] <= 'z') ||
			(v.p[i] >= 'A' && v.p[i] <= 'Z') ||
			(v.p[i] >= '0' && v.p[i] <= '9') || v.p[i] == '_'))
			return "must be the name of a profile attribute: letters, digits "
			       "and _";
	return v.len == 0 ? "must be the name of a profile attribute" : NULL;
}

static const char *
path_fault(struct okta_view v)
{
	struct okta_view rest, part;

	if (v.p[0] != '/')
		return "must be an absolute path";
	rest = (struct okta_view){ v.p + 1, v.len - 1 };
	while (rest.p != NULL) {
		part = okta_view_split(&rest, '/');
		if (part.len == 0 || okta_view_eq_str(part, ".") ||
		    okta_view_eq_str(part, ".."))
			return "must be a plain path: no //, . or .., no slash at its "
			       "end";
	}
	return NULL;
}

/* The pattern with the shortest name put in must be a home. */
static const char *
home_fault(struct okta_view v)
{
	char sample[256];
	size_t i, n = 0, names = 0;

	if (v.len >= sizeof(sample))
		return "is longer than 255 bytes";
	for (i = 0; i < v.len; i++) {
		if (v.p[i] == '%' && i + 1 < v.len && v.p[i + 1] == 'u') {
			sample[n++] = 'u';
			names++;
			i++;
		} else if (v.p[i] == '%') {
			return "knows only %u, which stands for the user's name";
		} else {
			sample[n++] = v.p[i];
		}
	}
	if (names == 0)
		return "must hold %u: everybody needs a home of his own";
	return okta_home_fault((struct okta_view){ sample, n });
}

static const char *
prefix_fault(struct okta_view v)
{
	return v.len == 0 ? NULL : okta_name_fault(v);
}

static enum okta_rc
store_text(struct okta_conf *conf, const struct okta_conf_field *field,
    struct okta_view value, char why[OKTA_CONF_WHY_BYTES])
{
	static const char profile[] = "profile.";
	const char *fault = NULL;
	char **at = member(conf, field);

	if (field->type == OKTA_CONF_ATTRIBUTE && value.len > sizeof(profile) - 1 &&
	    memcmp(value.p, profile, sizeof(profile) - 1) == 0) {
		value.p += sizeof(profile) - 1;
		value.len -= sizeof(profile) - 1;
	}
	if (field->type == OKTA_CONF_URL)
		fault = url_fault(value);
	else if (field->type == OKTA_CONF_PROXY)
		fault = proxy_fault(value);
	else if (field->type == OKTA_CONF_TOKEN)
		fault = token_fault(value);
	else if (field->type == OKTA_CONF_ATTRIBUTE)
		fault = attribute_fault(value);
	else if (field->type == OKTA_CONF_PATH)
		fault = path_fault(value);
	else if (field->type == OKTA_CONF_HOME)
		fault = home_fault(value);
	else if (field->type == OKTA_CONF_PREFIX)
		fault = prefix_fault(value);
	if (fault != NULL)
		return say(why, fault);
	*at = okta_view_dup(value);
	return *at == NULL ? OKTA_E_NOMEM : OKTA_OK;
}

static enum okta_rc
store_list(struct okta_conf *conf, const struct okta_conf_field *field,
    struct okta_view value, char why[OKTA_CONF_WHY_BYTES])
{
	struct okta_list *list = member(conf, field);
	struct okta_view rest = value, item;
	char shown[64];
	size_t i, n = 1;

	for (i = 0; i < value.len; i++)
		n += value.p[i] == ',';
	if (n > OKTA_CONF_MAX_LIST)
		return say(why, "has more than 256 items");
	list->item = calloc(n, sizeof(*list->item));
	if (list->item == NULL)
		return OKTA_E_NOMEM;
	while (rest.p != NULL) {
		item = okta_view_trim(okta_view_split(&rest, ','));
		if (item.len == 0)
			return say(why, "has an empty item: remove the comma too many");
		if (okta_list_has(list, item)) {
			okta_text_sanitize(shown, sizeof(shown), item);
			(void)snprintf(why, OKTA_CONF_WHY_BYTES,
			    "lists \"%s\" twice: remove one", shown);
			return OKTA_E_CONFIG;
		}
		list->item[list->n] = okta_view_dup(item);
		if (list->item[list->n] == NULL)
			return OKTA_E_NOMEM;
		list->n++;
	}
	return OKTA_OK;
}

static enum okta_rc
store_number(struct okta_conf *conf, const struct okta_conf_field *field,
    struct okta_view value, char why[OKTA_CONF_WHY_BYTES])
{
	uint32_t *at = member(conf, field);
	uint64_t n;

	if (okta_view_u64(value, field->max, &n) != OKTA_OK || n < field->min) {
		(void)snprintf(why, OKTA_CONF_WHY_BYTES,
		    "must be a number from %lu to %lu", (unsigned long)field->min,
		    (unsigned long)field->max);
		return OKTA_E_CONFIG;
	}
	*at = (uint32_t)n;
	return OKTA_OK;
}

static enum okta_rc
store_choice(struct okta_conf *conf, const struct okta_conf_field *field,
    struct okta_view value, char why[OKTA_CONF_WHY_BYTES])
{
	int i, *at = member(conf, field);
	int n;

	for (i = 0; field->choices[i] != NULL; i++)
		if (okta_view_eq_str(value, field->choices[i])) {
			*at = i;
			return OKTA_OK;
		}
	n = snprintf(why, OKTA_CONF_WHY_BYTES, "must be one of");
	for (i = 0; field->choices[i] != NULL && n > 0 && n < OKTA_CONF_WHY_BYTES; i++)
		n += snprintf(why + n, (size_t)(OKTA_CONF_WHY_BYTES - n), "%s %s",
		    i == 0 ? "" : ",", field->choices[i]);
	return OKTA_E_CONFIG;
}

static enum okta_rc
store_range(struct okta_conf *conf, const struct okta_conf_field *field,
    struct okta_view value, char why[OKTA_CONF_WHY_BYTES])
{
	uint32_t *at = member(conf, field);
	struct okta_view rest = value, low = okta_view_trim(okta_view_split(&rest, '-'));
	uint64_t min, max;

	if (okta_view_u64(low, 2147483646, &min) != OKTA_OK ||
	    okta_view_u64(okta_view_trim(rest), 2147483646, &max) != OKTA_OK ||
	    min < 1000 || min > max)
		return say(why, "must be MIN-MAX with 1000 <= MIN <= MAX <= 2147483646");
	at[0] = (uint32_t)min;
	at[1] = (uint32_t)max;
	return OKTA_OK;
}

enum okta_rc
okta_conf_store(struct okta_conf *conf, const struct okta_conf_field *field,
    struct okta_view value, char why[OKTA_CONF_WHY_BYTES])
{
	switch (field->type) {
	case OKTA_CONF_LIST:
		return store_list(conf, field, value, why);
	case OKTA_CONF_NUMBER:
		return store_number(conf, field, value, why);
	case OKTA_CONF_CHOICE:
		return store_choice(conf, field, value, why);
	case OKTA_CONF_RANGE:
		return store_range(conf, field, value, why);
	default:
		return store_text(conf, field, value, why);
	}
}

void
okta_conf_release(struct okta_conf *conf, const struct okta_conf_field *field)
{
	struct okta_list *list;
	size_t i;

	switch (field->type) {
	case OKTA_CONF_LIST:
		list = member(conf, field);
		for (i = 0; i < list->n; i++)
			okta_str_free(&list->item[i]);
		free(list->item);
		list->item = NULL;
		list->n = 0;
		break;
	case OKTA_CONF_NUMBER:
	case OKTA_CONF_CHOICE:
	case OKTA_CONF_RANGE:
		break;
	default:
		okta_str_free(member(conf, field));
		break;
	}
}
