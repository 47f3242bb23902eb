/* SPDX-License-Identifier: BSD-2-Clause */
#include "once.h"

#include <errno.h>
#include <unistd.h>

#include "base/clock.h"
#include "host/config.h"
#include "progress.h"
#include "publish.h"
#include "records.h"
#include "spool.h"
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
		/* --watch would put its changes on what is older than this */
		if (unlink(state->base) < 0 && errno != ENOENT)
			r = okta_err_sys(err, errno, "%s: cannot remove", state->base);
		else
			r = sync_publish(&publish, err);
		(void)sync_spool_drop(state->spool); /* it is of no more use */
	}
	sync_records_clear(&records);
	okta_conf_free(&conf);
	return r;
}
