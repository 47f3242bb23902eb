/* SPDX-License-Identifier: BSD-2-Clause */
#include "map.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/paths.h"

#define OWNER	 0
#define STUCK_MS 30000		   /* a check this late: its lock was lost in a fork() */
#define SLICE	 ((size_t)1 << 20) /* a multiple of every page size */

/*
 * A reader takes a pin of its own, writes the current mapping into it, and then looks
 * whether that is still the current one; a writer makes another mapping current and then
 * looks whether a pin names the old one.  Both orders are sequentially consistent, so one
 * of the two sees the other.  Only who holds the lock writes mappings, and only mappings
 * that are neither current nor pinned.
 *
 * Each pin has a cache line to itself, and a reader begins to look for a free one at that
 * of the processor it runs on: readers on two processors share no line that is written.
 * While there is one thread, a pin set aside for it is taken without a locked
 * instruction; a signal handler that comes in between gives it back before it returns.
 *
 * After fork() the child has one thread and the parent's pins.  A pin or the lock of a
 * thread that is not there any more costs a pin and its mapping for good, respectively is
 * taken over, since the lock names the process; a mapping that was half written says so
 * by is_set.
 *
 * To unmap a large file takes longer than a hundred lookups.  So what nobody reads any
 * more becomes the rest, and each later lookup gives back a slice of it.  There is one
 * rest at a time: an older one goes whole, so that a process that seldom looks anybody up
 * keeps no more than one old file on the disk.
 */
struct okta_nss_map okta_nss_map;
#define map okta_nss_map /* of this process */

static long long
now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC_COARSE, &ts) < 0)
		return 0;
	return (long long)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

/* A free pin, set to CURRENT; NULL when all are taken. */
static struct okta_nss_pin *
take_pin(int current)
{
	struct okta_nss_pin *pin = okta_nss_try_pin(current);
	unsigned i, cpu;
	int none;

	if (pin != NULL)
		return pin;
	cpu = (unsigned)sched_getcpu();
	for (i = 0; i < OKTA_NSS_PINS; i++) {
		none = 0;
		pin = &map.pins[(cpu + i) % OKTA_NSS_PINS];
		if (atomic_compare_exchange_strong(&pin->mapping, &none, current))
			return pin;
	}
	return NULL;
}

/* Pin the current mapping: ref->pin and ref->snap; false when there is none. */
static bool
pin_current(struct okta_nss_ref *ref)
{
	int current = atomic_load(&map.current);
	struct okta_nss_pin *pin;

	while (current != 0) {
		pin = take_pin(current);
		if (pin == NULL)
			return false;
		if (atomic_load(&map.current) == current) {
			ref->pin = pin;
			ref->snap = &map.mappings[current - 1].snap;
			return true;
		}
		okta_nss_drop_pin(pin);
		current = atomic_load(&map.current);
	}
	return false;
}

