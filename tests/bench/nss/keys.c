/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>

#include "keys.h"

struct keys
keys_read(const char *dir, const char *file, size_t skip, size_t max)
{
	struct keys keys = { calloc(max, sizeof(struct key)), 0 };
	struct key *k;
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, file);
	f = fopen(path, "re");
	if (f == NULL || keys.key == NULL) {
		perror(path);
		exit(1);
	}
	while (keys.n < max) {
		k = &keys.key[keys.n];
		if (fscanf(f, "%39s %u %u\n", k->name, &k->id, &k->number) != 3)
			break;
		if (skip > 0)
			skip--;
		else
			keys.n++;
	}
	(void)fclose(f);
	return keys;
}
