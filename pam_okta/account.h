/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/account.h - may this person be here at all, whichever way he came in?
 */
#ifndef PAM_OKTA_ACCOUNT_H
#define PAM_OKTA_ACCOUNT_H

#include <security/pam_modules.h>

#include "host.h"

/* A PAM code; PAM_IGNORE for whoever is not ours.  No network, no process, no wait. */
int po_account(
    pam_handle_t *pamh, const struct po_host *host, int argc, const char **argv);

#endif /* PAM_OKTA_ACCOUNT_H */
