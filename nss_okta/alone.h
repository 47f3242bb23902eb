/* SPDX-License-Identifier: BSD-2-Clause */
/* nss_okta/alone.h - is this the only thread? */
#ifndef OKTA_NSS_ALONE_H
#define OKTA_NSS_ALONE_H

#include <features.h>
#include <stdbool.h>

#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
#include <sys/single_threaded.h>
#endif

/* True only if there is no other thread; one that is made later sees all that was written
 * before. */
static inline bool
okta_nss_is_alone(void)
{
#if defined(__GLIBC__) && __GLIBC_PREREQ(2, 32)
	return __libc_single_threaded != 0;
#else
	return false;
#endif
}

#endif /* OKTA_NSS_ALONE_H */
