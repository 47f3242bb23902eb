/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/setup.h - the parts of `oktactl setup`, in the order they come.
 *
 * MUST: at every instant a local account can log in, and names from Okta are known only
 * while pam_okta's account step keeps suspended people out: configuration, then PAM, then
 * the first snapshot, then NSS; back in the opposite order.  MUST: each change is in the
 * journal before it is made.  MUST NOT: ask for a secret, print one or take one by flag.
 *
 * A function that returns an exit status has said why on standard error when it is not 0.
 */
#ifndef OKTACTL_SETUP_H
#define OKTACTL_SETUP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/paths.h"
#include "ctl.h"
#include "doctor.h"
#include "model/conf.h"
#include "setup_answers.h"
#include "setup_journal.h"

/* Beside the real one, so that conf.d counts for it too. */
#define SETUP_CANDIDATE	   OKTA_CONF_FILE ".setup"
#define SETUP_DRY	   SETUP_DIR "/dry"
#define SETUP_SSHD_DIR	   "/etc/ssh/sshd_config.d"
#define SETUP_SSHD_DROP_IN SETUP_SSHD_DIR "/okta-login.conf"

struct setup {
	const struct ctl *ctl;
	bool asks;	 /* there is somebody at a terminal */
	bool keeps_sshd; /* --keep-sshd */
	struct setup_answers answers;
	struct setup_journal journal;
	struct okta_conf *conf; /* the candidate */
	char person[64];	/* somebody who may log in */
};

/* --- asking: setup_ask.c --- */
enum setup_reply { SETUP_YES, SETUP_NO, SETUP_END }; /* END: input has ended */
enum setup_reply setup_ask_yes(const char *question);
/* Wait for Enter; NO: "s" for stop. */
enum setup_reply setup_ask_again(const char *question);
/* One answer, checked; asked again with the reason until it is right. */
enum setup_reply setup_ask_answer(struct setup_answers *a, enum setup_key key);

/* --- setup_sync.c --- */
/* okta-sync --once; a watcher that holds STATE does it itself. */
int setup_run_sync(const char *config, const char *state);

/* --- checks of Okta besides doctor's; each runs as doctor.h says --- */
const char *setup_api(const struct doctor *d); /* api.dpop api.logs */

/* --- setup_prove.c --- */
/* Read the org's discovery document with what is answered so far. */
int setup_prove_org(struct setup *s);
/* Use each permission once; ask to correct and repeat what fails. */
int setup_prove(struct setup *s);
/* `--check ID`, with CONF, which stands in the file CONFIG. */
int setup_prove_one(const char *config, const struct okta_conf *conf, const char *id);
/* Doctor's checks of RUN: how many fail.  Those of SHOW_FROM and worse are shown. */
#define SETUP_SHOW_NONE (DOCTOR_FAILURE + 1)
unsigned setup_failures(
    const struct setup *s, const char *(*run)(const struct doctor *d), int show_from);

/* --- setup_key.c --- */
/* Make the key if there is none. */
int setup_key_make(struct setup *s);
/* Its public half, and where to paste it. */
int setup_key_show(const struct setup *s);

/* --- setup_candidate.c --- */
/* What is configured now gives the answers nobody has given; 78 if it cannot be read. */
int setup_candidate_defaults(struct setup *s);
/* Write the candidate of the answers and load it into s->conf. */
int setup_candidate_write(struct setup *s);
/* It becomes okta-login.conf. */
int setup_candidate_commit(struct setup *s);

/* --- setup_preview.c --- */
/* Fetch into a directory of its own, and say who and what would be here. */
int setup_preview(struct setup *s);

/* --- switching on --- */
int setup_pam_on(struct setup *s);  /* setup_pam.c */
int setup_nss_on(struct setup *s);  /* setup_nss.c */
int setup_unit_on(struct setup *s); /* setup_unit.c */
int setup_sshd_on(struct setup *s); /* setup_sshd.c; offered, never forced */
int setup_apply(struct setup *s);   /* setup_apply.c */

/* --- and back --- */
int setup_undo(void);
/* Where the admin has changed what setup left.  OKTA_E_CONFLICT: it must stay. */
enum okta_rc setup_pam_off(struct okta_err *err);
enum okta_rc setup_nss_off(struct okta_err *err);
enum okta_rc setup_unit_off(const struct setup_entry *entry, struct okta_err *err);
/* okta-sync.service: does it run?  (Re)start it if it does; stop it; start it. */
bool setup_unit_is_active(void);
enum okta_rc setup_unit_do(const char *command, struct okta_err *err);
/* After its drop-in came or went; says so where that is left to the admin. */
void setup_sshd_reload(void);
enum okta_rc setup_unit_reload_sshd(struct okta_err *err);
enum okta_rc setup_authselect_off(const struct setup_entry *entry, struct okta_err *err);
bool setup_is_pam_file(const char *path);
/* The real path of nsswitch.conf, which may be a link. */
bool setup_nss_path(char ret[PATH_MAX]);

#endif /* OKTACTL_SETUP_H */
