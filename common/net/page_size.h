/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/page_size.h - how many items a page has, in its address.
 * Floor 2: base.
 *
 * A page too large for Okta ends in a 500, a 504 or a timeout; fewer items on it is the
 * remedy (FACTS 9).  Of a next link only the number behind limit= is ever changed: the
 * cursor beside it is opaque.
 */
#ifndef OKTA_NET_PAGE_SIZE_H
#define OKTA_NET_PAGE_SIZE_H

#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

#define OKTA_PAGE_SIZE_MIN  10 /* smaller pages cost more requests than they save */
#define OKTA_PAGE_SIZE_GOOD 8  /* pages that must succeed before they grow again */

/* { 0 }: as the address says. */
struct okta_page_size {
	size_t full, now; /* now is 0 while nothing is reduced */
	unsigned good;
};

/* The number behind limit= in URL's query, or 0 when there is none. */
size_t okta_page_size_of(struct okta_view url);
/* Write N behind limit= in URL, if it has one.  OKTA_OK, OKTA_E_TOOBIG, _NOMEM. */
OKTA_MUST_CHECK enum okta_rc okta_page_size_put(struct okta_buf *url, size_t n);

/* A page of URL was too much: half as many. */
void okta_page_size_shrink(struct okta_page_size *size, struct okta_view url);
/* A page came: twice as many after some of them, up to what it was. */
void okta_page_size_grow(struct okta_page_size *size);

#endif /* OKTA_NET_PAGE_SIZE_H */
