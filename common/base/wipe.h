/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/wipe.h - forget secrets before their memory is reused.
 * Floor 0: libc only.
 */
#ifndef OKTA_BASE_WIPE_H
#define OKTA_BASE_WIPE_H

#include <stddef.h>

/* Overwrite LEN bytes at P in a way the compiler may not leave out.  NULL is fine. */
void okta_wipe(void *p, size_t len);

/* Wipe LEN bytes, then free().  NULL is fine. */
void okta_free_wiped(void *p, size_t len);

/* Wipe and free a NUL-terminated string and set the caller's pointer to NULL. */
void okta_str_free(char **s);

#endif /* OKTA_BASE_WIPE_H */
