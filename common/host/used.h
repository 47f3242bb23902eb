/* SPDX-License-Identifier: BSD-2-Clause */
/* common/host/used.h - the tokens that let a person in since boot: none lets him in
 * twice.  Floor 2: base.
 */
#ifndef OKTA_HOST_USED_H
#define OKTA_HOST_USED_H

#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/view.h"

/* As many a person are remembered; one that is older than a login may last was refused
 * for its age long before. */
#define OKTA_USED_MAX 32

/*
 * Remember that the token JTI lets the person UID in: RUN_DIR/used/UID, root only.
 * OKTA_OK; OKTA_E_REFUSED: it did already.  Also two logins at once cannot both have it.
 * OKTA_E_SYS, _UNTRUSTED, _INPUT (damaged), _TIMEOUT (locked) or _TOOBIG.
 */
OKTA_MUST_CHECK enum okta_rc okta_used_add(const char *run_dir, uid_t owner, uint32_t uid,
    struct okta_view jti, struct okta_err *err);

#endif /* OKTA_HOST_USED_H */
