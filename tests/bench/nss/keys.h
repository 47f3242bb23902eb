/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/bench/nss/keys.h - what is asked for, and what must come back. */
#ifndef BENCH_KEYS_H
#define BENCH_KEYS_H

#include <stddef.h>
#include <stdint.h>

struct key {
	char name[40];
	uint32_t id, number;
};

struct keys {
	struct key *key;
	size_t n;
};

/*
 * Lines "name id number" of DIR/FILE, without the first SKIP, at most MAX; the program
 * ends if it cannot be read.
 */
struct keys keys_read(const char *dir, const char *file, size_t skip, size_t max);

#endif /* BENCH_KEYS_H */
