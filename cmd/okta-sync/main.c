/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-sync - copy people and groups from Okta into the directory snapshot. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/paths.h"
#include "notify.h"
#include "once.h"
#include "request.h"
#include "turn.h"
#include "watch.h"

static void
usage(FILE *to)
{
	(void)fputs(
	    "usage: okta-sync [--config FILE] [--state DIR] --once [--accept-shrink]\n"
	    "       okta-sync [--config FILE] [--state DIR] --watch\n"
	    "  --once           one full sync, then exit: 0 done, 75 try again later "
	    "(the\n"
	    "                   last good snapshot is kept), 78 configuration wrong\n"
	    "  --watch          keep the snapshot up to date until told to end: [sync] "
	    "interval_s;\n"
	    "                   --once asks it for a full sync then\n"
	    "  --accept-shrink  publish even if more people or memberships go than\n"
	    "                   [sync] max_removal_percent allows\n"
	    "  --config FILE    " OKTA_CONF_FILE "\n"
	    "  --state DIR      " OKTA_STATE_DIR "\n"
	    "  --version, --help\n",
	    to);
}

enum which {
	OPT_CONFIG = 1,
	OPT_STATE,
	OPT_ONCE,
	OPT_WATCH,
	OPT_ACCEPT,
	OPT_VERSION,
	OPT_HELP
};

static const struct option options_known[] = {
	{ "config", required_argument, NULL, OPT_CONFIG },
	{ "state", required_argument, NULL, OPT_STATE },
	{ "once", no_argument, NULL, OPT_ONCE },
	{ "watch", no_argument, NULL, OPT_WATCH },
	{ "accept-shrink", no_argument, NULL, OPT_ACCEPT },
	{ "version", no_argument, NULL, OPT_VERSION },
	{ "help", no_argument, NULL, OPT_HELP },
	{ NULL, 0, NULL, 0 },
};

/* Exit status, or -1: go on. */
static int
parse(int argc, char **argv, struct sync_options *ret)
{
	bool once = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options_known, NULL)) != -1) {
		switch (c) {
		case OPT_CONFIG:
			ret->config = optarg;
			break;
		case OPT_STATE:
			ret->state = optarg;
			break;
		case OPT_ONCE:
			once = true;
			break;
		case OPT_ACCEPT:
			ret->accept_shrink = true;
			break;
		case OPT_WATCH:
			ret->watch = true;
			break;
		case OPT_VERSION:
			(void)printf("okta-sync %s\n", OKTA_VERSION);
			return 0;
		case OPT_HELP:
			usage(stdout);
			return 0;
		default:
			usage(stderr);
			return EX_USAGE;
		}
	}
	if (optind != argc || once == ret->watch || (ret->watch && ret->accept_shrink)) {
		usage(stderr);
		return EX_USAGE;
	}
	return -1;
}

/* A secret is in our memory for a moment: no core, no debugger, no inherited environment.
 */
static enum okta_rc
harden(struct okta_err *err)
{
	const struct rlimit none = { 0, 0 };

	if (clearenv() != 0)
		return okta_err_set(err, OKTA_E_NOMEM, "cannot empty the environment");
	if (setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0)
		return okta_err_sys(err, errno, "setrlimit or prctl");
	(void)umask(077);
	return OKTA_OK;
}

/* One line about how it ended, on the terminal and in the log. */
static void
tell(const struct sync_status *status, const struct sync_report *report)
{
	FILE *to = status->exit_status == 0 ? stdout : stderr;

	(void)fflush(stdout);
	(void)fprintf(to, "okta-sync: %s\n", status->message);
	syslog(status->exit_status == 0 ? LOG_INFO : LOG_ERR, "%s", status->message);
	if (report->n + report->lost > 0)
		(void)fprintf(to, "okta-sync: problems: %zu, listed above\n",
		    report->n + report->lost);
}

static void
run_locked(const struct sync_options *options, const struct sync_state *state,
    struct sync_status *status)
{
	struct sync_report report = { 0 };
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = sync_once(options, state, status, &report, &err);
	status->exit_status = sync_exit_status(r);
	status->ended_s = okta_clock_now_s(&okta_clock_system);
	if (status->ended_s < status->started_s) /* the clock was set back, or failed */
		status->ended_s = status->started_s;
	sync_report_print(&report);
	if (r == OKTA_OK)
		(void)snprintf(status->message, sizeof(status->message),
		    "done: %zu people, %zu groups, %zu memberships, %zu refused or odd, "
		    "%zu not "
		    "active in Okta; generation %llu, %lld s",
		    status->people, status->groups, status->memberships,
		    report.n + report.lost, report.left_out,
		    (unsigned long long)status->generation,
		    (long long)(status->ended_s - status->started_s));
	else
		(void)snprintf(status->message, sizeof(status->message), "%s",
		    err.msg[0] != '\0' ? err.msg : okta_rc_name(r));
	tell(status, &report);
	if (sync_status_write(state->status, status, &report, &err) != OKTA_OK) {
		(void)fprintf(stderr, "okta-sync: %s\n", err.msg);
		syslog(LOG_ERR, "%s", err.msg);
	}
	sync_report_clear(&report);
}

/* Somebody else has the directory: --watch does what --once is for. */
static enum okta_rc
ask_watcher(const struct sync_options *options, const struct sync_state *state,
    enum okta_rc why, int *ret_status, struct okta_err *err)
{
	struct timespec since;

	if (why != OKTA_E_UNAVAIL || options->watch ||
	    !sync_state_is_watched(state, &since))
		return why;
	return sync_request_ask(state, options->accept_shrink, ret_status, err);
}

static int
complain(enum okta_rc rc, const struct okta_err *err)
{
	(void)fprintf(stderr, "okta-sync: %s\n", err->msg);
	syslog(LOG_ERR, "%s", err->msg);
	return sync_exit_status(rc);
}

int
main(int argc, char **argv)
{
	struct sync_options options = { .config = OKTA_CONF_FILE,
		.state = OKTA_STATE_DIR };
	struct sync_state state = { .lock = -1 };
	struct sync_status status = { .mode = "once" };
	struct sync_notify notify = { 0 };
	struct okta_err err = { 0 };
	enum okta_rc r;
	int c;

	c = parse(argc, argv, &options);
	if (c >= 0)
		return c;
	if (sync_notify_is_journal(secure_getenv("JOURNAL_STREAM"), STDERR_FILENO))
		(void)setlogmask(LOG_MASK(LOG_EMERG));
	openlog("okta-sync", LOG_PID, LOG_DAEMON);
	status.started_s = okta_clock_now_s(&okta_clock_system);
	r = sync_notify_init(&notify, &err);
	if (r == OKTA_OK)
		r = harden(&err);
	if (r != OKTA_OK)
		return complain(r, &err);
	r = sync_state_open(options.state, options.watch, &state, &err);
	if (r != OKTA_OK) {
		r = ask_watcher(&options, &state, r, &c, &err);
		return r == OKTA_OK ? c : complain(r, &err);
	}
	if (options.watch) {
		r = sync_watch(&options, &state, &notify, &err);
		c = r == OKTA_OK ? 0 : complain(r, &err);
	} else {
		run_locked(&options, &state, &status);
		c = status.exit_status;
	}
	sync_state_close(&state);
	return c;
}
