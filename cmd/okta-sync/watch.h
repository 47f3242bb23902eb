/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/watch.h - okta-sync --watch: keep the snapshot up to date for as long as
 * the host runs.
 *
 * Three processes: this one holds the configuration and the plan, and answers signals and
 * the service manager at any time; the fetcher (_okta) talks to Okta and keeps its access
 * token; each turn is a process that decides, writes and ends.
 *
 * SIGTERM, SIGINT: end within a second; the snapshot is the old one or the new one.
 * SIGHUP: read the configuration anew; a wrong one is reported and the old one kept.
 * SIGUSR1: a full sync now.  SIGUSR2: ask Okta now what changed.
 */
#ifndef OKTA_SYNC_WATCH_H
#define OKTA_SYNC_WATCH_H

#include "base/err.h"
#include "notify.h"
#include "once.h"
#include "state.h"

/* Returns when it is told to end: OKTA_OK; or at once: OKTA_E_CONFIG, OKTA_E_SYS, _NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc sync_watch(const struct sync_options *options,
    const struct sync_state *state, const struct sync_notify *notify,
    struct okta_err *err);

#endif /* OKTA_SYNC_WATCH_H */
