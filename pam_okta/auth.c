/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: the person at the other end may be anybody; the helper may have been
 * taken over by what it parsed.  MUST: the verdict is a frame of the helper this call
 * started, decoded and checked here, and its (iss, sub) are those of the snapshot.  MUST:
 * each wait of ours has an end.
 *
 * A conversation is a wait of the host's: it ends when the host's function returns, and
 * the deadline counts only then.  sshd ends it by LoginGraceTime, or never if that is 0;
 * a client that does not answer keeps its place among those who wait until then.
 *
 * Why a token cannot come from another login (S4): the device code is made by our own
 * helper for this call and never leaves it; Okta redeems it once; there is no nonce in
 * RFC 8628 to add to that.  Besides, the token must be issued after this call began and
 * must not have let this person in before (host/used.h).
 *
 * Why the name is looked up twice: a prompt stays open for as long as grace_s, and until
 * it ends a sync may give the name to another person, or an administrator may make a
 * local account of it.
 *
 * PAM_SILENT is not heeded: sudo sets it always, and nobody can approve a code he cannot
 * see.
 */
#include "auth.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fsize.h"
#include "base/text.h"
#include "base/wipe.h"
#include "conv.h"
#include "helper.h"
#include "host/record.h"
#include "host/used.h"
#include "host/waiting.h"
#include "model/policy.h"
#include "prompt.h"
#include "txn.h"
#include "who.h"

/* The host program gives up after its grace; we want to have said why before. */
#define MARGIN_S 5
/* login(1) has its own limit, LOGIN_TIMEOUT in login.defs, and its own service name. */
#define LOGIN_TIMEOUT_S 60
/* Until Okta has given out a code: before that nobody sees anything at all. */
#define FIRST_ANSWER_MS 15000
/*
 * How long to look for a verdict after Enter before asking again.  While we wait nobody
 * sees a client hang up; while a prompt is open sshd does, and ends us.  It also keeps a
 * client without a terminal, which answers each prompt at once, from spinning.
 */
#define LOOK_MS 1800

struct login {
	struct po_txn *t;
	struct po_who who;
	struct po_helper helper;
	struct okta_waiting waiting;
	int64_t began_s;
	int64_t deadline_ms;
	bool code_ends_first; /* the deadline is the code's, not the host program's */
	bool newer_is_kept;   /* what is recorded of this person is newer than claims */
	struct okta_claims *claims;
	char via[256];
	struct okta_err err;
};

static int64_t
deadline_of(const struct po_txn *t, const struct okta_conf *conf)
{
	int64_t grace_s = conf->grace_s;

	if (strcmp(t->service, "login") == 0 && grace_s > LOGIN_TIMEOUT_S)
		grace_s = LOGIN_TIMEOUT_S;
	return okta_clock_mono_ms(t->host->clock) + (grace_s - MARGIN_S) * 1000;
}

static struct okta_policy_now
facts_of_now(const struct login *l, int64_t now_s)
{
	return (struct okta_policy_now){
		.now_s = now_s,
		.source_s = l->who.snap.source_s,
	};
}

/*
 * As of when the claims hold: when Okta issued them, not when somebody pressed Enter.
 * This call asked for them, so they are of its time whatever Okta's clock says.
 */
static int64_t
claims_s(const struct login *l, int64_t now_s)
{
	int64_t at_s = (int64_t)l->claims->iat_s;

	if (at_s < l->began_s)
		at_s = l->began_s;
	return at_s < now_s ? at_s : now_s;
}

