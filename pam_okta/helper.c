/* SPDX-License-Identifier: BSD-2-Clause */
#include "helper.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/random.h>

#include "base/chan.h"
#include "base/frame.h"
#include "base/text.h"
#include "base/wipe.h"
#include "host/config.h"
#include "host/local.h"
#include "model/wire.h"

#define SEND_MS	     2000
#define SCOPES_BYTES 2048

void
po_helper_init(struct po_helper *helper)
{
	helper->child = OKTA_CHILD_NONE;
	okta_buf_init(&helper->frame, OKTA_FRAME_MAX_BYTES);
	memset(helper->nonce, 0, sizeof(helper->nonce));
}

void
po_helper_clear(struct po_helper *helper)
{
	(void)okta_child_close(&helper->child);
	okta_buf_clear(&helper->frame);
	okta_wipe(helper->nonce, sizeof(helper->nonce));
}

static enum po_reason
start_process(const struct po_txn *t, struct okta_child *ret, struct okta_err *err)
{
	uint32_t uid = 0, gid = 0;
	enum okta_rc r;

	r = okta_local_ids_of(
	    t->host->passwd_file, okta_view_str(t->host->helper_user), &uid, &gid, err);
	if (r == OKTA_E_NOTFOUND || (r == OKTA_OK && (uid == 0 || gid == 0))) {
		(void)okta_err_set(err, OKTA_E_CONFIG,
		    "%s: no unprivileged account %s: make it with systemd-sysusers or "
		    "adduser "
		    "--system",
		    t->host->passwd_file, t->host->helper_user);
		return PO_HELPER;
	}
	if (r != OKTA_OK)
		return PO_LOCAL_FILES;
	return okta_child_open(t->host->helper, uid, gid, ret, err) == OKTA_OK
		   ? PO_ALLOWED
		   : PO_HELPER;
}

static enum okta_rc
join_scopes(const struct okta_conf *conf, struct okta_buf *out)
{
	enum okta_rc r = OKTA_OK;
	size_t i;

	for (i = 0; i < conf->scopes.n && r == OKTA_OK; i++)
		r = okta_buf_printf(out, "%s%s", i == 0 ? "" : " ", conf->scopes.item[i]);
	return r;
}

static struct okta_view
view_or_empty(const char *text)
{
	return okta_view_str(text == NULL ? "" : text);
}

static enum po_reason
send_start(const struct po_txn *t, const struct okta_conf *conf, struct okta_view secret,
    int64_t deadline_ms, uint32_t poll_s, const struct po_helper *helper,
    struct okta_err *err)
{
	const int64_t now_ms = okta_clock_mono_ms(t->host->clock);
	enum po_reason reason = PO_INTERNAL;
	struct okta_buf scopes, frame;
	struct okta_start start = {
		.org_url = okta_view_str(conf->org_url),
		.issuer = okta_view_str(conf->issuer),
		.client_id = okta_view_str(conf->client_id),
		.client_secret = secret,
		.ca_file = view_or_empty(conf->ca_file),
		.proxy = view_or_empty(conf->proxy),
		.groups_claim = okta_view_str(conf->groups_claim),
		.nonce = { (const char *)helper->nonce, sizeof(helper->nonce) },
		.deadline_s = deadline_ms - now_ms < 1000
				  ? 1
				  : (uint64_t)(deadline_ms - now_ms) / 1000,
		.clock_skew_s = conf->clock_skew_s,
		.qr = (uint64_t)conf->qr,
		.poll_s = poll_s,
	};
	enum okta_rc r;

	okta_buf_init(&scopes, SCOPES_BYTES);
	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	r = join_scopes(conf, &scopes);
	if (r == OKTA_OK) {
		start.scopes = okta_buf_view(&scopes);
		r = okta_wire_put_start(&frame, &start);
	}
	if (r == OKTA_OK)
		r = okta_chan_send(helper->child.fd, okta_buf_view(&frame),
		    t->host->clock, now_ms + SEND_MS);
	/* a helper that is gone already said why in a frame of its own, which is read
	 * next */
	if (r == OKTA_OK || r == OKTA_E_UNAVAIL) {
		reason = PO_ALLOWED;
	} else {
		(void)okta_err_set(err, r, "%s: cannot be told what to do: %s",
		    t->host->helper, okta_rc_name(r));
		reason = r == OKTA_E_NOMEM ? PO_NOMEM : PO_HELPER;
	}
	okta_buf_clear(&scopes);
	okta_buf_clear(&frame);
	return reason;
}

