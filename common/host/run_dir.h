/* SPDX-License-Identifier: BSD-2-Clause */
/* common/host/run_dir.h - the directories below which the module keeps what must not
 * outlive a boot.  Floor 2: base.
 */
#ifndef OKTA_HOST_RUN_DIR_H
#define OKTA_HOST_RUN_DIR_H

#include <sys/types.h>

#include "base/err.h"
#include "base/fd.h"

/*
 * PATH is a directory of OWNER's in which nobody else can write; made with MODE if it is
 * not there.  OKTA_OK, OKTA_E_SYS or OKTA_E_UNTRUSTED.
 */
OKTA_MUST_CHECK enum okta_rc okta_run_dir_make(
    const char *path, mode_t mode, uid_t owner, struct okta_err *err);

/*
 * Open PATH in such a directory for reading and writing, made with mode 0600 if it is not
 * there: a regular file of OWNER's that nobody else can open.  The descriptor is
 * close-on-exec and none of 0, 1 and 2, which a host that closed them may open again;
 * close it with okta_fd_close() and its mark.  OKTA_OK, OKTA_E_SYS or OKTA_E_UNTRUSTED.
 */
OKTA_MUST_CHECK enum okta_rc okta_run_file_open(const char *path, uid_t owner,
    int *ret_fd, struct okta_fd_mark *ret_mark, struct okta_err *err);

#endif /* OKTA_HOST_RUN_DIR_H */