/* What no approval could change: then no code is made. */
static enum po_reason
check_before(struct login *l)
{
	struct okta_policy_now now = facts_of_now(l, okta_clock_now_s(l->t->host->clock));
	struct okta_decision d;

	okta_policy_account(l->who.conf, &l->who.person.policy, NULL, NULL, 0, &now, &d);
	if (d.allowed)
		return PO_ALLOWED;
	/* a claim may know of a group the snapshot has not heard of */
	if (d.rule == OKTA_RULE_NOT_ALLOWED &&
	    strcmp(l->who.conf->groups_claim, "none") != 0)
		return PO_ALLOWED;
	(void)okta_err_set(&l->err, OKTA_E_REFUSED, "%s", d.reason);
	return po_reason_of_rule(d.rule);
}

static enum po_reason
take_failure(struct login *l, struct okta_view bytes)
{
	struct okta_failure failure;
	char shown[240];

	if (okta_wire_get_failure(bytes, &failure, &l->err) != OKTA_OK)
		return PO_HELPER;
	okta_text_sanitize(shown, sizeof(shown), failure.detail);
	(void)okta_err_set(&l->err, OKTA_E_REFUSED, "%s", shown);
	return po_reason_of_failure(failure.code);
}

static enum po_reason
past_deadline(struct login *l)
{
	(void)okta_err_set(&l->err, OKTA_E_TIMEOUT, "no approval in time");
	return l->code_ends_first ? PO_EXPIRED : PO_DEADLINE;
}

static enum po_reason
get_prompt(struct login *l, struct okta_prompt *ret)
{
	const int64_t until = okta_clock_mono_ms(l->t->host->clock) + FIRST_ANSWER_MS;
	enum po_reason reason;
	struct okta_view bytes;
	int64_t now_ms, expiry_ms;

	reason = po_helper_next(
	    l->t, &l->helper, until < l->deadline_ms ? until : l->deadline_ms, &l->err);
	if (reason == PO_DEADLINE) {
		(void)okta_err_set(&l->err, OKTA_E_TIMEOUT,
		    "no code from Okta within %d s", FIRST_ANSWER_MS / 1000);
		return PO_UNREACHABLE;
	}
	if (reason != PO_ALLOWED)
		return reason;
	bytes = okta_buf_view(&l->helper.frame);
	if (okta_wire_type(bytes) == OKTA_WIRE_FAILURE)
		return take_failure(l, bytes);
	if (okta_wire_get_prompt(
		bytes, okta_view_str(l->who.conf->org_url), ret, &l->err) != OKTA_OK)
		return PO_HELPER;
	now_ms = okta_clock_mono_ms(l->t->host->clock);
	if (now_ms >= l->deadline_ms)
		return past_deadline(l);
	expiry_ms = now_ms + (int64_t)ret->expires_in_s * 1000;
	if (expiry_ms < l->deadline_ms) {
		l->deadline_ms = expiry_ms;
		l->code_ends_first = true;
	}
	return PO_ALLOWED;
}

/* The text for the terminal; TEXT outlives the frame the prompt points into. */
static enum po_reason
make_text(struct login *l, const struct okta_prompt *prompt, struct okta_buf *text)
{
	char host[256] = "";
	struct po_prompt_facts facts = { .user = l->t->user,
		.host = host,
		.slow_s = okta_waiting_poll_s(l->waiting.place) };
	enum okta_rc r;

	if (gethostname(host, sizeof(host) - 1) < 0 || host[0] == '\0')
		(void)snprintf(host, sizeof(host), "this host");
	facts.rhost = strcmp(l->t->rhost, "local") == 0 ? "this host itself"
							: l->t->rhost;
	r = po_prompt_text(prompt, &facts, text);
	if (r == OKTA_OK)
		return PO_ALLOWED;
	(void)okta_err_set(&l->err, r, "the prompt is too long");
	return r == OKTA_E_NOMEM ? PO_NOMEM : PO_HELPER;
}

/*
 * sshd shows text only with a prompt: Enter carries it, and the helper polls meanwhile.
 * With PasswordAuthentication sshd shows nothing at all and answers every prompt without
 * echo with the password it has; it fails one with echo, which is what ends that login
 * here instead of at the deadline.
 */
