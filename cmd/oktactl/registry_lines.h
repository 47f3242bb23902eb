/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/registry_lines.h - ids of another directory, kept for the same people here.
 */
#ifndef OKTACTL_REGISTRY_LINES_H
#define OKTACTL_REGISTRY_LINES_H

#include <stdbool.h>
#include <stdio.h>

#include "base/err.h"
#include "base/view.h"
#include "model/conf.h"
#include "registry/registry.h"

struct ctl_lines {
	FILE *said;	  /* the caller's: where faults are printed */
	size_t kept;	  /* names with their ids */
	size_t other_gid; /* people whose primary group had another id than theirs */
	size_t faults;	  /* lines that cannot be kept; each was printed */
};

/*
 * Keep the ids of TEXT, which is FILE's content: lines of passwd(5), of group(5), or
 * "login, uid[, gid]"; blank lines and lines that begin with '#' are skipped.  People
 * come first, so that a private group meets its user.  Each line that cannot be kept is
 * printed to lines->said; the other members of *LINES must be zero.  A transaction of REG
 * must be open; the caller commits when it likes *LINES.  OKTA_OK, or a failure of the
 * registry as a whole.
 */
OKTA_MUST_CHECK enum okta_rc ctl_lines_keep(struct okta_registry *reg,
    const struct okta_conf *conf, const char *file, struct okta_view text,
    struct ctl_lines *lines, struct okta_err *err);

#endif /* OKTACTL_REGISTRY_LINES_H */
