/* SPDX-License-Identifier: BSD-2-Clause */
#include <dlfcn.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "entry.h"

#define BUFFER_MAX ((size_t)1 << 30)
#define GIDS_START 256

static struct {
	enum nss_status (*pwnam)(const char *, struct passwd *, char *, size_t, int *);
	enum nss_status (*pwuid)(uid_t, struct passwd *, char *, size_t, int *);
	enum nss_status (*grnam)(const char *, struct group *, char *, size_t, int *);
	enum nss_status (*grgid)(gid_t, struct group *, char *, size_t, int *);
	enum nss_status (*init)(
	    const char *, gid_t, long *, long *, gid_t **, long, int *);
	enum nss_status (*setpw)(int);
	enum nss_status (*getpw)(struct passwd *, char *, size_t, int *);
	enum nss_status (*endpw)(void);
	enum nss_status (*setgr)(int);
	enum nss_status (*getgr)(struct group *, char *, size_t, int *);
	enum nss_status (*endgr)(void);
} entry;

static void
die(const char *what)
{
	(void)fprintf(stderr, "%s\n", what);
	exit(1);
}

/* --- glibc in the shape of a module ----------------------------------------------------
 */

static enum nss_status
as_status(int r, const void *found, int *error)
{
	*error = r;
	if (r == ERANGE)
		return NSS_STATUS_TRYAGAIN;
	if (found != NULL)
		return NSS_STATUS_SUCCESS;
	return r == 0 || r == ENOENT ? NSS_STATUS_NOTFOUND : NSS_STATUS_UNAVAIL;
}

static enum nss_status
libc_pwnam(const char *name, struct passwd *pw, char *buffer, size_t size, int *error)
{
	struct passwd *found = NULL;
	int r = getpwnam_r(name, pw, buffer, size, &found);

	return as_status(r, found, error);
}

static enum nss_status
libc_pwuid(uid_t uid, struct passwd *pw, char *buffer, size_t size, int *error)
{
	struct passwd *found = NULL;
	int r = getpwuid_r(uid, pw, buffer, size, &found);

	return as_status(r, found, error);
}

static enum nss_status
libc_grnam(const char *name, struct group *gr, char *buffer, size_t size, int *error)
{
	struct group *found = NULL;
	int r = getgrnam_r(name, gr, buffer, size, &found);

	return as_status(r, found, error);
}

static enum nss_status
libc_grgid(gid_t gid, struct group *gr, char *buffer, size_t size, int *error)
{
	struct group *found = NULL;
	int r = getgrgid_r(gid, gr, buffer, size, &found);

	return as_status(r, found, error);
}

static enum nss_status
libc_init(const char *user, gid_t gid, long *start, long *size, gid_t **gids, long limit,
    int *error)
{
	int n;

	(void)limit;
	(void)error;
	for (;;) {
		n = (int)*size;
		if (getgrouplist(user, gid, *gids, &n) >= 0)
			break;
		*size = n + 64;
		*gids = realloc(*gids, (size_t)*size * sizeof(**gids));
		if (*gids == NULL)
			die("out of memory");
	}
	*start = n;
	return NSS_STATUS_SUCCESS;
}

static enum nss_status
libc_setpw(int stay)
{
	(void)stay;
	setpwent();
	return NSS_STATUS_SUCCESS;
}

static enum nss_status
libc_getpw(struct passwd *pw, char *buffer, size_t size, int *error)
{
	struct passwd *found = NULL;
	int r = getpwent_r(pw, buffer, size, &found);

	return as_status(r, found, error);
}

static enum nss_status
libc_endpw(void)
{
	endpwent();
	return NSS_STATUS_SUCCESS;
}

static void
load_libc(void)
{
	entry.pwnam = libc_pwnam;
	entry.pwuid = libc_pwuid;
	entry.grnam = libc_grnam;
	entry.grgid = libc_grgid;
	entry.init = libc_init;
	entry.setpw = libc_setpw;
	entry.getpw = libc_getpw;
	entry.endpw = libc_endpw;
}

/* --- a module --------------------------------------------------------------------------
 */

/* What glibc does for a module that has no initgroups_dyn: read every group. */
static enum nss_status
scan_groups(const char *user, gid_t gid, long *start, long *size, gid_t **gids,
    long limit, int *error)
{
	static char *buffer;
	static size_t buffer_size = 4096;
	struct group gr;
	enum nss_status status;
	char **member;

	(void)limit;
	if (buffer == NULL)
		buffer = malloc(buffer_size);
	(void)entry.setgr(0);
	for (;;) {
		status = entry.getgr(&gr, buffer, buffer_size, error);
		if (status == NSS_STATUS_TRYAGAIN && *error == ERANGE) {
			buffer = realloc(buffer, buffer_size *= 2);
			continue;
		}
		if (status != NSS_STATUS_SUCCESS)
			break;
		for (member = gr.gr_mem; gr.gr_gid != gid && *member != NULL; member++) {
			if (strcmp(*member, user) != 0)
				continue;
			if (*start == *size) {
				*size *= 2;
				*gids = realloc(*gids, (size_t)*size * sizeof(**gids));
			}
			(*gids)[(*start)++] = gr.gr_gid;
			break;
		}
	}
	(void)entry.endgr();
	return NSS_STATUS_SUCCESS;
}

