/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/auth.h - the login itself.
 */
#ifndef PAM_OKTA_AUTH_H
#define PAM_OKTA_AUTH_H

#include <security/pam_modules.h>

#include "host.h"

/* A PAM code; PAM_SUCCESS only after a verified token of PAM_USER's own Okta account. */
int po_authenticate(
    pam_handle_t *pamh, const struct po_host *host, int argc, const char **argv);

#endif /* PAM_OKTA_AUTH_H */
