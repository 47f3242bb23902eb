/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replay --seeds DIR: write the target's seeds there.
 * replay ROUNDS [FILE...]: run the target over its seeds and the files; over every
 * truncation and every single-bit flip of a seed; and over ROUNDS mutations of each,
 * always the same ones.  Prints TAP.  Whatever is found ends the program.
 */
#include "fuzz.h"

#include <errno.h>

#define FLIP_MAX  4096 /* seeds longer than that are not flipped bit by bit */
#define INPUT_MAX 262144

static uint32_t mutate_state = 1;
static uint8_t work[INPUT_MAX];

#pragma weak LLVMFuzzerCustomMutator

/* What libFuzzer has in its place is better at it; here the same must come each time. */
size_t
LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max)
{
	size_t n = 1 + fuzz_random(&mutate_state) % 4, at;

	while (n-- > 0) {
		at = size == 0 ? 0 : fuzz_random(&mutate_state) % size;
		switch (fuzz_random(&mutate_state) % 4) {
		case 0:
			if (size < max) {
				memmove(data + at + 1, data + at, size - at);
				data[at] = (uint8_t)fuzz_random(&mutate_state);
				size++;
			}
			break;
		case 1:
			if (size > 1) {
				memmove(data + at, data + at + 1, size - at - 1);
				size--;
			}
			break;
		case 2:
			if (size > 0)
				data[at] ^= (uint8_t)(1
						      << fuzz_random(&mutate_state) % 8);
			break;
		default:
			if (size > 0)
				data[at] = (uint8_t)fuzz_random(&mutate_state);
		}
	}
	return size;
}

/* From memory of exactly the input's size. */
static void
run_one(const uint8_t *data, size_t size)
{
	struct okta_view v = fuzz_exact((struct okta_view){ (const char *)data, size });

	(void)LLVMFuzzerTestOneInput((const uint8_t *)v.p, v.len);
	free((void *)(uintptr_t)v.p);
}

static void
ok(const char *what, size_t runs)
{
	static int n;

	(void)printf("ok %d - %s (%zu inputs)\n", ++n, what, runs);
	(void)fflush(stdout);
}

static size_t
cut_and_flip(const uint8_t *seed, size_t size)
{
	size_t i;

	if (size > FLIP_MAX)
		return 0;
	for (i = 0; i < size; i++)
		run_one(seed, i);
	memcpy(work, seed, size);
	for (i = 0; i < size * 8; i++) {
		work[i / 8] ^= (uint8_t)(1 << i % 8);
		run_one(work, size);
		work[i / 8] ^= (uint8_t)(1 << i % 8);
	}
	return size * 9;
}

static size_t
mutations(const uint8_t *seed, size_t size, long rounds)
{
	size_t len = size;
	long i;

	memcpy(work, seed, size);
	for (i = 0; i < rounds; i++) {
		if (i % 8 == 0) { /* a few on top of each other, then afresh */
			memcpy(work, seed, size);
			len = size;
		}
		len = LLVMFuzzerCustomMutator == NULL
			  ? LLVMFuzzerMutate(work, len, sizeof(work))
			  : LLVMFuzzerCustomMutator(work, len, sizeof(work), (unsigned)i);
		FUZZ_CHECK(len <= sizeof(work));
		run_one(work, len);
	}
	return (size_t)rounds;
}

static int
write_seeds(const char *dir)
{
	static uint8_t seed[FUZZ_SEED_MAX];
	char path[4096];
	unsigned i;
	size_t size;
	FILE *f;

	for (i = 0; (size = fuzz_seed(i, seed, sizeof(seed))) > 0; i++) {
		(void)snprintf(path, sizeof(path), "%s/seed-%03u", dir, i);
		f = fopen(path, "wb");
		if (f == NULL || fwrite(seed, 1, size, f) != size || fclose(f) != 0) {
			(void)fprintf(stderr, "%s: %s\n", path, strerror(errno));
			return 1;
		}
	}
	return 0;
}

static void
run_file(const char *path)
{
	FILE *f = fopen(path, "rb");
	size_t size;

	FUZZ_CHECK(f != NULL);
	size = fread(work, 1, sizeof(work), f);
	FUZZ_CHECK(ferror(f) == 0);
	(void)fclose(f);
	run_one(work, size);
}

int
main(int argc, char **argv)
{
	static uint8_t seed[FUZZ_SEED_MAX];
	size_t size, changed = 0, mutated = 0;
	unsigned i;
	long rounds;
	int k;

	if (argc == 3 && strcmp(argv[1], "--seeds") == 0)
		return write_seeds(argv[2]);
	if (argc < 2) {
		(void)fprintf(
		    stderr, "usage: %s --seeds DIR | ROUNDS [FILE...]\n", argv[0]);
		return 64;
	}
	rounds = strtol(argv[1], NULL, 10);
	for (i = 0; (size = fuzz_seed(i, seed, sizeof(seed))) > 0; i++)
		run_one(seed, size);
	ok("seeds are answered as they must be", i);
	for (k = 2; k < argc; k++)
		run_file(argv[k]);
	ok("kept inputs are answered as they must be", (size_t)(argc - 2));
	for (i = 0; (size = fuzz_seed(i, seed, sizeof(seed))) > 0; i++) {
		changed += cut_and_flip(seed, size);
		mutated += mutations(seed, size, rounds);
	}
	ok("no truncation and no flipped bit of a seed is answered otherwise", changed);
	ok("no mutation of a seed is answered otherwise", mutated);
	(void)printf("1..4\n");
	return 0;
}
