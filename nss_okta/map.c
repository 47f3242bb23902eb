/* SPDX-License-Identifier: BSD-2-Clause */
#include "map.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/paths.h"

#define OWNER	   0
#define SLOTS	   4
#define RECHECK_MS 900	 /* "within a second", with the coarse clock's tick to spare */
#define STUCK_MS   30000 /* a check this late: its lock was lost in a fork() */

/*
 * A reader pins a slot by raising its count and then looks whether the slot is still the
 * current one; a writer makes another slot current and then looks whether the old one is
 * pinned.  Both orders are sequentially consistent, so one of the two sees the other.
 * Only who holds the lock writes slots, and only slots that are neither current nor
 * pinned.
 *
 * After fork() the child has one thread and the parent's counts.  A pin or the lock of a
 * thread that is not there any more costs a slot for good, respectively is taken over,
 * since the lock names the process; a slot that was half written says so by is_set.
 */
struct slot {
	atomic_uint pins;
	atomic_bool is_set;    /* snap is whole and mapped */
	atomic_bool word_seen; /* superseded, but still what the path leads to */
	struct okta_snap snap;
};

static struct {
	atomic_int current;	 /* slot + 1; 0 is none */
	atomic_bool is_missing;	 /* at the last check there was nothing to serve */
	atomic_llong checked_ms; /* when that was */
	atomic_int lock;	 /* pid of the process whose thread checks, or 0 */
	struct slot slots[SLOTS];
} map;

static long long
now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC_COARSE, &ts) < 0)
		return 0;
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* The current slot, pinned; -1 when there is none. */
static int
pin_current(void)
{
	int i;

	for (;;) {
		i = atomic_load(&map.current) - 1;
		if (i < 0)
			return -1;
		atomic_fetch_add(&map.slots[i].pins, 1);
		if (atomic_load(&map.current) == i + 1)
			return i;
		atomic_fetch_sub(&map.slots[i].pins, 1);
	}
}

static void
unpin(int i)
{
	atomic_fetch_sub(&map.slots[i].pins, 1);
}

/* Never waits. */
static bool
try_lock(void)
{
	int pid = getpid(), holder = 0;

	if (atomic_compare_exchange_strong(&map.lock, &holder, pid))
		return true;
	/* left behind by fork(): the thread that took it is in the parent only */
	return holder != pid && atomic_compare_exchange_strong(&map.lock, &holder, pid);
}

static void
drop_slot(struct slot *slot)
{
	struct okta_snap snap = slot->snap;

	/* first, so that a fork() in between leaks the mapping instead of unmapping it
	 * twice */
	atomic_store(&slot->is_set, false);
	okta_snap_close(&snap);
}

/* Unmap what is neither current nor read; returns a free slot or NULL. */
static struct slot *
sweep(void)
{
	struct slot *unused = NULL;
	int i;

	for (i = 0; i < SLOTS; i++) {
		if (atomic_load(&map.current) == i + 1 ||
		    atomic_load(&map.slots[i].pins) != 0)
			continue;
		if (atomic_load(&map.slots[i].is_set))
			drop_slot(&map.slots[i]);
		unused = &map.slots[i];
	}
	return unused;
}

