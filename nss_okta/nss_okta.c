/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The entry points glibc calls (libc manual, "Extending NSS").  They run in every process
 * that asks for a name, so:
 * MUST: save errno, answer out of the caller's buffer, refuse names that cannot be ours
 * before anything is looked up.
 * MUST NOT: allocate (but for initgroups_dyn's array), wait, log, or read the
 * environment.
 */
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "enumerate.h"
#include "fill.h"
#include "map.h"
#include "snap/passwd.h"

#pragma GCC visibility push(default)
NSS_DECLARE_MODULE_FUNCTIONS(okta)
#pragma GCC visibility pop

/* Nothing up to here has changed errno; glibc passes &errno as errnop. */
static enum nss_status
answer(enum okta_rc r, int *errnop)
{
	if (__builtin_expect(r == OKTA_OK, 1))
		return NSS_STATUS_SUCCESS;
	switch (r) {
	case OKTA_E_NOTFOUND:
		*errnop = ENOENT;
		return NSS_STATUS_NOTFOUND;
	case OKTA_E_RANGE:
		*errnop = ERANGE;
		return NSS_STATUS_TRYAGAIN;
	case OKTA_E_NOMEM:
		*errnop = ENOMEM;
		return NSS_STATUS_TRYAGAIN;
	default:
		*errnop = ENOENT;
		return NSS_STATUS_UNAVAIL;
	}
}

/* NAME as a view; false if it is too long or too short for a name of ours. */
static bool
view_of_name(const char *name, struct okta_view *ret)
{
	ret->p = name;
	ret->len = strnlen(name, OKTA_SNAP_NAME_MAX + 1);
	return ret->len - 1 < OKTA_SNAP_NAME_MAX;
}

/*
 * There is no snapshot.  What cannot be a name of ours is not found even then; as long as
 * there is one, no record with such a name is ever given out.
 */
static enum okta_rc
without_snapshot(struct okta_view name)
{
	return okta_snap_name_is_valid(name) ? OKTA_E_UNAVAIL : OKTA_E_NOTFOUND;
}

enum nss_status
_nss_okta_getpwnam_r(
    const char *name, struct passwd *result, char *buffer, size_t buflen, int *errnop)
{
	struct okta_nss_ref ref;
	struct okta_snap_passwd user;
	struct okta_view v;
	enum okta_rc r;

	if (!view_of_name(name, &v))
		return answer(OKTA_E_NOTFOUND, errnop);
	if (!okta_nss_map_get(&ref))
		return answer(without_snapshot(v), errnop);
	r = okta_snap_find_passwd_by_name(ref.snap, v, &user);
	if (r == OKTA_OK)
		r = okta_nss_fill_passwd(&user, result, buffer, buflen);
	okta_nss_map_put(&ref);
	return answer(r, errnop);
}

enum nss_status
_nss_okta_getpwuid_r(
    uid_t uid, struct passwd *result, char *buffer, size_t buflen, int *errnop)
{
	struct okta_nss_ref ref;
	struct okta_snap_passwd user;
	enum okta_rc r;

	if (uid < OKTA_SNAP_ID_FLOOR || uid > OKTA_SNAP_ID_CEIL)
		return answer(OKTA_E_NOTFOUND, errnop);
	if (!okta_nss_map_get(&ref))
		return answer(OKTA_E_UNAVAIL, errnop);
	r = okta_snap_find_passwd_by_uid(ref.snap, uid, &user);
	if (r == OKTA_OK)
		r = okta_nss_fill_passwd(&user, result, buffer, buflen);
	okta_nss_map_put(&ref);
	return answer(r, errnop);
}

enum nss_status
_nss_okta_getgrnam_r(
    const char *name, struct group *result, char *buffer, size_t buflen, int *errnop)
{
	struct okta_nss_ref ref;
	struct okta_snap_group group;
	struct okta_view v;
	enum okta_rc r;

	if (!view_of_name(name, &v))
		return answer(OKTA_E_NOTFOUND, errnop);
	if (!okta_nss_map_get(&ref))
		return answer(without_snapshot(v), errnop);
	r = okta_snap_group_by_name(ref.snap, v, &group);
	if (r == OKTA_OK)
		r = okta_nss_fill_group(&group, result, buffer, buflen);
	okta_nss_map_put(&ref);
	return answer(r, errnop);
}

enum nss_status
_nss_okta_getgrgid_r(
    gid_t gid, struct group *result, char *buffer, size_t buflen, int *errnop)
{
	struct okta_nss_ref ref;
	struct okta_snap_group group;
	enum okta_rc r;

	/* small gids may be those of local groups that people of ours join, 0 never is */
	if (gid == 0 || gid > OKTA_SNAP_ID_CEIL)
		return answer(OKTA_E_NOTFOUND, errnop);
	if (!okta_nss_map_get(&ref))
		return answer(OKTA_E_UNAVAIL, errnop);
	r = okta_snap_group_by_gid(ref.snap, gid, &group);
	if (r == OKTA_OK)
		r = okta_nss_fill_group(&group, result, buffer, buflen);
	okta_nss_map_put(&ref);
	return answer(r, errnop);
}

enum nss_status
_nss_okta_setpwent(int stayopen)
{
	int saved = errno;

	(void)stayopen;
	okta_nss_rewind_users();
	errno = saved;
	return NSS_STATUS_SUCCESS;
}

enum nss_status
_nss_okta_endpwent(void)
{
	int saved = errno;

	okta_nss_rewind_users();
	errno = saved;
	return NSS_STATUS_SUCCESS;
}

enum nss_status
_nss_okta_getpwent_r(struct passwd *result, char *buffer, size_t buflen, int *errnop)
{
	enum okta_rc r = okta_nss_next_user(result, buffer, buflen);

	return answer(r, errnop);
}

enum nss_status
_nss_okta_setgrent(int stayopen)
{
	int saved = errno;

	(void)stayopen;
	okta_nss_rewind_groups();
	errno = saved;
	return NSS_STATUS_SUCCESS;
}

enum nss_status
_nss_okta_endgrent(void)
{
	int saved = errno;

	okta_nss_rewind_groups();
	errno = saved;
	return NSS_STATUS_SUCCESS;
}

enum nss_status
_nss_okta_getgrent_r(struct group *result, char *buffer, size_t buflen, int *errnop)
{
	enum okta_rc r = okta_nss_next_group(result, buffer, buflen);

	return answer(r, errnop);
}

/* The caller's growing array of gids, as initgroups_dyn gets it. */
struct gid_array {
	long *start, *size;
	gid_t **gids;
	long limit; /* never more than this many, if positive */
};

/* Room for one more; OKTA_E_NOTFOUND at the limit. */
static enum okta_rc
make_room(const struct gid_array *a)
{
	long bigger = *a->size > 0 ? *a->size : 16;
	int saved = errno;
	gid_t *p;

	if (*a->start < *a->size)
		return OKTA_OK;
	if (a->limit > 0 && *a->size >= a->limit)
		return OKTA_E_NOTFOUND;
	if (bigger == *a->size)
		bigger *= 2;
	if (a->limit > 0 && bigger > a->limit)
		bigger = a->limit;
	p = reallocarray(*a->gids, (size_t)bigger, sizeof(*p));
	errno = saved;
	if (p == NULL)
		return OKTA_E_NOMEM;
	*a->gids = p;
	*a->size = bigger;
	return OKTA_OK;
}

/*
 * The name may by now belong to a local account that was added after the last sync, and
 * nobody but us asks by name alone here.  A local account comes with a primary group of
 * the host, be it one that ours join or one with a number in our range; ours come with
 * their own, or with a group of Okta's (newgrp, su -g).  (-1: the caller has none to
 * leave out.)
 */
static bool
may_be_ours(
    const struct okta_snap *snap, const struct okta_snap_user *user, gid_t primary)
{
	struct okta_snap_group group;

	return primary == user->gid || primary == (gid_t)-1 ||
	       (okta_snap_group_by_gid(snap, primary, &group) == OKTA_OK &&
		   group.kind == OKTA_SNAP_GROUP_SERVED && group.off != 0);
}

static enum okta_rc
append_gids(const struct gid_array *a, const struct okta_snap_user *user, gid_t skip)
{
	enum okta_rc r;
	uint32_t i, gid;

	for (i = 0; i < user->n_gids; i++) {
		gid = okta_snap_gid(user, i);
		if (gid == skip)
			continue;
		r = make_room(a);
		if (r == OKTA_E_NOTFOUND)
			return OKTA_OK; /* as glibc's own services do */
		if (r != OKTA_OK)
			return r;
		(*a->gids)[(*a->start)++] = gid;
	}
	return OKTA_OK;
}

enum nss_status
_nss_okta_initgroups_dyn(const char *user, gid_t group, long int *start, long int *size,
    gid_t **groupsp, long int limit, int *errnop)
{
	const struct gid_array array = { start, size, groupsp, limit };
	struct okta_nss_ref ref;
	struct okta_snap_user found;
	struct okta_view v;
	enum okta_rc r;

	if (!view_of_name(user, &v))
		return answer(OKTA_E_NOTFOUND, errnop);
	if (!okta_nss_map_get(&ref))
		return answer(without_snapshot(v), errnop);
	r = okta_snap_user_by_name(ref.snap, v, &found);
	if (r == OKTA_OK && !may_be_ours(ref.snap, &found, group))
		r = OKTA_E_NOTFOUND;
	if (r == OKTA_OK)
		r = append_gids(&array, &found, group);
	okta_nss_map_put(&ref);
	return answer(r, errnop);
}
