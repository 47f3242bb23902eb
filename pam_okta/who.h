/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/who.h - is PAM_USER one of ours, and what do snapshot and configuration say?
 */
#ifndef PAM_OKTA_WHO_H
#define PAM_OKTA_WHO_H

#include "base/err.h"
#include "host/person.h"
#include "model/conf.h"
#include "snap/read.h"
#include "txn.h"

/* Zeroed by the caller; whatever po_who_find() returned, clear it. */
struct po_who {
	struct okta_snap snap;
	struct okta_person person;
	struct okta_conf *conf;
};

/*
 * PO_ALLOWED: T's user is a person of ours and WHO is filled.  PO_NOT_OURS: a local
 * account, root, an impossible name, or nobody the snapshot knows; found without the
 * configuration, any network, any process and any wait.  Else what is wrong, with *err
 * set.
 */
enum po_reason po_who_find(
    const struct po_txn *t, struct po_who *who, struct okta_err *err);
void po_who_clear(struct po_who *who);

#endif /* PAM_OKTA_WHO_H */
