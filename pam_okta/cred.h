/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/cred.h - the session's supplementary groups follow the last login's claims.
 */
#ifndef PAM_OKTA_CRED_H
#define PAM_OKTA_CRED_H

#include <security/pam_modules.h>

#include "host.h"

/* FLAGS as pam_sm_setcred() gets them.  PAM_IGNORE for whoever is not ours. */
int po_setcred(pam_handle_t *pamh, const struct po_host *host, int flags, int argc,
    const char **argv);

#endif /* PAM_OKTA_CRED_H */