static enum po_reason
wait_with_prompts(struct login *l, struct okta_buf *text)
{
	const struct okta_clock *clock = l->t->host->clock;
	enum po_reason reason;
	const char *question;
	int style = PAM_PROMPT_ECHO_OFF; /* a password typed out of habit is not shown */
	int64_t until;

	if (okta_buf_append_str(text, PO_PRESS_ENTER) != OKTA_OK)
		return PO_NOMEM;
	question = text->data;
	for (;;) {
		if (!po_conv_say(l->t->pamh, style, question)) {
			(void)okta_err_set(
			    &l->err, OKTA_E_UNAVAIL, "the person did not answer");
			return PO_CONVERSATION;
		}
		until = okta_clock_mono_ms(clock);
		if (until >= l->deadline_ms)
			return past_deadline(l);
		until = until + LOOK_MS < l->deadline_ms ? until + LOOK_MS
							 : l->deadline_ms;
		reason = po_helper_next(l->t, &l->helper, until, &l->err);
		if (reason != PO_DEADLINE)
			return reason;
		if (okta_clock_mono_ms(clock) >= l->deadline_ms)
			return past_deadline(l);
		question = PO_NOT_YET;
		style = PAM_PROMPT_ECHO_ON;
	}
}

/* su, sudo and login print at once. */
static enum po_reason
wait_with_text(struct login *l, const struct okta_buf *text)
{
	enum po_reason reason;

	if (!po_conv_say(l->t->pamh, PAM_TEXT_INFO, text->data)) {
		(void)okta_err_set(
		    &l->err, OKTA_E_UNAVAIL, "the code could not be shown");
		return PO_CONVERSATION;
	}
	reason = po_helper_next(l->t, &l->helper, l->deadline_ms, &l->err);
	return reason == PO_DEADLINE ? past_deadline(l) : reason;
}

static enum po_reason
ask_for_approval(struct login *l)
{
	enum po_reason reason;
	struct okta_prompt prompt;
	struct okta_buf text;

	okta_buf_init(&text, PO_PROMPT_MAX_BYTES);
	reason = get_prompt(l, &prompt);
	if (reason == PO_ALLOWED)
		reason = make_text(l, &prompt, &text);
	if (reason == PO_ALLOWED) {
		if (okta_list_has(
			&l->who.conf->enter_services, okta_view_str(l->t->service)))
			reason = wait_with_prompts(l, &text);
		else
			reason = wait_with_text(l, &text);
	}
	okta_buf_clear(&text);
	return reason;
}

static enum po_reason
take_verdict(struct login *l)
{
	const struct okta_view nonce = { (const char *)l->helper.nonce,
		sizeof(l->helper.nonce) };
	const struct okta_view bytes = okta_buf_view(&l->helper.frame);

	if (okta_clock_mono_ms(l->t->host->clock) >= l->deadline_ms)
		return past_deadline(l);
	if (okta_wire_type(bytes) == OKTA_WIRE_FAILURE)
		return take_failure(l, bytes);
	if (okta_wire_get_verdict(bytes, nonce, l->claims, &l->err) != OKTA_OK)
		return PO_HELPER;
	return PO_ALLOWED;
}

