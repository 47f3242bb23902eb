/* SPDX-License-Identifier: BSD-2-Clause */
#include "once.h"

#include <unistd.h>

#include "base.h"
#include "base/clock.h"
#include "host/config.h"
#include "marks.h"
#include "meanwhile.h"
#include "progress.h"
#include "publish.h"
#include "records.h"
#include "start.h"

static enum okta_rc
fetch(const struct okta_conf *conf, const struct sync_state *state,
    struct sync_records *records, struct okta_err *err)
{
	struct sync_fetcher fetcher = SYNC_FETCHER_NONE;
	struct sync_progress progress;
	enum okta_rc r;

	r = sync_start_fetcher(conf, false, &fetcher, err);
	if (r != OKTA_OK)
		return r;
	sync_progress_init(
	    &progress, STDERR_FILENO, okta_clock_mono_ms(&okta_clock_system));
	progress.path = state->progress;
	r = sync_records_read(records, fetcher.fd, &okta_clock_system, &progress, err);
	sync_fetcher_close(&fetcher);
	return r;
}

/* So that steps add up from one run to the next as they do under --watch; what else
 * --watch built on is older than what is published now. */
static enum okta_rc
keep_marks(struct sync_publish *publish, struct sync_base_head *head, uint64_t conf_sum,
    struct okta_err *err)
{
	head->people = publish->status->people;
	head->memberships = publish->status->memberships;
	sync_marks_move(head, publish->accept_shrink, publish->conf->full_interval_s,
	    publish->source_s);
	return sync_base_write_marks(publish->state->base, conf_sum, head, err);
}

static enum okta_rc
judge_and_publish(struct sync_publish *publish, struct okta_err *err)
{
	const uint64_t conf_sum = sync_base_conf_sum(publish->conf);
	struct sync_base_head head = { 0 };
	enum okta_rc r;

	r = sync_base_look_marks(publish->state->base, conf_sum, &head, err);
	if (r != OKTA_OK)
		return r;
	publish->marks = (struct sync_brake_marks){ head.full_people,
		head.full_memberships };
	r = sync_publish(publish, err);
	return r == OKTA_OK ? keep_marks(publish, &head, conf_sum, err) : r;
}

enum okta_rc
sync_once(const struct sync_options *options, const struct sync_state *state,
    struct sync_status *status, struct sync_report *report, struct okta_err *err)
{
	struct sync_publish publish = { .state = state,
		.accept_shrink = options->accept_shrink,
		.status = status,
		.report = report };
	struct sync_records records = { 0 };
	struct okta_conf *conf = NULL;
	enum okta_rc r;

	r = okta_config_load(options->config, geteuid(), OKTA_CONF_FOR_SYNC, &conf, err);
	if (r == OKTA_OK)
		r = fetch(conf, state, &records, err);
	if (r == OKTA_OK) {
		publish.conf = conf;
		publish.records = &records;
		publish.source_s = status->started_s;
		sync_meanwhile_drop(state);
		r = judge_and_publish(&publish, err);
	}
	sync_records_clear(&records);
	okta_conf_free(&conf);
	return r;
}
