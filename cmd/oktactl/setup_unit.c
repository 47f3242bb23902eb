/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-sync from now on by itself, where systemd runs. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "setup.h"

#define SYSTEMD	  "/run/systemd/system"
#define SYSTEMCTL "/bin/systemctl"
#define LIMIT_S	  60
#define OUT_MAX	  4096

static char service[] = "okta-sync.service";

/* Exit status; what it says is for *err. */
static int
systemctl(const char *command, const char *option, char *unit, struct okta_err *err)
{
	char program[] = SYSTEMCTL, word[24], more[24];
	char *const argv[] = { program, word, more, unit, NULL };
	struct okta_buf out;
	int status;

	(void)snprintf(word, sizeof(word), "%s", command);
	(void)snprintf(more, sizeof(more), "%s", option);
	okta_buf_init(&out, OUT_MAX);
	status = ctl_run(argv, &out, LIMIT_S);
	if (status != 0)
		(void)okta_err_set(err, OKTA_E_SYS, "systemctl %s %s: %.160s", command,
		    unit, out.len > 0 ? out.data : "no answer");
	okta_buf_clear(&out);
	return status;
}

enum okta_rc
setup_unit_reload_sshd(struct okta_err *err)
{
	static char debian[] = "ssh.service", others[] = "sshd.service";
	char *unit;

	if (access(SYSTEMD, F_OK) < 0)
		return okta_err_set(err, OKTA_E_NOTFOUND, "no systemd here");
	unit = systemctl("cat", "--no-pager", debian, NULL) == 0 ? debian : others;
	return systemctl("try-reload-or-restart", "--quiet", unit, err) == 0 ? OKTA_OK
									     : OKTA_E_SYS;
}

static bool
is_here(void)
{
	return access(SYSTEMD, F_OK) == 0 &&
	       systemctl("cat", "--no-pager", service, NULL) == 0;
}

bool
setup_unit_is_active(void)
{
	return is_here() && systemctl("is-active", "--quiet", service, NULL) == 0;
}

enum okta_rc
setup_unit_do(const char *command, struct okta_err *err)
{
	return systemctl(command, "--quiet", service, err) == 0 ? OKTA_OK : OKTA_E_SYS;
}

int
setup_unit_on(struct setup *s)
{
	struct okta_err err = { 0 };
	bool enabled;

	if (!is_here()) {
		(void)printf("okta-sync: no systemd unit here; run it often, for example "
			     "by /etc/cron.d/okta-sync:\n"
			     "  */10 * * * * root " OKTA_SBIN_DIR
			     "/okta-sync --once >/dev/null 2>&1\n");
		return 0;
	}
	enabled = systemctl("is-enabled", "--quiet", service, NULL) == 0;
	if (enabled && systemctl("is-active", "--quiet", service, NULL) == 0) {
		(void)printf("%s: on already\n", service);
		return 0;
	}
	if (setup_journal_note(&s->journal, SETUP_UNIT, service, enabled, &err) !=
		OKTA_OK ||
	    systemctl("enable", "--now", service, &err) != 0)
		return ctl_fail(1, "%s", err.msg);
	(void)printf("%s: on\n", service);
	return 0;
}

enum okta_rc
setup_unit_off(const struct setup_entry *entry, struct okta_err *err)
{
	if (!is_here()) /* booted without systemd since, or removed: nothing runs */
		return OKTA_OK;
	if (entry->existed) /* it was enabled, and not running */
		return setup_unit_do("stop", err);
	return systemctl("disable", "--now", service, err) == 0 ? OKTA_OK : OKTA_E_SYS;
}
