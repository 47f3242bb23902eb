/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/bench/nss/ops.h - the operations that are measured, by name. */
#ifndef BENCH_OPS_H
#define BENCH_OPS_H

#include <stdbool.h>

#include "entry.h"

struct op {
	const char *name;
	enum look what;
	const char *file; /* of keys */
	size_t skip, n;	  /* without the first SKIP, N of them at most */
	bool missing;	  /* nobody has them */
};

/* NULL if there is no such operation. */
const struct op *op_named(const char *name);

/* Of STATUS after the lookup of KEY. */
bool op_is_right(const struct op *op, enum nss_status status, const struct key *key,
    const struct caller *c);

/* As big as a caller of that kind makes it: most answers fit the first time. */
size_t op_buffer(const struct op *op);

#endif /* BENCH_OPS_H */
