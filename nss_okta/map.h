/* SPDX-License-Identifier: BSD-2-Clause */
/* nss_okta/map.h - the one mapping of the snapshot that a process keeps.
 *
 * MUST: cost no system call, and write no memory that another processor's lookups touch,
 * while the file stays what it is; notice a replaced, damaged,
 * removed or new file within a second (a replaced one at once, by its superseded word);
 * give the memory of a replaced file back, a slice a lookup;
 * survive threads, fork() in any of them, and deferred cancellation.
 * MUST NOT: keep a descriptor, wait for another thread, unmap what somebody reads, or
 * serve a file that was removed.
 *
 * The module is linked with -z nodelete: dlclose() leaves it and its mapping where they
 * are, since a thread may be inside, and the next dlopen() finds both again.  So there is
 * nothing to tear down, and no destructor that would run at exit() under other threads'
 * feet.
 */
#ifndef OKTA_NSS_MAP_H
#define OKTA_NSS_MAP_H

#include <stdbool.h>

#include "snap/read.h"

struct okta_nss_ref {
	const struct okta_snap *snap;
	struct pin *pin;      /* keeps a shared mapping where it is */
	struct okta_snap own; /* mapped for this call alone when those cannot be had */
};

/* False: there is no usable snapshot.  True: hand *ref back with okta_nss_map_put(). */
bool okta_nss_map_get(struct okta_nss_ref *ref);
void okta_nss_map_put(struct okta_nss_ref *ref);

#endif /* OKTA_NSS_MAP_H */
