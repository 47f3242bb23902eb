/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/doctor_net.h - what the checks that talk to Okta share. */
#ifndef OKTACTL_DOCTOR_NET_H
#define OKTACTL_DOCTOR_NET_H

#include "base/buf.h"
#include "base/err.h"
#include "doctor.h"
#include "net/http.h"
#include "net/token.h"

#define DOCTOR_PAGE_MAX_BYTES 4194304

/* Stop being root, start libcurl, make an http with CONF's CA and proxy; CANCEL_FD as in
 * okta_http_settings.  On failure *err says why. */
OKTA_MUST_CHECK enum okta_rc doctor_http_new(
    const struct doctor *d, int cancel_fd, struct okta_http **ret, struct okta_err *err);

/* The secret PATH holds, wiped and freed by the caller; NULL PATH gives an empty one. */
OKTA_MUST_CHECK enum okta_rc doctor_secret(const struct doctor *d, const char *key,
    const char *path, char **ret, size_t *ret_len, struct okta_err *err);

/* The file of okta-sync's secret, NULL if there is none; *RET_KEY is what names it. */
const char *doctor_sync_secret(const struct okta_conf *conf, const char **ret_key);

/* --- the management API, asked as okta-sync asks it -------------------------------- */

/* Where okta-sync would wait, this fails with what was to be waited for: a doctor does
 * not wait.  Stays where it was opened. */
struct doctor_session {
	const struct doctor *d;
	struct okta_http *http;
	struct okta_patience patience;
	char *secret;
	size_t secret_len;
	int hang_up;		      /* closed to end every wait */
	char why[OKTA_ERR_MSG_BYTES]; /* what was to be waited for */
};

/* Read the secret, then stop being root.  Close it in any case; its descriptors end with
 * the check's process. */
OKTA_MUST_CHECK enum okta_rc doctor_session_open(
    struct doctor_session *s, const struct doctor *d, struct okta_err *err);
void doctor_session_close(struct doctor_session *s);

/* A token that can be used now; the caller frees *ret in any case, so it starts as NULL.
 * Failures as of okta_token_get(). */
OKTA_MUST_CHECK enum okta_rc doctor_session_token(struct doctor_session *s,
    const char *scopes, struct okta_token **ret, struct okta_err *err);

struct doctor_request {
	struct okta_buf url, authorization, proof; /* proof: empty without DPoP */
};

void doctor_request_init(struct doctor_request *q);
void doctor_request_clear(struct doctor_request *q);
OKTA_MUST_CHECK enum okta_rc doctor_request_make(const struct doctor_session *s,
    struct okta_token *token, const char *path, struct doctor_request *q,
    struct okta_err *err);

/* GET PATH of the org.  OKTA_OK: there is an answer, of whatever status.  The caller
 * clears *answer in any case. */
OKTA_MUST_CHECK enum okta_rc doctor_session_get(const struct doctor_session *s,
    struct okta_token *token, const char *path, struct okta_http_answer *answer,
    struct okta_err *err);

#endif /* OKTACTL_DOCTOR_NET_H */
