/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/members.h - what is told of a group: its kind, and who is in it. */
#ifndef OKTACTL_MEMBERS_H
#define OKTACTL_MEMBERS_H

#include "snap/read.h"

/*
 * The names one after the other, each followed by a NUL; the caller frees ret->p.
 * OKTA_OK, OKTA_E_INPUT (the snapshot is damaged) or OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc ctl_members(
    const struct okta_snap_group *group, struct okta_view *ret);

/* "private" is a person's own, which has no record. */
const char *ctl_group_kind(const struct okta_snap_group *group);

#endif /* OKTACTL_MEMBERS_H */
