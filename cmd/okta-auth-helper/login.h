/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper/login.h - one device authorization, from START to CLAIMS or FAILURE.
 */
#ifndef OKTA_HELPER_LOGIN_H
#define OKTA_HELPER_LOGIN_H

#include <stdint.h>

#include "base/clock.h"
#include "model/wire.h"

/*
 * Speak with Okta as START says, and with the peer on the socket FD.  Returns when the
 * last frame was sent or nobody is there to read it.  START_MS: when the program began
 * (monotonic).
 */
void login_run(int fd, const struct okta_start *start, const struct okta_clock *clock,
    int64_t start_ms);

#endif /* OKTA_HELPER_LOGIN_H */
