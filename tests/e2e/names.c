/* SPDX-License-Identifier: BSD-2-Clause */
/* names passwd NAME | group NAME | grouplist NAME GID - what libc's own calls answer, in
 * the form of getent and id, for comparison with them.
 */
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/view.h"

static int
show_passwd(const char *name)
{
	char buf[4096];
	struct passwd pw, *found;

	if (getpwnam_r(name, &pw, buf, sizeof(buf), &found) != 0 || found == NULL)
		return 1;
	printf("%s:%s:%u:%u:%s:%s:%s\n", pw.pw_name, pw.pw_passwd, pw.pw_uid, pw.pw_gid,
	    pw.pw_gecos, pw.pw_dir, pw.pw_shell);
	return 0;
}

static int
show_group(const char *name)
{
	const struct group *gr = getgrnam(name);

	if (gr == NULL)
		return 1;
	printf("%s:%s:%u:", gr->gr_name, gr->gr_passwd, gr->gr_gid);
	for (char **m = gr->gr_mem; *m != NULL; m++)
		printf("%s%s", m == gr->gr_mem ? "" : ",", *m);
	printf("\n");
	return 0;
}

static int
show_grouplist(const char *name, const char *gid)
{
	gid_t list[1024];
	int n = 1024;
	uint64_t number;

	if (okta_view_u64(okta_view_str(gid), UINT32_MAX, &number) != OKTA_OK ||
	    getgrouplist(name, (gid_t)number, list, &n) < 0)
		return 1;
	for (int i = 0; i < n; i++)
		printf("%u\n", list[i]);
	return 0;
}

int
main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "passwd") == 0)
		return show_passwd(argv[2]);
	if (argc == 3 && strcmp(argv[1], "group") == 0)
		return show_group(argv[2]);
	if (argc == 4 && strcmp(argv[1], "grouplist") == 0)
		return show_grouplist(argv[2], argv[3]);
	return 2;
}
