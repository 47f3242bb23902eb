/* SPDX-License-Identifier: BSD-2-Clause */
/* sshd's drop-in: Debian's sshd asks no questions, so nobody would see a code. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "setup.h"

#define SSHD "/usr/sbin/sshd"

/* packaging/examples/sshd_config.d as the build found it: sshd_rules */
#include "sshd_rules.inc"

static const char *const paths[] = { SETUP_SSHD_DROP_IN };

static int
leave_it(void)
{
	(void)printf("sshd: left alone.  It shows nobody a code before these lines stand "
		     "in " SETUP_SSHD_DROP_IN " and sshd is reloaded:\n%s",
	    sshd_rules);
	return 0;
}

/* It did not help: as it was before. */
static int
take_back(struct setup *s)
{
	const struct setup_entry *e = setup_journal_find(&s->journal, paths[0]);
	struct okta_err err = { 0 };

	if (e != NULL && setup_journal_restore(e, &err) != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	(void)printf("sshd: is not as it must be, and a drop-in does not change that: "
		     "see above; " SETUP_SSHD_DROP_IN " is as it was\n");
	return 0; /* doctor says it again, as a failure */
}

int
setup_sshd_on(struct setup *s)
{
	struct okta_err err = { 0 };
	enum okta_rc r;

	if (access(SSHD, X_OK) < 0 ||
	    setup_failures(s, doctor_sshd, SETUP_SHOW_NONE) == 0)
		return 0;
	/* where nobody made the directory, sshd does not read it */
	if (s->keeps_sshd || access(SETUP_SSHD_DIR, F_OK) < 0)
		return leave_it();
	if (s->asks &&
	    setup_ask_yes("sshd is not set to show codes (above all: "
			  "KbdInteractiveAuthentication).\nWrite " SETUP_SSHD_DROP_IN
			  " and reload sshd?") != SETUP_YES)
		return leave_it();
	r = setup_journal_save(&s->journal, paths, 1, &err);
	if (r == OKTA_OK)
		r = okta_file_replace(
		    paths[0], 0644, sshd_rules, strlen(sshd_rules), &err);
	if (r == OKTA_OK)
		r = setup_journal_left(&s->journal, paths, 1, &err);
	if (r != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	/* nothing is reloaded that sshd itself would not start with */
	if (setup_failures(s, doctor_sshd, DOCTOR_FAILURE) > 0)
		return take_back(s);
	(void)printf("sshd: shows codes (%s)\n", paths[0]);
	setup_sshd_reload();
	return 0;
}

void
setup_sshd_reload(void)
{
	struct okta_err err = { 0 };

	if (setup_unit_reload_sshd(&err) != OKTA_OK)
		(void)printf("sshd: reload it, so that it reads its configuration "
			     "anew (%s)\n",
		    err.msg);
}
