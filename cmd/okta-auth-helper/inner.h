/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper/inner.h - what the processes of one helper tell each other.
 *
 * Frames (base/frame.h) over one SOCK_SEQPACKET socket for each process, in one
 * direction: what a process has to know it was forked with.
 *
 *   device:   PROMPT (model/wire.h), once; then PART... DONE, or FAILED
 *   fetch:    PART... DONE, or FAILED
 *   verify:   VERDICT or FAILURE (model/wire.h), or NEED_KEYS, or NEED_USERINFO
 *
 * Device and fetch read bytes from the network and may be liars: their frames are checked
 * for shape here, and what is in the parts is believed by nobody but the verifier.
 */
#ifndef OKTA_HELPER_INNER_H
#define OKTA_HELPER_INNER_H

#include <stdint.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/view.h"
#include "model/wire.h"

enum inner_type {
	INNER_PART = 32,     /* u64 which, text: the next piece of it */
	INNER_DONE,	     /* all parts are there */
	INNER_FAILED,	     /* u64 code, u64 HTTP status or 0, text detail */
	INNER_NEED_KEYS,     /* no key of the token's kid */
	INNER_NEED_USERINFO, /* u64: 1: there is no verdict without it */
};

enum inner_part {
	PART_ID_TOKEN,
	PART_ACCESS_TOKEN,
	PART_PROOFS, /* DPoP proofs for /userinfo, one a line; none: a bearer token */
	PART_BODY,   /* what a fetch brought */
	N_PARTS
};
#define PART_BIT(which) (1U << (which))

struct inner_failure {
	enum okta_failure_code code;
	uint64_t status;
	struct okta_view detail;
};

/* OKTA_OK, or as okta_chan_send(). */
OKTA_MUST_CHECK enum okta_rc inner_send_part(int fd, const struct okta_clock *clock,
    enum inner_part which, struct okta_view bytes);
OKTA_MUST_CHECK enum okta_rc inner_send(
    int fd, const struct okta_clock *clock, enum inner_type type);
OKTA_MUST_CHECK enum okta_rc inner_send_failed(
    int fd, const struct okta_clock *clock, const struct inner_failure *failure);
OKTA_MUST_CHECK enum okta_rc inner_send_need_userinfo(
    int fd, const struct okta_clock *clock, bool must);

/*
 * Append a PART to its buffer of PARTS if it is one of WANTED (PART_BIT()s).  OKTA_OK,
 * OKTA_E_INPUT, OKTA_E_TOOBIG or OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc inner_take_part(
    struct okta_view frame, unsigned wanted, struct okta_buf parts[N_PARTS]);
/* The detail points into FRAME.  OKTA_OK or OKTA_E_INPUT. */
OKTA_MUST_CHECK enum okta_rc inner_take_failed(
    struct okta_view frame, struct inner_failure *ret);
OKTA_MUST_CHECK enum okta_rc inner_take_need_userinfo(
    struct okta_view frame, bool *ret_must);
/* A frame of TYPE without fields. */
bool inner_is(struct okta_view frame, enum inner_type type);

#endif /* OKTA_HELPER_INNER_H */
