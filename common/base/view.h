/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/view.h - borrowed text: a pointer and a length, never freed, never
 * NUL-bound. Floor 0: libc only.
 */
#ifndef OKTA_BASE_VIEW_H
#define OKTA_BASE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Valid until the next call that changes the source.  p may be NULL only when len is 0.
 */
struct okta_view {
	const char *p;
	size_t len;
};

struct okta_view okta_view_str(const char *nul_terminated);
bool okta_view_eq(struct okta_view a, struct okta_view b);
bool okta_view_eq_str(struct okta_view a, const char *nul_terminated);

/* Without leading and trailing spaces and tabs. */
struct okta_view okta_view_trim(struct okta_view v);

/*
 * Split at the first SEP: returns the part before it and moves *rest behind it.  When
 * there is no SEP the whole of *rest is returned and *rest becomes { NULL, 0 }.
 */
struct okta_view okta_view_split(struct okta_view *rest, char sep);

/*
 * Decimal digits only, no sign, no blank, no leading zero but "0" itself; at most MAX.
 * OKTA_OK, or OKTA_E_INPUT with *ret_n untouched.
 */
OKTA_MUST_CHECK enum okta_rc okta_view_u64(
    struct okta_view v, uint64_t max, uint64_t *ret_n);

/* malloc'ed NUL-terminated copy, or NULL (out of memory, or a NUL inside). */
char *okta_view_dup(struct okta_view v);

#endif /* OKTA_BASE_VIEW_H */