static enum po_reason
check_is_new(struct login *l, int64_t now_s)
{
	const int64_t skew = l->who.conf->clock_skew_s;
	const struct okta_claims *claims = l->claims;
	enum po_reason reason = PO_ALLOWED;
	struct okta_record last = { 0 };
	enum okta_rc r;

	if ((int64_t)claims->iat_s < l->began_s - skew ||
	    (int64_t)claims->exp_s < now_s - skew) {
		(void)okta_err_set(&l->err, OKTA_E_REFUSED,
		    "the token was issued before this login began, or is expired: check "
		    "this "
		    "host's clock");
		return PO_OLD_TOKEN;
	}
	r = okta_record_load(
	    l->t->host->run_dir, l->t->host->owner, l->who.person.uid, &last, &l->err);
	if (r == OKTA_OK && okta_view_eq(claims->jti, last.claims.jti)) {
		(void)okta_err_set(&l->err, OKTA_E_REFUSED, "the token was used before");
		reason = PO_OLD_TOKEN;
	}
	/* approved after this one and ended before: Okta's clock tells for both; what is
	 * from the future does not stay */
	l->newer_is_kept = r == OKTA_OK && last.claims.iat_s > claims->iat_s &&
			   last.verified_s <= now_s &&
			   okta_view_eq(last.claims.sub, claims->sub) &&
			   okta_view_eq(last.claims.iss, claims->iss);
	/* a damaged record is replaced by this login's; what may be sound must be looked
	 * at */
	if (r == OKTA_E_NOMEM || r == OKTA_E_SYS)
		reason = r == OKTA_E_NOMEM ? PO_NOMEM : PO_RECORD;
	okta_record_clear(&last);
	return reason;
}

/* After check_is_new(). */
static enum okta_rc
keep_claims(struct login *l, int64_t now_s)
{
	if (l->newer_is_kept)
		return OKTA_OK;
	return okta_record_store(l->t->host->run_dir, l->t->host->owner,
	    l->who.person.uid, l->claims, claims_s(l, now_s), &l->err);
}

/* The last word before the login counts: whoever comes second with this token is late. */
static enum po_reason
use_token(struct login *l, const struct okta_used *used)
{
	switch (okta_used_add(used, l->claims->jti, &l->err)) {
	case OKTA_OK:
		return PO_ALLOWED;
	case OKTA_E_REFUSED:
		return PO_OLD_TOKEN;
	default:
		return PO_RECORD;
	}
}

/* One login of a person at a time: the record that was looked at is the one that is
 * replaced. */
static enum po_reason
keep_alone(struct login *l, bool lets_in)
{
	enum po_reason reason;
	struct okta_used used;
	int64_t now_s;

	if (okta_used_open(l->t->host->run_dir, l->t->host->owner, l->who.person.uid,
		&used, &l->err) != OKTA_OK)
		return PO_RECORD;
	/* again: the record may be younger than this login's decision */
	now_s = okta_clock_now_s(l->t->host->clock);
	if (now_s == OKTA_CLOCK_FAILED_S) {
		(void)okta_err_set(&l->err, OKTA_E_SYS, "the clock cannot be read");
		reason = PO_INTERNAL;
	} else {
		reason = check_is_new(l, now_s);
	}
	if (reason == PO_ALLOWED && lets_in)
		reason = use_token(l, &used);
	if (reason == PO_ALLOWED && keep_claims(l, now_s) != OKTA_OK)
		reason = PO_RECORD;
	okta_used_close(&used);
	return reason;
}

static enum po_reason
keep(struct login *l, bool lets_in)
{
	enum po_reason reason;
	struct okta_fsize held;

	okta_fsize_hold(&held);
	reason = keep_alone(l, lets_in);
	okta_fsize_release(&held);
	return reason;
}

/*
 * Out of the login groups by a claim that is newer than the snapshot: that holds for SSH
 * keys as well, now and not after the next sync.  The refusal stands whether or not it
 * can be kept; but then somebody must bring the sync about.
 */
static void
keep_denial(struct login *l, enum okta_policy_rule rule)
{
	char detail[OKTA_ERR_MSG_BYTES + 80];
	enum po_reason reason;

	if (rule != OKTA_RULE_NOT_ALLOWED && rule != OKTA_RULE_DENY_GROUP)
		return;
	reason = keep(l, false);
	if (reason == PO_ALLOWED)
		return;
	(void)snprintf(detail, sizeof(detail),
	    "the denial is not kept, run okta-sync --once: %s", l->err.msg);
	po_log(l->t, reason, detail);
}

