/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/merge.h - what Okta said last, and what it says has changed since, as
 * one.
 *
 * MUST: give the same records as reading everything would, whatever the changes; where
 * that cannot be told from them, say so and let everything be read.
 */
#ifndef OKTA_SYNC_MERGE_H
#define OKTA_SYNC_MERGE_H

#include <stdbool.h>

#include "base.h"
#include "base/err.h"
#include "model/conf.h"
#include "news.h"
#include "records.h"

struct sync_merge {
	const struct okta_conf *conf;
	const struct sync_base *base;
	const struct sync_records *fresh; /* finished, with strays */
	const struct sync_news *news;
	bool is_last; /* what they say of a person counts, whatever its time */
};

/*
 * RET is empty and keeps strays; finished on OKTA_OK, and good for as long as what it was
 * made of.  OKTA_E_CONFLICT: everything must be read, since other groups are in scope
 * now, or the base has somebody twice; OKTA_E_INPUT, OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc sync_merge(
    const struct sync_merge *what, struct sync_records *ret, struct okta_err *err);

#endif /* OKTA_SYNC_MERGE_H */
