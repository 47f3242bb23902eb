/* SPDX-License-Identifier: BSD-2-Clause */
/* A second lock on writing, kept by another part of the kernel than seccomp. */
#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "sandbox/sandbox.h"

/* linux/landlock.h of the oldest distributions we build on lacks most of these. */
#define FS_EXECUTE   (UINT64_C(1) << 0)
#define FS_WRITE     (UINT64_C(1) << 1)
#define FS_READ_FILE (UINT64_C(1) << 2)
#define FS_READ_DIR  (UINT64_C(1) << 3)
#define FS_CHANGES   (UINT64_C(0x1ff) << 4) /* remove and make, of every kind */
#define FS_REFER     (UINT64_C(1) << 13)    /* since version 2 */
#define FS_TRUNCATE  (UINT64_C(1) << 14)    /* 3 */
#define FS_IOCTL_DEV (UINT64_C(1) << 15)    /* 5 */
#define NET_BIND_TCP (UINT64_C(1) << 0)	    /* 4 */
#define NET_CONNECT  (UINT64_C(1) << 1)	    /* 4 */
#define SCOPE_UNIX   (UINT64_C(1) << 0)	    /* 6: abstract sockets */
#define SCOPE_SIGNAL (UINT64_C(1) << 1)	    /* 6 */
#define ASK_VERSION  1U
#define SYS_RULESET  444
#define SYS_SHUT_IN  446

struct ruleset {
	uint64_t fs, net, scope;
};

/* No rule ever gives any of these back. */
static size_t
refusals(unsigned may, long version, struct ruleset *ret)
{
	*ret = (struct ruleset){ .fs = FS_EXECUTE | FS_WRITE | FS_CHANGES };
	if ((may & OKTA_MAY_READ) == 0)
		ret->fs |= FS_READ_FILE | FS_READ_DIR;
	if (version >= 2)
		ret->fs |= FS_REFER;
	if (version >= 3)
		ret->fs |= FS_TRUNCATE;
	if (version >= 5)
		ret->fs |= FS_IOCTL_DEV;
	if (version >= 4)
		ret->net = NET_BIND_TCP;
	if (version >= 4 && (may & OKTA_MAY_NETWORK) == 0)
		ret->net |= NET_CONNECT;
	if (version >= 6)
		ret->scope = SCOPE_UNIX;
	if (version >= 6 && (may & OKTA_MAY_FORK) == 0)
		ret->scope |= SCOPE_SIGNAL; /* who forks also ends what it forked */
	if (version >= 6)
		return sizeof(*ret);
	return version >= 4 ? 2 * sizeof(uint64_t) : sizeof(uint64_t);
}

enum okta_rc
okta_sandbox_landlock(unsigned may, struct okta_err *err)
{
	struct ruleset rules;
	long version, fd, r;
	size_t size;

	version = syscall(SYS_RULESET, NULL, 0UL, ASK_VERSION);
	if (version < 1)
		return okta_err_set(err, OKTA_E_NOTFOUND, "sandbox: no Landlock");
	size = refusals(may, version, &rules);
	fd = syscall(SYS_RULESET, &rules, size, 0U);
	if (fd < 0)
		return okta_err_sys(err, errno, "sandbox: landlock_create_ruleset");
	r = syscall(SYS_SHUT_IN, (int)fd, 0U);
	if (r < 0) {
		(void)okta_err_sys(err, errno, "sandbox: landlock_restrict_self");
		(void)close((int)fd);
		return OKTA_E_SYS;
	}
	(void)close((int)fd);
	return OKTA_OK;
}
