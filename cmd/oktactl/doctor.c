/* SPDX-License-Identifier: BSD-2-Clause */
/* oktactl doctor - every check in turn, each in a process of its own. */
#include "doctor.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/text.h"
#include "doctor_child.h"
#include "host/config.h"
#include "out.h"

/* The ids of a row are what programs know the findings by: they stay. */
static const struct check {
	const char *ids;
	const char *(*run)(const struct doctor *d);
	bool network;
} checks[] = {
	{ "config.file config.keys config.secrets config.ca", doctor_conf, false },
	{ "module.nss module.pam helper account", doctor_files, false },
	{ "net.proxy", doctor_proxy, true },
	{ "net.dns", doctor_dns, true },
	{ "net.connect net.tls clock okta.jwks okta.device", doctor_okta, true },
	{ "okta.discovery", doctor_discovery, true },
	{ "api.token api.users api.groups api.apps api.rate", doctor_api, true },
	{ "snapshot.file snapshot.integrity snapshot.age snapshot.org", doctor_snapshot,
	    false },
	{ "sync.result", doctor_last_sync, false },
	{ "nss.passwd nss.group nss.lookup", doctor_nss, false },
	{ "ids.range ids.names ids.numbers ids.subids", doctor_ids, false },
	{ "pam.sshd.auth pam.sshd.account pam.login.auth pam.login.account pam.su.auth "
	  "pam.su.account pam.su-l.auth pam.su-l.account pam.sudo.auth pam.sudo.account",
	    doctor_pam, false },
	{ "sshd.config sshd.usepam sshd.kbdinteractive sshd.gracetime sshd.maxstartups "
	  "sshd.prompt",
	    doctor_sshd, false },
	{ "mac.apparmor mac.selinux", doctor_mac, false },
};

struct report {
	bool json;
	struct ctl_json out;
	enum doctor_level worst;
	unsigned count[4];
	bool network_is_down;
};

static const char *const level_name[] = { "pass", "skipped", "warning", "failure" };

static void
show(struct report *report, const struct doctor_finding *f)
{
	if (report->json) {
		ctl_json_open(&report->out, NULL, '{');
		ctl_json_cstr(&report->out, "id", f->id);
		ctl_json_cstr(&report->out, "level", level_name[f->level]);
		ctl_json_cstr(&report->out, "reason", f->reason);
		ctl_json_cstr(&report->out, "cure", f->cure[0] == '\0' ? NULL : f->cure);
		ctl_json_close(&report->out, '}');
	} else {
		(void)printf("%-8s %-20s %s\n", level_name[f->level], f->id, f->reason);
		if (f->cure[0] != '\0')
			(void)printf("%-8s %-20s cure: %s\n", "", "", f->cure);
		(void)fflush(stdout); /* the next check may take its time */
	}
	report->count[f->level]++;
	if (f->level > report->worst)
		report->worst = f->level;
	if (f->level == DOCTOR_FAILURE && strncmp(f->id, "net.", 4) == 0)
		report->network_is_down = true;
}

/* The next id of a row, or false at its end. */
static bool
next_id(struct okta_view *rest, char id[DOCTOR_ID_BYTES])
{
	struct okta_view v;

	if (rest->len == 0)
		return false;
	v = okta_view_split(rest, ' ');
	okta_text_sanitize(id, DOCTOR_ID_BYTES, v);
	return true;
}

static void
decide(struct report *report, struct okta_view *rest, enum doctor_level level,
    const char *reason, const char *cure)
{
	struct doctor_finding f = { .level = level };

	if (!next_id(rest, f.id))
		return;
	(void)snprintf(f.reason, sizeof(f.reason), "%s", reason);
	(void)snprintf(f.cure, sizeof(f.cure), "%s", cure);
	show(report, &f);
}

static void
skip_rest(struct report *report, struct okta_view *rest, const char *why)
{
	while (rest->len > 0)
		decide(report, rest, DOCTOR_SKIPPED, why, "");
}

