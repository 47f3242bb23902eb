/* SPDX-License-Identifier: BSD-2-Clause */
#include "slim.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#define EDGE_BYTES 65536 /* below malloc()'s threshold for a mapping of its own */
#define HOLE_STEP  16
#define HOLE_MAX   1024
#define TAKEN_MAX  65536 /* where another malloc() has no such order */

/* Code and constants of one object; what was relocated or written to stays. */
static int
drop_clean_pages(struct dl_phdr_info *object, size_t size, void *arg)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	const ElfW(Phdr) * segment;
	uintptr_t start, end;
	size_t i;

	(void)size;
	(void)arg;
	for (i = 0; i < object->dlpi_phnum; i++) {
		segment = &object->dlpi_phdr[i];
		if (segment->p_type != PT_LOAD || (segment->p_flags & PF_W) != 0)
			continue;
		/* only pages that belong to this segment alone */
		start = (object->dlpi_addr + segment->p_vaddr + page - 1) & ~(page - 1);
		end = (object->dlpi_addr + segment->p_vaddr + segment->p_memsz) &
		      ~(page - 1);
		if (start < end)
			(void)madvise((void *)start, end - start, MADV_DONTNEED);
	}
	return 0;
}

void
okta_slim_down(void)
{
	(void)malloc_trim(0);
	(void)dl_iterate_phdr(drop_clean_pages, NULL);
}

void
okta_slim_before_fork(void)
{
	/* larger than any hole, so it is cut from the end of the heap */
	void *const edge = malloc(EDGE_BYTES);
	size_t size, taken = 0;
	void *p;

	for (size = HOLE_STEP; edge != NULL && size <= HOLE_MAX; size += HOLE_STEP) {
		for (;;) {
			p = malloc(size);
			if (p == NULL || (uintptr_t)p > (uintptr_t)edge ||
			    taken + size > TAKEN_MAX)
				break;
			taken += size; /* stays: that is the purpose */
		}
		free(p);
	}
	free(edge);
}
