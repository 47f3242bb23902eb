/* SPDX-License-Identifier: BSD-2-Clause */
#include "turn.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sysexits.h>
#include <syslog.h>
#include <unistd.h>

#include "base/clock.h"
#include "base.h"
#include "marks.h"
#include "merge.h"
#include "news.h"
#include "progress.h"
#include "publish.h"
#include "records.h"
#include "report.h"
#include "snap/read.h"
#include "spool.h"
#include "stale.h"
#include "status.h"

int
sync_exit_status(enum okta_rc rc)
{
	switch (rc) {
	case OKTA_OK:
		return 0;
	case OKTA_E_CONFIG:
	case OKTA_E_CONFLICT:
	case OKTA_E_UNTRUSTED:
		return EX_CONFIG;
	default:
		return EX_TEMPFAIL;
	}
}

#define OVERLAP_S 300 /* Okta's search index lags, by how much it does not say */

struct job {
	const struct sync_turn *turn;
	struct sync_status status;
	struct sync_report report;
	struct sync_records fresh, merged;
	struct sync_news news;
	struct sync_base base;
	struct sync_base_head head; /* of what is about to be published */
	struct sync_spool spool;    /* of what a full one reads */
	uint64_t pages;		    /* kept in it */
	int64_t began_s;	    /* what is read is at least as new */
	bool is_resumed, is_interrupted;
	uint64_t generation; /* of the snapshot that is there; 0: there is none */
	bool needs_full;     /* changes alone cannot say it */
	bool is_refused;     /* Okta does not answer it: nothing was read */
};

/* --- pages that are kept --------------------------------------------------------- */

static void
expect_records(struct job *j)
{
	sync_records_clear(&j->fresh);
	sync_news_clear(&j->news);
	j->fresh.keep_strays = true;
	j->fresh.other = sync_news_take;
	j->fresh.other_ctx = &j->news;
}

static enum okta_rc
take_again(void *ctx, struct okta_view frame)
{
	struct job *j = ctx;

	return sync_records_again(&j->fresh, frame);
}

static void
keep_frame(void *ctx, struct okta_view frame)
{
	struct job *j = ctx;

	sync_spool_add(&j->spool, frame, j->news.pages != j->pages);
	j->pages = j->news.pages;
}

static void
say(const char *text)
{
	(void)printf("okta-sync: %s\n", text);
	(void)fflush(stdout);
	syslog(LOG_INFO, "%s", text);
}

/* Whoever asks for a full one means what Okta says now. */
static bool
resume(struct job *j, const struct sync_spool_key *key, int64_t now_s)
{
	const struct sync_turn *turn = j->turn;

	if (turn->request->is_asked || sync_spool_resume(turn->state->spool, key, now_s,
					   take_again, j, &j->spool) != OKTA_OK)
		return false;
	/* without Okta's clock nobody knows since when changes must be asked for */
	if (j->news.clock_s > 0)
		return true;
	sync_spool_close(&j->spool);
	return false;
}

static void
open_spool(struct job *j)
{
	const struct sync_turn *turn = j->turn;
	const struct sync_spool_key key = sync_spool_key_of(turn->conf, j->generation);
	const int64_t now_s = j->status.started_s;
	char text[160];

	if (turn->errand != SYNC_ERRAND_FULL || turn->conf->source == OKTA_SOURCE_FILE)
		return;
	j->is_resumed = resume(j, &key, now_s);
	if (j->is_resumed) {
		sync_records_count_anew(&j->fresh);
		j->began_s = j->spool.began_s;
		j->pages = j->news.pages;
		(void)snprintf(text, sizeof(text),
		    "goes on where a full synchronisation was interrupted: %llu pages "
		    "were read, the first %lld s ago",
		    (unsigned long long)j->pages, (long long)(now_s - j->began_s));
		say(text);
	} else {
		expect_records(j);
		sync_spool_begin(turn->state->spool, &key, now_s, &j->spool);
	}
	j->fresh.frame = keep_frame;
	j->fresh.frame_ctx = j;
}

/*
 * Pages that came before a connection was lost are as good as they were.  Anything else
 * may be the pages' fault, or a link's that has become old: they are not taken again.
 */
