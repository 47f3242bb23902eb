/* SPDX-License-Identifier: BSD-2-Clause */
/* common/host/used.h - the tokens that let a person in since boot: none lets him in
 * twice.  Floor 2: base.
 */
#ifndef OKTA_HOST_USED_H
#define OKTA_HOST_USED_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/fd.h"
#include "base/view.h"

/* As many a person are remembered; one that is older than a login may last was refused
 * for its age long before. */
#define OKTA_USED_MAX 32

#define OKTA_USED_PATH_BYTES 256

struct okta_used {
	int fd;			  /* holds the lock */
	struct okta_fd_mark mark; /* of fd */
	char path[OKTA_USED_PATH_BYTES];
};

/*
 * The list of the person UID, RUN_DIR/used/UID, root only.  While it is open no other
 * login of this person opens it: what belongs together, of this list and of the record
 * of the last login (host/record.h), is done in between.  Another one waits a second for
 * its turn.  OKTA_OK; OKTA_E_SYS, _UNTRUSTED, _TIMEOUT or _TOOBIG: nothing is open.
 */
OKTA_MUST_CHECK enum okta_rc okta_used_open(const char *run_dir, uid_t owner,
    uint32_t uid, struct okta_used *ret, struct okta_err *err);
void okta_used_close(struct okta_used *used);

/*
 * Remember that the token JTI lets the person in.  OKTA_OK; OKTA_E_REFUSED: it did
 * already.  OKTA_E_SYS, also when the host closed the descriptor or has a file of its
 * own there, in which nothing is written; or _INPUT: the list is damaged.
 */
OKTA_MUST_CHECK enum okta_rc okta_used_add(
    const struct okta_used *used, struct okta_view jti, struct okta_err *err);

#endif /* OKTA_HOST_USED_H */
