/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/fresh.h - the claims of a person's last login, if they still say more than the
 * snapshot does.
 */
#ifndef PAM_OKTA_FRESH_H
#define PAM_OKTA_FRESH_H

#include "base/err.h"
#include "host/person.h"
#include "host/record.h"
#include "who.h"

/* Zeroed by the caller; clear it whatever po_fresh_find() returned. */
struct po_fresh {
	struct okta_record record;
	struct okta_known known;
	const struct okta_claims *claims; /* NULL: the snapshot decides alone */
};

/* PO_ALLOWED (also without any record), or what is wrong, with *err set. */
enum po_reason po_fresh_find(const struct po_txn *t, const struct po_who *who,
    struct po_fresh *fresh, struct okta_err *err);
void po_fresh_clear(struct po_fresh *fresh);

#endif /* PAM_OKTA_FRESH_H */
