/* SPDX-License-Identifier: BSD-2-Clause */
#include "watch.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/random.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <syslog.h>
#include <unistd.h>

#include "base.h"
#include "base/clock.h"
#include "host/config.h"
#include "meanwhile.h"
#include "plan.h"
#include "request.h"
#include "shared.h"
#include "spool.h"
#include "status.h"
#include "turn.h"
#include "work.h"

#define LONG_MS 3600000
#define LOOK_MS 10000 /* so often it is looked whether a turn still runs */

struct watch {
	const struct sync_options *options;
	const struct sync_state *state;
	const struct sync_notify *notify;
	struct okta_conf *conf;
	struct sync_shared *shared;
	struct sync_base_head head; /* as the last turn that ended by itself left it */
	struct sync_plan plan;
	struct sync_work turn;	  /* may publish */
	struct sync_work reading; /* everything, beside */
	bool is_read;		  /* and waits to be published */
	bool must_clean;	  /* one was killed */
	bool has_failed;	  /* and that is to be written down */
	int signal_fd, inotify_fd;
	int64_t next_sign_ms;
	int64_t last_ms; /* the clock, as it was last read */
	struct sync_request asked;
	bool wants_full; /* asked for while a turn ran */
	bool wants_changes;
	bool said_no_log, said_no_search;
	bool stop;
};

/* A failed reading would put off for ever what is planned from it. */
static int64_t
now_ms(struct watch *w)
{
	const int64_t ms = okta_clock_mono_ms(&okta_clock_system);

	if (ms != OKTA_CLOCK_FAILED_MS)
		w->last_ms = ms;
	return w->last_ms;
}

static uint32_t
dice(void)
{
	uint32_t n = 0;

	if (getrandom(&n, sizeof(n), 0) != (ssize_t)sizeof(n))
		n = 0; /* no jitter then */
	return n;
}

static void
complain(const char *text)
{
	(void)fprintf(stderr, "okta-sync: %s\n", text);
	syslog(LOG_ERR, "%s", text);
}

/* They may be killed anywhere; what they left is cleared away, and the lock is still
 * ours. */
static void
stop_all(struct watch *w)
{
	sync_work_stop(&w->turn);
	sync_work_stop(&w->reading);
	w->is_read = w->has_failed = false;
	sync_state_clean(w->state);
}

/* --- configuration --------------------------------------------------------------- */

/* True if a full synchronisation was interrupted that can go on. */
static bool
is_half_read(const struct watch *w)
{
	const struct sync_spool_key key = sync_spool_key_of(w->conf);
	bool is_any = false;

	if (w->conf->source == OKTA_SOURCE_FILE ||
	    !sync_meanwhile_is_of(w->state, sync_base_conf_sum(w->conf),
		sync_present_generation(w->state), &is_any))
		return false;
	/* only what is read beside is put together with what changed meanwhile */
	return (!is_any || sync_plan_reads_beside(&w->plan)) &&
	       sync_spool_look(
		   w->state->spool, &key, okta_clock_now_s(&okta_clock_system));
}

/* With what is built on: what was read last, if this configuration chose it. */
static void
plan_anew(struct watch *w)
{
	struct sync_base_head *head = &w->shared->head;
	int64_t age_s = -1;

	memset(head, 0, sizeof(*head));
	w->shared->has_base = sync_base_look(w->state->base, sync_base_conf_sum(w->conf),
				  head) == OKTA_OK;
	/* the clocks and the link that are of the same content, but newer */
	if (w->shared->has_base && w->head.conf_sum == head->conf_sum &&
	    w->head.content_sum == head->content_sum &&
	    w->head.generation == head->generation)
		*head = w->head;
	if (w->shared->has_base) {
		age_s = okta_clock_now_s(&okta_clock_system) - head->full_s;
		w->shared->full_said_s = head->full_s;
		w->shared->generation = head->generation;
		w->shared->people = (size_t)head->people;
		w->shared->groups = (size_t)head->groups;
		w->shared->memberships = (size_t)head->memberships;
	}
	w->shared->log = w->conf->source == OKTA_SOURCE_OKTA;
	w->plan = (struct sync_plan){ .interval_ms = (int64_t)w->conf->interval_s * 1000,
		.full_interval_ms = (int64_t)w->conf->full_interval_s * 1000,
		.only_full = w->conf->source == OKTA_SOURCE_FILE,
		.use_log = w->shared->log };
	sync_plan_start(&w->plan, age_s < 0 ? -1 : age_s * 1000, now_ms(w), dice());
	if (is_half_read(w))
		w->plan.wants_full = true;
	else
		sync_meanwhile_drop(w->state);
	w->said_no_log = w->said_no_search = false;
}

