/* SPDX-License-Identifier: BSD-2-Clause */
/* nss_okta/fill.h - copy a record into the struct and the buffer a caller of NSS brought.
 */
#ifndef OKTA_NSS_FILL_H
#define OKTA_NSS_FILL_H

#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <string.h>

#include "snap/read.h"

/* memcpy(), but not inline: compilers that see how long a block is at most copy it in the
 * way that is right for a long one. */
void okta_nss_copy(char *dst, const char *src, size_t len);

/* 33 to 64 bytes, as most of what is known of people, need no loop and no call. */
static inline void
okta_nss_copy_block(char *dst, const char *src, size_t len)
{
	char piece[4][16];

	if (len - 33 > 31) {
		okta_nss_copy(dst, src, len);
		return;
	}
	memcpy(piece[0], src, 16);
	memcpy(piece[1], src + 16, 16);
	memcpy(piece[2], src + len - 32, 16);
	memcpy(piece[3], src + len - 16, 16);
	memcpy(dst, piece[0], 16);
	memcpy(dst + 16, piece[1], 16);
	memcpy(dst + len - 32, piece[2], 16);
	memcpy(dst + len - 16, piece[3], 16);
}

/*
 * Fill *PW or *GR; every pointer leads into BUFFER, of which no byte from BUFLEN on is
 * touched.  OKTA_OK, OKTA_E_RANGE (a larger buffer succeeds) or OKTA_E_INPUT (the record
 * contradicts itself).
 */
OKTA_MUST_CHECK static inline enum okta_rc
okta_nss_fill_passwd(
    const struct okta_snap_passwd *user, struct passwd *pw, char *buffer, size_t buflen)
{
	if (buflen < user->block_len)
		return OKTA_E_RANGE;
	okta_nss_copy_block(buffer, user->name.p, user->block_len);
	pw->pw_name = buffer;
	/* not "x": without a shadow entry pam_unix's account step would fail on that */
	pw->pw_passwd = buffer + user->name.len + 1;
	pw->pw_gecos = buffer + user->gecos_at;
	pw->pw_dir = buffer + user->home_at;
	pw->pw_shell = buffer + user->shell_at;
	pw->pw_uid = user->uid;
	pw->pw_gid = user->gid;
	return OKTA_OK;
}

OKTA_MUST_CHECK enum okta_rc okta_nss_fill_group(
    const struct okta_snap_group *group, struct group *gr, char *buffer, size_t buflen);

#endif /* OKTA_NSS_FILL_H */
