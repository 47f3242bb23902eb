/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/errand.h - the fetcher of --watch: does what the writer asks, one errand
 * after the other, and keeps its access token in between.
 */
#ifndef OKTA_SYNC_ERRAND_H
#define OKTA_SYNC_ERRAND_H

#include "base/err.h"
#include "handover.h"
#include "model/conf.h"
#include "source.h"

/*
 * Each errand ends with END.  Returns when the writer is gone (OKTA_E_UNAVAIL), or with
 * the failure of an errand, which the caller passes on as FAIL: after it this process is
 * of no more use.
 */
OKTA_MUST_CHECK enum okta_rc sync_errands(const struct okta_conf *conf,
    struct sync_source *source, struct sync_sink *sink, struct okta_err *err);

#endif /* OKTA_SYNC_ERRAND_H */
