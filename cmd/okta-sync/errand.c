/* SPDX-License-Identifier: BSD-2-Clause */
#include "errand.h"

#include "bell.h"
#include "changes.h"
#include "fetch.h"
#include "news.h"

static const struct okta_view none = { NULL, 0 };

static enum okta_rc
say_number(struct sync_sink *sink, enum sync_news_kind kind, uint64_t number)
{
	return sync_sink_news(sink, kind, number, none, none);
}

static bool
must_try_search(const struct sync_asking *ask)
{
	return ask->conf->scope == OKTA_SCOPE_GROUPS && !ask->memory->may_search;
}

static enum okta_rc
one_errand(const struct sync_asking *ask, const struct sync_command *command,
    const struct sync_resume *resume, struct okta_err *err)
{
	struct sync_source *source = ask->source;
	uint64_t before = source->requests;
	enum okta_rc r;

	source->asked_s = 0;
	source->share = !command->is_beside		      ? SYNC_SHARE_ALL
			: command->errand == SYNC_ERRAND_FULL ? SYNC_SHARE_MOST
							      : SYNC_SHARE_REST;
	switch (command->errand) {
	case SYNC_ERRAND_FULL:
		/* what is handed over is newer than what was seen; pages that were read
		 * before it are older */
		sync_seen_clear(&ask->memory->users);
		if (resume->points.lists.n > 0)
			sync_seen_clear(&ask->memory->groups);
		r = sync_fetch(ask->conf, source, resume, ask->sink, err);
		break;
	case SYNC_ERRAND_CHANGES:
		r = sync_changes(ask, command->since_s, err);
		break;
	case SYNC_ERRAND_LOG:
		/* what the log names cannot be read where the app may not read people:
		 * that is known first */
		r = must_try_search(ask) ? sync_changes(ask, command->since_s, err)
					 : OKTA_OK;
		if (r == OKTA_OK && !must_try_search(ask))
			r = sync_bell(ask, command, err);
		break;
	case SYNC_ERRAND_NONE:
	default:
		r = okta_err_set(err, OKTA_E_INTERNAL, "an errand nobody knows");
	}
	if (r != OKTA_OK)
		return r;
	r = say_number(ask->sink, SYNC_NEWS_CLOCK,
	    source->asked_s > 0 ? (uint64_t)source->asked_s : 0);
	if (r == OKTA_OK)
		r = say_number(ask->sink, SYNC_NEWS_REQUESTS,
		    command->errand == SYNC_ERRAND_CHANGES
			? ask->memory->standing_requests
			: source->requests - before);
	if (r == OKTA_OK)
		r = sync_sink_end(ask->sink);
	return r == OKTA_OK ? r : okta_err_set(err, r, "handing over failed");
}

enum okta_rc
sync_errands(const struct okta_conf *conf, struct sync_source *source,
    struct sync_sink *sink, struct okta_err *err)
{
	struct sync_memory memory = { 0 };
	const struct sync_asking ask = { conf, source, sink, &memory };
	struct sync_resume resume = { 0 };
	struct sync_command command;
	enum okta_rc r = OKTA_OK;

	while (r == OKTA_OK) {
		r = sync_command_wait(sink->fd, sink->clock, &command, &resume);
		if (r != OKTA_OK) {
			(void)okta_err_set(err, r, "the writer is gone");
			break;
		}
		/* END counts what one errand brought */
		sink->n_users = sink->n_groups = sink->n_members = 0;
		r = one_errand(&ask, &command, &resume, err);
		sync_resume_clear(&resume);
	}
	sync_resume_clear(&resume);
	sync_memory_clear(&memory);
	return r;
}
