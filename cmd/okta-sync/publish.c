/* SPDX-License-Identifier: BSD-2-Clause */
#include "publish.h"

#include <inttypes.h>
#include <unistd.h>

#include "base/clock.h"
#include "brake.h"
#include "build.h"
#include "host/local.h"
#include "registry/registry.h"
#include "snap/read.h"
#include "snap/write.h"

struct decide {
	const struct sync_publish *what;
	struct sync_build build;
	struct okta_snap old; /* zero: there is none */
	bool has_old;
};

static enum okta_rc
open_registry(struct decide *d, struct okta_err *err)
{
	struct okta_registry_look left = { 0 };
	enum okta_rc r;

	if (d->what->registry != NULL) {
		left = *d->what->registry;
		/* whoever does not come to the end says nothing of it */
		*d->what->registry = (struct okta_registry_look){ 0 };
	}
	r = okta_registry_open_again(d->what->state->registry,
	    okta_view_str(d->what->conf->org_url), &left, &d->build.registry, err);
	/* nothing of this heals by itself */
	return r == OKTA_E_INPUT ? OKTA_E_CONFIG : r;
}

/* What cannot be opened just now may be sound: then the brake must have it. */
static enum okta_rc
open_old(struct decide *d, struct okta_err *err)
{
	enum okta_rc r = okta_snap_open(d->what->state->snapshot, geteuid(), &d->old);

	d->has_old = r == OKTA_OK;
	if (r == OKTA_E_SYS || r == OKTA_E_NOMEM)
		return okta_err_set(err, OKTA_E_SYS,
		    "%s: the present snapshot cannot be opened, so the brake has nothing "
		    "to "
		    "compare with: nothing is changed",
		    d->what->state->snapshot);
	if (r != OKTA_OK && r != OKTA_E_NOTFOUND)
		sync_report_note(d->build.report,
		    "%s: the present snapshot cannot be used (%s) and is replaced; the "
		    "brake had "
		    "nothing to compare with",
		    d->what->state->snapshot, okta_rc_name(r));
	return OKTA_OK;
}

static enum okta_rc
make_head(struct decide *d, struct okta_snapw_head *ret, struct okta_err *err)
{
	enum okta_rc r;

	ret->org_url = okta_view_str(d->what->conf->org_url);
	ret->published_s = okta_clock_now_s(&okta_clock_system);
	ret->source_s = d->what->source_s;
	/* a snapshot without a time is too old for everybody */
	if (ret->published_s == OKTA_CLOCK_FAILED_S ||
	    ret->source_s == OKTA_CLOCK_FAILED_S)
		return okta_err_set(err, OKTA_E_SYS, "the clock cannot be read");
	ret->id_min = d->what->conf->id_min;
	ret->id_max = d->what->conf->id_max;
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
		    d->what->state->registry, d->what->state->snapshot,
		    ret->generation - 1, d->old.generation, d->what->state->snapshot);
	return OKTA_OK;
}

static enum okta_rc
brake(struct decide *d, struct okta_view bytes, struct okta_err *err)
{
	enum okta_rc r;

	if (d->build.records->n_users == 0 && !d->what->accept_shrink)
		return okta_err_set(err, OKTA_E_REFUSED,
		    "Okta returned no person at all: nothing is changed; if this is "
		    "right, run "
		    "okta-sync --once --accept-shrink");
	if (d->has_old) {
		r = sync_brake(&d->build, &d->old, bytes, d->what->accept_shrink, err);
		if (r == OKTA_E_INPUT)
			sync_report_note(d->build.report,
			    "%s: the present snapshot is damaged and is replaced; the "
			    "brake could not compare all of it",
			    d->what->state->snapshot);
		else if (r != OKTA_OK)
			return r;
	}
	return d->what->accept_shrink
		   ? OKTA_OK
		   : sync_brake_since_full(&d->build, &d->what->marks, err);
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
		r = okta_snapw_publish(d->what->state->snapshot, geteuid(), bytes, err);
	if (r != OKTA_OK)
		return r;
	note_omitted(d);
	d->what->status->generation = head.generation;
	d->what->status->people = d->build.n_users;
	d->what->status->groups = d->build.n_groups;
	d->what->status->memberships = d->build.n_members;
	/* only now is anybody gone */
	return okta_registry_bury_absent(d->build.registry, &gone, err);
}

enum okta_rc
sync_publish(const struct sync_publish *what, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct decide d = { .what = what };
	struct okta_local *local = NULL;

	d.build.report = what->report;
	d.build.records = what->records;
	d.build.conf = what->conf;
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
	r = open_old(&d, err);
	if (r == OKTA_OK)
		r = decide_and_publish(&d, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	sync_build_clear(&d.build);
	okta_registry_close(&d.build.registry);
	if (rc == OKTA_OK && what->registry != NULL)
		*what->registry = okta_registry_look(what->state->registry);
	okta_snap_close(&d.old);
	okta_local_free(&local);
	return rc;
}
