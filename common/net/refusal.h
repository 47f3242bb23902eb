/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/refusal.h - why the management API says no, and what to do about it.
 * Floor 2: base.  Okta answers OAuth failures with an empty body (FACTS 5.4).
 */
#ifndef OKTA_NET_REFUSAL_H
#define OKTA_NET_REFUSAL_H

#include "base/err.h"
#include "net/http.h"

/*
 * One line for an answer to GET PATH that is not 200.  NAMED_BY: the configuration key
 * that named the thing, or NULL.  Returns OKTA_E_CONFIG (only an admin can help) or
 * OKTA_E_UNAVAIL.
 */
enum okta_rc okta_refusal(const struct okta_http_answer *answer, const char *path,
    const char *named_by, struct okta_err *err);

#endif /* OKTA_NET_REFUSAL_H */
