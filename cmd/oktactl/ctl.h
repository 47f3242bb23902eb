/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/ctl.h - what every command gets, and the commands.
 *
 * Exit statuses: 0 yes or fine; 1 no, not found or problems; 64 wrong usage; 74 fine, but
 * it could not be written; 78 configuration wrong.  A command that cannot read something
 * says which and why, on standard error.
 */
#ifndef OKTACTL_CTL_H
#define OKTACTL_CTL_H

#include <limits.h>
#include <stdbool.h>
#include <sys/types.h>

#include "base/err.h"
#include "model/conf.h"
#include "snap/read.h"

struct ctl {
	const char *config; /* --config */
	const char *state;  /* --state */
	bool json;	    /* --json */
};

/* argv[0] is the command's own name; the options above are taken out already. */
int ctl_config(const struct ctl *ctl, int argc, char **argv);
int ctl_status(const struct ctl *ctl, int argc, char **argv);
int ctl_sync(const struct ctl *ctl, int argc, char **argv);
int ctl_user(const struct ctl *ctl, int argc, char **argv);
int ctl_group(const struct ctl *ctl, int argc, char **argv);
int ctl_explain(const struct ctl *ctl, int argc, char **argv);
int ctl_snapshot(const struct ctl *ctl, int argc, char **argv);
int ctl_registry(const struct ctl *ctl, int argc, char **argv);
int ctl_setup(const struct ctl *ctl, int argc, char **argv);
int ctl_doctor(
    const struct ctl *ctl, int argc, char **argv); /* 0, 1, 2: by the worst finding */

/* "okta-login: WHAT" on standard error; returns STATUS, so that it can be returned. */
int ctl_fail(int status, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
int ctl_usage(const char *text); /* returns 64 */

/*
 * Who must own what we read: root, or whoever asks when the file is his own.  Anything
 * else would let others tell an admin what they like.
 */
uid_t ctl_owner_of(const char *path);

/* STATE/NAME; false if it is too long. */
bool ctl_state_path(const struct ctl *ctl, const char *name, char ret[PATH_MAX]);

/* Each prints its own complaint.  Exit status, 0: *ret is set. */
int ctl_load_conf(const struct ctl *ctl, unsigned use, struct okta_conf **ret);
int ctl_open_snapshot(const struct ctl *ctl, struct okta_snap *ret);

#endif /* OKTACTL_CTL_H */
