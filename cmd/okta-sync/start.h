/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/start.h - start a fetcher with the secret the configuration names. */
#ifndef OKTA_SYNC_START_H
#define OKTA_SYNC_START_H

#include <stdbool.h>

#include "base/err.h"
#include "fetcher.h"
#include "model/conf.h"

/* STAY as in fetcher.h.  The secret is in our memory until the child has its copy.
 * OKTA_OK, OKTA_E_CONFIG (secret file or account _okta), OKTA_E_SYS. */
OKTA_MUST_CHECK enum okta_rc sync_start_fetcher(const struct okta_conf *conf, bool stay,
    struct sync_fetcher *ret, struct okta_err *err);

#endif /* OKTA_SYNC_START_H */
