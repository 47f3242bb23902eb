/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/publish.h - from checked records to the published snapshot: names and
 * ids, the brake, the registry's commit, the rename.  A full sync and a change take the
 * same way, so that they end in the same snapshot.
 */
#ifndef OKTA_SYNC_PUBLISH_H
#define OKTA_SYNC_PUBLISH_H

#include <stdbool.h>

#include "base/err.h"
#include "brake.h"
#include "model/conf.h"
#include "records.h"
#include "registry/registry.h"
#include "report.h"
#include "state.h"
#include "status.h"

struct sync_publish {
	const struct okta_conf *conf;
	const struct sync_state *state; /* locked */
	const struct sync_records *records;
	bool accept_shrink;
	struct sync_brake_marks marks;
	/* as the last of these left it, and then as this one does; zeros: not known.
	 * NULL: nobody comes afterwards */
	struct okta_registry_look *registry;
	int64_t source_s;	    /* host's clock: the records are at least as new */
	struct sync_status *status; /* gets the counts */
	struct sync_report *report; /* gets every refusal */
};

/*
 * OKTA_OK, or why the last good snapshot stays: OKTA_E_CONFIG, _CONFLICT and _UNTRUSTED
 * need an admin, OKTA_E_REFUSED is the brake, all others may pass by themselves.
 */
OKTA_MUST_CHECK enum okta_rc sync_publish(
    const struct sync_publish *what, struct okta_err *err);

#endif /* OKTA_SYNC_PUBLISH_H */
