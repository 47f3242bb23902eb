/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * calls MODULE|- NAME KEYDIR OP SECONDS: warm lookups between two marks, for strace.
 *
 * All keys are asked for once; after the mark "begin" (a write() that fails by intention)
 * they are asked for again and again, each once at least; the mark "end N" says how
 * often.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "ops.h"

#define KEYS  16
#define CALLS 100000

static void
mark(const char *text)
{
	if (write(-1, text, strlen(text)) >= 0)
		exit(1);
}

int
main(int argc, char **argv)
{
	const struct op *op;
	struct keys keys;
	struct caller c;
	uint64_t end;
	size_t i;
	char text[32];

	op = argc == 6 ? op_named(argv[4]) : NULL;
	if (op == NULL) {
		(void)fprintf(stderr, "calls: MODULE|- NAME KEYDIR OP SECONDS\n");
		return 2;
	}
	keys = keys_read(argv[3], op->file, 0, KEYS);
	if (keys.n == 0)
		return 1;
	entry_load(argv[1], argv[2]);
	caller_init(&c, op_buffer(op));
	for (i = 0; i < keys.n; i++) {
		if (!op_is_right(
			op, look_up(op->what, &keys.key[i], &c), &keys.key[i], &c))
			return 1;
	}
	end = clock_ns() + (uint64_t)(strtod(argv[5], NULL) * 1e9);
	mark("begin");
	for (i = 0; i < CALLS && (i < KEYS || clock_ns() < end); i++)
		(void)look_up(op->what, &keys.key[i % keys.n], &c);
	(void)snprintf(text, sizeof(text), "end %zu", i);
	mark(text);
	return 0;
}
