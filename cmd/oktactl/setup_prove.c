/* SPDX-License-Identifier: BSD-2-Clause */
/* Each permission is proved by using it once. */
#include <stdio.h>
#include <string.h>
#include <sysexits.h>

#include "doctor_child.h"
#include "setup.h"

/* In the order an answer to one makes sense of the next. */
static const struct row {
	const char *ids;
	const char *(*run)(const struct doctor *d);
} rows[] = {
	{ "net.proxy", doctor_proxy },
	{ "net.dns", doctor_dns },
	{ "okta.discovery", doctor_discovery },
	{ "net.connect net.tls clock okta.jwks okta.device", doctor_okta },
	{ "api.token api.users api.groups api.apps api.rate", doctor_api },
	{ "api.dpop api.logs", setup_api },
};
#define ROWS  (sizeof(rows) / sizeof(rows[0]))
#define FIRST 3 /* what can be proved with the org's address alone */

static const char *const level_name[] = { "pass", "skipped", "warning", "failure" };

static void
show(const struct doctor_finding *f)
{
	(void)printf("  %-8s %-15s %s\n", level_name[f->level], f->id, f->reason);
	if (f->cure[0] != '\0')
		(void)printf("  %-8s %-15s cure: %s\n", "", "", f->cure);
	(void)fflush(stdout); /* the next one may take its time */
}

/* How many findings failed.  ONLY: the one to show, NULL: all; *ret_seen: it was there.
 */
static unsigned
run_row(const struct doctor *d, const char *(*run)(const struct doctor *d),
    const char *only, int show_from, bool *ret_seen)
{
	struct doctor_child child;
	struct doctor_finding f;
	struct okta_err err = { 0 };
	enum doctor_child_says says;
	unsigned failures = 0;

	(void)fflush(stdout);
	if (doctor_child_open(d, run, &child, &err) != OKTA_OK) {
		(void)printf("  failure  %s\n", err.msg);
		return 1;
	}
	while ((says = doctor_child_next(&child, &f)) == DOCTOR_CHILD_FINDING) {
		failures += f.level == DOCTOR_FAILURE;
		if (only != NULL && strcmp(only, f.id) != 0 && f.level != DOCTOR_FAILURE)
			continue;
		*ret_seen = *ret_seen || only == NULL || strcmp(only, f.id) == 0;
		if ((int)f.level >= show_from)
			show(&f);
	}
	doctor_child_close(&child);
	if (says != DOCTOR_CHILD_DONE) {
		(void)printf("  failure  the check %s\n",
		    says == DOCTOR_CHILD_SILENT ? "said nothing for ten seconds"
						: "broke off");
		failures++;
	}
	return failures;
}

static struct doctor
doctor_of(const struct ctl *ctl, const struct okta_conf *conf)
{
	return (struct doctor){ .ctl = ctl, .conf = conf, .is_root = true, .fd = -1 };
}

unsigned
setup_failures(
    const struct setup *s, const char *(*run)(const struct doctor *d), int show_from)
{
	const struct ctl ctl = { OKTA_CONF_FILE, OKTA_STATE_DIR, false };
	const struct doctor d = doctor_of(&ctl, s->conf);
	bool seen = false;

	return run_row(&d, run, NULL, show_from, &seen);
}

/* A configuration of what is answered so far. */
static enum okta_rc
conf_so_far(const struct setup_answers *a, struct okta_conf **ret, struct okta_err *err)
{
	static const enum setup_key keys[] = { SETUP_ORG_URL, SETUP_AUTHORIZATION_SERVER,
		SETUP_CA_FILE, SETUP_PROXY };
	struct okta_conf_parser *parser = NULL;
	struct okta_buf text;
	enum okta_rc r;
	size_t i;

	okta_buf_init(&text, OKTA_CONF_MAX_BYTES);
	r = okta_conf_begin(&parser, err);
	if (r == OKTA_OK)
		r = okta_buf_append_str(&text, "[okta]\n");
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]) && r == OKTA_OK; i++)
		if (a->value[keys[i]] != NULL && a->value[keys[i]][0] != '\0')
			r = okta_buf_printf(&text, "%s = %s\n", setup_keys[keys[i]].key,
			    a->value[keys[i]]);
	if (r == OKTA_OK)
		r = okta_conf_add(parser, "answers", okta_buf_view(&text), err);
	if (r == OKTA_OK)
		r = okta_conf_end(&parser, 0, ret, err);
	okta_conf_parser_free(&parser);
	okta_buf_clear(&text);
	return r;
}