static enum okta_rc
load(struct watch *w, struct okta_err *err)
{
	struct okta_conf *conf = NULL;
	enum okta_rc r;

	r = okta_config_load(
	    w->options->config, geteuid(), OKTA_CONF_FOR_SYNC, &conf, err);
	if (r != OKTA_OK)
		return r;
	okta_conf_free(&w->conf);
	w->conf = conf;
	return OKTA_OK;
}

/* Whoever asked for the run that is given up waits for the next; so does whoever asked
 * since, but a signal needs no answer. */
static void
ask_again(struct watch *w, const struct sync_work *work)
{
	if (!work->serving.is_asked)
		return;
	w->wants_full = w->asked.is_asked = true;
	w->asked.accept_shrink |= work->serving.accept_shrink;
	if (w->asked.token[0] == '\0')
		memcpy(w->asked.token, work->serving.token, sizeof(w->asked.token));
}

static void
reload(struct watch *w)
{
	struct okta_err err = { 0 };

	sync_notify_send(
	    w->notify, "RELOADING=1\nMONOTONIC_USEC=%lld", (long long)now_ms(w) * 1000);
	if (load(w, &err) == OKTA_OK) {
		/* what runs is of the old one, and so are the fetcher's secret and
		 * address */
		if (w->turn.pid > 0)
			ask_again(w, &w->turn);
		if (w->reading.pid > 0 || w->is_read || w->has_failed)
			ask_again(w, &w->reading);
		stop_all(w);
		plan_anew(w);
		w->wants_full = w->asked.is_asked;
		sync_notify_send(w->notify, "READY=1\nSTATUS=configuration read anew");
		return;
	}
	complain(err.msg);
	complain("the configuration is wrong: the old one stays in force");
	sync_notify_send(w->notify,
	    "READY=1\nSTATUS=the configuration is wrong, the old one stays in force: %s",
	    err.msg);
}

/* --- turns ----------------------------------------------------------------------- */

static const char *
errand_name(enum sync_errand errand)
{
	switch (errand) {
	case SYNC_ERRAND_FULL:
		return "reading everything from Okta";
	case SYNC_ERRAND_LOG:
		return "reading Okta's System Log";
	case SYNC_ERRAND_PUBLISH:
		return "publishing what was read";
	case SYNC_ERRAND_CHANGES:
	case SYNC_ERRAND_NONE:
	default:
		return "asking Okta what changed";
	}
}

/* A turn that could not begin, or was killed, has not said so itself; whoever asked for
 * it waits for an answer. */
static void
record_failure(
    struct watch *w, const struct sync_work *work, enum okta_rc rc, const char *message)
{
	struct sync_shared *shared = w->shared;
	struct sync_report none = { 0 };
	struct okta_err err = { 0 };
	struct sync_status status = { .mode = "watch",
		.exit_status = sync_exit_status(rc),
		.full_s = shared->head.full_s,
		.changes_s = shared->changes_s,
		.log = shared->log,
		.generation = shared->generation,
		.people = shared->people,
		.groups = shared->groups,
		.memberships = shared->memberships };

