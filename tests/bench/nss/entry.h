/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/bench/nss/entry.h - the entry points of one NSS module, or glibc in their place.
 */
#ifndef BENCH_ENTRY_H
#define BENCH_ENTRY_H

#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdbool.h>

#include "keys.h"

enum look {
	LOOK_NAME,
	LOOK_UID,
	LOOK_GROUP,
	LOOK_GID,
	LOOK_INIT,
};

/* What a caller of NSS brings along: a buffer that grows when the answer does not fit. */
struct caller {
	char *buffer;
	size_t size;
	gid_t *gids;
	long gids_size;
	struct passwd pw;
	struct group gr;
	long n_gids;
};

/* MODULE is a shared object with _nss_NAME_*, or "-": ask glibc, which does as
 * nsswitch.conf says.  Ends the program if that cannot be. */
void entry_load(const char *module, const char *name);
bool entry_has_enumeration(void);

void caller_init(struct caller *c, size_t size);
void caller_clear(struct caller *c);

enum nss_status look_up(enum look what, const struct key *key, struct caller *c);
bool is_right(enum look what, const struct key *key, const struct caller *c);

void people_rewind(void);
enum nss_status people_next(struct caller *c);
void people_end(void);

#endif /* BENCH_ENTRY_H */
