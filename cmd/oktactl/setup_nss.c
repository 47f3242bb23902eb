/* SPDX-License-Identifier: BSD-2-Clause */
/* okta in nsswitch.conf, with the rules the packages use. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/file.h"
#include "run.h"
#include "setup.h"

#define NSSWITCH "/etc/nsswitch.conf"
#define FILE_MAX 65536
#define LIMIT_S	 30

/* packaging/nsswitch as the build found it: add_rules, remove_rules */
#include "nsswitch_add.inc"
#include "nsswitch_remove.inc"

bool
setup_nss_path(char ret[PATH_MAX])
{
	return realpath(NSSWITCH, ret) != NULL && strlen(ret) < 512;
}

/* PATH as RULES would have it. */
static enum okta_rc
edited(char *rules, const char *path, struct okta_buf *out, struct okta_err *err)
{
	char program[] = "/bin/sed", extended[] = "-E", file[PATH_MAX];
	char *const argv[] = { program, extended, rules, file, NULL };
	int status;

	(void)snprintf(file, sizeof(file), "%s", path);
	status = ctl_run(argv, out, LIMIT_S);
	if (status != 0 || out->len == 0)
		return okta_err_set(err, OKTA_E_SYS, "%s: sed: exit status %d: %.100s",
		    path, status, out->len > 0 ? out->data : "nothing left");
	return OKTA_OK;
}

static enum okta_rc
replace(char *rules, const char *path, struct okta_err *err)
{
	struct okta_buf text;
	struct stat st;
	enum okta_rc r;

	okta_buf_init(&text, FILE_MAX);
	r = edited(rules, path, &text, err);
	if (r == OKTA_OK && stat(path, &st) < 0)
		r = okta_err_sys(err, errno, "%s", path);
	if (r == OKTA_OK)
		r = okta_file_replace(path, st.st_mode & 0777, text.data, text.len, err);
	okta_buf_clear(&text);
	return r;
}

int
setup_nss_on(struct setup *s)
{
	const char *paths[1];
	char path[PATH_MAX];
	struct okta_err err = { 0 };
	enum okta_rc r;

	if (!setup_nss_path(path))
		return ctl_fail(1, NSSWITCH ": %s", strerror(errno));
	paths[0] = path;
	if (setup_failures(s, doctor_nss, SETUP_SHOW_NONE) == 0) {
		r = setup_journal_is_open(&s->journal, path)
			? setup_journal_left(&s->journal, paths, 1, &err)
			: OKTA_OK;
		(void)printf("NSS: on already\n");
		return r == OKTA_OK ? 0 : ctl_fail(1, "%s", err.msg);
	}
	r = setup_journal_save(&s->journal, paths, 1, &err);
	if (r == OKTA_OK)
		r = replace(add_rules, path, &err);
	if (r == OKTA_OK)
		r = setup_journal_left(&s->journal, paths, 1, &err);
	if (r != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	if (setup_failures(s, doctor_nss, DOCTOR_WARNING) > 0)
		return ctl_fail(1,
		    NSSWITCH ": is not as it must be: see above; correct it, "
			     "then run oktactl setup again, or: oktactl setup "
			     "--undo");
	(void)printf("NSS: on (%s)\n", path);
	return 0;
}

enum okta_rc
setup_nss_off(struct okta_err *err)
{
	char path[PATH_MAX];

	if (!setup_nss_path(path))
		return okta_err_sys(err, errno, NSSWITCH);
	return replace(remove_rules, path, err);
}
