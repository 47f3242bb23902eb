/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/events.h - the System Log as a bell: which people and groups do its
 * events name?  What an event says is not believed; what it names is read anew.  So
 * events may come twice, late, or in another order.
 */
#ifndef OKTA_SYNC_EVENTS_H
#define OKTA_SYNC_EVENTS_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "base/view.h"
#include "idmap.h"
#include "model/conf.h"

/* { 0 } is empty. */
struct sync_events {
	struct sync_idmap users;   /* who may have changed, come or gone */
	struct sync_idmap deleted; /* those a deletion names */
	struct sync_idmap groups;  /* whose name may be another, or which came or went */
	struct sync_idmap pairs;   /* USER "/" GROUP whose membership may be another */
	bool app;		   /* anybody's assignment to the app may be another */
	char **text; /* what the views point to, each with a NUL behind it */
	size_t n_text, max_text;
};

void sync_events_clear(struct sync_events *events);

/*
 * Add one page of the log.  Events of other kinds (sign-ins: most) are passed over, and
 * so are targets without a usable id, and memberships of groups that no rule of CONF
 * wants.  OKTA_OK; OKTA_E_INPUT: it is no list of events; OKTA_E_TOOBIG, OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc sync_events_add(struct sync_events *events,
    const struct okta_conf *conf, struct okta_view page, struct okta_err *err);

#endif /* OKTA_SYNC_EVENTS_H */
