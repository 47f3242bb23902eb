/* SPDX-License-Identifier: BSD-2-Clause */
/* sshd as it would run: what it has been told, and when it shows a message. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "doctor.h"
#include "run.h"

#define SSHD	      "/usr/sbin/sshd"
#define DROP_IN	      "/etc/ssh/sshd_config.d/okta-login.conf"
#define OUT_MAX_BYTES 262144
/* From this version on information text is shown at once, not with the next prompt. */
#define SHOWS_AT_ONCE_MAJOR 10
#define SHOWS_AT_ONCE_MINOR 3

static const char cure[] = "cp /usr/share/doc/okta-login/examples/sshd_config.d/"
			   "okta-login.conf " DROP_IN "; systemctl reload ssh";

/* Value of KEY in what "sshd -T" prints: one "key value" a line, keys in lower case. */
static struct okta_view
setting(const struct okta_buf *text, const char *key)
{
	struct okta_view rest = okta_buf_view(text), line;

	while (rest.p != NULL) {
		line = okta_view_split(&rest, '\n');
		if (okta_view_eq_str(okta_view_split(&line, ' '), key))
			return okta_view_trim(line);
	}
	return (struct okta_view){ "", 0 };
}

static bool
has_word(struct okta_view text, const char *word)
{
	const size_t n = strlen(word);
	size_t i;

	for (i = 0; i + n <= text.len; i++)
		if (memcmp(text.p + i, word, n) == 0)
			return true;
	return false;
}

static void
check_usepam(const struct doctor *d, const struct okta_buf *text)
{
	if (okta_view_eq_str(setting(text, "usepam"), "yes"))
		doctor_pass(d, "sshd.usepam", "UsePAM yes");
	else
		doctor_fail(d, "sshd.usepam", cure,
		    "UsePAM is not yes: sshd asks neither auth nor account: nobody from "
		    "Okta can log in by code, and suspended people keep their SSH keys");
}

static void
check_kbdinteractive(const struct doctor *d, const struct okta_buf *text)
{
	static const char id[] = "sshd.kbdinteractive";
	struct okta_view on = setting(text, "kbdinteractiveauthentication"),
			 methods = setting(text, "authenticationmethods");

	if (on.len == 0) /* its name before OpenSSH 8.7 */
		on = setting(text, "challengeresponseauthentication");
	if (!okta_view_eq_str(on, "yes"))
		doctor_fail(d, id, cure,
		    "KbdInteractiveAuthentication is not yes: there is no way to show "
		    "the "
		    "code");
	else if (methods.len > 0 && !okta_view_eq_str(methods, "any") &&
		 !has_word(methods, "keyboard-interactive"))
		doctor_fail(d, id, "sshd_config: add keyboard-interactive:pam to it",
		    "AuthenticationMethods %.*s leaves keyboard-interactive out",
		    (int)methods.len, methods.p);
	else
		doctor_pass(d, id, "KbdInteractiveAuthentication yes");
}

static void
check_gracetime(const struct doctor *d, const struct okta_buf *text)
{
	static const char id[] = "sshd.gracetime";
	uint64_t s;

	if (okta_view_u64(setting(text, "logingracetime"), UINT32_MAX, &s) != OKTA_OK)
		doctor_warn(d, id, cure, "sshd does not tell its LoginGraceTime");
	else if (d->conf == NULL)
		doctor_skip(d, id, "no configuration to compare it with");
	else if (s != 0 && s < d->conf->grace_s)
		doctor_warn(d, id, cure,
		    "LoginGraceTime %llu is shorter than [login] grace_s (%u): sshd "
		    "hangs up "
		    "without a word while people still approve",
		    (unsigned long long)s, d->conf->grace_s);
	else if (s == 0 || s > d->conf->grace_s)
		/* nothing but sshd ends a prompt that is not answered */
		doctor_warn(d, id,
		    "sshd_config: LoginGraceTime as long as grace_s; systemctl reload "
		    "ssh",
		    "LoginGraceTime %llu is %s than [login] grace_s (%u): a client that "
		    "never answers keeps its place among those who wait beyond it",
		    (unsigned long long)s, s == 0 ? "no limit, and so longer" : "longer",
		    d->conf->grace_s);
	else
		doctor_pass(d, id, "LoginGraceTime %llu, grace_s %u",
		    (unsigned long long)s, d->conf->grace_s);
}

