/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/link.h - where the next page is (RFC 8288 Link headers as Okta sends them).
 * Floor 2: base.
 *
 * MUST: refuse a header that cannot be read whole: taking it for "no next page" would
 * drop people without a word.  MUST: refuse a next page on another scheme, host or port
 * than the org's: the request carries our token.
 */
#ifndef OKTA_NET_LINK_H
#define OKTA_NET_LINK_H

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"
#include "net/http.h"

/*
 * The target of relation REL ("next") in one header value, which may hold several links
 * separated by commas, in any order.  OKTA_OK; OKTA_E_NOTFOUND: well-formed without REL;
 * OKTA_E_INPUT: malformed, or REL is there twice.  *ret points into VALUE.
 */
OKTA_MUST_CHECK enum okta_rc okta_link_find(
    struct okta_view value, const char *rel, struct okta_view *ret, struct okta_err *err);

/*
 * NULL if a request with our token may go to URL: same scheme, host and port as ORG_URL,
 * a path below /api/, printable and without blanks.  Else why not.
 */
const char *okta_link_fault(struct okta_view url, struct okta_view org_url);

/*
 * Put the next page's address into *ret (emptied first) from all Link lines of ANSWER,
 * checked as above.  OKTA_OK (*ret stays empty: that was the last page), OKTA_E_INPUT,
 * OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_link_next(const struct okta_http_answer *answer,
    struct okta_view org_url, struct okta_buf *ret, struct okta_err *err);

#endif /* OKTA_NET_LINK_H */
