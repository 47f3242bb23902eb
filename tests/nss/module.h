/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/nss/module.h - the entry points of the real module, in a mount namespace of our
 * own where /var/lib is empty at first.  Needs root.
 */
#ifndef TESTS_NSS_MODULE_H
#define TESTS_NSS_MODULE_H

#include <dlfcn.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/paths.h"

static const char *module_path; /* by main() */
static void *module;

static enum nss_status (*getpwnam_f)(
    const char *, struct passwd *, char *, size_t, int *);
static enum nss_status (*getpwuid_f)(uid_t, struct passwd *, char *, size_t, int *);
static enum nss_status (*getpwent_f)(struct passwd *, char *, size_t, int *);
static enum nss_status (*getgrnam_f)(const char *, struct group *, char *, size_t, int *);
static enum nss_status (*getgrgid_f)(gid_t, struct group *, char *, size_t, int *);
static enum nss_status (*getgrent_f)(struct group *, char *, size_t, int *);
static enum nss_status (*set_f[2])(int);
static enum nss_status (*end_f[2])(void);
static enum nss_status (*init_f)(
    const char *, gid_t, long *, long *, gid_t **, long, int *);

static inline void *
entry(const char *name)
{
	char symbol[64];
	void *p;

	(void)snprintf(symbol, sizeof(symbol), "_nss_okta_%s", name);
	p = dlsym(module, symbol);
	if (p == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return p;
}

#define LOAD(f, name) (*(void **)&(f) = entry(name))

static inline void
load(void)
{
	module = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
	if (module == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	LOAD(getpwnam_f, "getpwnam_r");
	LOAD(getpwuid_f, "getpwuid_r");
	LOAD(getpwent_f, "getpwent_r");
	LOAD(getgrnam_f, "getgrnam_r");
	LOAD(getgrgid_f, "getgrgid_r");
	LOAD(getgrent_f, "getgrent_r");
	LOAD(set_f[0], "setpwent");
	LOAD(set_f[1], "setgrent");
	LOAD(end_f[0], "endpwent");
	LOAD(end_f[1], "endgrent");
	LOAD(init_f, "initgroups_dyn");
}

static inline int
prepare(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/var/lib", "tmpfs", 0, "mode=755") < 0 ||
	    mkdir(OKTA_STATE_DIR, 0755) < 0) {
		perror("mount namespace (needs root)");
		return -1;
	}
	load();
	return 0;
}

#endif /* TESTS_NSS_MODULE_H */
