/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fuzz/kept_chunks.h - large blocks that each run takes and gives back: a few of
 * them are kept, since to map and unmap them would be most of the work.
 *
 * For targets linked with --wrap=malloc and --wrap=free.  A block that was given back is
 * poisoned where it is used by small inputs, its beginning.
 */
#ifndef OKTA_TESTS_FUZZ_KEPT_CHUNKS_H
#define OKTA_TESTS_FUZZ_KEPT_CHUNKS_H

#include <sanitizer/asan_interface.h>
#include <stddef.h>
#include <stdlib.h>

#define KEPT_FROM  262144 /* bytes; smaller ones are AddressSanitizer's own */
#define KEPT_MAX   4
#define KEPT_BEGIN 8192

void *__real_malloc(size_t size);
void __real_free(void *p);
void *__wrap_malloc(size_t size);
void __wrap_free(void *p);

static struct {
	void *p;
	size_t size; /* all of one size, or none are kept */
	int is_free;
} kept_chunk[KEPT_MAX];

void *
__wrap_malloc(size_t size)
{
	int i;

	if (size < KEPT_FROM)
		return __real_malloc(size);
	for (i = 0; i < KEPT_MAX; i++) {
		if (kept_chunk[i].p == NULL) {
			kept_chunk[i].p = __real_malloc(size);
			kept_chunk[i].size = size;
			kept_chunk[i].is_free = 0;
			return kept_chunk[i].p;
		}
		if (kept_chunk[i].is_free && kept_chunk[i].size == size) {
			kept_chunk[i].is_free = 0;
			__asan_unpoison_memory_region(kept_chunk[i].p, KEPT_BEGIN);
			return kept_chunk[i].p;
		}
	}
	return __real_malloc(size);
}

void
__wrap_free(void *p)
{
	int i;

	for (i = 0; p != NULL && i < KEPT_MAX; i++)
		if (kept_chunk[i].p == p) {
			kept_chunk[i].is_free = 1;
			__asan_poison_memory_region(p, KEPT_BEGIN);
			return;
		}
	__real_free(p);
}

#endif /* OKTA_TESTS_FUZZ_KEPT_CHUNKS_H */
