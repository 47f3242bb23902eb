/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/run.h - another program, run to its end. */
#ifndef OKTACTL_RUN_H
#define OKTACTL_RUN_H

#include "base/buf.h"

/*
 * Run ARGV[0] with nothing of our environment.  OUT takes what it prints on 1 and 2, as
 * much as fits; NULL leaves it to the terminal.  Its exit status, or -1: could not be
 * run, was ended by a signal, or took longer than LIMIT_S.  Ends with us.
 */
int ctl_run(char *const argv[], struct okta_buf *out, int limit_s);

#endif /* OKTACTL_RUN_H */
