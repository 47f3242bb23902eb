/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fuzz/seen_by_json_c.h - members of what json-c sees in the same text. */
#ifndef OKTA_TESTS_FUZZ_SEEN_BY_JSON_C_H
#define OKTA_TESTS_FUZZ_SEEN_BY_JSON_C_H

#include <json-c/json.h>
#include <string.h>

#include "fuzz.h"

/* TEXT as json-c sees it; json_object_put() it. */
static inline struct json_object *
seen_new(struct okta_view text)
{
	struct json_tokener *tok = json_tokener_new_ex(64);
	struct json_object *o = json_tokener_parse_ex(tok, text.p, (int)text.len);

	json_tokener_free(tok);
	return o;
}

static inline struct okta_view
seen_text_of(struct json_object *o)
{
	return o == NULL || !json_object_is_type(o, json_type_string)
		   ? (struct okta_view){ NULL, 0 }
		   : (struct okta_view){ json_object_get_string(o),
			     (size_t)json_object_get_string_len(o) };
}

/* The string NAME of O; without text: there is none, or it has a NUL inside. */
static inline struct okta_view
seen_text(struct json_object *o, const char *name)
{
	struct json_object *m = NULL;
	struct okta_view v;

	if (o == NULL || !json_object_is_type(o, json_type_object) ||
	    !json_object_object_get_ex(o, name, &m))
		return (struct okta_view){ NULL, 0 };
	v = seen_text_of(m);
	return v.p != NULL && memchr(v.p, '\0', v.len) != NULL
		   ? (struct okta_view){ NULL, 0 }
		   : v;
}

/* The array NAME of O, or NULL. */
static inline struct json_object *
seen_list(struct json_object *o, const char *name)
{
	struct json_object *m = NULL;

	return o != NULL && json_object_is_type(o, json_type_object) &&
		       json_object_object_get_ex(o, name, &m) &&
		       json_object_is_type(m, json_type_array)
		   ? m
		   : NULL;
}

#endif /* OKTA_TESTS_FUZZ_SEEN_BY_JSON_C_H */
