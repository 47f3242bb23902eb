/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/buf.h - growable bytes with a hard maximum; wiped whenever memory is let
 * go. Floor 0: libc only.
 */
#ifndef OKTA_BASE_BUF_H
#define OKTA_BASE_BUF_H

#include <stddef.h>

#include "base/err.h"
#include "base/view.h"

/* The bytes are followed by one NUL that `len` does not count once anything was appended.
 */
struct okta_buf {
	char *data;
	size_t len;
	size_t size; /* allocated */
	size_t max;  /* len never exceeds it */
};

void okta_buf_init(struct okta_buf *b, size_t max_bytes);
/* Wipes, frees and leaves the buffer empty with the same maximum. */
void okta_buf_clear(struct okta_buf *b);

/* OKTA_OK, OKTA_E_TOOBIG or OKTA_E_NOMEM; on failure nothing was appended. */
/* Room for BYTES more at once, so that they come without copying what is there again. */
OKTA_MUST_CHECK enum okta_rc okta_buf_reserve(struct okta_buf *b, size_t bytes);
OKTA_MUST_CHECK enum okta_rc okta_buf_append(
    struct okta_buf *b, const void *p, size_t len);
OKTA_MUST_CHECK enum okta_rc okta_buf_append_str(struct okta_buf *b, const char *s);
OKTA_MUST_CHECK enum okta_rc okta_buf_printf(struct okta_buf *b, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* Hand the bytes (NUL-terminated, never NULL on OKTA_OK) to the caller; b is empty after.
 */
OKTA_MUST_CHECK enum okta_rc okta_buf_take(
    struct okta_buf *b, char **ret, size_t *ret_len);

struct okta_view okta_buf_view(const struct okta_buf *b);

#endif /* OKTA_BASE_BUF_H */