static void *
symbol_of(void *handle, const char *name, const char *what)
{
	char symbol[128];

	(void)snprintf(symbol, sizeof(symbol), "_nss_%s_%s", name, what);
	return dlsym(handle, symbol);
}

void
entry_load(const char *module, const char *name)
{
	void *handle;

	if (strcmp(module, "-") == 0) {
		load_libc();
		return;
	}
	handle = dlopen(module, RTLD_NOW);
	if (handle == NULL)
		die(dlerror());
	*(void **)&entry.pwnam = symbol_of(handle, name, "getpwnam_r");
	*(void **)&entry.pwuid = symbol_of(handle, name, "getpwuid_r");
	*(void **)&entry.grnam = symbol_of(handle, name, "getgrnam_r");
	*(void **)&entry.grgid = symbol_of(handle, name, "getgrgid_r");
	*(void **)&entry.init = symbol_of(handle, name, "initgroups_dyn");
	*(void **)&entry.setpw = symbol_of(handle, name, "setpwent");
	*(void **)&entry.getpw = symbol_of(handle, name, "getpwent_r");
	*(void **)&entry.endpw = symbol_of(handle, name, "endpwent");
	*(void **)&entry.setgr = symbol_of(handle, name, "setgrent");
	*(void **)&entry.getgr = symbol_of(handle, name, "getgrent_r");
	*(void **)&entry.endgr = symbol_of(handle, name, "endgrent");
	if (entry.pwnam == NULL || entry.pwuid == NULL || entry.grnam == NULL ||
	    entry.grgid == NULL)
		die("the module lacks a lookup");
	if (entry.init == NULL && entry.getgr != NULL)
		entry.init = scan_groups;
}

bool
entry_has_enumeration(void)
{
	return entry.setpw != NULL && entry.getpw != NULL && entry.endpw != NULL;
}

/* --- a caller --------------------------------------------------------------------------
 */

void
caller_init(struct caller *c, size_t size)
{
	memset(c, 0, sizeof(*c));
	c->buffer = malloc(size);
	c->size = size;
	c->gids = malloc(GIDS_START * sizeof(*c->gids));
	c->gids_size = GIDS_START;
	if (c->buffer == NULL || c->gids == NULL)
		die("out of memory");
}

void
caller_clear(struct caller *c)
{
	free(c->buffer);
	free(c->gids);
}

static bool
grow(struct caller *c, int error)
{
	if (error != ERANGE || c->size >= BUFFER_MAX)
		return false;
	free(c->buffer);
	c->size *= 2;
	c->buffer = malloc(c->size);
	return c->buffer != NULL;
}

static enum nss_status
look_once(enum look what, const struct key *key, struct caller *c, int *error)
{
	switch (what) {
	case LOOK_NAME:
		return entry.pwnam(key->name, &c->pw, c->buffer, c->size, error);
	case LOOK_UID:
		return entry.pwuid(key->id, &c->pw, c->buffer, c->size, error);
	case LOOK_GROUP:
		return entry.grnam(key->name, &c->gr, c->buffer, c->size, error);
	case LOOK_GID:
		return entry.grgid(key->id, &c->gr, c->buffer, c->size, error);
	case LOOK_INIT:
		c->gids[0] = key->id; /* the primary group, as glibc hands it in */
		c->n_gids = 1;
		return entry.init(
		    key->name, key->id, &c->n_gids, &c->gids_size, &c->gids, -1, error);
	}
	return NSS_STATUS_UNAVAIL;
}

enum nss_status
look_up(enum look what, const struct key *key, struct caller *c)
{
	enum nss_status status;
	int error = 0;

	do
		status = look_once(what, key, c, &error);
	while (status == NSS_STATUS_TRYAGAIN && grow(c, error));
	return status;
}

bool
is_right(enum look what, const struct key *key, const struct caller *c)
{
	uint32_t n = 0;

	switch (what) {
	case LOOK_NAME:
	case LOOK_UID:
		return strcmp(c->pw.pw_name, key->name) == 0 && c->pw.pw_uid == key->id &&
		       c->pw.pw_gid == key->number &&
		       strncmp(c->pw.pw_dir, "/home/", 6) == 0 &&
		       strcmp(c->pw.pw_dir + 6, key->name) == 0 &&
		       strcmp(c->pw.pw_shell, "/bin/bash") == 0;
	case LOOK_GROUP:
	case LOOK_GID:
		while (c->gr.gr_mem[n] != NULL)
			n++;
		return strcmp(c->gr.gr_name, key->name) == 0 && c->gr.gr_gid == key->id &&
		       n == key->number;
	case LOOK_INIT:
		return c->n_gids == (long)key->number + 1;
	}
	return false;
}

void
people_rewind(void)
{
	(void)entry.setpw(0);
}

enum nss_status
people_next(struct caller *c)
{
	enum nss_status status;
	int error = 0;

	do
		status = entry.getpw(&c->pw, c->buffer, c->size, &error);
	while (status == NSS_STATUS_TRYAGAIN && grow(c, error));
	return status;
}

void
people_end(void)
{
	(void)entry.endpw();
}
