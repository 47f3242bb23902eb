/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/json_pull.h - read a large JSON text value by value, without a tree.
 * Floor 2: base; no allocation.
 *
 * As strict as okta_json_new(): well-formed UTF-8, no lone surrogate, no nesting deeper
 * than 32, nothing behind the value, no member name twice in one object, with escapes or
 * without, no U+0000 in a name; skipped values included.  It refuses besides: more than
 * OKTA_PULL_NAMES names in the objects that are open at once.  The difference: what comes
 * before a fault has been handed out already, so the caller must be able to throw it
 * away.
 *
 * A fault stays: every later call answers "no more".  okta_pull_end() has the verdict.
 */
#ifndef OKTA_NET_JSON_PULL_H
#define OKTA_NET_JSON_PULL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

#define OKTA_PULL_NAMES	    1024
#define OKTA_PULL_ODD_BYTES 4096 /* names with escapes, unpacked */

struct okta_pull_name {
	const char *p;
	uint32_t len, hash;
};

/* The object that is open; the one around it is its caller's to hold. */
struct okta_pull_object {
	size_t first, odd_first; /* where its names begin */
	uint64_t seen;		 /* one bit for each hash, some share one */
};

/* Caller holds it. */
struct okta_pull {
	const char *start, *at, *end;
	const char *wrong; /* NULL: all well so far */
	unsigned depth;
	bool is_fresh;		 /* at the first item or member of what was just opened */
	size_t n_names, odd_len; /* of all open objects */
	struct okta_pull_object object;
	struct okta_pull_name name[OKTA_PULL_NAMES];
	char odd[OKTA_PULL_ODD_BYTES];
};

void okta_pull_init(struct okta_pull *pull, struct okta_view text);
/* OKTA_OK when all was read and well-formed; else OKTA_E_INPUT and at which byte. */
OKTA_MUST_CHECK enum okta_rc okta_pull_end(struct okta_pull *pull, struct okta_err *err);

enum okta_pull_type {
	OKTA_PULL_NONE, /* a fault, or no value here */
	OKTA_PULL_NULL,
	OKTA_PULL_BOOL,
	OKTA_PULL_NUMBER,
	OKTA_PULL_STRING,
	OKTA_PULL_ARRAY,
	OKTA_PULL_OBJECT
};
/* What kind of value comes next; reads nothing but blanks. */
enum okta_pull_type okta_pull_type(struct okta_pull *pull);

/* Go into an array; then for each item: item() true, and exactly one value read. */
bool okta_pull_array(struct okta_pull *pull);
bool okta_pull_item(struct okta_pull *pull);

/*
 * Go into an object; then for each member: member() true with its name, unpacked and
 * valid until the object ends, and exactly one value read.  *outer is the caller's to
 * hold until member() has said false.
 */
bool okta_pull_object(struct okta_pull *pull, struct okta_pull_object *outer);
bool okta_pull_member(struct okta_pull *pull, const struct okta_pull_object *outer,
    struct okta_view *ret_name);

/* Any one value, checked and thrown away. */
bool okta_pull_skip(struct okta_pull *pull);

/*
 * A string: as it stands in the text, or unpacked into BUF when it has escapes (cut to
 * SIZE bytes then).  *ret_has_nul: U+0000 is in it.
 */
bool okta_pull_str(struct okta_pull *pull, char *buf, size_t size, struct okta_view *ret,
    bool *ret_has_nul);

/*
 * A number: *ret_is_int when it is written without fraction and exponent and lies between
 * the two ends of int64_t, the ends left out.
 */
bool okta_pull_number(struct okta_pull *pull, int64_t *ret, bool *ret_is_int);

#endif /* OKTA_NET_JSON_PULL_H */
