/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/proc_self.h - what this process has open and mapped. */
#ifndef TESTS_PROC_SELF_H
#define TESTS_PROC_SELF_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <stdio.h>
#include <string.h>

/* The count itself has one open, each time. */
static inline int
count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

/* Of files with WORD in their path. */
static inline unsigned
count_mappings(const char *word)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, word) != NULL;
	(void)fclose(f);
	return n;
}

#endif /* TESTS_PROC_SELF_H */
