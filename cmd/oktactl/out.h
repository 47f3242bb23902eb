/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/out.h - JSON for programs, plain text for people.
 *
 * MUST: everything that came from outside is printable ASCII on a terminal, and valid
 * JSON for a program, whatever a directory says.
 */
#ifndef OKTACTL_OUT_H
#define OKTACTL_OUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/view.h"

#define CTL_OUT_DEPTH 8

/* A JSON text on standard output; { 0 } is ready. */
struct ctl_json {
	unsigned depth;
	bool filled[CTL_OUT_DEPTH]; /* this level has an item already */
};

/* NAME is NULL for items of an array and at the top. */
void ctl_json_open(struct ctl_json *j, const char *name, char bracket); /* '{' or '[' */
void ctl_json_close(struct ctl_json *j, char bracket);			/* '}' or ']' */
void ctl_json_str(struct ctl_json *j, const char *name, struct okta_view text);
void ctl_json_cstr(
    struct ctl_json *j, const char *name, const char *text); /* NULL: null */
void ctl_json_num(struct ctl_json *j, const char *name, int64_t n);
void ctl_json_bool(struct ctl_json *j, const char *name, bool b);

/* "label:   text" with TEXT made printable. */
void ctl_line(const char *label, struct okta_view text);
/* "3 days", "2 h 5 min", "40 s". */
void ctl_duration(int64_t s, char *dst, size_t size);

#endif /* OKTACTL_OUT_H */
