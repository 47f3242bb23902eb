/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/b64url.h - base64url without padding (RFC 4648 section 5, RFC 7515 section
 * 2). Floor 0: libc only.
 */
#ifndef OKTA_BASE_B64URL_H
#define OKTA_BASE_B64URL_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

/*
 * Append the decoded bytes of TEXT to OUT.  Only the canonical form is accepted: no
 * padding, no blank, no byte outside the alphabet, unused bits zero.
 * OKTA_OK, OKTA_E_INPUT, OKTA_E_TOOBIG or OKTA_E_NOMEM; on failure OUT is as before.
 */
OKTA_MUST_CHECK enum okta_rc okta_b64url_decode(
    struct okta_view text, struct okta_buf *out);

/* Append the encoding of LEN bytes at P to OUT.  OKTA_OK, OKTA_E_TOOBIG or OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_b64url_encode(
    const void *p, size_t len, struct okta_buf *out);

#endif /* OKTA_BASE_B64URL_H */