	status.started_s = status.ended_s = okta_clock_now_s(&okta_clock_system);
	(void)snprintf(status.message, sizeof(status.message), "%s", message);
	complain(message);
	sync_answer_set(&shared->answer, work->serving.token, &status);
	status.answer = shared->answer;
	shared->failed = true;
	(void)snprintf(shared->message, sizeof(shared->message), "%s", message);
	if (sync_status_write(w->state->status, &status, &none, &err) != OKTA_OK) {
		complain(err.msg);
		sync_request_give_up(w->state, &work->serving);
	}
	sync_notify_send(w->notify, "STATUS=%s", message);
}

/*
 * Everything is read from its first page on, unless it can go on.  Whoever asks means
 * what Okta says now; and where nobody asks what changed, no page may be from before.
 * True if what changes meanwhile will be written down.
 */
static bool
prepare_pages(struct watch *w, bool is_asked)
{
	struct okta_err err = { 0 };

	if (!w->plan.only_full && !is_asked && is_half_read(w))
		return true;
	sync_meanwhile_drop(w->state);
	return !w->plan.only_full &&
	       sync_meanwhile_begin(w->state, sync_base_conf_sum(w->conf),
		   sync_present_generation(w->state), &err) == OKTA_OK;
}

/*
 * The log from its clock on, not its link, and by a fetcher that remembers nothing: what
 * changed shortly before is heard of once more, since Okta's lists may lag behind it.
 */
static void
make_way(struct watch *w)
{
	sync_fetcher_close(&w->reading.fetcher); /* of one that could not begin */
	w->reading.fetcher = w->turn.fetcher;
	w->turn.fetcher = SYNC_FETCHER_NONE;
	w->shared->head.link[0] = '\0';
}

static struct sync_place
place_of(const struct watch *w)
{
	return (struct sync_place){ w->conf, w->state, w->shared };
}

static void
start_full(struct watch *w)
{
	/* with nowhere to write down what changes meanwhile, they have to wait */
	const bool is_beside = prepare_pages(w, w->asked.is_asked) &&
			       sync_plan_reads_beside(&w->plan);
	const struct sync_place place = place_of(w);
	struct sync_work *work = is_beside ? &w->reading : &w->turn;
	struct okta_err err = { 0 };
	enum okta_rc r;

	work->began_ms = now_ms(w);
	work->serving = w->asked;
	w->asked = (struct sync_request){ .token = "" };
	if (is_beside)
		make_way(w);
	r = sync_work_start(
	    work, is_beside ? &w->turn : &w->reading, &place, SYNC_ERRAND_FULL, &err);
	if (r == OKTA_OK) {
		w->plan.is_reading = is_beside;
		sync_notify_send(w->notify, "STATUS=%s", errand_name(SYNC_ERRAND_FULL));
		return;
	}
	record_failure(w, work, r, err.msg);
	sync_plan_ended(&w->plan, SYNC_ERRAND_FULL, SYNC_ENDED_BADLY, work->began_ms, 0,
	    now_ms(w), dice());
}

/* Publish what was read beside, or ask what changed. */
static void
start_turn(struct watch *w, enum sync_errand errand)
{
	const struct sync_place place = place_of(w);
	struct sync_work *work = &w->turn;
	struct okta_err err = { 0 };
	enum okta_rc r;

	work->began_ms = now_ms(w);
	work->serving = (struct sync_request){ .token = "" };
	if (errand == SYNC_ERRAND_PUBLISH) {
		w->is_read = false;
		work->began_ms = w->reading.began_ms;
		work->serving = w->reading.serving;
	}
	r = sync_work_start(work, &w->reading, &place, errand, &err);
	if (r == OKTA_OK) {
		if (w->reading.pid < 0)
			sync_notify_send(w->notify, "STATUS=%s", errand_name(errand));
		return;
	}
	record_failure(w, work, r, err.msg);
	sync_plan_ended(
	    &w->plan, errand, SYNC_ENDED_BADLY, work->began_ms, 0, now_ms(w), dice());
}