static enum okta_rc
was_interrupted(struct job *j, enum okta_rc r, struct okta_err *err)
{
	char text[512];

	j->is_interrupted = r == OKTA_E_UNAVAIL || r == OKTA_E_TIMEOUT;
	if (r != OKTA_E_INPUT || !j->is_resumed ||
	    !sync_spool_drop(j->turn->state->spool))
		return r;
	(void)snprintf(text, sizeof(text),
	    "the full synchronisation cannot go on where it was interrupted and begins "
	    "anew: %s",
	    err->msg);
	say(text);
	j->needs_full = true;
	return OKTA_OK;
}

/* --- asking ---------------------------------------------------------------------- */

static enum okta_rc
send_command(struct job *j, struct okta_err *err)
{
	const struct sync_turn *turn = j->turn;
	const struct sync_base_head *head = &turn->shared->head;
	struct sync_command command = { .errand = turn->errand };
	enum okta_rc r = OKTA_OK;

	if (turn->errand == SYNC_ERRAND_CHANGES)
		command.since_s = head->clock_s - OVERLAP_S;
	if (turn->errand == SYNC_ERRAND_LOG) {
		command.since_s = head->log_s - OVERLAP_S;
		(void)snprintf(command.link, sizeof(command.link), "%s", head->link);
	}
	if (j->is_resumed)
		r = sync_resume_send(
		    turn->fetcher->fd, &okta_clock_system, &j->fresh, &j->news.points);
	if (r == OKTA_OK)
		r = sync_command_send(turn->fetcher->fd, &okta_clock_system, &command);
	/* a fetcher that could not start has said why: that comes first */
	if (r != OKTA_OK && r != OKTA_E_UNAVAIL)
		return okta_err_set(err, r, "the fetcher cannot be asked");
	return OKTA_OK;
}

static enum okta_rc
ask(struct job *j, struct okta_err *err)
{
	const struct sync_turn *turn = j->turn;
	struct sync_progress progress;
	enum okta_rc r;

	expect_records(j);
	open_spool(j);
	r = send_command(j, err);
	if (r != OKTA_OK)
		return r;
	sync_progress_init(
	    &progress, STDERR_FILENO, okta_clock_mono_ms(&okta_clock_system));
	progress.path = turn->state->progress;
	return sync_records_read(
	    &j->fresh, turn->fetcher->fd, &okta_clock_system, &progress, err);
}

/* --- putting it together --------------------------------------------------------- */

static bool
is_empty(const struct job *j)
{
	return j->turn->errand != SYNC_ERRAND_FULL && j->fresh.n_users == 0 &&
	       j->fresh.n_groups == 0 && sync_news_is_empty(&j->news);
}

static enum okta_rc
put_together(struct job *j, const struct sync_records **ret, struct okta_err *err)
{
	const struct sync_turn *turn = j->turn;
	const struct sync_merge merge = { turn->conf, &j->base, &j->fresh, &j->news };
	struct okta_err why = { 0 };
	enum okta_rc r;

	*ret = &j->fresh;
	if (turn->errand == SYNC_ERRAND_FULL)
		return OKTA_OK;
	/* a file that is not there, or not what was written, is no reason to fail */
	r = sync_base_load(
	    turn->state->base, turn->shared->head.conf_sum, &j->base, &why);
	j->needs_full = r != OKTA_OK ||
			j->base.head.content_sum != turn->shared->head.content_sum;
	if (j->needs_full)
		return OKTA_OK;
	j->merged.keep_strays = true;
	*ret = &j->merged;
	r = sync_merge(&merge, &j->merged, err);
	j->needs_full = r == OKTA_E_CONFLICT;
	return j->needs_full ? OKTA_OK : r;
}

static void
make_head(struct job *j)
{
	const struct sync_turn *turn = j->turn;
	int64_t clock_s = j->news.clock_s > 0 ? j->news.clock_s : j->began_s;

	j->head = turn->shared->head;
	j->head.conf_sum = sync_base_conf_sum(turn->conf);
	j->head.local_sum = sync_local_sum();
	if (turn->errand != SYNC_ERRAND_LOG)
		j->head.clock_s = clock_s;
	if (turn->errand == SYNC_ERRAND_FULL) {
		j->head.full_s = j->began_s;
		/* what the log says of the time before is in here: it goes on from the
		 * clock */
		j->head.link[0] = '\0';
		j->head.log_s = clock_s;
	}
	if (j->news.link == NULL)
		return;
	(void)snprintf(j->head.link, sizeof(j->head.link), "%s", j->news.link);
	/* should the link be lost, from here on; unless not all of the log was read */
	if (j->news.requests < OKTA_LISTING_POLL_MAX)
		j->head.log_s = clock_s;
}

