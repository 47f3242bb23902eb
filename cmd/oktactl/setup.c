/* SPDX-License-Identifier: BSD-2-Clause */
/* oktactl setup - from an installed package to people from Okta, and back. */
#include "setup.h"

#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "host/config.h"

static const char usage[] =
    "setup [--yes] [--org-url URL] [--client-id ID]\n"
    "         [--sync-client-id ID] [--key-id KID] [--private-key-file FILE]\n"
    "         [--scope all|groups|app] [--scope-groups LIST] [--app-id ID]\n"
    "         [--strip-domains LIST] [--allow-groups LIST] [--claim-groups LIST]\n"
    "         [--match LIST] [--local LIST]\n"
    "         [--authorization-server ID] [--ca-file FILE] [--proxy URL]\n"
    "         [--keep-sshd]\n"
    "       oktactl setup --check ID\n"
    "       oktactl setup --undo";

struct options {
	bool yes, undo, keep_sshd;
	const char *check;
};

/* Exit status, 0: go on. */
static int
take_flag(int argc, char **argv, int *at, struct setup_answers *a)
{
	struct okta_err err = { 0 };
	size_t k;

	for (k = 0; k < SETUP_KEYS; k++)
		if (strncmp(argv[*at], "--", 2) == 0 &&
		    strcmp(argv[*at] + 2, setup_keys[k].flag) == 0)
			break;
	if (k == SETUP_KEYS || *at + 1 == argc)
		return ctl_usage(usage);
	(*at)++;
	if (setup_answers_check(k, argv[*at], &err) != OKTA_OK)
		return ctl_fail(EX_CONFIG, "--%s: %s", setup_keys[k].flag, err.msg);
	if (!setup_answers_set(a, k, argv[*at]))
		return ctl_fail(1, "out of memory");
	a->by_flag[k] = true;
	return 0;
}

static int
parse(int argc, char **argv, struct options *o, struct setup_answers *a)
{
	int i, status = 0;

	for (i = 1; i < argc && status == 0; i++) {
		if (strcmp(argv[i], "--yes") == 0)
			o->yes = true;
		else if (strcmp(argv[i], "--undo") == 0)
			o->undo = true;
		else if (strcmp(argv[i], "--keep-sshd") == 0)
			o->keep_sshd = true;
		else if (strcmp(argv[i], "--check") == 0 && i + 1 < argc)
			o->check = argv[++i];
		else
			status = take_flag(argc, argv, &i, a);
	}
	if (status == 0 && argc > 2 && o->undo)
		status = ctl_usage(usage);
	return status;
}

/* --- the answers --- */

static int
stopped(void)
{
	return ctl_fail(1, "stopped: nothing is switched on; oktactl setup goes on from "
			   "here, oktactl setup --undo takes back what was prepared");
}

/* By question, on a terminal; what a flag says is not asked. */
static int
ask_all(struct setup *s)
{
	size_t k;
	int status;

	(void)printf(
	    "Okta login for this host.  Enter takes what stands in brackets; Ctrl-C "
	    "ends, at any time:\noktactl setup then goes on from there, oktactl "
	    "setup --undo takes it back.\n");
	for (k = 0; k < SETUP_KEYS; k++) {
		if (setup_keys[k].question == NULL ||
		    !setup_answers_matters(&s->answers, k))
			continue;
		do {
			if (!s->answers.by_flag[k] &&
			    setup_ask_answer(&s->answers, k) != SETUP_YES)
				return stopped();
			status = k == SETUP_ORG_URL ? setup_prove_org(s) : 0;
		} while (status != 0 && !s->answers.by_flag[k]);
		if (status != 0)
			return status;
	}
	return 0;
}

/* Without questions: everything must be there. */
static int
check_all(struct setup *s)
{
	struct okta_err err = { 0 };
	size_t k;

	for (k = 0; k < SETUP_KEYS; k++) {
		if (!setup_answers_matters(&s->answers, k))
			continue;
		if (s->answers.value[k] == NULL)
			return ctl_fail(EX_USAGE, "--%s is missing: %s",
			    setup_keys[k].flag, setup_keys[k].question);
		if (setup_answers_check(k, s->answers.value[k], &err) != OKTA_OK)
			return ctl_fail(
			    EX_CONFIG, "--%s: %s", setup_keys[k].flag, err.msg);
	}
	return setup_prove_org(s);
}

/* --- the whole way --- */

