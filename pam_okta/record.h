/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/record.h - what the last login's token said, kept for setcred and the account
 * phase, which run in other processes than the login (sshd).
 *
 * One file a person, RUN_DIR/claims/UID, root only: "OKTACLM1", u64 seconds since 1970
 * (little endian) of the verification, then a CLAIMS frame of model/wire.h without
 * personal data.
 */
#ifndef PAM_OKTA_RECORD_H
#define PAM_OKTA_RECORD_H

#include <stdint.h>

#include "base/err.h"
#include "host.h"
#include "model/wire.h"

struct po_record {
	int64_t verified_s;
	struct okta_claims claims; /* views into bytes */
	char *bytes;
	size_t len;
};

/* OKTA_OK, OKTA_E_NOTFOUND (no login since boot), or an error that names file and remedy.
 */
OKTA_MUST_CHECK enum okta_rc po_record_load(const struct po_host *host, uint32_t uid,
    struct po_record *ret, struct okta_err *err);
void po_record_clear(struct po_record *record);

OKTA_MUST_CHECK enum okta_rc po_record_store(const struct po_host *host, uint32_t uid,
    const struct okta_claims *claims, int64_t verified_s, struct okta_err *err);

#endif /* PAM_OKTA_RECORD_H */
