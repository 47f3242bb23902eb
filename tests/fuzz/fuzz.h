/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fuzz/fuzz.h - what a fuzz target and the two programs that drive it share.
 *
 * A target is one file fuzz_NAME.c with LLVMFuzzerTestOneInput() and fuzz_seed(), and
 * LLVMFuzzerCustomMutator() where a checksum or a signature guards the door.  It is
 * linked twice: with libFuzzer by clang (make fuzz), and with replay.c by the compiler of
 * the build (make check).
 */
#ifndef OKTA_TESTS_FUZZ_H
#define OKTA_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/view.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed);
size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max);

/* Seed number I into OUT, of at most MAX bytes; its length, 0 when there is no more. */
size_t fuzz_seed(unsigned i, uint8_t *out, size_t max);

#define FUZZ_SEED_MAX 65536

/* The oracle: what must hold for every input. */
#define FUZZ_CHECK(holds)                                                                \
	do {                                                                             \
		if (!(holds))                                                            \
			fuzz_broken(__FILE__, __LINE__, #holds);                         \
	} while (0)

static inline _Noreturn void
fuzz_broken(const char *file, int line, const char *what)
{
	(void)dprintf(2, "%s:%d: does not hold: %s\n", file, line, what); /* capture.h */
	abort();
}

/* The input as a row of choices; zeros once it is used up. */
struct fuzz_in {
	const uint8_t *p;
	size_t left;
};

static inline uint8_t
fuzz_u8(struct fuzz_in *in)
{
	if (in->left == 0)
		return 0;
	in->left--;
	return *in->p++;
}

static inline uint16_t
fuzz_u16(struct fuzz_in *in)
{
	uint16_t low = fuzz_u8(in);

	return (uint16_t)(low | fuzz_u8(in) << 8);
}

static inline struct okta_view
fuzz_take(struct fuzz_in *in, size_t len)
{
	struct okta_view v = { (const char *)in->p, len < in->left ? len : in->left };

	in->p += v.len;
	in->left -= v.len;
	return v;
}

/* A copy of exactly its size, so that a sanitizer sees a byte too many; free() it. */
static inline struct okta_view
fuzz_exact(struct okta_view v)
{
	char *p = malloc(v.len);

	FUZZ_CHECK(p != NULL || v.len == 0);
	if (v.len > 0)
		memcpy(p, v.p, v.len);
	return (struct okta_view){ p, v.len };
}

static inline size_t
fuzz_seed_text(const char *const *texts, size_t n, unsigned i, uint8_t *out, size_t max)
{
	size_t len;

	if (i >= n)
		return 0;
	len = strlen(texts[i]);
	FUZZ_CHECK(len <= max);
	memcpy(out, texts[i], len);
	return len;
}

static inline uint32_t
fuzz_random(uint32_t *state)
{
	*state = *state * 1664525U + 1013904223U;
	return *state >> 8;
}

#endif /* OKTA_TESTS_FUZZ_H */