static bool
is_same(const struct okta_person *a, const struct okta_person *b)
{
	return a->uid == b->uid && okta_view_eq(a->policy.okta_id, b->policy.okta_id);
}

/*
 * Whose name it is now, and what is known of him: all that is decided after this is
 * judged against that.  What cannot be read now counts for nothing, as it would have
 * before.
 */
static enum po_reason
look_again(struct login *l)
{
	struct po_who then = l->who;
	enum po_reason reason;

	memset(&l->who, 0, sizeof(l->who));
	reason = po_who_find(l->t, &l->who, &l->err);
	if (reason == PO_NOT_OURS ||
	    (reason == PO_ALLOWED && !is_same(&l->who.person, &then.person))) {
		(void)okta_err_set(&l->err, OKTA_E_REFUSED,
		    "the name became a local account's or another person's during the "
		    "login");
		reason = PO_NAME_CHANGED;
	}
	po_who_clear(&then);
	return reason;
}

static enum po_reason
decide(struct login *l)
{
	const int64_t now_s = okta_clock_now_s(l->t->host->clock);
	struct okta_policy_now now = facts_of_now(l, now_s);
	struct okta_known known = { 0 };
	struct okta_decision d;
	enum po_reason reason;
	enum okta_rc r;

	r = okta_known_init(&l->who.snap, l->claims, &known, &l->err);
	if (r != OKTA_OK)
		return r == OKTA_E_NOMEM ? PO_NOMEM : PO_SNAPSHOT;
	now.claims_are_newer = claims_s(l, now_s) > l->who.snap.source_s;
	okta_policy_login(l->who.conf, &l->who.person.policy, l->claims, known.groups,
	    known.n_groups, &now, &d);
	okta_known_clear(&known);
	if (!d.allowed) {
		keep_denial(l, d.rule);
		(void)okta_err_set(&l->err, OKTA_E_REFUSED, "%s", d.reason);
		return po_reason_of_rule(d.rule);
	}
	if (!po_txn_user_is_unchanged(l->t)) {
		(void)okta_err_set(
		    &l->err, OKTA_E_REFUSED, "PAM_USER changed during the login");
		return PO_INTERNAL;
	}
	reason = keep(l, true);
	if (reason != PO_ALLOWED)
		return reason;
	(void)snprintf(l->via, sizeof(l->via), "%s", d.reason);
	return PO_ALLOWED;
}

/*
 * Whoever is on this host already has no address: the account that asks stands for it.
 * sudo has become root and says whose it was; login has only its terminal.
 */
static void
local_address(const struct login *l, char ret[OKTA_WAITING_ADDRESS_BYTES])
{
	static const struct {
		int item;
		const char *is;
	} rows[] = { { PAM_RUSER, "user" }, { PAM_TTY, "tty" } };
	const uid_t uid = getuid();
	const void *item;
	char text[48];
	size_t i;

	for (i = 0; uid == 0 && i < sizeof(rows) / sizeof(rows[0]); i++) {
		item = NULL;
		if (pam_get_item(l->t->pamh, rows[i].item, &item) != PAM_SUCCESS ||
		    item == NULL || *(const char *)item == '\0')
			continue;
		okta_text_sanitize(text, sizeof(text), okta_view_str(item));
		(void)snprintf(
		    ret, OKTA_WAITING_ADDRESS_BYTES, "local %s %s", rows[i].is, text);
		return;
	}
	(void)snprintf(
	    ret, OKTA_WAITING_ADDRESS_BYTES, "local uid %lu", (unsigned long)uid);
}

