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

#include <sched.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "alone.h"
#include "snap/read.h"

#define OKTA_NSS_MAPPINGS 8
#define OKTA_NSS_PINS	  64
#define OKTA_NSS_LINE	  128 /* of the cache; they are fetched in pairs */

/* Of map.c, and of the inline functions below, which are a lookup's usual way. */
struct okta_nss_mapping {
	atomic_bool is_set;    /* snap is whole and mapped */
	atomic_bool word_seen; /* superseded, but still what the path leads to */
	struct okta_snap snap;
};

struct okta_nss_pin {
	_Alignas(OKTA_NSS_LINE) atomic_int mapping; /* number + 1; 0 is free */
};

struct okta_nss_map {
	atomic_int current;	 /* mapping + 1; 0 is none */
	atomic_bool is_missing;	 /* at the last check there was nothing to serve */
	atomic_llong checked_s;	 /* when that was, as time() has it */
	atomic_llong checked_ms; /* the same, as a clock that nobody sets has it */
	atomic_int lock;	 /* pid of the process whose thread checks, or 0 */
	atomic_size_t rest_len;	 /* what is still mapped at rest; with the lock held */
	unsigned char *rest;
	struct okta_nss_pin alone; /* for the only thread; no locked instruction */
	struct okta_nss_mapping mappings[OKTA_NSS_MAPPINGS];
	struct okta_nss_pin pins[OKTA_NSS_PINS]; /* last: the first lookup of a process
						    leaves them alone */
};
extern struct okta_nss_map okta_nss_map __attribute__((visibility("hidden")));

struct okta_nss_ref {
	const struct okta_snap *snap;
	struct okta_nss_pin *pin; /* keeps a shared mapping where it is */
	struct okta_snap own; /* mapped for this call alone when those cannot be had */
};

/*
 * The last check was in this second.  Of all clocks this one costs least to read. Setting
 * it costs a check more, or, back into the second of the last one, lets that count for
 * one second more.
 */
static inline bool
okta_nss_is_checked(void)
{
	return time(NULL) ==
	       atomic_load_explicit(&okta_nss_map.checked_s, memory_order_relaxed);
}

static inline void
okta_nss_drop_pin(struct okta_nss_pin *pin)
{
	atomic_store_explicit(&pin->mapping, 0, memory_order_release);
}

/* CURRENT in the pin this thread tries first; NULL when that is taken. */
static inline struct okta_nss_pin *
okta_nss_try_pin(int current)
{
	struct okta_nss_pin *pin = &okta_nss_map.alone;
	int none = 0;

	if (!okta_nss_is_alone()) {
		pin = &okta_nss_map.pins[(unsigned)sched_getcpu() % OKTA_NSS_PINS];
		return atomic_compare_exchange_strong(&pin->mapping, &none, current)
			   ? pin
			   : NULL;
	}
	if (atomic_load_explicit(&pin->mapping, memory_order_relaxed) != 0)
		return NULL;
	atomic_store_explicit(&pin->mapping, current, memory_order_relaxed);
	atomic_signal_fence(memory_order_seq_cst);
	return pin;
}

/* The usual way: the mapping is there and fresh, and nothing else is to be done. */
static inline bool
okta_nss_map_get_usual(struct okta_nss_ref *ref)
{
	int current = atomic_load_explicit(&okta_nss_map.current, memory_order_relaxed);

	if (current == 0 || !okta_nss_is_checked() ||
	    atomic_load_explicit(&okta_nss_map.rest_len, memory_order_relaxed) != 0)
		return false;
	ref->pin = okta_nss_try_pin(current);
	if (ref->pin == NULL)
		return false;
	ref->snap = &okta_nss_map.mappings[current - 1].snap;
	if (atomic_load(&okta_nss_map.current) == current &&
	    !okta_snap_is_superseded(ref->snap))
		return true;
	okta_nss_drop_pin(ref->pin);
	return false;
}

/* The other way: something is to be done, or others are in the way. */
bool okta_nss_map_get_shared(struct okta_nss_ref *ref);
void okta_nss_map_put_own(struct okta_nss_ref *ref);

/* False: there is no usable snapshot.  True: hand *ref back with okta_nss_map_put().
 * Both leave errno alone.  A call would cost more than it is worth: snap/passwd.h. */
__attribute__((always_inline)) static inline bool
okta_nss_map_get(struct okta_nss_ref *ref)
{
	return okta_nss_map_get_usual(ref) || okta_nss_map_get_shared(ref);
}

static inline void
okta_nss_map_put(struct okta_nss_ref *ref)
{
	if (ref->pin != NULL)
		okta_nss_drop_pin(ref->pin);
	else if (ref->own.is_mapped)
		okta_nss_map_put_own(ref);
	ref->pin = NULL;
}

#endif /* OKTA_NSS_MAP_H */
