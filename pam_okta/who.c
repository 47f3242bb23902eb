/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: a name that Okta serves must never stand for a local account.  MUST: the
 * local files are read as files (NSS would ask us) and first, so that nothing of ours
 * that is broken keeps a local account out.  MUST: whoever is not ours is found out in
 * the same steps.
 */
#include "who.h"

#include <string.h>

#include "host/config.h"
#include "host/local.h"
#include "model/names.h"

static enum po_reason
check_local_name(const struct po_txn *t, struct okta_err *err)
{
	const struct okta_view name = okta_view_str(t->user);
	bool is_local = false;

	if (okta_name_fault(name) != NULL || okta_view_eq_str(name, "root"))
		return PO_NOT_OURS;
	if (okta_local_find_user(t->host->passwd_file, name, &is_local, err) != OKTA_OK)
		return PO_LOCAL_FILES;
	return is_local ? PO_NOT_OURS : PO_ALLOWED;
}

static const char *
snapshot_fault(enum okta_rc r)
{
	switch (r) {
	case OKTA_E_NOTFOUND:
		return "does not exist: run okta-sync";
	case OKTA_E_UNTRUSTED:
		return "others could change it, or a directory above it: chown root and "
		       "chmod go-w";
	case OKTA_E_INPUT:
	case OKTA_E_TOOBIG:
		return "is damaged: remove it and run okta-sync";
	default:
		return "cannot be read";
	}
}

static enum po_reason
find_in_snapshot(const struct po_txn *t, struct po_who *who, struct okta_err *err)
{
	enum okta_rc r;

	r = okta_snap_open(t->host->snapshot_file, t->host->owner, &who->snap);
	if (r != OKTA_OK) {
		(void)okta_err_set(
		    err, r, "%s: %s", t->host->snapshot_file, snapshot_fault(r));
		return PO_SNAPSHOT;
	}
	r = okta_person_init(&who->snap, okta_view_str(t->user), &who->person, err);
	if (r == OKTA_E_NOTFOUND)
		return PO_NOT_OURS;
	if (r == OKTA_E_NOMEM)
		return PO_NOMEM;
	return r == OKTA_OK ? PO_ALLOWED : PO_SNAPSHOT;
}

static enum po_reason
check_config(const struct po_txn *t, struct po_who *who, struct okta_err *err)
{
	enum okta_rc r;

	r = okta_config_load(
	    t->config_file, t->host->owner, OKTA_CONF_FOR_LOGIN, &who->conf, err);
	if (r != OKTA_OK)
		return r == OKTA_E_NOMEM ? PO_NOMEM : PO_CONFIG;
	if (!okta_view_eq_str(who->snap.org_url, who->conf->org_url)) {
		(void)okta_err_set(err, OKTA_E_CONFIG,
		    "%s: is from another org than [okta] org_url: run okta-sync",
		    t->host->snapshot_file);
		return PO_CONFIG;
	}
	if (okta_name_is_reserved(okta_view_str(t->user), who->conf)) {
		(void)okta_err_set(
		    err, OKTA_E_REFUSED, "the name is reserved for the system");
		return PO_RESERVED;
	}
	return PO_ALLOWED;
}

/* An account or group made on the host after the sync may have taken the number. */
static enum po_reason
check_local_ids(const struct po_txn *t, const struct po_who *who, struct okta_err *err)
{
	bool uid_taken = false, gid_taken = false;

	if (okta_local_find_id(t->host->passwd_file, who->person.uid, &uid_taken, err) !=
		OKTA_OK ||
	    okta_local_find_id(t->host->group_file, who->person.gid, &gid_taken, err) !=
		OKTA_OK)
		return PO_LOCAL_FILES;
	if (uid_taken || gid_taken) {
		(void)okta_err_set(err, OKTA_E_REFUSED,
		    "a local %s has the number %lu: give it another",
		    uid_taken ? "account" : "group",
		    (unsigned long)(uid_taken ? who->person.uid : who->person.gid));
		return PO_LOCAL_ID;
	}
	return PO_ALLOWED;
}

enum po_reason
po_who_find(const struct po_txn *t, struct po_who *who, struct okta_err *err)
{
	enum po_reason reason;

	reason = check_local_name(t, err);
	if (reason != PO_ALLOWED)
		return reason;
	if (t->bad_argument != NULL) {
		(void)okta_err_set(err, OKTA_E_CONFIG,
		    "module argument \"%.60s\" in pam.d: only config=/PATH and debug are "
		    "known",
		    t->bad_argument);
		return PO_ARGUMENTS;
	}
	reason = find_in_snapshot(t, who, err);
	if (reason == PO_ALLOWED)
		reason = check_config(t, who, err);
	if (reason == PO_ALLOWED)
		reason = check_local_ids(t, who, err);
	return reason;
}

void
po_who_clear(struct po_who *who)
{
	okta_conf_free(&who->conf);
	okta_person_clear(&who->person);
	okta_snap_close(&who->snap);
}