/* Take findings until the check is through; true: that was not the last message. */
static bool
take(struct report *report, struct doctor_child *child, struct okta_view *rest)
{
	struct okta_view here = *rest;
	struct doctor_finding f;
	char id[DOCTOR_ID_BYTES];

	switch (doctor_child_next(child, &f)) {
	case DOCTOR_CHILD_FINDING:
		if (!next_id(rest, id) || strcmp(id, f.id) != 0) {
			*rest = here;
			decide(report, rest, DOCTOR_FAILURE,
			    "the check answered something else", "report this");
			break;
		}
		show(report, &f);
		return true;
	case DOCTOR_CHILD_DONE:
		if (f.reason[0] == '\0' && rest->len > 0)
			decide(report, rest, DOCTOR_FAILURE, "the check forgot to answer",
			    "report this");
		else
			skip_rest(report, rest, f.reason);
		return false;
	case DOCTOR_CHILD_SILENT:
		decide(report, rest, DOCTOR_FAILURE,
		    "no answer within 10 seconds: the check was ended",
		    "find what hangs: a name service, a network file system, a program");
		break;
	case DOCTOR_CHILD_GONE:
	default:
		decide(report, rest, DOCTOR_FAILURE, "the check broke off",
		    "report this, with what the system log says");
		break;
	}
	skip_rest(report, rest, "the check before it did not end well");
	return false;
}

static void
run(struct report *report, const struct doctor *d, const struct check *check,
    const char *skip)
{
	struct okta_view rest = okta_view_str(check->ids);
	struct doctor_child child;
	struct okta_err err = { 0 };

	if (skip != NULL) {
		skip_rest(report, &rest, skip);
		return;
	}
	if (doctor_child_open(d, check->run, &child, &err) != OKTA_OK) {
		decide(report, &rest, DOCTOR_FAILURE, err.msg,
		    "free memory or processes, then try again");
		skip_rest(report, &rest, "the check could not be started");
		return;
	}
	while (take(report, &child, &rest))
		;
	doctor_child_close(&child);
}

static int
finish(struct report *report)
{
	if (report->json)
		ctl_json_close(&report->out, ']');
	else
		(void)printf("%u passed, %u warnings, %u failures, %u skipped\n",
		    report->count[DOCTOR_PASS], report->count[DOCTOR_WARNING],
		    report->count[DOCTOR_FAILURE], report->count[DOCTOR_SKIPPED]);
	if (fflush(stdout) != 0)
		return ctl_fail(EX_IOERR, "cannot write");
	return report->worst == DOCTOR_FAILURE ? 2 : report->worst == DOCTOR_WARNING;
}

int
ctl_doctor(const struct ctl *ctl, int argc, char **argv)
{
	const bool offline = argc == 2 && strcmp(argv[1], "--offline") == 0;
	struct report report = { .json = ctl->json };
	struct doctor d = { .ctl = ctl, .is_root = geteuid() == 0, .fd = -1 };
	struct okta_conf *conf = NULL;
	const char *skip;
	size_t i;

	if (argc != 1 && !offline)
		return ctl_usage("doctor [--offline]");
	if (okta_config_load(ctl->config, ctl_owner_of(ctl->config),
		OKTA_CONF_FOR_LOGIN | OKTA_CONF_FOR_SYNC, &conf, NULL) == OKTA_OK)
		d.conf = conf;
	if (report.json)
		ctl_json_open(&report.out, NULL, '[');
	(void)fflush(stdout);
	for (i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		skip = NULL;
		if (checks[i].network)
			skip = offline			? "--offline"
			       : d.conf == NULL		? "no configuration to use"
			       : report.network_is_down ? "Okta cannot be reached"
							: NULL;
		run(&report, &d, &checks[i], skip);
	}
	okta_conf_free(&conf);
	return finish(&report);
}
