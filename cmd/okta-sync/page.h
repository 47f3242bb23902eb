/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/page.h - what a page of people or members becomes in the handover. */
#ifndef OKTA_SYNC_PAGE_H
#define OKTA_SYNC_PAGE_H

#include "base/err.h"
#include "handover.h"
#include "model/conf.h"
#include "source.h"

/* BODY is a page of LIST, of kind USERS, APP or MEMBERS.  Codes as the directory's
 * readers and the sink have them; the message may be left to the caller. */
OKTA_MUST_CHECK enum okta_rc sync_page_people(const struct okta_conf *conf,
    struct sync_sink *sink, const struct sync_list *list, struct okta_view body,
    struct okta_err *err);

/* Where R is a failure that nobody has said anything about: that it was the handover. */
void sync_page_blame(enum okta_rc r, struct okta_err *err);

#endif /* OKTA_SYNC_PAGE_H */
