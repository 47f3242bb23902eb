/* SPDX-License-Identifier: BSD-2-Clause */
/* Read the files of vectors, with json-c itself: independent of what is tested. */
#ifndef OKTA_TESTS_NET_VECTORS_H
#define OKTA_TESTS_NET_VECTORS_H

#include <json-c/json.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/view.h"

#define OWN_VECTORS    "tests/vectors/own/"
#define SHARED_VECTORS "../shared/vectors/"

static inline struct okta_view
text_of(struct json_object *o)
{
	struct okta_view v = { "", 0 };

	if (o != NULL) {
		v.p = json_object_get_string(o);
		v.len = (size_t)json_object_get_string_len(o);
	}
	return v;
}

/* A string member; for any other type its JSON text. */
static inline struct okta_view
member_of(struct json_object *row, const char *name)
{
	struct json_object *o = json_object_object_get(row, name);
	struct okta_view v = { "", 0 };

	if (o == NULL)
		return v;
	if (json_object_is_type(o, json_type_string))
		return text_of(o);
	return okta_view_str(json_object_to_json_string_ext(o, JSON_C_TO_STRING_PLAIN));
}

/* Calls FN for each line of a .jsonl file; the number of lines, 0: no such file. */
static inline size_t
each_line(const char *path, void (*fn)(struct json_object *row))
{
	FILE *f = fopen(path, "r");
	char *line = NULL;
	size_t size = 0, n = 0;
	struct json_object *row;

	if (f == NULL)
		return 0;
	while (getline(&line, &size, f) > 0) {
		row = json_tokener_parse(line);
		if (row == NULL)
			abort();
		fn(row);
		json_object_put(row);
		n++;
	}
	free(line);
	(void)fclose(f);
	return n;
}

#endif /* OKTA_TESTS_NET_VECTORS_H */
