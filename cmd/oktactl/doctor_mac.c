/* SPDX-License-Identifier: BSD-2-Clause */
/* AppArmor and SELinux: are they here, and do they keep ours from something? */
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "doctor.h"
#include "run.h"

#define LOG_MAX_BYTES 4194304 /* the end of each log */

static const char *const logs[] = { "/var/log/audit/audit.log", "/var/log/kern.log",
	"/var/log/syslog", "/var/log/messages" };

static bool
contains(struct okta_view line, const char *word)
{
	return line.len > 0 && memmem(line.p, line.len, word, strlen(word)) != NULL;
}

static unsigned
count_denials(const struct okta_buf *text, const char *mark, char *last, size_t size)
{
	struct okta_view rest = okta_buf_view(text), line;
	unsigned n = 0;

	while (rest.p != NULL) {
		line = okta_view_split(&rest, '\n');
		if (!contains(line, mark) ||
		    (!contains(line, "okta-login") && !contains(line, "okta-sync") &&
			!contains(line, "okta-auth-helper") &&
			!contains(line, "pam_okta") && !contains(line, "nss_okta")))
			continue;
		okta_text_sanitize(last, size, line);
		n++;
	}
	return n;
}

/* False: no log can be read. */
static bool
read_logs(const char *mark, unsigned *ret_n, char *last, size_t size)
{
	char program[] = "/usr/bin/journalctl", dmesg[] = "-k", boot[] = "-b",
	     quiet[] = "-q", output[] = "-ocat", pager[] = "--no-pager",
	     lines[] = "-n20000";
	char *const argv[] = { program, dmesg, boot, quiet, output, pager, lines, NULL };
	bool readable = false;
	struct okta_buf text;
	size_t i;

	*ret_n = 0;
	okta_buf_init(&text, LOG_MAX_BYTES);
	for (i = 0; i < sizeof(logs) / sizeof(logs[0]); i++) {
		okta_buf_clear(&text);
		if (!doctor_read(logs[i], true, &text))
			continue;
		readable = true;
		*ret_n += count_denials(&text, mark, last, size);
	}
	okta_buf_clear(&text);
	if (!readable && access(program, X_OK) == 0 &&
	    ctl_run(argv, &text, DOCTOR_STEP_MS / 1000) == 0 && text.len > 0) {
		readable = true;
		*ret_n += count_denials(&text, mark, last, size);
	}
	okta_buf_clear(&text);
	return readable;
}

static void
check(const struct doctor *d, const char *id, const char *sign, const char *name,
    const char *mark, const char *cure)
{
	char last[300] = "";
	unsigned n = 0;

	if (access(sign, F_OK) < 0)
		doctor_skip(d, id, "%s is not active on this host", name);
	else if (!read_logs(mark, &n, last, sizeof(last)))
		doctor_skip(
		    d, id, "%s is active, but no log of denials can be read", name);
	else if (n > 0)
		doctor_warn(d, id, cure,
		    "%s has kept something of ours from its work, %u lines, the last: %s",
		    name, n, last);
	else
		doctor_pass(d, id, "%s is active and has denied nothing of ours", name);
}

const char *
doctor_mac(const struct doctor *d)
{
	check(d, "mac.apparmor", "/sys/kernel/security/apparmor/profiles", "AppArmor",
	    "apparmor=\"DENIED\"",
	    "load the profiles of this version: systemctl reload apparmor");
	check(d, "mac.selinux", "/sys/fs/selinux/enforce", "SELinux", "avc:  denied",
	    "restorecon -R /etc/okta-login /var/lib/okta-login /run/okta-login; load the "
	    "policy module");
	return NULL;
}