/* --- publishing ------------------------------------------------------------------ */

/*
 * The snapshot is published before its base is written.  If we were killed in between, or
 * the disk was full, the base is of an older one, and a change on top of it would bring
 * back whoever was removed since.
 */
static bool
is_of_the_snapshot(const struct job *j)
{
	return j->turn->shared->head.generation == j->generation;
}

uint64_t
sync_present_generation(const struct sync_state *state)
{
	struct okta_snap snap = { 0 };
	uint64_t generation = 0;

	if (okta_snap_open(state->snapshot, geteuid(), &snap) == OKTA_OK)
		generation = snap.generation;
	okta_snap_close(&snap);
	return generation;
}

/* Those of before this program was started, or its configuration read. */
static enum okta_rc
know_marks(struct job *j, struct okta_err *err)
{
	const struct sync_turn *turn = j->turn;

	if (turn->shared->head.marks_s != 0)
		return OKTA_OK;
	return sync_base_look_marks(
	    turn->state->base, sync_base_conf_sum(turn->conf), &turn->shared->head, err);
}

/* Also where the base cannot be written: what is published was accepted. */
static void
set_marks(struct job *j)
{
	struct sync_base_head *known = &j->turn->shared->head;

	if (j->turn->errand != SYNC_ERRAND_FULL)
		return;
	sync_marks_move(&j->head, j->turn->request->accept_shrink,
	    j->turn->conf->full_interval_s, j->status.started_s);
	known->full_people = j->head.full_people;
	known->full_memberships = j->head.full_memberships;
	known->marks_s = j->head.marks_s;
}

/* Of the files a change is not built on what was read before. */
static enum okta_rc
write_base(struct job *j, const struct sync_records *records, struct okta_err *err)
{
	const struct sync_turn *turn = j->turn;
	enum okta_rc r;

	if (turn->conf->source == OKTA_SOURCE_FILE)
		return sync_base_write_marks(
		    turn->state->base, j->head.conf_sum, &j->head, err);
	r = sync_base_write(turn->state->base, &j->head, records, err);
	turn->shared->has_base = r == OKTA_OK;
	return r;
}

static enum okta_rc
publish(struct job *j, const struct sync_records *records, struct okta_err *err)
{
	const struct sync_turn *turn = j->turn;
	struct sync_shared *shared = turn->shared;
	const struct sync_publish what = { .conf = turn->conf,
		.state = turn->state,
		.records = records,
		.accept_shrink = turn->request->accept_shrink,
		.marks = { shared->head.full_people, shared->head.full_memberships },
		.registry = &shared->registry,
		.source_s = j->began_s,
		.status = &j->status,
		.report = &j->report };
	enum okta_rc r;

	/* the truth rests on what was checked whole */
	if (turn->errand == SYNC_ERRAND_FULL)
		shared->registry = (struct okta_registry_look){ 0 };
	/* pages of the time before do not fit any more; and the disk may need the room */
	(void)sync_spool_drop(turn->state->spool);
	r = sync_publish(&what, err);
	if (r != OKTA_OK)
		return r;
	j->head.published_s = j->status.started_s;
	j->head.generation = j->status.generation;
	j->head.people = j->status.people;
	j->head.groups = j->status.groups;
	j->head.memberships = j->status.memberships;
	set_marks(j);
	shared->generation = j->status.generation;
	shared->people = j->status.people;
	shared->groups = j->status.groups;
	shared->memberships = j->status.memberships;
	shared->left_out = j->report.left_out;
	sync_report_print_new(&j->report, shared->said, SYNC_SAID_MAX, &shared->n_said);
	r = write_base(j, records, err);
	if (r != OKTA_OK)
		return r;
	shared->head = j->head;
	return OKTA_OK;
}

