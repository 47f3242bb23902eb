/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/password.h - passwords live in Okta.
 */
#ifndef PAM_OKTA_PASSWORD_H
#define PAM_OKTA_PASSWORD_H

#include <security/pam_modules.h>

#include "host.h"

/* PAM_IGNORE for whoever is not ours; never PAM_SUCCESS. */
int po_chauthtok(pam_handle_t *pamh, const struct po_host *host, int flags, int argc,
    const char **argv);

#endif /* PAM_OKTA_PASSWORD_H */
