/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/helper.h - one okta-auth-helper for one login.
 */
#ifndef PAM_OKTA_HELPER_H
#define PAM_OKTA_HELPER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/child.h"
#include "base/err.h"
#include "model/conf.h"
#include "model/wire.h"
#include "txn.h"

struct po_helper {
	struct okta_child child;
	struct okta_buf frame;			    /* the last one received */
	unsigned char nonce[OKTA_WIRE_NONCE_BYTES]; /* its verdict must bear it */
};

void po_helper_init(struct po_helper *helper);
/* Ends the process, if there is one.  Safe twice. */
void po_helper_clear(struct po_helper *helper);

/*
 * Start it as the unprivileged account and tell it what to do until DEADLINE_MS
 * (monotonic), with POLL_S seconds at least between two polls (0: as Okta wants).
 * PO_ALLOWED, PO_HELPER, PO_CONFIG (client secret), PO_LOCAL_FILES or PO_NOMEM with *err.
 */
enum po_reason po_helper_start(const struct po_txn *t, const struct okta_conf *conf,
    int64_t deadline_ms, uint32_t poll_s, struct po_helper *helper, struct okta_err *err);

/*
 * Wait until UNTIL_MS for its next message; in the past: only look.  PO_ALLOWED with the
 * bytes in helper->frame; PO_DEADLINE when nothing came; PO_CONVERSATION when somebody
 * ended it from the terminal; PO_HELPER when it died or could not start.
 */
enum po_reason po_helper_next(const struct po_txn *t, struct po_helper *helper,
    int64_t until_ms, struct okta_err *err);

#endif /* PAM_OKTA_HELPER_H */