/*
 * That everything was read and is as it was is worth a snapshot too, now and then: who
 * looks from outside sees it, and whoever starts again need not read it again.
 */
static bool
is_full_unsaid(const struct job *j)
{
	return j->turn->errand == SYNC_ERRAND_FULL &&
	       j->head.full_s - j->turn->shared->full_said_s >=
		   (int64_t)j->turn->conf->full_interval_s / 2;
}

static bool
must_publish(const struct job *j)
{
	const struct sync_turn *turn = j->turn;
	const struct sync_base_head *old = &turn->shared->head;

	return turn->request->is_asked || old->published_s == 0 || is_full_unsaid(j) ||
	       !is_of_the_snapshot(j) || j->head.conf_sum != old->conf_sum ||
	       j->head.content_sum != old->content_sum ||
	       sync_is_stale(old, turn->conf, j->head.local_sum, j->status.started_s);
}

/*
 * Once everything was read its pages only take room, and a turn that dies of them would
 * die again.  And pages of before a change must not undo it, also where it was none in
 * the end: somebody suspended and let in again is as he was, but a page may have him
 * suspended.
 */
static void
drop_pages(const struct job *j)
{
	if (j->turn->errand == SYNC_ERRAND_FULL || !is_empty(j))
		(void)sync_spool_drop(j->turn->state->spool);
}

/* It would make each run a full one: it is believed only where it can be so. */
static bool
may_lack_search(const struct sync_turn *turn)
{
	return turn->conf->scope == OKTA_SCOPE_GROUPS && turn->errand != SYNC_ERRAND_FULL;
}

static enum okta_rc
work(struct job *j, bool *ret_published, struct okta_err *err)
{
	struct sync_shared *shared = j->turn->shared;
	const struct sync_records *records;
	enum okta_rc r;

	j->generation = sync_present_generation(j->turn->state);
	j->needs_full = j->turn->errand != SYNC_ERRAND_FULL && !is_of_the_snapshot(j);
	if (j->needs_full)
		return OKTA_OK;
	r = ask(j, err);
	sync_spool_close(&j->spool);
	if (r != OKTA_OK)
		return was_interrupted(j, r, err);
	if (j->news.no_search && !may_lack_search(j->turn))
		return okta_err_set(err, OKTA_E_INPUT,
		    "the fetcher's records cannot be used (it says of this errand that "
		    "Okta refuses to say who changed)");
	drop_pages(j);
	shared->requests = j->news.requests;
	shared->no_log = j->news.no_log;
	shared->no_search = j->news.no_search;
	shared->searched = j->news.searched;
	(void)snprintf(shared->why, sizeof(shared->why), "%s", j->news.why);
	/* what is known stays as old as it was, and a failure what it was */
	j->is_refused = j->news.no_search ||
			(j->turn->errand == SYNC_ERRAND_LOG && j->news.no_log);
	if (j->is_refused)
		return OKTA_OK;
	r = know_marks(j, err);
	if (r != OKTA_OK)
		return r;
	make_head(j);
	if (!is_empty(j) || sync_is_stale(&shared->head, j->turn->conf, j->head.local_sum,
				j->status.started_s)) {
		r = put_together(j, &records, err);
		if (r != OKTA_OK || j->needs_full)
			return r;
		r = sync_base_content_sum(records, &j->head.content_sum, err);
		if (r != OKTA_OK)
			return r;
		*ret_published = must_publish(j);
		if (*ret_published)
			return publish(j, records, err);
	}
	set_marks(j);
	/* nothing is written; should we end, the same is asked once more */
	j->head.local_sum = shared->head.local_sum;
	shared->head = j->head;
	return OKTA_OK;
}

/* --- the end --------------------------------------------------------------------- */

static void
make_message(struct job *j, enum okta_rc r, const struct okta_err *err)
{
	const struct sync_shared *shared = j->turn->shared;

	if (r != OKTA_OK) {
		(void)snprintf(j->status.message, sizeof(j->status.message), "%s",
		    err->msg[0] != '\0' ? err->msg : okta_rc_name(r));
		return;
	}
	(void)snprintf(j->status.message, sizeof(j->status.message),
	    "%s: %zu people, %zu groups, %zu memberships, %zu refused or odd, "
	    "%zu not active in Okta; generation %llu, %lld s",
	    j->turn->errand == SYNC_ERRAND_FULL ? "done" : "updated", shared->people,
	    shared->groups, shared->memberships, j->report.n + j->report.lost,
	    shared->left_out, (unsigned long long)shared->generation,
	    (long long)(j->status.ended_s - j->status.started_s));
}