/* What Okta does not let us ask: said once, with the remedy it came with. */
static void
do_without(struct watch *w)
{
	const struct sync_outcome *outcome = w->turn.outcome;
	char text[512];

	if (outcome->no_log) {
		w->shared->log = false;
		sync_plan_without_log(&w->plan, now_ms(w));
		if (!w->said_no_log) {
			(void)snprintf(text, sizeof(text),
			    "Okta's System Log cannot be read, changes are asked for "
			    "every %u s: %s",
			    w->conf->interval_s, outcome->why);
			complain(text);
		}
		w->said_no_log = true;
	} else if (w->turn.errand == SYNC_ERRAND_LOG && !w->shared->log) {
		w->shared->log = true;
		w->said_no_log = false;
		sync_plan_with_log(&w->plan);
	}
	if (outcome->no_search) {
		w->shared->log = false;
		sync_plan_without_changes(&w->plan, now_ms(w));
		if (!w->said_no_search) {
			(void)snprintf(text, sizeof(text),
			    "Okta cannot be asked who changed, so everything is read "
			    "each time: %s",
			    outcome->why);
			complain(text);
		}
		w->said_no_search = true;
	}
}

/* When what was read was begun: before this turn if that went on where another was. */
static int64_t
first_page_ms(struct watch *w, enum sync_end_kind how)
{
	const int64_t now = now_ms(w), began = w->turn.began_ms;
	const bool is_full = w->turn.errand == SYNC_ERRAND_FULL ||
			     w->turn.errand == SYNC_ERRAND_PUBLISH;
	int64_t age_ms;

	if (!is_full || how != SYNC_ENDED_WELL)
		return began;
	age_ms = (okta_clock_now_s(&okta_clock_system) - w->shared->head.full_s) * 1000;
	/* both are whole seconds */
	return age_ms > now - began + 1000 ? now - age_ms : began;
}

/* Whoever publishes has no use for it, or the next one of its kind has. */
static void
end_reading(struct watch *w)
{
	bool was_killed;
	const enum sync_end_kind how = sync_work_ended(&w->reading, &was_killed);

	w->must_clean = w->must_clean || was_killed;
	if (sync_work_is_spent(&w->reading, how) || w->turn.fetcher.fd >= 0)
		sync_fetcher_close(&w->reading.fetcher);
	else
		w->turn.fetcher = w->reading.fetcher;
	w->reading.fetcher = SYNC_FETCHER_NONE;
	w->is_read = how == SYNC_ENDED_WELL;
	if (how == SYNC_ENDED_NEEDS_FULL)
		ask_again(w, &w->reading);
	/* a turn may be writing down how it ended */
	w->has_failed = how != SYNC_ENDED_WELL && w->reading.outcome->rc != OKTA_OK;
	if (!w->is_read)
		sync_plan_ended(&w->plan, SYNC_ERRAND_FULL, how, w->reading.began_ms, 0,
		    now_ms(w), dice());
}

/*
 * Where everything must be read, and nothing put on what is there, it is not read beside;
 * and without all that changed meanwhile it would be read for nothing.
 */
static void
stop_vain_reading(struct watch *w, enum sync_end_kind how)
{
	struct sync_outcome *outcome = w->reading.outcome;

	if (w->reading.pid < 0 ||
	    (how != SYNC_ENDED_NEEDS_FULL && access(w->state->meanwhile, F_OK) == 0))
		return;
	sync_work_stop(&w->reading);
	w->must_clean = true;
	if (how == SYNC_ENDED_NEEDS_FULL) {
		ask_again(w, &w->reading);
		return;
	}
	outcome->rc = OKTA_E_UNAVAIL;
	(void)snprintf(outcome->message, sizeof(outcome->message),
	    "what changed while everything was read could not be written down: it is "
	    "read anew");
	w->has_failed = true;
	sync_plan_ended(&w->plan, SYNC_ERRAND_FULL, SYNC_ENDED_BADLY, w->reading.began_ms,
	    0, now_ms(w), dice());
}