int
setup_prove_org(struct setup *s)
{
	struct okta_conf *conf = NULL;
	struct okta_err err = { 0 };
	struct doctor d;
	unsigned failures = 0;
	bool seen = false;
	size_t i;

	if (conf_so_far(&s->answers, &conf, &err) != OKTA_OK)
		return ctl_fail(EX_CONFIG, "%s", err.msg);
	(void)printf("\nReading what %s says of itself:\n", conf->org_url);
	d = doctor_of(s->ctl, conf);
	for (i = 0; i < FIRST && failures == 0; i++)
		failures = run_row(&d, rows[i].run, NULL,
		    i + 1 == FIRST ? DOCTOR_PASS : DOCTOR_WARNING, &seen);
	okta_conf_free(&conf);
	return failures == 0
		   ? 0
		   : ctl_fail(1, "this org cannot be used so: see above; nothing is "
				 "changed on this host");
}

static struct ctl
candidate_ctl(void)
{
	return (struct ctl){ SETUP_CANDIDATE, OKTA_STATE_DIR, false };
}

static bool
has_id(struct okta_view ids, const char *id)
{
	while (ids.len > 0)
		if (okta_view_eq_str(okta_view_split(&ids, ' '), id))
			return true;
	return false;
}

int
setup_prove_one(const char *config, const struct okta_conf *conf, const char *id)
{
	const struct ctl ctl = { config, OKTA_STATE_DIR, false };
	const struct doctor d = doctor_of(&ctl, conf);
	unsigned failures = 0;
	bool seen = false;
	size_t i;

	for (i = 0; i < ROWS; i++)
		if (has_id(okta_view_str(rows[i].ids), id))
			break;
	if (i == ROWS) {
		(void)fprintf(stderr, "oktactl: --check %.40s: is none of", id);
		for (i = 0; i < ROWS; i++)
			(void)fprintf(stderr, " %s", rows[i].ids);
		(void)fputc('\n', stderr);
		return EX_USAGE;
	}
	failures = run_row(&d, rows[i].run, id, DOCTOR_PASS, &seen);
	if (failures == 0 && !seen)
		(void)printf("  %-8s %-15s not needed with this configuration\n",
		    level_name[DOCTOR_SKIPPED], id);
	return failures == 0 ? 0 : 1;
}

/* Nobody can see this claim but a person who signs in. */
static void
tell_groups_claim(const struct okta_conf *conf)
{
	if (strcmp(conf->groups_claim, "none") == 0)
		return;
	(void)printf(
	    "  %-8s %-15s Okta takes the scopes; whether the token holds the claim "
	    "\"%s\" shows only when a\n  %-8s %-15s person signs in: look at the "
	    "log of the first login (reason=no_groups_claim)\n",
	    "skipped", "okta.groups", conf->groups_claim, "", "");
}

/* One row until it has no failure, or the admin gives up. */
static int
prove_row(struct setup *s, const struct doctor *d, const struct row *row)
{
	unsigned failures;
	bool seen = false;

	for (;;) {
		failures = run_row(d, row->run, NULL, DOCTOR_PASS, &seen);
		if (failures == 0)
			return 0;
		if (!s->asks)
			return 1;
		if (setup_ask_again(
			"\n  Put right what failed, then press Enter to check "
			"just that again (s stops):") != SETUP_YES)
			return 1;
	}
}

int
setup_prove(struct setup *s)
{
	const struct ctl ctl = candidate_ctl();
	const struct doctor d = doctor_of(&ctl, s->conf);
	size_t i;

	(void)printf("\nUsing each permission once:\n");
	for (i = 0; i < ROWS; i++) {
		if (prove_row(s, &d, &rows[i]) != 0)
			return ctl_fail(1,
			    "not ready: put right what failed above; repeat just that "
			    "with: oktactl setup --check ID; go on with: oktactl setup; "
			    "take back with: oktactl setup --undo");
		if (rows[i].run == doctor_okta)
			tell_groups_claim(s->conf);
	}
	return 0;
}