/* One line; the log has it once, by standard error or by syslog. */
static void
tell(const struct sync_status *status)
{
	FILE *to = status->exit_status == 0 ? stdout : stderr;

	(void)fprintf(to, "okta-sync: %s\n", status->message);
	(void)fflush(to);
	syslog(status->exit_status == 0 ? LOG_INFO : LOG_ERR, "%s", status->message);
}

static void
record(struct job *j, enum okta_rc r, const struct okta_err *why)
{
	struct sync_shared *shared = j->turn->shared;
	struct okta_err err = { 0 };

	j->status.exit_status = sync_exit_status(r);
	j->status.full_s = shared->full_said_s = shared->head.full_s;
	j->status.changes_s = shared->changes_s;
	j->status.log = shared->log;
	j->status.generation = shared->generation;
	j->status.people = shared->people;
	j->status.groups = shared->groups;
	j->status.memberships = shared->memberships;
	make_message(j, r, why);
	tell(&j->status);
	if (sync_status_write(j->turn->state->status, &j->status, &j->report, &err) !=
	    OKTA_OK) {
		(void)fprintf(stderr, "okta-sync: %s\n", err.msg);
		sync_request_give_up(j->turn->state, j->turn->request);
	}
	(void)snprintf(shared->message, sizeof(shared->message), "%s", j->status.message);
	shared->failed = r != OKTA_OK;
}

static void
run(const struct sync_turn *turn)
{
	struct job j = { .turn = turn,
		.spool = SYNC_SPOOL_NONE,
		.status = { .mode = "watch", .request = turn->request->token } };
	struct okta_err err = { 0 };
	bool published = false;
	enum okta_rc r;

	j.status.started_s = j.began_s = okta_clock_now_s(&okta_clock_system);
	r = work(&j, &published, &err);
	j.status.ended_s = okta_clock_now_s(&okta_clock_system);
	/* what was read whole and refused must be read again, not from here */
	if (turn->errand == SYNC_ERRAND_FULL && !j.is_interrupted)
		(void)sync_spool_drop(turn->state->spool);
	turn->shared->how = r == OKTA_E_REFUSED ? SYNC_ENDED_REFUSED
			    : r != OKTA_OK	? SYNC_ENDED_BADLY
			    : j.needs_full	? SYNC_ENDED_NEEDS_FULL
						: SYNC_ENDED_WELL;
	if (turn->shared->how == SYNC_ENDED_WELL && turn->errand != SYNC_ERRAND_FULL &&
	    !j.is_refused)
		turn->shared->changes_s = j.status.started_s;
	if (published || r != OKTA_OK ||
	    (turn->shared->failed && !j.needs_full && !j.is_refused))
		record(&j, r, &err);
	else if (!j.is_refused)
		sync_status_touch(turn->state->status);
	turn->shared->done = true;
	sync_report_clear(&j.report);
	sync_records_clear(&j.fresh);
	sync_records_clear(&j.merged);
	sync_news_clear(&j.news);
	sync_base_clear(&j.base);
}

enum okta_rc
sync_turn_start(const struct sync_turn *turn, pid_t *ret, struct okta_err *err)
{
	pid_t pid, parent = getpid();
	sigset_t none;

	turn->shared->done = turn->shared->no_log = turn->shared->no_search = false;
	turn->shared->searched = false;
	turn->shared->requests = 0;
	pid = fork();
	if (pid < 0)
		return okta_err_sys(err, errno, "fork");
	if (pid > 0) {
		*ret = pid;
		return OKTA_OK;
	}
	(void)sigemptyset(&none);
	(void)sigprocmask(SIG_SETMASK, &none, NULL);
	if (prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L) < 0 ||
	    getppid() != parent)
		_exit(1);
	run(turn);
	_exit(0);
}
