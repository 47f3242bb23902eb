/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/text.h - text from outside, made fit for a log line or a terminal.
 * Floor 0: libc only.  Independent of the locale.
 */
#ifndef OKTA_BASE_TEXT_H
#define OKTA_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/view.h"

/*
 * Copy V into dst[size] (size >= 1), always NUL-terminated: printable ASCII stays, every
 * other byte becomes '?'.  Text that does not fit ends in "...".  Never fails.
 */
void okta_text_sanitize(char *dst, size_t size, struct okta_view v);

/* True if every byte is 0x20..0x7e. */
bool okta_text_is_printable(struct okta_view v);

/* True if V is well-formed UTF-8 (no overlong forms, no surrogates, at most U+10FFFF). */
bool okta_text_is_utf8(struct okta_view v);

/*
 * How many bytes at the start of V are neither '"', '\\' nor below 0x20: what a JSON
 * string may hold as it is (RFC 8259 section 7), UTF-8 not checked.
 */
size_t okta_text_plain_len(struct okta_view v);

/* ASCII lower case of one byte, whatever the locale. */
char okta_text_lower(char c);

/*
 * Shell-style match of the whole of TEXT: '*' any run, '?' any one byte, everything else
 * itself.  Case counts.  Linear in practice, bounded by len(pattern) * len(text).
 */
bool okta_text_glob(struct okta_view pattern, struct okta_view text);

#endif /* OKTA_BASE_TEXT_H */
