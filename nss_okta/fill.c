/* SPDX-License-Identifier: BSD-2-Clause */
#include "fill.h"

#include <stdint.h>
#include <string.h>

#include "snap/le.h"

enum okta_rc
okta_nss_fill_passwd(
    const struct okta_snap_user *user, struct passwd *pw, char *buffer, size_t buflen)
{
	if (buflen < user->passwd_block.len)
		return OKTA_E_RANGE;
	memcpy(buffer, user->passwd_block.p, user->passwd_block.len);
	pw->pw_name = buffer;
	/* not "x": without a shadow entry pam_unix's account step would fail on that */
	pw->pw_passwd = pw->pw_name + user->name.len + 1;
	pw->pw_gecos = pw->pw_passwd + sizeof("*");
	pw->pw_dir = pw->pw_gecos + user->gecos.len + 1;
	pw->pw_shell = pw->pw_dir + user->home.len + 1;
	pw->pw_uid = user->uid;
	pw->pw_gid = user->gid;
	return OKTA_OK;
}

/* Bit 7 of each byte of WORD that is zero; exact up to the first of them, and for all
 * while no byte is 1, which names have none of. */
static uint64_t
zero_bytes(uint64_t word)
{
	return (word - UINT64_C(0x0101010101010101)) & ~word &
	       UINT64_C(0x8080808080808080);
}

/*
 * Point MEMBERS[] at the N names in the LEN bytes at NAMES, eight bytes a step.  False if
 * they are not N names, each followed by a NUL.
 */
static bool
point_at_names(char **members, size_t n, char *names, size_t len)
{
	char *start = names;
	uint64_t zeros;
	size_t at, end, found = 0;

	for (at = 0; at + 8 <= len; at += 8) {
		zeros = zero_bytes(okta_le64((const unsigned char *)names + at));
		for (; zeros != 0; zeros &= zeros - 1) {
			end = at + (size_t)__builtin_ctzll(zeros) / 8;
			if (found == n || names[end] != '\0')
				return false;
			members[found++] = start;
			start = names + end + 1;
		}
	}
	for (; at < len; at++) {
		if (names[at] != '\0')
			continue;
		if (found == n)
			return false;
		members[found++] = start;
		start = names + at + 1;
	}
	return found == n && start == names + len;
}

enum okta_rc
okta_nss_fill_group(
    const struct okta_snap_group *group, struct group *gr, char *buffer, size_t buflen)
{
	size_t n = group->n_members, skip, need;
	char **members, *p;

	skip = (size_t)(-(uintptr_t)buffer % sizeof(char *));
	need = skip + (n + 1) * sizeof(char *) + group->members.len + group->name.len +
	       1 + sizeof("*");
	if (buflen < need)
		return OKTA_E_RANGE;
	members = (char **)(void *)(buffer + skip);
	p = (char *)(members + n + 1);
	if (group->members.len > 0)
		memcpy(p, group->members.p, group->members.len);
	if (!point_at_names(members, n, p, group->members.len))
		return OKTA_E_INPUT;
	members[n] = NULL;
	p += group->members.len;
	memcpy(p, group->name.p, group->name.len + 1);
	gr->gr_name = p;
	p += group->name.len + 1;
	memcpy(p, "*", sizeof("*"));
	gr->gr_passwd = p;
	gr->gr_gid = group->gid;
	gr->gr_mem = members;
	return OKTA_OK;
}
