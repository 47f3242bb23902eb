/* SPDX-License-Identifier: BSD-2-Clause */
/* PAM on: by the distribution's own tool, or by hand.  Whether it is on is for doctor's
 * checks of the stacks to say. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "run.h"
#include "setup.h"

#define UPDATE	   "/usr/sbin/pam-auth-update"
#define PROFILE	   "/usr/share/pam-configs/okta"
#define AUTHSELECT "/usr/bin/authselect"
#define LIMIT_S	   120
#define OUT_MAX	   16384

#define STACK(type) "/etc/pam.d/common-" type, "/var/lib/pam/" type
static const char *const files[] = { STACK("auth"), STACK("account"), STACK("password"),
	STACK("session"), STACK("session-noninteractive"), "/var/lib/pam/seen" };
#define FILES (sizeof(files) / sizeof(files[0]))
/* what the tool leaves when it is killed */
#define NEW(type) "/etc/pam.d/common-" type ".pam-new", "/var/lib/pam/" type ".new"
static const char *const leftovers[] = { NEW("auth"), NEW("account"), NEW("password"),
	NEW("session"), NEW("session-noninteractive") };

bool
setup_is_pam_file(const char *path)
{
	size_t i;

	for (i = 0; i < FILES; i++)
		if (strcmp(files[i], path) == 0)
			return true;
	return false;
}

static int
tool(char *const argv[], struct okta_err *err)
{
	struct okta_buf out;
	int status;

	okta_buf_init(&out, OUT_MAX);
	status = ctl_run(argv, &out, LIMIT_S);
	if (status != 0)
		(void)okta_err_set(err, OKTA_E_SYS, "%s %s: exit status %d: %.160s",
		    argv[0], argv[1], status, out.len > 0 ? out.data : "");
	okta_buf_clear(&out);
	return status;
}

/* --- Debian --- */

static enum okta_rc
put_back_half(struct setup *s, struct okta_err *err)
{
	const struct setup_entry *e;
	enum okta_rc r = OKTA_OK;
	size_t i;

	for (i = 0; i < FILES && r == OKTA_OK; i++) {
		e = setup_journal_find(&s->journal, files[i]);
		if (e != NULL && setup_journal_is_open(&s->journal, files[i]))
			r = setup_journal_restore(e, err);
	}
	return r;
}

