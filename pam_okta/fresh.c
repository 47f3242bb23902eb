/* SPDX-License-Identifier: BSD-2-Clause */
#include "fresh.h"

enum po_reason
po_fresh_find(const struct po_txn *t, const struct po_who *who, struct po_fresh *fresh,
    struct okta_err *err)
{
	const int64_t now_s = okta_clock_now_s(t->host->clock);
	enum okta_rc r;

	/* without a time a record that denies would look like one of the future */
	if (now_s == OKTA_CLOCK_FAILED_S) {
		(void)okta_err_set(err, OKTA_E_SYS, "the clock cannot be read");
		return PO_INTERNAL;
	}
	r = okta_record_load(
	    t->host->run_dir, t->host->owner, who->person.uid, &fresh->record, err);
	if (r == OKTA_E_NOTFOUND)
		return PO_ALLOWED;
	if (r != OKTA_OK)
		return r == OKTA_E_NOMEM ? PO_NOMEM : PO_RECORD;
	if (!okta_record_counts(&fresh->record, who->person.policy.okta_id,
		okta_view_str(who->conf->issuer), who->snap.source_s, now_s))
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
	okta_record_clear(&fresh->record);
	fresh->claims = NULL;
}
