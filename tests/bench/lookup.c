/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup MODULE NAME KEYS: what one passwd lookup by name costs, in nanoseconds.
 *
 * MODULE is a shared object whose _nss_NAME_getpwnam_r is called directly, or "-": ask
 * glibc, which does as nsswitch.conf says.  KEYS has lines "name uid"; they are asked for
 * in order, again and again.  Prints the median over batches.  Every answer is checked:
 * one wrong uid and nothing is printed but a complaint.
 */
#include <dlfcn.h>
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define KEYS_MAX    20000
#define BATCHES_MAX 4000
#define BATCH_NS    50000
#define TOTAL_NS    1000000000

struct key {
	char name[64];
	uint32_t uid;
};

typedef enum nss_status lookup_fn(const char *, struct passwd *, char *, size_t, int *);

static struct key keys[KEYS_MAX];
static size_t n_keys;
static lookup_fn *module_lookup; /* NULL: through glibc */

static void
die(const char *what)
{
	(void)fprintf(stderr, "lookup: %s\n", what);
	exit(1);
}

static int64_t
now_ns(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		die("no clock");
	return (int64_t)ts.tv_sec * 1000000000 + ts.tv_nsec;
}

static void
read_keys(const char *path)
{
	FILE *f = fopen(path, "re");
	char line[128], *blank;

	if (f == NULL)
		die(path);
	while (n_keys < KEYS_MAX && fgets(line, sizeof(line), f) != NULL) {
		blank = strchr(line, ' ');
		if (blank == NULL || (size_t)(blank - line) >= sizeof(keys[0].name))
			die("a line of KEYS is not \"name uid\"");
		memcpy(keys[n_keys].name, line, (size_t)(blank - line));
		keys[n_keys++].uid = (uint32_t)strtoul(blank + 1, NULL, 10);
	}
	(void)fclose(f);
	if (n_keys == 0)
		die("KEYS is empty");
}

/* RTLD_DEEPBIND is not wanted: the module is to find the libc it would find in any
 * program. */
static void
load_module(const char *path, const char *name)
{
	char symbol[128];
	void *handle = dlopen(path, RTLD_NOW);

	if (handle == NULL)
		die(dlerror());
	(void)snprintf(symbol, sizeof(symbol), "_nss_%s_getpwnam_r", name);
	*(void **)&module_lookup = dlsym(handle, symbol);
	if (module_lookup == NULL)
		die("the module has no getpwnam_r");
}

static void
look_up(const struct key *key)
{
	static char buffer[16384];
	struct passwd pw, *found = NULL;
	int error = 0;

	if (module_lookup != NULL) {
		if (module_lookup(key->name, &pw, buffer, sizeof(buffer), &error) ==
		    NSS_STATUS_SUCCESS)
			found = &pw;
	} else {
		(void)getpwnam_r(key->name, &pw, buffer, sizeof(buffer), &found);
	}
	if (found == NULL || found->pw_uid != key->uid)
		die("a wrong answer: nothing measured");
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* Batches are long enough that reading the clock does not count, short enough to fit
 * between two time slices of a busy machine. */
static double
measure(void)
{
	static double per_call[BATCHES_MAX];
	size_t n = 0, at = 0, calls;
	int64_t begin = now_ns(), start, end = begin;

	while (n < BATCHES_MAX && (end - begin < TOTAL_NS || n < 5)) {
		start = now_ns();
		calls = 0;
		do {
			look_up(&keys[at]);
			at = (at + 1) % n_keys;
			calls++;
			end = calls % 16 == 0 || calls < 16 ? now_ns() : end;
		} while (end - start < BATCH_NS);
		per_call[n++] = (double)(end - start) / (double)calls;
	}
	qsort(per_call, n, sizeof(per_call[0]), by_size);
	return per_call[n / 2];
}

int
main(int argc, char **argv)
{
	size_t i;

	if (argc != 4)
		die("usage: lookup MODULE|- NAME KEYS");
	read_keys(argv[3]);
	if (strcmp(argv[1], "-") != 0)
		load_module(argv[1], argv[2]);
	/* once all around: pages and caches as in a process that is not new */
	for (i = 0; i < n_keys; i++)
		look_up(&keys[i]);
	(void)printf("%.0f\n", measure());
	return 0;
}