static int
update(struct setup *s)
{
	char program[] = UPDATE, package[] = "--package", enable[] = "--enable",
	     okta[] = "okta", password[] = "okta-password";
	char *const argv[] = { program, package, enable, okta, password, NULL };
	struct okta_err err = { 0 };
	enum okta_rc r;
	int status;

	/* the tool takes stacks it was killed over for an admin's own */
	r = put_back_half(s, &err);
	if (r == OKTA_OK)
		r = setup_journal_made(&s->journal, leftovers,
		    sizeof(leftovers) / sizeof(leftovers[0]), &err);
	if (r == OKTA_OK)
		r = setup_journal_save(&s->journal, files, FILES, &err);
	if (r != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	status = tool(argv, &err);
	/* also when it failed: what an admin mends then is his.  One that was killed has
	 * left half a run */
	if (status >= 0)
		r = setup_journal_left(
		    &s->journal, files, FILES, status == 0 ? &err : NULL);
	return r == OKTA_OK && status == 0 ? 0 : ctl_fail(1, "%s", err.msg);
}

enum okta_rc
setup_pam_off(struct okta_err *err)
{
	char program[] = UPDATE, package[] = "--package", off[] = "--remove",
	     okta[] = "okta", password[] = "okta-password";
	char *const argv[] = { program, package, off, okta, password, NULL };

	return tool(argv, err) == 0 ? OKTA_OK : OKTA_E_SYS;
}

/* --- Fedora and its kin --- */

static bool
has_word(struct okta_view text, struct okta_view word)
{
	struct okta_view line;

	while (text.len > 0) {
		line = okta_view_trim(okta_view_split(&text, '\n'));
		if (okta_view_eq(line, word))
			return true;
	}
	return false;
}

static bool
ask_authselect(const char *command, const char *argument, struct okta_buf *out)
{
	char program[] = AUTHSELECT, word[32], more[32];
	char *const argv[] = { program, word, more, NULL };

	(void)snprintf(word, sizeof(word), "%s", command);
	(void)snprintf(more, sizeof(more), "%s", argument);
	return access(AUTHSELECT, X_OK) == 0 && ctl_run(argv, out, LIMIT_S) == 0 &&
	       out->len > 0;
}

/* "select PROFILE FEATURE...": WORDS are of `authselect current --raw`; only features
 * that KNOWN has a line for, NULL: all. */
static enum okta_rc
authselect(const char *profile, struct okta_view words, const struct okta_buf *known,
    struct okta_err *err)
{
	char program[] = AUTHSELECT, select[] = "select", force[] = "--force", buf[512];
	char *argv[40] = { program, select };
	size_t n = 2, used = 0;
	struct okta_view word;
	int len;

	len = snprintf(buf, sizeof(buf), "%s", profile);
	argv[n++] = buf;
	used = (size_t)len + 1;
	while (words.len > 0 && n < 38) {
		word = okta_view_trim(okta_view_split(&words, ' '));
		if (word.len == 0 || used + word.len + 1 > sizeof(buf) ||
		    (known != NULL && !has_word(okta_buf_view(known), word)))
			continue;
		memcpy(buf + used, word.p, word.len);
		buf[used + word.len] = '\0';
		argv[n++] = buf + used;
		used += word.len + 1;
	}
	argv[n] = force;
	return tool(argv, err) == 0 ? OKTA_OK : OKTA_E_SYS;
}

static int
select_profile(struct setup *s, const struct okta_buf *current)
{
	struct okta_view words = okta_view_trim(
	    (struct okta_view){ current->data, strcspn(current->data, "\n") });
	struct okta_err err = { 0 };
	struct okta_buf known;
	char raw[256];
	enum okta_rc r;

	if (words.len >= sizeof(raw))
		return ctl_fail(1, "authselect current: its answer is too long");
	(void)snprintf(raw, sizeof(raw), "%.*s", (int)words.len, words.p);
	okta_buf_init(&known, OUT_MAX);
	(void)ask_authselect("list-features", "okta", &known); /* none is fine */
	r = setup_journal_note(&s->journal, SETUP_AUTHSELECT, raw, true, &err);
	if (r == OKTA_OK) {
		(void)okta_view_split(&words, ' '); /* the profile it was */
		r = authselect("okta", words, &known, &err);
	}
	okta_buf_clear(&known);
	return r == OKTA_OK ? 0 : ctl_fail(1, "%s", err.msg);
}

enum okta_rc
setup_authselect_off(const struct setup_entry *entry, struct okta_err *err)
{
	struct okta_view words = okta_view_str(entry->what), name;
	char profile[128];

	name = okta_view_split(&words, ' ');
	(void)snprintf(profile, sizeof(profile), "%.*s", (int)name.len, name.p);
	return authselect(profile, words, NULL, err);
}

/* --- either, or by hand --- */

static int
by_hand(void)
{
	(void)printf(
	    "\nThis host's PAM is not managed by pam-auth-update or authselect with a "
	    "profile for Okta.\nNothing was switched on.  Put these lines into "
	    "/etc/pam.d/sshd, login, su and sudo (and the\naccount lines into cron), "
	    "above "
	    "the lines for local accounts of the same kind:\n\n"
	    "  auth     [success=done user_unknown=ignore ignore=ignore "
	    "module_unknown=ignore default=die] pam_okta.so\n"
	    "  account  [success=1 default=ignore]                                       "
	    "  "
	    "                pam_localuser.so\n"
	    "  account  [success=ok ignore=ignore default=die]                           "
	    "  "
	    "                pam_okta.so\n"
	    "  password [user_unknown=ignore ignore=ignore module_unknown=ignore "
	    "default=die]              pam_okta.so\n"
	    "  session  optional                                                         "
	    "  "
	    "                pam_mkhomedir.so umask=0077\n\n");
	return ctl_fail(1,
	    "PAM is not on: after these lines are there, run oktactl setup "
	    "again; it goes on from here");
}

int
setup_pam_on(struct setup *s)
{
	struct okta_buf current;
	int status;

	if (!setup_journal_is_open(&s->journal, files[0]) &&
	    setup_failures(s, doctor_pam, SETUP_SHOW_NONE) == 0) {
		(void)printf("PAM: on already\n");
		return 0;
	}
	okta_buf_init(&current, OUT_MAX);
	if (access(UPDATE, X_OK) == 0 && access(PROFILE, F_OK) == 0)
		status = update(s);
	else if (ask_authselect("current", "--raw", &current))
		status = select_profile(s, &current);
	else
		status = by_hand();
	okta_buf_clear(&current);
	if (status != 0)
		return status;
	if (setup_failures(s, doctor_pam, DOCTOR_WARNING) > 0)
		return ctl_fail(1,
		    "PAM is not as it must be: see above; put it right, then "
		    "run oktactl setup again, or: oktactl setup --undo");
	(void)printf("PAM: on\n");
	return 0;
}