static void
end_turn(struct watch *w)
{
	bool was_killed;
	const enum sync_end_kind how = sync_work_ended(&w->turn, &was_killed);

	w->must_clean = w->must_clean || was_killed;
	if (!was_killed)
		w->head = w->shared->head;
	else
		record_failure(
		    w, &w->turn, w->turn.outcome->rc, w->turn.outcome->message);
	if (how == SYNC_ENDED_NEEDS_FULL)
		ask_again(w, &w->turn);
	stop_vain_reading(w, how);
	if (sync_work_is_spent(&w->turn, how))
		sync_fetcher_close(&w->turn.fetcher);
	else
		do_without(w);
	if (w->turn.outcome->applied)
		w->plan.is_stuck = false;
	sync_plan_ended(&w->plan, w->turn.errand, how, first_page_ms(w, how),
	    w->turn.errand == SYNC_ERRAND_PUBLISH ? w->reading.outcome->requests
						  : w->turn.outcome->requests,
	    now_ms(w), dice());
	if (how == SYNC_ENDED_WELL && w->turn.outcome->searched)
		sync_plan_after_search(&w->plan, now_ms(w));
	sync_notify_send(w->notify, "STATUS=%s%s%s",
	    w->reading.pid > 0 || w->is_read ? "reading everything from Okta; " : "",
	    how == SYNC_ENDED_WELL && !w->shared->failed ? "up to date; " : "",
	    how == SYNC_ENDED_NEEDS_FULL ? "everything is to be read"
					 : w->shared->message);
}

static void
reap(struct watch *w)
{
	pid_t pid;

	while ((pid = waitpid(-1, NULL, WNOHANG)) > 0) {
		if (pid == w->turn.pid)
			end_turn(w);
		else if (pid == w->reading.pid)
			end_reading(w);
		sync_work_lost(&w->turn, pid);
		sync_work_lost(&w->reading, pid);
	}
}

/* --- what comes from outside ----------------------------------------------------- */