/* True if the path still leads to the file of the current slot, and it is as long. */
static bool
current_is_valid(void)
{
	int i = atomic_load(&map.current) - 1;
	struct stat st;

	if (i < 0 ||
	    fstatat(AT_FDCWD, OKTA_SNAPSHOT_PATH, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
	    st.st_dev != map.slots[i].snap.dev || st.st_ino != map.slots[i].snap.ino ||
	    (uint64_t)st.st_size != map.slots[i].snap.len)
		return false;
	if (okta_snap_is_superseded(&map.slots[i].snap))
		atomic_store(&map.slots[i].word_seen, true);
	return true;
}

/* Too few descriptors or too little memory says nothing about the file. */
static bool
is_passing_trouble(enum okta_rc r)
{
	return r == OKTA_E_SYS && (errno == EMFILE || errno == ENFILE || errno == ENOMEM);
}

/* Make FRESH current; false if every slot is taken. */
static bool
install(const struct okta_snap *fresh)
{
	struct slot *slot = sweep();

	if (slot == NULL)
		return false;
	slot->snap = *fresh;
	atomic_store(&slot->word_seen, false);
	atomic_store(&slot->is_set, true);
	atomic_store(&map.current, (int)(slot - map.slots) + 1);
	atomic_store(&map.is_missing, false);
	return true;
}

/* With the lock held: look at the file.  A mapping no slot has room for goes to *own. */
static void
check(struct okta_snap *own)
{
	struct okta_snap fresh;
	enum okta_rc r;

	if (!current_is_valid()) {
		r = okta_snap_open(OKTA_SNAPSHOT_PATH, OWNER, &fresh);
		if (r == OKTA_OK) {
			if (!install(&fresh)) {
				atomic_store(&map.current, 0);
				*own = fresh;
				return;
			}
		} else if (!is_passing_trouble(r)) {
			atomic_store(&map.is_missing, true);
			atomic_store(&map.current, 0);
		} else if (atomic_load(&map.current) == 0) {
			return; /* try again at the next call */
		}
	}
	(void)sweep();
	atomic_store(&map.checked_ms, now_ms());
}

/* Slot I may be used without looking at the file. */
static bool
is_fresh(int i, long long age_ms)
{
	const struct slot *slot = &map.slots[i];

	if (age_ms >= RECHECK_MS)
		return false;
	return !okta_snap_is_superseded(&slot->snap) || atomic_load(&slot->word_seen);
}

/* The way past the slots: map, look up, unmap. */
static bool
map_for_this_call(struct okta_nss_ref *ref)
{
	if (!ref->own.is_mapped &&
	    okta_snap_open(OKTA_SNAPSHOT_PATH, OWNER, &ref->own) != OKTA_OK)
		return false;
	ref->snap = &ref->own;
	return true;
}

/* The file has to be looked at; slot I, if any, is pinned. */
static bool
get_slowly(struct okta_nss_ref *ref, int i, long long age_ms)
{
	bool locked = try_lock();

	if (!locked && i >= 0 && age_ms < STUCK_MS) { /* another thread is at it */
		ref->slot = i;
		ref->snap = &map.slots[i].snap;
		return true;
	}
	if (i >= 0)
		unpin(i); /* before the check, which may want to unmap it */
	if (!locked)
		return map_for_this_call(ref);
	check(&ref->own);
	atomic_store(&map.lock, 0);
	ref->slot = pin_current();
	if (ref->slot >= 0) {
		ref->snap = &map.slots[ref->slot].snap;
		return true;
	}
	return !atomic_load(&map.is_missing) && map_for_this_call(ref);
}

bool
okta_nss_map_get(struct okta_nss_ref *ref)
{
	long long age_ms = now_ms() - atomic_load(&map.checked_ms);
	int i = pin_current(), cancel;
	bool got;

	ref->slot = -1;
	ref->own.is_mapped = false;
	if (i >= 0 && is_fresh(i, age_ms)) {
		ref->slot = i;
		ref->snap = &map.slots[i].snap;
		return true;
	}
	if (i < 0 && atomic_load(&map.is_missing) && age_ms < RECHECK_MS)
		return false;
	/* open() and close() are cancellation points; a thread must not end holding the
	 * lock */
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	got = get_slowly(ref, i, age_ms);
	(void)pthread_setcancelstate(cancel, NULL);
	return got;
}

void
okta_nss_map_put(struct okta_nss_ref *ref)
{
	if (ref->slot >= 0)
		unpin(ref->slot);
	if (ref->own.is_mapped)
		okta_snap_close(&ref->own);
}