enum po_reason
po_helper_start(const struct po_txn *t, const struct okta_conf *conf, int64_t deadline_ms,
    uint32_t poll_s, struct po_helper *helper, struct okta_err *err)
{
	enum po_reason reason = PO_INTERNAL;
	char *secret = NULL;
	size_t len = 0;
	enum okta_rc r;

	if (getrandom(helper->nonce, sizeof(helper->nonce), 0) !=
	    (ssize_t)sizeof(helper->nonce)) {
		(void)okta_err_sys(err, errno, "getrandom");
		goto out;
	}
	if (conf->client_secret_file != NULL) {
		r = okta_config_secret("[login] client_secret_file",
		    conf->client_secret_file, t->host->owner, &secret, &len, err);
		if (r != OKTA_OK) {
			reason = r == OKTA_E_NOMEM ? PO_NOMEM : PO_CONFIG;
			goto out;
		}
	}
	reason = start_process(t, &helper->child, err);
	if (reason != PO_ALLOWED)
		goto out;
	reason = send_start(
	    t, conf, (struct okta_view){ secret, len }, deadline_ms, poll_s, helper, err);
out:
	okta_free_wiped(secret, len);
	return reason;
}

/* The child could not become the helper: which step failed, and why. */
static enum po_reason
explain_failed_start(const struct po_txn *t, struct okta_view bytes, struct okta_err *err)
{
	struct okta_frame_reader r;
	struct okta_view step;
	uint64_t errnum;
	char shown[40];

	(void)okta_frame_open(&r, bytes);
	errnum = okta_frame_get_u64(&r, 4096);
	step = okta_frame_get_text(&r, 64);
	if (okta_frame_end(&r) != OKTA_OK) {
		(void)okta_err_set(
		    err, OKTA_E_INPUT, "%s: cannot be started", t->host->helper);
		return PO_HELPER;
	}
	okta_text_sanitize(shown, sizeof(shown), step);
	(void)okta_err_sys(
	    err, (int)errnum, "%s: cannot be started: %s", t->host->helper, shown);
	return PO_HELPER;
}

/*
 * ^C at the prompt is the helper's as well, which stays in the host's process group: sudo
 * heeds it only when it asks something itself, and would hold the person until the
 * deadline.
 */
static enum po_reason
explain_end(const struct po_txn *t, struct po_helper *helper, struct okta_err *err)
{
	const int sig = okta_child_close(&helper->child);

	if (sig == SIGINT || sig == SIGQUIT) {
		(void)okta_err_set(
		    err, OKTA_E_UNAVAIL, "the login was ended from its terminal");
		return PO_CONVERSATION;
	}
	(void)okta_err_set(
	    err, OKTA_E_UNAVAIL, "%s: ended without a verdict", t->host->helper);
	return PO_HELPER;
}

enum po_reason
po_helper_next(const struct po_txn *t, struct po_helper *helper, int64_t until_ms,
    struct okta_err *err)
{
	struct okta_view bytes;
	enum okta_rc r;

	r = okta_chan_recv(helper->child.fd, &helper->frame, t->host->clock, until_ms);
	bytes = okta_buf_view(&helper->frame);
	if (r == OKTA_OK && okta_wire_type(bytes) == OKTA_CHILD_FRAME_FAILED)
		return explain_failed_start(t, bytes, err);
	switch (r) {
	case OKTA_OK:
		return PO_ALLOWED;
	case OKTA_E_TIMEOUT:
		return PO_DEADLINE;
	case OKTA_E_NOMEM:
		return PO_NOMEM;
	case OKTA_E_UNAVAIL:
		return explain_end(t, helper, err);
	default:
		(void)okta_err_set(err, r, "%s: its message cannot be read: %s",
		    t->host->helper, okta_rc_name(r));
		return PO_HELPER;
	}
}