static void
on_signals(struct watch *w)
{
	struct signalfd_siginfo info;

	while (read(w->signal_fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		switch (info.ssi_signo) {
		case SIGTERM:
		case SIGINT:
			w->stop = true;
			break;
		case SIGHUP:
			reload(w);
			break;
		case SIGUSR1:
			w->asked.is_asked = w->wants_full = true;
			break;
		case SIGUSR2:
			w->wants_changes = true;
			break;
		default: /* SIGCHLD: whatever woke us, it is looked who ended */
			break;
		}
}

static void
on_files(struct watch *w)
{
	char events[4096];
	ssize_t n;

	while ((n = read(w->inotify_fd, events, sizeof(events))) > 0)
		;
	sync_request_take(w->state, &w->asked);
	w->wants_full = w->wants_full || w->asked.is_asked;
}

static void
sign_of_life(struct watch *w)
{
	if (w->notify->watchdog_ms <= 0 || now_ms(w) < w->next_sign_ms)
		return;
	sync_notify_send(w->notify, "WATCHDOG=1");
	w->next_sign_ms = now_ms(w) + w->notify->watchdog_ms;
}

/* --- the loop -------------------------------------------------------------------- */

static int64_t
start_what_is_due(struct watch *w)
{
	int64_t at = now_ms(w) + LONG_MS;
	enum sync_errand errand;

	if (w->turn.pid > 0)
		return now_ms(w) + LOOK_MS;
	if (w->has_failed) {
		w->has_failed = false;
		record_failure(
		    w, &w->reading, w->reading.outcome->rc, w->reading.outcome->message);
	}
	/* what a killed one left, and not what another is writing */
	if (w->must_clean && w->reading.pid < 0) {
		w->must_clean = false;
		sync_state_clean(w->state);
	}
	/* what is read already was begun before it was asked for */
	if (w->wants_full && w->reading.pid < 0 && !w->is_read) {
		w->wants_full = false;
		sync_plan_request(&w->plan);
	}
	if (w->wants_changes) {
		w->wants_changes = false;
		sync_plan_hurry(&w->plan, now_ms(w));
	}
	errand = w->is_read ? SYNC_ERRAND_PUBLISH
			    : sync_plan_next(&w->plan, now_ms(w), &at);
	if (errand == SYNC_ERRAND_NONE)
		return at;
	if (errand == SYNC_ERRAND_FULL)
		start_full(w);
	else
		start_turn(w, errand);
	/* it wakes us when it ends; when none could begin, the plan knows when to try
	 * again, or what goes beside */
	return w->turn.pid > 0 ? now_ms(w) + LOOK_MS : now_ms(w);
}

static enum okta_rc
loop(struct watch *w, struct okta_err *err)
{
	struct pollfd p[2] = { { .fd = w->signal_fd, .events = POLLIN },
		{ .fd = w->inotify_fd, .events = POLLIN } };
	int64_t at, wait;

	while (!w->stop) {
		sign_of_life(w);
		at = start_what_is_due(w);
		if (w->turn.pid < 0 && at > now_ms(w) + LONG_MS)
			at = now_ms(w) + LONG_MS;
		if (w->reading.pid > 0 && at > now_ms(w) + LOOK_MS)
			at = now_ms(w) + LOOK_MS;
		if (w->notify->watchdog_ms > 0 && w->next_sign_ms < at)
			at = w->next_sign_ms;
		wait = at - now_ms(w);
		if (poll(p, 2, wait < 0 ? 0 : (int)wait) < 0 && errno != EINTR)
			return okta_err_sys(err, errno, "poll");
		on_signals(w);
		reap(w);
		on_files(w);
	}
	return OKTA_OK;
}

static enum okta_rc
open_events(struct watch *w, struct okta_err *err)
{
	static const int wanted[] = { SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2,
		SIGCHLD };
	/* whoever started us may have it ignored, and then nobody says who ended */
	const struct sigaction told = { .sa_handler = SIG_DFL };
	sigset_t set;
	size_t i;

	(void)sigemptyset(&set);
	for (i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
		(void)sigaddset(&set, wanted[i]);
	if (sigaction(SIGCHLD, &told, NULL) < 0)
		return okta_err_sys(err, errno, "sigaction");
	if (sigprocmask(SIG_BLOCK, &set, NULL) < 0)
		return okta_err_sys(err, errno, "sigprocmask");
	w->signal_fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (w->signal_fd < 0)
		return okta_err_sys(err, errno, "signalfd");
	w->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (w->inotify_fd < 0 ||
	    inotify_add_watch(w->inotify_fd, w->state->dir, IN_MOVED_TO | IN_ONLYDIR) < 0)
		return okta_err_sys(err, errno, "%s: inotify", w->state->dir);
	return OKTA_OK;
}

enum okta_rc
sync_watch(const struct sync_options *options, const struct sync_state *state,
    const struct sync_notify *notify, struct okta_err *err)
{
	struct watch w = { .options = options,
		.state = state,
		.notify = notify,
		.turn = SYNC_WORK_NONE,
		.reading = SYNC_WORK_NONE,
		.signal_fd = -1,
		.inotify_fd = -1 };
	enum okta_rc r;

	r = open_events(&w, err);
	if (r == OKTA_OK)
		r = sync_shared_new(&w.shared, err);
	if (r == OKTA_OK)
		r = load(&w, err);
	if (r == OKTA_OK) {
		w.turn.outcome = &w.shared->turn;
		w.reading.outcome = &w.shared->reading;
		plan_anew(&w);
		sync_notify_send(notify, "READY=1\nSTATUS=started");
		r = loop(&w, err);
		sync_notify_send(notify, "STOPPING=1");
		stop_all(&w);
	}
	okta_conf_free(&w.conf);
	if (w.inotify_fd >= 0)
		(void)close(w.inotify_fd);
	if (w.signal_fd >= 0)
		(void)close(w.signal_fd);
	return r;
}
