/* SPDX-License-Identifier: BSD-2-Clause */
#include "enumerate.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "alone.h"
#include "fill.h"
#include "map.h"

/* A place in the order of ids, and where that is in one particular file. */
struct place {
	uint32_t last_id; /* the last one given out; 0 before the first */
	uint64_t cursor;  /* behind it, in the file told by the rest */
	uint64_t dev, ino, generation;
};

/*
 * Users and groups each have a lock, as they have in glibc: what another thread held when
 * fork() was called stays locked in the child, which must not wait for more than glibc
 * itself would make it wait for.
 */
static struct {
	pthread_mutex_t users_mutex, groups_mutex;
	struct place users;
	struct place groups;   /* group records first, */
	struct place privates; /* then the groups that users imply */
	bool records_done;
} state = { .users_mutex = PTHREAD_MUTEX_INITIALIZER,
	.groups_mutex = PTHREAD_MUTEX_INITIALIZER };

static bool
lock(pthread_mutex_t *mutex)
{
	if (okta_nss_is_alone())
		return false;
	(void)pthread_mutex_lock(mutex);
	return true;
}

static void
unlock(pthread_mutex_t *mutex, bool locked)
{
	if (locked)
		(void)pthread_mutex_unlock(mutex);
}

void
okta_nss_rewind_users(void)
{
	bool locked;

	locked = lock(&state.users_mutex);
	memset(&state.users, 0, sizeof(state.users));
	unlock(&state.users_mutex, locked);
}

void
okta_nss_rewind_groups(void)
{
	bool locked;

	locked = lock(&state.groups_mutex);
	memset(&state.groups, 0, sizeof(state.groups));
	memset(&state.privates, 0, sizeof(state.privates));
	state.records_done = false;
	unlock(&state.groups_mutex, locked);
}

/* A cursor of another file is worth nothing: begin again, and skip by id. */
static uint64_t
cursor_in(const struct place *place, const struct okta_snap *snap)
{
	if (place->dev == snap->dev && place->ino == snap->ino &&
	    place->generation == snap->generation)
		return place->cursor;
	return 0;
}

static void
advance(struct place *place, const struct okta_snap *snap, uint64_t cursor, uint32_t id)
{
	place->last_id = id;
	place->cursor = cursor;
	place->dev = snap->dev;
	place->ino = snap->ino;
	place->generation = snap->generation;
}

/* The next user with these FLAGS and his place. */
static enum okta_rc
find_user(const struct place *place, const struct okta_snap *snap, unsigned flags,
    uint64_t *cursor, struct okta_snap_passwd *ret)
{
	enum okta_rc r;

	*cursor = cursor_in(place, snap);
	do
		r = okta_snap_next_passwd(snap, cursor, ret);
	while (r == OKTA_OK &&
	       (ret->uid <= place->last_id || (ret->flags & flags) != flags));
	return r;
}

static enum okta_rc
next_user(const struct okta_snap *snap, struct passwd *pw, char *buffer, size_t buflen)
{
	struct okta_snap_passwd user;
	uint64_t cursor;
	enum okta_rc r;

	r = find_user(&state.users, snap, 0, &cursor, &user);
	if (r == OKTA_OK)
		r = okta_nss_fill_passwd(&user, pw, buffer, buflen);
	if (r == OKTA_OK)
		advance(&state.users, snap, cursor, user.uid);
	return r;
}

static enum okta_rc
next_record(const struct okta_snap *snap, struct group *gr, char *buffer, size_t buflen)
{
	uint64_t cursor = cursor_in(&state.groups, snap);
	struct okta_snap_group group;
	enum okta_rc r;

	do
		r = okta_snap_next_group(snap, &cursor, &group);
	while (r == OKTA_OK && group.kind == OKTA_SNAP_GROUP_SERVED &&
	       group.gid <= state.groups.last_id);
	if (r == OKTA_OK && group.kind != OKTA_SNAP_GROUP_SERVED)
		r = OKTA_E_NOTFOUND; /* served groups come first */
	if (r == OKTA_OK)
		r = okta_nss_fill_group(&group, gr, buffer, buflen);
	if (r == OKTA_OK)
		advance(&state.groups, snap, cursor, group.gid);
	return r;
}

static enum okta_rc
next_private(const struct okta_snap *snap, struct group *gr, char *buffer, size_t buflen)
{
	struct okta_snap_group group;
	struct okta_snap_passwd user;
	uint64_t cursor;
	enum okta_rc r;

	r = find_user(
	    &state.privates, snap, OKTA_SNAP_USER_PRIVATE_GROUP, &cursor, &user);
	if (r == OKTA_OK) {
		okta_snap_private_group(&user, &group);
		r = okta_nss_fill_group(&group, gr, buffer, buflen);
	}
	if (r == OKTA_OK)
		advance(&state.privates, snap, cursor, user.uid);
	return r;
}

static enum okta_rc
next_group(const struct okta_snap *snap, struct group *gr, char *buffer, size_t buflen)
{
	enum okta_rc r;

	if (!state.records_done) {
		r = next_record(snap, gr, buffer, buflen);
		if (r != OKTA_E_NOTFOUND)
			return r;
		state.records_done = true;
	}
	return next_private(snap, gr, buffer, buflen);
}

enum okta_rc
okta_nss_next_user(struct passwd *pw, char *buffer, size_t buflen)
{
	struct okta_nss_ref ref;
	enum okta_rc r;
	bool locked;

	if (!okta_nss_map_get(&ref))
		return OKTA_E_UNAVAIL;
	locked = lock(&state.users_mutex);
	r = next_user(ref.snap, pw, buffer, buflen);
	unlock(&state.users_mutex, locked);
	okta_nss_map_put(&ref);
	return r;
}

enum okta_rc
okta_nss_next_group(struct group *gr, char *buffer, size_t buflen)
{
	struct okta_nss_ref ref;
	enum okta_rc r;
	bool locked;

	if (!okta_nss_map_get(&ref))
		return OKTA_E_UNAVAIL;
	locked = lock(&state.groups_mutex);
	r = next_group(ref.snap, gr, buffer, buflen);
	unlock(&state.groups_mutex, locked);
	okta_nss_map_put(&ref);
	return r;
}