static int
show_key_and_wait(struct setup *s)
{
	int status = setup_key_show(s);

	if (status == 0 && s->asks && !s->answers.needs_no_key &&
	    setup_ask_again("\nPress Enter when that is done (s stops):") != SETUP_YES)
		return stopped();
	return status;
}

static int
ask_to_go_on(const struct setup *s)
{
	if (!s->asks)
		return 0;
	return setup_ask_yes(
		   "Write " OKTA_CONF_FILE
		   ", fetch these people, and switch on PAM and NSS now?") == SETUP_YES
		   ? 0
		   : stopped();
}

static int
finish(struct setup *s)
{
	char doctor[] = "doctor";
	char *argv[] = { doctor, NULL };
	int status;

	(void)printf("\nAll of oktactl doctor:\n");
	status = ctl_doctor(s->ctl, 1, argv);
	(void)printf(
	    "\nKeep this root session open.  From another machine or terminal try: ssh "
	    "%s@HOST\nIf that fails, look at oktactl doctor and the log; to take it all "
	    "back: oktactl setup --undo\n",
	    s->person);
	if (status < 2)
		return 0;
	return ctl_fail(1, "set up, but the doctor found failures: cure them before you "
			   "rely on it");
}

static int
set_up(struct setup *s)
{
	int status;

	if (s->journal.is_there && !s->journal.is_done)
		(void)printf("An earlier run did not come to its end: going on from "
			     "there.\n\n");
	status = setup_candidate_defaults(s);
	if (status == 0)
		status = s->asks ? ask_all(s) : check_all(s);
	if (status == 0)
		status = setup_candidate_write(s);
	if (status == 0)
		status = setup_key_make(s);
	if (status == 0)
		status = show_key_and_wait(s);
	if (status == 0)
		status = setup_prove(s);
	if (status == 0)
		status = setup_preview(s);
	if (status == 0)
		status = ask_to_go_on(s);
	if (status == 0)
		status = setup_apply(s);
	return status == 0 ? finish(s) : status;
}

/* Repeat one proof, with the candidate if there is one. */
static int
check_one(const char *id)
{
	const char *config = access(SETUP_CANDIDATE, F_OK) == 0 ? SETUP_CANDIDATE
								: OKTA_CONF_FILE;
	struct okta_conf *conf = NULL;
	struct okta_err err = { 0 };
	int status;

	if (okta_config_load(config, 0, OKTA_CONF_FOR_LOGIN | OKTA_CONF_FOR_SYNC, &conf,
		&err) != OKTA_OK)
		return ctl_fail(EX_CONFIG, "%s", err.msg);
	status = setup_prove_one(config, conf, id);
	okta_conf_free(&conf);
	return status;
}

static int
run(struct setup *s, const struct options *o)
{
	struct okta_err err = { 0 };
	int status;

	if (o->undo)
		return setup_undo();
	if (o->check != NULL)
		return check_one(o->check);
	s->asks = !o->yes && isatty(STDIN_FILENO) == 1;
	s->keeps_sshd = o->keep_sshd;
	if (!s->asks && !o->yes)
		return ctl_fail(EX_USAGE,
		    "setup: standard input is no terminal: give the "
		    "answers as flags and --yes");
	if (setup_failures(s, doctor_files, DOCTOR_WARNING) > 0)
		return ctl_fail(1, "not everything is installed: see above; nothing is "
				   "changed on this host");
	if (setup_journal_open(true, &s->journal, &err) != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	status = set_up(s);
	setup_journal_close(&s->journal);
	return status;
}

int
ctl_setup(const struct ctl *ctl, int argc, char **argv)
{
	struct setup s = { .ctl = ctl, .journal = { .lock = -1 } };
	struct options o = { .check = NULL };
	int status;

	if (ctl->json || strcmp(ctl->config, OKTA_CONF_FILE) != 0 ||
	    strcmp(ctl->state, OKTA_STATE_DIR) != 0)
		return ctl_fail(EX_USAGE,
		    "setup: leave out --config, --state and --json: "
		    "NSS and PAM know the fixed places only");
	status = parse(argc, argv, &o, &s.answers);
	if (status == 0 && geteuid() != 0)
		status = ctl_fail(1, "setup: only root can set this host up: run it with "
				     "sudo or as root");
	if (status == 0)
		status = run(&s, &o);
	okta_conf_free(&s.conf);
	setup_answers_clear(&s.answers);
	return status;
}
