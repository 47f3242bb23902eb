/* SPDX-License-Identifier: BSD-2-Clause */
#include "fill.h"

#include <stdint.h>
#include <string.h>

void
okta_nss_copy(char *dst, const char *src, size_t len)
{
	memcpy(dst, src, len);
}

enum okta_rc
okta_nss_fill_group(
    const struct okta_snap_group *group, struct group *gr, char *buffer, size_t buflen)
{
	size_t n = group->n_members, skip, need;
	char **members, *p;

	skip = (size_t)(-(uintptr_t)buffer % sizeof(char *));
	need = skip + (n + 1) * sizeof(char *) + group->members_len + group->name.len +
	       1 + sizeof("*");
	if (buflen < need)
		return OKTA_E_RANGE;
	members = (char **)(void *)(buffer + skip);
	p = (char *)(members + n + 1);
	if (okta_snap_copy_members(group, p, members) != OKTA_OK)
		return OKTA_E_INPUT;
	members[n] = NULL;
	p += group->members_len;
	memcpy(p, group->name.p, group->name.len + 1);
	gr->gr_name = p;
	p += group->name.len + 1;
	memcpy(p, "*", sizeof("*"));
	gr->gr_passwd = p;
	gr->gr_gid = group->gid;
	gr->gr_mem = members;
	return OKTA_OK;
}
