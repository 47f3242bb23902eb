/* SPDX-License-Identifier: BSD-2-Clause */
#include "once.h"

#include <inttypes.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wipe.h"
#include "brake.h"
#include "build.h"
#include "fetcher.h"
#include "host/config.h"
#include "host/local.h"
#include "progress.h"
#include "records.h"
#include "registry/registry.h"
#include "snap/read.h"
#include "snap/write.h"

/* --- reading
 * ------------------------------------------------------------------------------- */

static enum okta_rc
read_secret(
    const struct okta_conf *conf, char **ret, size_t *ret_len, struct okta_err *err)
{
	if (conf->source == OKTA_SOURCE_FILE)
		return OKTA_OK;
	switch (conf->auth) {
	case OKTA_AUTH_PRIVATE_KEY_JWT:
		return okta_config_secret("[sync] private_key_file",
		    conf->private_key_file, geteuid(), ret, ret_len, err);
	case OKTA_AUTH_CLIENT_SECRET:
		return okta_config_secret("[sync] client_secret_file",
		    conf->sync_client_secret_file, geteuid(), ret, ret_len, err);
	case OKTA_AUTH_SSWS:
	default:
		return okta_config_secret(
		    "[sync] token_file", conf->token_file, geteuid(), ret, ret_len, err);
	}
}

static enum okta_rc
fetch(const struct okta_conf *conf, struct sync_records *records, struct okta_err *err)
{
	struct sync_fetcher fetcher = { -1, -1 };
	struct sync_progress progress;
	char *secret = NULL;
	size_t len = 0;
	enum okta_rc r;

	r = read_secret(conf, &secret, &len, err);
	if (r == OKTA_OK)
		r = sync_fetcher_open(
		    conf, (struct okta_view){ secret, len }, &fetcher, err);
	okta_free_wiped(secret, len); /* the child has its own copy */
	if (r != OKTA_OK)
		return r;
	sync_progress_init(
	    &progress, STDERR_FILENO, okta_clock_mono_ms(&okta_clock_system));
	r = sync_records_read(records, fetcher.fd, &okta_clock_system, &progress, err);
	sync_fetcher_close(&fetcher);
	return r;
}

/* --- deciding and publishing
 * --------------------------------------------------------------- */

struct decide {
	const struct sync_options *options;
	const struct sync_state *state;
	const struct okta_conf *conf;
	struct sync_build build;
	struct okta_snap old; /* zero: there is none */
	bool has_old;
	struct sync_status *status;
};

static enum okta_rc
open_registry(struct decide *d, struct okta_err *err)
{
	enum okta_rc r;

	r = okta_registry_open(d->state->registry, okta_view_str(d->conf->org_url), false,
	    &d->build.registry, err);
	/* nothing of this heals by itself */
	return r == OKTA_E_INPUT ? OKTA_E_CONFIG : r;
}

static void
open_old(struct decide *d)
{
	enum okta_rc r = okta_snap_open(d->state->snapshot, geteuid(), &d->old);

	d->has_old = r == OKTA_OK;
	if (r != OKTA_OK && r != OKTA_E_NOTFOUND)
		sync_report_note(d->build.report,
		    "%s: the present snapshot cannot be used (%s) and is replaced; the "
		    "brake had "
		    "nothing to compare with",
		    d->state->snapshot, okta_rc_name(r));
}

static enum okta_rc
make_head(struct decide *d, struct okta_snapw_head *ret, struct okta_err *err)
{
	enum okta_rc r;

	ret->org_url = okta_view_str(d->conf->org_url);
	ret->published_s = okta_clock_now_s(&okta_clock_system);
	ret->source_s = d->status->started_s;
	ret->id_min = d->conf->id_min;
	ret->id_max = d->conf->id_max;
	r = okta_registry_seed(d->build.registry, &ret->seed, err);
	if (r == OKTA_OK)
		r = okta_registry_next_generation(
		    d->build.registry, &ret->generation, err);
	if (r != OKTA_OK)
		return r;
	/* each published snapshot is one above the last: a registry that is not ahead is
	 * an old copy or a new one, and has forgotten whose ids are taken */
	if (d->has_old && d->old.generation >= ret->generation)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "%s is older than %s (generation %" PRIu64 " after %" PRIu64
		    "): run `oktactl registry import %s`",
		    d->state->registry, d->state->snapshot, ret->generation - 1,
		    d->old.generation, d->state->snapshot);
	return OKTA_OK;
}

