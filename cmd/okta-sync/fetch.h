/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/fetch.h - which lists are read, in which order, for a configuration. */
#ifndef OKTA_SYNC_FETCH_H
#define OKTA_SYNC_FETCH_H

#include "base/err.h"
#include "handover.h"
#include "model/conf.h"
#include "resume.h"
#include "source.h"

/*
 * Read every group's name, then the people in scope, then the members of the groups some
 * rule wants, and hand all over to SINK (without its END).  OKTA_E_CONFIG also when
 * [sync] scope_groups names a group that does not exist or that two groups are called.
 * Unless RESUME is NULL each page is told as PAGE (news.h), and what RESUME says is read
 * is not read again: OKTA_E_INPUT also when Okta does not know such a place any more.
 */
OKTA_MUST_CHECK enum okta_rc sync_fetch(const struct okta_conf *conf,
    struct sync_source *source, const struct sync_resume *resume, struct sync_sink *sink,
    struct okta_err *err);

#endif /* OKTA_SYNC_FETCH_H */
