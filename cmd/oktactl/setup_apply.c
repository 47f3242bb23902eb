/* SPDX-License-Identifier: BSD-2-Clause */
/* Switching on, in the order setup.h gives. */
#include <stdio.h>
#include <string.h>

#include "run.h"
#include "setup.h"

#define GETENT	"/usr/bin/getent"
#define LIMIT_S 30
#define OUT_MAX 4096

static int
first_sync(struct setup *s)
{
	static const char *const made[] = { OKTA_SNAPSHOT_PATH,
		OKTA_SNAPSHOT_PATH ".previous", OKTA_STATE_DIR "/" OKTA_STATUS_FILE,
		OKTA_STATE_DIR "/lock", OKTA_STATE_DIR "/sync-base",
		OKTA_STATE_DIR "/sync-spool", OKTA_STATE_DIR "/sync-meanwhile",
		OKTA_STATE_DIR "/sync-read", OKTA_STATE_DIR "/sync-request",
		OKTA_STATE_DIR "/sync-request.lock",
		OKTA_STATE_DIR "/sync-progress.json" };
	struct okta_err err = { 0 };
	int status;

	/* not the registry: whose ids are whose must outlive --undo */
	if (setup_journal_made(&s->journal, made, sizeof(made) / sizeof(made[0]), &err) !=
	    OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	/* a watcher that runs already has the configuration of before */
	if (setup_unit_is_active() && setup_unit_do("restart", &err) != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	status = setup_run_sync(OKTA_CONF_FILE, OKTA_STATE_DIR);
	return status == 0 ? 0
			   : ctl_fail(1,
				 "okta-sync ended with %d: put right what its line says, "
				 "then run oktactl setup again, or: oktactl setup --undo",
				 status);
}

/* In a process that knows nothing of what went before. */
static int
ask_getent(const struct setup *s)
{
	char program[] = GETENT, passwd[] = "passwd", name[sizeof(s->person)];
	char *const argv[] = { program, passwd, name, NULL };
	struct okta_buf out;
	int status;

	memcpy(name, s->person, sizeof(name));
	okta_buf_init(&out, OUT_MAX);
	status = ctl_run(argv, &out, LIMIT_S);
	if (status == 0)
		(void)printf("\ngetent passwd %s\n%s", name, out.data);
	okta_buf_clear(&out);
	return status == 0
		   ? 0
		   : ctl_fail(1,
			 "getent passwd %s: finds nobody: see the doctor's nss lines: "
			 "oktactl doctor",
			 name);
}

int
setup_apply(struct setup *s)
{
	static int (*const steps[])(struct setup * s) = { setup_candidate_commit,
		setup_pam_on, first_sync, setup_nss_on, setup_unit_on, setup_sshd_on };
	struct okta_err err = { 0 };
	int status = 0;
	size_t i;

	(void)putchar('\n');
	for (i = 0; i < sizeof(steps) / sizeof(steps[0]) && status == 0; i++) {
		status = steps[i](s);
		(void)fflush(stdout);
	}
	if (status == 0)
		status = ask_getent(s);
	if (status == 0 && setup_journal_done(&s->journal, &err) != OKTA_OK)
		status = ctl_fail(1, "%s", err.msg);
	return status;
}