static enum po_reason
join_waiting(struct login *l)
{
	const struct okta_conf *conf = l->who.conf;
	const bool is_local = strcmp(l->t->rhost, "local") == 0;
	const struct okta_waiting_caps caps = { conf->max_waiting, conf->max_waiting_user,
		conf->max_waiting_address, is_local };
	char address[OKTA_WAITING_ADDRESS_BYTES];
	struct okta_fsize held;
	enum okta_rc r;

	if (is_local)
		local_address(l, address);
	else
		okta_waiting_address(l->t->rhost, address);
	okta_fsize_hold(&held);
	r = okta_waiting_enter(l->t->host->run_dir, l->t->host->owner, &caps,
	    l->who.person.uid, address, &l->waiting, &l->err);
	okta_fsize_release(&held);
	switch (r) {
	case OKTA_OK:
		return PO_ALLOWED;
	case OKTA_E_REFUSED:
		return PO_TOO_MANY;
	case OKTA_E_NOMEM:
		return PO_NOMEM;
	default:
		return PO_RECORD;
	}
}

static enum po_reason
run(struct login *l)
{
	enum po_reason reason;

	reason = po_who_find(l->t, &l->who, &l->err);
	if (reason != PO_ALLOWED)
		return reason;
	if (geteuid() != l->t->host->owner) {
		(void)okta_err_set(&l->err, OKTA_E_SYS,
		    "the program that asks does not run as root: only root can log "
		    "people in");
		return PO_NOT_ROOT;
	}
	reason = check_before(l);
	if (reason != PO_ALLOWED)
		return reason;
	l->deadline_ms = deadline_of(l->t, l->who.conf);
	if (l->began_s == OKTA_CLOCK_FAILED_S || l->deadline_ms >= OKTA_CLOCK_FAILED_MS) {
		(void)okta_err_set(&l->err, OKTA_E_SYS, "the clock cannot be read");
		return PO_INTERNAL;
	}
	l->claims = malloc(sizeof(*l->claims));
	if (l->claims == NULL)
		return PO_NOMEM;
	reason = join_waiting(l);
	if (reason == PO_ALLOWED)
		reason = po_helper_start(l->t, l->who.conf, l->deadline_ms,
		    okta_waiting_poll_s(l->waiting.place), &l->helper, &l->err);
	if (reason == PO_ALLOWED)
		reason = ask_for_approval(l);
	if (reason == PO_ALLOWED)
		reason = take_verdict(l);
	if (reason == PO_ALLOWED)
		reason = look_again(l);
	if (reason == PO_ALLOWED)
		reason = decide(l);
	return reason;
}

static void
report(struct login *l, enum po_reason reason)
{
	const struct po_answer *answer = po_answer(reason);
	char detail[400], sub[70];

	if (reason == PO_NOT_OURS) {
		po_debug(l->t, "%s is not ours", l->t->user);
		return;
	}
	if (reason == PO_ALLOWED) {
		okta_text_sanitize(sub, sizeof(sub), l->who.person.policy.okta_id);
		(void)snprintf(detail, sizeof(detail), "%s, sub %s", l->via, sub);
		po_log(l->t, reason, detail);
		return;
	}
	po_log(l->t, reason, l->err.msg);
	/* right before the failure: sshd shows it only then */
	if (answer->sentence != NULL)
		(void)po_conv_say(l->t->pamh, PAM_ERROR_MSG, answer->sentence);
}

int
po_authenticate(
    pam_handle_t *pamh, const struct po_host *host, int argc, const char **argv)
{
	struct po_txn t;
	struct login l = { .t = &t };
	enum po_reason reason;

	po_helper_init(&l.helper);
	okta_waiting_init(&l.waiting);
	l.began_s = okta_clock_now_s(host->clock);
	reason = po_txn_init(&t, pamh, host, argc, argv, true);
	if (reason == PO_ALLOWED)
		reason = run(&l);
	po_helper_clear(&l.helper);
	okta_waiting_leave(&l.waiting); /* not before the helper asks no more */
	report(&l, reason);
	po_who_clear(&l.who);
	okta_free_wiped(l.claims, l.claims == NULL ? 0 : sizeof(*l.claims));
	return po_answer(reason)->auth_code;
}
