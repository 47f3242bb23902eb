/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fuzz/snap_poison.h - the bytes behind a caller's buffer, which nobody may touch.
 */
#ifndef OKTA_TESTS_FUZZ_SNAP_POISON_H
#define OKTA_TESTS_FUZZ_SNAP_POISON_H

#include <sanitizer/asan_interface.h>
#include <stdint.h>

#define REDZONE 64

/* AddressSanitizer marks whole words of 8 bytes, or a word from some byte on. */
static inline char *
redzone_end(char *p)
{
	return p + REDZONE - (uintptr_t)p % 8;
}

static inline void
poison(char *p)
{
	__asan_poison_memory_region(p, (size_t)(redzone_end(p) - p));
}

static inline void
unpoison(char *p)
{
	__asan_unpoison_memory_region(p, (size_t)(redzone_end(p) - p));
}

#endif /* OKTA_TESTS_FUZZ_SNAP_POISON_H */
