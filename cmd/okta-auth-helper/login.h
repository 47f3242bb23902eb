/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper/login.h - one login, from START to VERDICT or FAILURE.
 *
 * The coordinator: it forks who speaks with Okta and who verifies, and carries what they
 * say from one to the other and to the module.  It reads nothing from the network and
 * understands no JSON, no token and no key.
 */
#ifndef OKTA_HELPER_LOGIN_H
#define OKTA_HELPER_LOGIN_H

#include <stdint.h>

#include "base/clock.h"
#include "model/wire.h"

/*
 * Do what START says, and speak with the peer on the socket FD.  Returns when the last
 * frame was sent or nobody is there to read it.  START_MS: when the program began
 * (monotonic).  The client secret in START's bytes is wiped as soon as the one process
 * that needs it has its copy.
 */
void login_run(int fd, const struct okta_start *start, const struct okta_clock *clock,
    int64_t start_ms);

#endif /* OKTA_HELPER_LOGIN_H */
