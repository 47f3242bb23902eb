/* SPDX-License-Identifier: BSD-2-Clause */
#include "fresh.h"

/* A record from the future tells that the clock was set back; it must not win for that
 * long. */
#define FUTURE_MAX_S 300

static bool
counts(const struct po_txn *t, const struct po_who *who, const struct po_record *record)
{
	return okta_view_eq(record->claims.sub, who->person.policy.okta_id) &&
	       okta_view_eq_str(record->claims.iss, who->conf->issuer) &&
	       record->verified_s > who->snap.source_s &&
	       record->verified_s <= okta_clock_now_s(t->host->clock) + FUTURE_MAX_S;
}

enum po_reason
po_fresh_find(const struct po_txn *t, const struct po_who *who, struct po_fresh *fresh,
    struct okta_err *err)
{
	enum okta_rc r;

	r = po_record_load(t->host, who->person.uid, &fresh->record, err);
	if (r == OKTA_E_NOTFOUND)
		return PO_ALLOWED;
	if (r != OKTA_OK)
		return r == OKTA_E_NOMEM ? PO_NOMEM : PO_RECORD;
	if (!counts(t, who, &fresh->record))
		return PO_ALLOWED;
	r = okta_known_init(&who->snap, &fresh->record.claims, &fresh->known, err);
	if (r != OKTA_OK)
		return r == OKTA_E_NOMEM ? PO_NOMEM : PO_SNAPSHOT;
	fresh->claims = &fresh->record.claims;
	return PO_ALLOWED;
}

void
po_fresh_clear(struct po_fresh *fresh)
{
	okta_known_clear(&fresh->known);
	po_record_clear(&fresh->record);
	fresh->claims = NULL;
}
