/* SPDX-License-Identifier: BSD-2-Clause */
/* common/host/record.h - what the last login's token said, kept for setcred and the
 * account phase, which run in other processes than the login (sshd).  Floor 2: base, snap
 * and model.
 *
 * One file a person, RUN_DIR/claims/UID, root only: "OKTACLM1", u64 seconds since 1970
 * (little endian) as of which they hold, then a CLAIMS frame of model/wire.h without
 * personal data.
 */
#ifndef OKTA_HOST_RECORD_H
#define OKTA_HOST_RECORD_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "model/wire.h"

struct okta_record {
	int64_t verified_s;	   /* as of then: not when it was looked at, which may be
				    * much later */
	struct okta_claims claims; /* views into bytes */
	char *bytes;
	size_t len;
};

/* OWNER (root in production) owns RUN_DIR and everything in it.
 * OKTA_OK, OKTA_E_NOTFOUND (no login since boot), or an error that names file and remedy.
 */
OKTA_MUST_CHECK enum okta_rc okta_record_load(const char *run_dir, uid_t owner,
    uint32_t uid, struct okta_record *ret, struct okta_err *err);
void okta_record_clear(struct okta_record *record);

OKTA_MUST_CHECK enum okta_rc okta_record_store(const char *run_dir, uid_t owner,
    uint32_t uid, const struct okta_claims *claims, int64_t verified_s,
    struct okta_err *err);

/*
 * True if RECORD says more of the person SUB than a snapshot whose data is as of
 * SOURCE_S: it is his, from this issuer, and newer; and not from the future, which tells
 * that the clock was set back.
 */
bool okta_record_counts(const struct okta_record *record, struct okta_view sub,
    struct okta_view issuer, int64_t source_s, int64_t now_s);

#endif /* OKTA_HOST_RECORD_H */