static enum okta_rc
brake(struct decide *d, struct okta_view bytes, struct okta_err *err)
{
	enum okta_rc r;

	if (d->build.records->n_users == 0 && !d->options->accept_shrink)
		return okta_err_set(err, OKTA_E_REFUSED,
		    "Okta returned no person at all: nothing is changed; if this is "
		    "right, run "
		    "okta-sync --once --accept-shrink");
	if (!d->has_old)
		return OKTA_OK;
	r = sync_brake(&d->build, &d->old, bytes, d->options->accept_shrink, err);
	if (r != OKTA_E_INPUT)
		return r;
	sync_report_note(d->build.report,
	    "%s: the present snapshot is damaged and is replaced; the brake could not "
	    "compare all "
	    "of it",
	    d->state->snapshot);
	return OKTA_OK;
}

static void
note_omitted(struct decide *d)
{
	struct okta_view names = okta_snapw_omitted(d->build.writer), name;

	while (names.len > 0) {
		name = okta_view_split(&names, '\0');
		if (name.len > 0)
			sync_report_note(d->build.report,
			    "group \"%.*s\": has too many members for one answer: they "
			    "are in it, "
			    "but getent group does not list them",
			    (int)name.len, name.p);
	}
}

/*
 * The registry is committed before the snapshot is published.  A crash in between leaves
 * a registry that is ahead: ids nobody uses yet, given to the same people by the next
 * run.  The other order could publish an id, forget it, and give it to somebody else.
 */
static enum okta_rc
decide_and_publish(struct decide *d, struct okta_err *err)
{
	struct okta_snapw_head head = { 0 };
	struct okta_view bytes;
	size_t gone;
	enum okta_rc r;

	r = okta_registry_begin(d->build.registry, err);
	if (r == OKTA_OK)
		r = make_head(d, &head, err);
	if (r == OKTA_OK)
		r = sync_build_run(&d->build, &head, err);
	if (r == OKTA_OK)
		r = okta_snapw_finish(d->build.writer, &bytes, err);
	if (r == OKTA_OK)
		r = brake(d, bytes, err);
	if (r == OKTA_OK)
		r = okta_registry_commit(d->build.registry, err);
	if (r == OKTA_OK)
		r = okta_snapw_publish(d->state->snapshot, geteuid(), bytes, err);
	if (r != OKTA_OK)
		return r;
	note_omitted(d);
	d->status->generation = head.generation;
	d->status->people = d->build.n_users;
	d->status->groups = d->build.n_groups;
	d->status->memberships = d->build.n_members;
	/* only now is anybody gone */
	return okta_registry_bury_absent(d->build.registry, &gone, err);
}

enum okta_rc
sync_once(const struct sync_options *options, const struct sync_state *state,
    struct sync_status *status, struct sync_report *report, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct decide d = { .options = options, .state = state, .status = status };
	struct sync_records records = { 0 };
	struct okta_conf *conf = NULL;
	struct okta_local *local = NULL;

	d.build.report = report;
	d.build.records = &records;
	r = okta_config_load(options->config, geteuid(), OKTA_CONF_FOR_SYNC, &conf, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	d.conf = d.build.conf = conf;
	r = fetch(conf, &records, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	r = okta_local_new("/etc", &local, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	d.build.local = local;
	r = open_registry(&d, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	open_old(&d);
	r = decide_and_publish(&d, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	sync_build_clear(&d.build);
	okta_registry_close(&d.build.registry);
	okta_snap_close(&d.old);
	okta_local_free(&local);
	sync_records_clear(&records);
	okta_conf_free(&conf);
	return rc;
}
