/* SPDX-License-Identifier: BSD-2-Clause */
#include <string.h>

#include "ops.h"

/*
 * "held" keys are few enough that a peer with a cache can have been asked for all of them
 * before, "new" ones are all others; "hot" ones are those of a busy server that asks for
 * the same people all day.
 */
#define SPREAD 200000
#define HELD   10000
#define HOT    64
#define FEW    2

static const struct op ops[] = {
	{ "name", LOOK_NAME, "names", 0, SPREAD, false },
	{ "name-held", LOOK_NAME, "names", 0, HELD, false },
	{ "name-new", LOOK_NAME, "names", HELD, SPREAD, false },
	{ "name-hot", LOOK_NAME, "names", 0, HOT, false },
	{ "uid", LOOK_UID, "names", 0, SPREAD, false },
	{ "uid-held", LOOK_UID, "names", 0, HELD, false },
	{ "uid-hot", LOOK_UID, "names", 0, HOT, false },
	{ "miss", LOOK_NAME, "missing", 0, SPREAD, true },
	{ "miss-hot", LOOK_NAME, "missing", 0, HOT, true },
	{ "miss-uid", LOOK_UID, "missing", 0, SPREAD, true },
	{ "group", LOOK_GROUP, "groups", 0, 2000, false },
	{ "gid", LOOK_GID, "groups", 0, 2000, false },
	{ "init-10", LOOK_INIT, "ten", 0, SPREAD, false },
	{ "init-10-hot", LOOK_INIT, "ten", 0, FEW, false },
	{ "init-1000", LOOK_INIT, "thousand", 0, HELD, false },
	{ "big", LOOK_GROUP, "big", 0, 1, false },
};

const struct op *
op_named(const char *name)
{
	size_t i;

	for (i = 0; i < sizeof(ops) / sizeof(ops[0]); i++) {
		if (strcmp(ops[i].name, name) == 0)
			return &ops[i];
	}
	return NULL;
}

bool
op_is_right(const struct op *op, enum nss_status status, const struct key *key,
    const struct caller *c)
{
	if (op->missing) /* SSSD's module says so when its answer says "not found" */
		return status == NSS_STATUS_NOTFOUND;
	return status == NSS_STATUS_SUCCESS && is_right(op->what, key, c);
}

size_t
op_buffer(const struct op *op)
{
	bool group = op->what == LOOK_GROUP || op->what == LOOK_GID;

	return group ? (size_t)4 << 20 : 1024;
}