static void
check_maxstartups(const struct doctor *d, const struct okta_buf *text)
{
	static const char id[] = "sshd.maxstartups";
	struct okta_view value = setting(text, "maxstartups"), rest = value;
	uint64_t start;

	if (okta_view_u64(okta_view_split(&rest, ':'), UINT32_MAX, &start) != OKTA_OK)
		doctor_warn(d, id, cure, "sshd does not tell its MaxStartups");
	else if (d->conf == NULL)
		doctor_skip(d, id, "no configuration to compare it with");
	else if (start <= d->conf->max_waiting)
		doctor_warn(d, id,
		    "raise its first number in sshd_config above max_waiting, or lower "
		    "that; examples/sshd_config.d/okta-login.conf has 100:30:200",
		    "MaxStartups %.*s: people who wait for an approval count, so from "
		    "%llu of them on logins are dropped at random, local ones too; "
		    "[login] max_waiting lets %u wait",
		    (int)value.len, value.p, (unsigned long long)start,
		    d->conf->max_waiting);
	else
		doctor_pass(d, id, "MaxStartups %.*s, max_waiting %u", (int)value.len,
		    value.p, d->conf->max_waiting);
}

/* "OpenSSH_9.2p1 ...": false when it is not there. */
static bool
read_version(const struct okta_buf *text, uint64_t *major, uint64_t *minor)
{
	static const char mark[] = "OpenSSH_";
	const char *at = text->len == 0 ? NULL : strstr(text->data, mark);
	struct okta_view rest, v;
	size_t n;

	if (at == NULL)
		return false;
	rest = okta_view_str(at + sizeof(mark) - 1);
	v = okta_view_split(&rest, '.');
	for (n = 0; n < rest.len && rest.p[n] >= '0' && rest.p[n] <= '9'; n++)
		;
	rest.len = n;
	return okta_view_u64(v, 999, major) == OKTA_OK &&
	       okta_view_u64(rest, 999, minor) == OKTA_OK;
}

static void
check_prompt(const struct doctor *d)
{
	static const char id[] = "sshd.prompt";
	char program[] = SSHD, option[] = "-V";
	char *const argv[] = { program, option, NULL };
	uint64_t major = 0, minor = 0;
	bool at_once, enter = false;
	struct okta_buf text;
	size_t i;

	okta_buf_init(&text, OUT_MAX_BYTES);
	/* versions that do not know the option say who they are all the same */
	(void)ctl_run(argv, &text, DOCTOR_STEP_MS / 1000);
	if (!read_version(&text, &major, &minor)) {
		doctor_warn(d, id, "sshd -V", "sshd does not tell its version");
		okta_buf_clear(&text);
		return;
	}
	okta_buf_clear(&text);
	if (d->conf == NULL) {
		doctor_skip(d, id, "OpenSSH %llu.%llu; no configuration to compare with",
		    (unsigned long long)major, (unsigned long long)minor);
		return;
	}
	for (i = 0; i < d->conf->enter_services.n; i++)
		enter = enter || strcmp(d->conf->enter_services.item[i], "sshd") == 0;
	at_once = major > SHOWS_AT_ONCE_MAJOR ||
		  (major == SHOWS_AT_ONCE_MAJOR && minor >= SHOWS_AT_ONCE_MINOR);
	if (!at_once && !enter)
		doctor_fail(d, id, "okta-login.conf: [login] enter_services = sshd",
		    "OpenSSH %llu.%llu shows text only with a prompt, and [login] "
		    "enter_services "
		    "does not name sshd: nobody would see the code",
		    (unsigned long long)major, (unsigned long long)minor);
	else
		doctor_pass(d, id, "OpenSSH %llu.%llu %s, Enter is %s",
		    (unsigned long long)major, (unsigned long long)minor,
		    at_once ? "shows messages at once" : "shows text with a prompt",
		    enter ? "asked for" : "not needed");
}

const char *
doctor_sshd(const struct doctor *d)
{
	static const char id[] = "sshd.config";
	char program[] = SSHD, option[] = "-T";
	char *const argv[] = { program, option, NULL };
	struct okta_view rest, line;
	const char *why;
	struct okta_buf text;

	if (access(SSHD, X_OK) < 0)
		return SSHD " is not installed";
	if (!d->is_root)
		return "only root may ask sshd for its configuration";
	okta_buf_init(&text, OUT_MAX_BYTES);
	if (ctl_run(argv, &text, DOCTOR_STEP_MS / 1000) != 0) {
		rest = okta_buf_view(&text);
		line = okta_view_split(&rest, '\n');
		why = "see sshd.config";
		if (has_word(line, "Missing privilege separation directory"))
			why = "sshd is not running: start it, then ask again";
		else
			doctor_fail(d, id, "sshd -t, and correct what it names",
			    SSHD " -T fails or hangs: %.*s", (int)line.len,
			    line.len == 0 ? "" : line.p);
		okta_buf_clear(&text);
		return why;
	}
	doctor_pass(d, id, SSHD " can be started with its configuration");
	check_usepam(d, &text);
	check_kbdinteractive(d, &text);
	check_gracetime(d, &text);
	check_maxstartups(d, &text);
	okta_buf_clear(&text);
	check_prompt(d);
	return NULL;
}
