/* SPDX-License-Identifier: BSD-2-Clause */
#include "account.h"

#include "base/file.h"
#include "base/view.h"
#include "base/wipe.h"

#define PASSWD_MAX_BYTES 16777216

/* name:password:uid:gid:... */
static bool
parse(struct okta_view line, const char *name, uint64_t *ret_uid, uint64_t *ret_gid)
{
	struct okta_view field;

	field = okta_view_split(&line, ':');
	if (!okta_view_eq_str(field, name))
		return false;
	(void)okta_view_split(&line, ':');
	field = okta_view_split(&line, ':');
	if (okta_view_u64(field, UINT32_MAX - 1, ret_uid) != OKTA_OK)
		return false;
	field = okta_view_split(&line, ':');
	return okta_view_u64(field, UINT32_MAX - 1, ret_gid) == OKTA_OK;
}

enum okta_rc
sync_account_find(const char *path, const char *name, uid_t *ret_uid, gid_t *ret_gid,
    struct okta_err *err)
{
	struct okta_view rest;
	uint64_t uid = 0, gid = 0;
	bool found = false;
	char *data = NULL;
	size_t len = 0;
	enum okta_rc r;

	r = okta_file_read_trusted(
	    path, 0, OKTA_FILE_PUBLIC, PASSWD_MAX_BYTES, &data, &len, err);
	if (r != OKTA_OK)
		return r == OKTA_E_NOMEM ? r : OKTA_E_CONFIG;
	for (rest = (struct okta_view){ data, len }; !found && rest.len > 0;)
		found = parse(okta_view_split(&rest, '\n'), name, &uid, &gid);
	okta_free_wiped(data, len);
	if (!found || uid == 0 || gid == 0)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "%s: has no unprivileged account %s to fetch with: run `useradd "
		    "--system "
		    "--no-create-home --shell /usr/sbin/nologin %s`",
		    path, name, name);
	*ret_uid = (uid_t)uid;
	*ret_gid = (gid_t)gid;
	return OKTA_OK;
}
