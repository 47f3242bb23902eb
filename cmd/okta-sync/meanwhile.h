/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/meanwhile.h - the file sync-meanwhile: what changes named since
 * everything began to be read beside them.  What was read may be older than they are: of
 * what they named, what they brought counts.
 *
 * MUST: hold what each of them named that was published, or that only would have been
 * what was there; else be of no use.  Whoever publishes says on top of which snapshot;
 * one that nobody wrote down makes the file, and what was read, worth nothing.
 *
 * It has the form of a base (base.h) in which nobody is in scope.  Its generation is that
 * of the snapshot that is there; its strays are people, its groups lists that named some
 * of them, and a membership of a stray is a person and such a list:
 *
 *   id       "people" (the first of them), or of a group
 *   name     "pairs"    of this list no others than those are meant
 *            "itself"   and the group itself
 *            "members"  and all who are on it
 */
#ifndef OKTA_SYNC_MEANWHILE_H
#define OKTA_SYNC_MEANWHILE_H

#include <stdbool.h>
#include <stdint.h>

#include "base.h"
#include "base/err.h"
#include "merge.h"
#include "model/conf.h"
#include "news.h"
#include "records.h"
#include "state.h"

/* Everything begins to be read on top of snapshot GENERATION: what an earlier one left is
 * gone.  OKTA_OK, or what base.h says. */
OKTA_MUST_CHECK enum okta_rc sync_meanwhile_begin(const struct sync_state *state,
    uint64_t conf_sum, uint64_t generation, struct okta_err *err);
/* True if it holds all that came before snapshot GENERATION; *ret_any: that is something.
 */
bool sync_meanwhile_is_of(const struct sync_state *state, uint64_t conf_sum,
    uint64_t generation, bool *ret_any);
/* It, the pages and what was read of them are of no more use. */
void sync_meanwhile_drop(const struct sync_state *state);

/*
 * WHAT was put on the snapshot BEFORE, which became AFTER; or they are the same, and it
 * only would have been what was there.  Where it is not to be written down nothing
 * happens; where it cannot be all is dropped.
 */
void sync_meanwhile_add(const struct sync_state *state, uint64_t before, uint64_t after,
    const struct sync_merge *what);

/*
 * What NAMES, a loaded sync-meanwhile, says was changed, as it is in NOW, the base that
 * is there: as one change.  FRESH and NEWS are empty, FRESH keeps strays; on OKTA_OK it
 * is finished, and NEWS good for as long as NAMES are.  *ret_unknown: somebody joined or
 * left a group that NOW has not, of which nothing is said.  OKTA_E_INPUT, OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc sync_meanwhile_change(const struct sync_base *names,
    const struct sync_base *now, enum okta_scope scope, struct sync_records *fresh,
    struct sync_news *news, bool *ret_unknown);

#endif /* OKTA_SYNC_MEANWHILE_H */
