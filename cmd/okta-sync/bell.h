/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/bell.h - the fetcher asks the System Log what happened, and reads anew
 * whom and what it names.
 */
#ifndef OKTA_SYNC_BELL_H
#define OKTA_SYNC_BELL_H

#include "base/err.h"
#include "changes.h"
#include "news.h"

/*
 * From COMMAND's link on, or since its time when there is none or Okta knows the link no
 * more.  A log that may not be read is no failure: NO_LOG.  Codes as okta_listing_run().
 */
OKTA_MUST_CHECK enum okta_rc sync_bell(const struct sync_asking *ask,
    const struct sync_command *command, struct okta_err *err);

#endif /* OKTA_SYNC_BELL_H */