static bool
is_pinned(int mapping)
{
	size_t i;

	if (atomic_load(&map.alone.mapping) == mapping + 1)
		return true;
	for (i = 0; i < OKTA_NSS_PINS; i++)
		if (atomic_load(&map.pins[i].mapping) == mapping + 1)
			return true;
	return false;
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

/* With the lock held: keep KEEP bytes of the rest. */
static void
shorten_rest(size_t keep)
{
	size_t len = atomic_load(&map.rest_len);

	if (len <= keep)
		return;
	/* first, so that a fork() in between leaks the slice instead of unmapping it
	 * twice */
	atomic_store(&map.rest_len, keep);
	(void)munmap(map.rest + keep, len - keep);
}

/* With the lock held: what was MAPPING, which nobody reads any more, is the rest now. */
static void
retire(struct okta_nss_mapping *mapping)
{
	shorten_rest(0);
	atomic_store(&mapping->is_set, false); /* before it is the rest, as above */
	map.rest = (unsigned char *)(uintptr_t)mapping->snap.base;
	atomic_store(&map.rest_len, mapping->snap.is_mapped ? mapping->snap.len : 0);
}

/* Who finds the lock taken leaves it to a later lookup. */
static void
give_back_slice(void)
{
	size_t len;

	if (!try_lock())
		return;
	len = atomic_load(&map.rest_len);
	shorten_rest(len == 0 ? 0 : (len - 1) / SLICE * SLICE);
	atomic_store(&map.lock, 0);
}

/* Retire what is neither current nor read; returns a free one or NULL. */
static struct okta_nss_mapping *
sweep(void)
{
	struct okta_nss_mapping *unused = NULL;
	int i;

	for (i = 0; i < OKTA_NSS_MAPPINGS; i++) {
		if (atomic_load(&map.current) == i + 1)
			continue;
		/* what is not set is not read: a pin that names it is about to be dropped
		 */
		if (atomic_load(&map.mappings[i].is_set)) {
			if (is_pinned(i))
				continue;
			retire(&map.mappings[i]);
		}
		unused = &map.mappings[i];
	}
	return unused;
}

enum seen { SEEN_CURRENT, SEEN_OTHER, SEEN_NONE };

/* What the path leads to: the file of MAPPING, as long as it was and still OWNER's alone;
 * something else, to be opened; or nothing, which takes no descriptor to know. */
static enum seen
look_at_path(const struct okta_nss_mapping *mapping)
{
	struct stat st;

	if (fstatat(AT_FDCWD, OKTA_SNAPSHOT_PATH, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return errno == ENOENT || errno == ENOTDIR ? SEEN_NONE : SEEN_OTHER;
	if (st.st_dev != mapping->snap.dev || st.st_ino != mapping->snap.ino ||
	    (uint64_t)st.st_size != mapping->snap.len || !S_ISREG(st.st_mode) ||
	    st.st_uid != OWNER || (st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return SEEN_OTHER;
	return SEEN_CURRENT;
}

/* The same of the current mapping, whose memory is touched only if its file is whole. */
static enum seen
look(void)
{
	const int current = atomic_load(&map.current);
	struct okta_nss_mapping *mapping;
	enum seen seen;

	if (current == 0)
		return SEEN_OTHER;
	mapping = &map.mappings[current - 1];
	seen = look_at_path(mapping);
	if (seen != SEEN_CURRENT || !okta_snap_is_superseded(&mapping->snap))
		return seen;
	/* the word comes behind the rename: only a path looked at after it shows that it
	 * means nothing */
	seen = look_at_path(mapping);
	if (seen == SEEN_CURRENT)
		atomic_store(&mapping->word_seen, true);
	return seen;
}

/* Too few descriptors or too little memory, also to lock (EAGAIN), says nothing about the
 * file. */
static bool
is_passing_trouble(enum okta_rc r)
{
	return r == OKTA_E_SYS &&
	       (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == EAGAIN);
}

/* Make FRESH current; false if every place is taken. */
static bool
install(const struct okta_snap *fresh)
{
	struct okta_nss_mapping *mapping = sweep();

	if (mapping == NULL)
		return false;
	mapping->snap = *fresh;
	atomic_store(&mapping->word_seen, false);
	atomic_store(&mapping->is_set, true);
	atomic_store(&map.current, (int)(mapping - map.mappings) + 1);
	atomic_store(&map.is_missing, false);
	return true;
}

/* With the lock held: look at the file.  A mapping there is no place for goes to *own. */
static void
check(struct okta_snap *own)
{
	time_t now_s = time(NULL); /* before the look: what changes after it is news */
	const enum seen seen = look();
	struct okta_snap fresh;
	enum okta_rc r;

	if (seen == SEEN_NONE) {
		atomic_store(&map.is_missing, true);
		atomic_store(&map.current, 0);
	} else if (seen == SEEN_OTHER) {
		r = okta_snap_open(OKTA_SNAPSHOT_PATH, OWNER, &fresh);
		if (r == OKTA_OK) {
			if (!install(&fresh)) {
				atomic_store(&map.current, 0);
				atomic_store(&map.is_missing, false);
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
	atomic_store(&map.checked_s, now_s);
	atomic_store(&map.checked_ms, now_ms());
}

/* The pinned mapping may be used without looking at the file. */
static bool
is_fresh(const struct okta_nss_ref *ref)
{
	const struct okta_nss_mapping *mapping;

	if (!okta_nss_is_checked())
		return false;
	if (!okta_snap_is_superseded(ref->snap))
		return true;
	mapping = &map.mappings[atomic_load(&ref->pin->mapping) - 1];
	return atomic_load(&mapping->word_seen);
}

/* The way past the shared mappings: map, look up, unmap. */
static bool
map_for_this_call(struct okta_nss_ref *ref)
{
	if (!ref->own.is_mapped &&
	    okta_snap_open(OKTA_SNAPSHOT_PATH, OWNER, &ref->own) != OKTA_OK)
		return false;
	ref->snap = &ref->own;
	return true;
}

/* The file has to be looked at; there may be a pin. */
static bool
get_slowly(struct okta_nss_ref *ref)
{
	bool locked = try_lock();

	if (!locked && ref->pin != NULL &&
	    now_ms() - atomic_load(&map.checked_ms) < STUCK_MS)
		return true; /* another thread is at it */
	/* before the check, which may want to unmap it */
	okta_nss_map_put(ref);
	if (!locked)
		return map_for_this_call(ref);
	check(&ref->own);
	atomic_store(&map.lock, 0);
	if (!pin_current(ref))
		return !atomic_load(&map.is_missing) && map_for_this_call(ref);
	if (ref->own.is_mapped) /* another thread has found a place for it */
		okta_snap_close(&ref->own);
	return true;
}

static bool
get_shared(struct okta_nss_ref *ref)
{
	int cancel;
	bool got;

	if (atomic_load_explicit(&map.rest_len, memory_order_relaxed) != 0)
		give_back_slice();
	if (pin_current(ref)) {
		if (is_fresh(ref))
			return true;
	} else if (atomic_load(&map.is_missing) && okta_nss_is_checked()) {
		return false;
	}
	/* open() and close() are cancellation points; a thread must not end holding the
	 * lock */
	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &cancel);
	got = get_slowly(ref);
	(void)pthread_setcancelstate(cancel, NULL);
	return got;
}

bool
okta_nss_map_get_shared(struct okta_nss_ref *ref)
{
	int saved = errno;
	bool got;

	ref->pin = NULL;
	ref->own.is_mapped = false;
	got = get_shared(ref);
	errno = saved;
	return got;
}

void
okta_nss_map_put_own(struct okta_nss_ref *ref)
{
	int saved = errno;

	okta_snap_close(&ref->own);
	errno = saved;
}
