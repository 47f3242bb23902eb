/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * floor FILE RECORD_BYTES GROUP_BYTES: what this machine's memory and kernel cost at
 * least.
 *
 * FILE is mapped as the module maps its snapshot.  Prints "WHAT nanoseconds":
 *   read     one read from it at a place that depends on the read before: a cache and TLB
 *            miss
 *   copy     RECORD_BYTES copied from such a place: an answer without any search
 *   big      GROUP_BYTES copied and a pointer written for each 18 of them
 *   syscall  getppid(), the cheapest there is
 *   stat     of nsswitch.conf, which glibc makes in every lookup
 */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "clock.h"

#define ROUNDS	     4000
#define READS	     128 /* together shorter than a time slice of a busy machine */
#define BIG_ROUNDS   50
#define MEMBER_BYTES 18 /* of an answer: its name, NUL and pointer */

static const unsigned char *map;
static size_t size;

static void
die(const char *what)
{
	(void)fprintf(stderr, "floor: %s\n", what);
	exit(1);
}

static uint64_t
scramble(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	return x ^ (x >> 31);
}

static size_t
somewhere(uint64_t i, size_t bytes)
{
	return (size_t)(((unsigned __int128)scramble(i) * (size - bytes)) >> 64);
}

static uint64_t
word_at(size_t at)
{
	uint64_t word;

	memcpy(&word, map + at, sizeof(word));
	return word;
}

static uint64_t seed;
static volatile uint64_t sink;

/* The value read goes into the next place: the processor cannot run ahead. */
static double
chain(size_t ignored)
{
	uint64_t start = clock_ns(), word = 0;
	size_t i;

	(void)ignored;
	for (i = 0; i < READS; i++)
		word = word_at(somewhere(++seed + (word & 1), sizeof(word)));
	sink = word;
	return (double)(clock_ns() - start) / READS;
}

static double
reads(size_t ignored)
{
	uint64_t start = clock_ns(), sum = 0;
	size_t i;

	(void)ignored;
	for (i = 0; i < READS; i++)
		sum += word_at(somewhere(++seed, sizeof(sum)));
	sink = sum;
	return (double)(clock_ns() - start) / READS;
}

/* As a lookup: where the record is stands in the slot; the next lookup waits for neither.
 */
static double
pairs(size_t bytes)
{
	static unsigned char answer[4096];
	uint64_t start = clock_ns(), word;
	size_t i;

	for (i = 0; i < READS; i++) {
		word = word_at(somewhere(++seed, sizeof(word)));
		memcpy(answer, map + somewhere(++seed + (word & 1), bytes), bytes);
		__asm__ volatile("" : : "r"(answer) : "memory");
	}
	return (double)(clock_ns() - start) / READS;
}

static double
big(size_t bytes)
{
	size_t members = bytes / MEMBER_BYTES, names = members * (MEMBER_BYTES - 8), i;
	char *answer = malloc(names + members * sizeof(char *)), **at;
	uint64_t start;
	double ns;

	if (answer == NULL || names > size)
		die("GROUP_BYTES: too many");
	at = (char **)(void *)(answer + names / 8 * 8);
	memset(answer, 1, names + (members - 1) * sizeof(char *));
	start = clock_ns();
	memcpy(answer, map + (size - names) / 2, names);
	for (i = 0; i + 1 < members; i++)
		at[i] = answer + i * (MEMBER_BYTES - 8);
	ns = (double)(clock_ns() - start);
	__asm__ volatile("" : : "r"(answer) : "memory");
	free(answer);
	return ns;
}

static double
syscalls(size_t ignored)
{
	uint64_t start = clock_ns();
	size_t i;

	(void)ignored;
	for (i = 0; i < READS; i++)
		(void)syscall(SYS_getppid);
	return (double)(clock_ns() - start) / READS;
}

static double
stats(size_t ignored)
{
	uint64_t start = clock_ns();
	struct stat st;
	size_t i;

	(void)ignored;
	for (i = 0; i < READS; i++)
		(void)stat("/etc/nsswitch.conf", &st);
	return (double)(clock_ns() - start) / READS;
}

static void
print(const char *what, double (*cost)(size_t), size_t bytes, size_t rounds)
{
	static double ns[ROUNDS];
	size_t i;

	/* the first half brings the pages in */
	for (i = 0; i < rounds; i++)
		(void)cost(bytes);
	for (i = 0; i < rounds; i++)
		ns[i] = cost(bytes);
	(void)printf("%s\t%.1f\n", what, percentile(ns, rounds, 50));
}

int
main(int argc, char **argv)
{
	struct stat st;
	size_t record, group;
	int fd;

	if (argc != 4)
		die("usage: floor FILE RECORD_BYTES GROUP_BYTES");
	record = strtoul(argv[2], NULL, 10);
	group = strtoul(argv[3], NULL, 10);
	fd = open(argv[1], O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || record == 0 || record > 4096)
		die("cannot open FILE, or RECORD_BYTES is not 1 to 4096");
	size = (size_t)st.st_size;
	if (size < 65536)
		die("FILE is too small");
	map = mmap(NULL, size, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		die("cannot map FILE");
	clock_start();
	print("chain", chain, 0, ROUNDS);
	print("read", reads, 0, ROUNDS);
	print("pair", pairs, record, ROUNDS);
	print("big", big, group, BIG_ROUNDS);
	print("syscall", syscalls, 0, ROUNDS);
	print("stat", stats, 0, ROUNDS);
	return 0;
}
