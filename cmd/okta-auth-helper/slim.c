/* SPDX-License-Identifier: BSD-2-Clause */
#include "slim.h"

#include <link.h>
#include <malloc.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <unistd.h>

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
