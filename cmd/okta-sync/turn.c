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

#include "ask.h"
#include "base/clock.h"
#include "base.h"
#include "marks.h"
#include "meanwhile.h"
#include "merge.h"
#include "news.h"
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

struct job {
	const struct sync_turn *turn;
	struct sync_status status;
	struct sync_report report;
	struct sync_asked asked;
	struct sync_records merged;
	struct sync_base base;
	struct sync_base_head head; /* of what is about to be published */
	struct sync_base names;	    /* what changed while everything was read beside */
	uint64_t generation;	    /* of the snapshot that is there; 0: there is none */
	bool needs_full;	    /* changes alone cannot say it */
	bool is_unknown;	    /* what changed meanwhile, of a group */
	int64_t reading_s;	    /* PUBLISH: when that began */
	bool is_refused;	    /* Okta does not answer it: nothing was read */
};

/* Everything was read, now or beside. */
static bool
is_full(const struct sync_turn *turn)
{
	return turn->errand == SYNC_ERRAND_FULL || turn->errand == SYNC_ERRAND_PUBLISH;
}

static bool
only_reads(const struct sync_turn *turn)
{
	return turn->errand == SYNC_ERRAND_FULL && turn->is_beside;
}

/* --- putting it together --------------------------------------------------------- */

static bool
is_empty(const struct job *j)
{
	return !is_full(j->turn) && j->asked.fresh.n_users == 0 &&
	       j->asked.fresh.n_groups == 0 && sync_news_is_empty(&j->asked.news);
}

static struct sync_merge
change_of(const struct job *j)
{
	return (struct sync_merge){
		.conf = j->turn->conf,
		.base = &j->base,
		.fresh = &j->asked.fresh,
		.news = &j->asked.news,
		/* of somebody who was changed to what he was the time is not written */
		.is_last = j->turn->errand == SYNC_ERRAND_PUBLISH,
	};
}

/* What is there, if it is what was written; a file that is not is no reason to fail. */
static bool
load_present(const struct job *j, struct sync_base *ret)
{
	const struct sync_base_head *head = &j->turn->shared->head;
	struct okta_err why = { 0 };

	return sync_base_load(j->turn->state->base, head->conf_sum, ret, &why) ==
		   OKTA_OK &&
	       ret->head.content_sum == head->content_sum;
}

static enum okta_rc
put_together(struct job *j, const struct sync_records **ret, struct okta_err *err)
{
	const struct sync_merge merge = change_of(j);
	enum okta_rc r;

	*ret = &j->asked.fresh;
	if (j->turn->errand == SYNC_ERRAND_FULL)
		return OKTA_OK;
	if (j->turn->errand != SYNC_ERRAND_PUBLISH && !load_present(j, &j->base)) {
		j->needs_full = true;
		return OKTA_OK;
	}
	j->merged.keep_strays = true;
	*ret = &j->merged;
	r = sync_merge(&merge, &j->merged, err);
	j->needs_full = r == OKTA_E_CONFLICT;
	j->turn->outcome->applied = r == OKTA_OK && !is_full(j->turn);
	return j->needs_full ? OKTA_OK : r;
}

/* --- what was read beside -------------------------------------------------------- */

/* For the turn that publishes it, which has no more than this. */
static enum okta_rc
write_read(struct job *j, struct okta_err *err)
{
	const struct sync_turn *turn = j->turn;
	const struct sync_news *news = &j->asked.news;
	const struct sync_base_head head = { .conf_sum = sync_base_conf_sum(turn->conf),
		.full_s = j->asked.began_s,
		.published_s = j->status.started_s, /* not yet: since when it is read */
		.clock_s = news->clock_s > 0 ? news->clock_s : j->asked.began_s };

	/* the disk may need the room */
	(void)sync_spool_drop(turn->state->spool);
	return sync_base_write(turn->state->read, &head, &j->asked.fresh, err);
}

/* What changes named meanwhile, as it is now, becomes the change on top of it. */
static enum okta_rc
take_read(struct job *j, struct okta_err *err)
{
	const struct sync_turn *turn = j->turn;
	const uint64_t conf_sum = sync_base_conf_sum(turn->conf);
	struct sync_base now = { 0 };
	struct okta_err why = { 0 };
	bool is_whole;
	enum okta_rc r;

	is_whole = sync_base_load(turn->state->read, conf_sum, &j->base, &why) ==
		       OKTA_OK &&
		   sync_base_load(turn->state->meanwhile, conf_sum, &j->names, &why) ==
		       OKTA_OK &&
		   j->names.head.generation == j->generation;
	/* whatever comes of it: it would be the same once more */
	sync_meanwhile_drop(turn->state);
	if (!is_whole)
		return okta_err_set(err, OKTA_E_UNAVAIL,
		    "everything was read, but not all is known that changed meanwhile: "
		    "it is read anew");
	j->reading_s = j->base.head.published_s;
	j->needs_full = !load_present(j, &now);
	j->asked.fresh.keep_strays = true;
	r = j->needs_full ? OKTA_OK
			  : sync_meanwhile_change(&j->names, &now, turn->conf->scope,
				&j->asked.fresh, &j->asked.news, &j->is_unknown);
	sync_base_clear(&now);
	j->asked.began_s = j->base.head.full_s;
	if (turn->shared->changes_s > j->asked.began_s)
		j->asked.began_s = turn->shared->changes_s;
	return r == OKTA_OK
		   ? r
		   : okta_err_set(err, r, "what changed meanwhile cannot be used (%s)",
			 okta_rc_name(r));
}

/* --- what is published of it ----------------------------------------------------- */

/* Changes went on being asked for while everything was read: mostly they are further. */
static void
make_head_of_read(struct job *j)
{
	const struct sync_base_head *read = &j->base.head;

	j->head.full_s = read->full_s;
	/* of a group that was heard of too late all is asked once more */
	if (j->is_unknown || read->clock_s > j->head.clock_s)
		j->head.clock_s = read->clock_s;
	if (!j->is_unknown && read->clock_s <= j->head.log_s)
		return;
	j->head.link[0] = '\0';
	j->head.log_s = read->clock_s;
}

static void
make_head(struct job *j)
{
	const struct sync_turn *turn = j->turn;
	const struct sync_news *news = &j->asked.news;
	const int64_t clock_s = news->clock_s > 0 ? news->clock_s : j->asked.began_s;

	j->head = turn->shared->head;
	j->head.conf_sum = sync_base_conf_sum(turn->conf);
	j->head.local_sum = sync_local_sum();
	if (turn->errand == SYNC_ERRAND_PUBLISH) {
		make_head_of_read(j);
		return;
	}
	if (turn->errand != SYNC_ERRAND_LOG)
		j->head.clock_s = clock_s;
	if (turn->errand == SYNC_ERRAND_FULL) {
		j->head.full_s = j->asked.began_s;
		/* what the log says of the time before is in here: it goes on from the
		 * clock */
		j->head.link[0] = '\0';
		j->head.log_s = clock_s;
	}
	if (news->link == NULL)
		return;
	(void)snprintf(j->head.link, sizeof(j->head.link), "%s", news->link);
	/* should the link be lost, from here on; unless not all of the log was read */
	if (news->requests < OKTA_LISTING_POLL_MAX)
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

/* One that cannot be opened just now may be the one that changes belong on. */
static enum okta_rc
know_snapshot(struct job *j, struct okta_err *err)
{
	const char *path = j->turn->state->snapshot;
	struct okta_snap snap = { 0 };
	enum okta_rc r = okta_snap_open(path, geteuid(), &snap);

	if (r == OKTA_OK)
		j->generation = snap.generation;
	okta_snap_close(&snap);
	if (j->turn->errand == SYNC_ERRAND_FULL)
		return OKTA_OK;
	if (r == OKTA_E_SYS || r == OKTA_E_NOMEM)
		return okta_err_set(
		    err, r, "%s: cannot open (%s)", path, okta_rc_name(r));
	j->needs_full = !is_of_the_snapshot(j);
	return OKTA_OK;
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

	if (!is_full(j->turn))
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

/* What was read before a change must not undo it. */
static void
note_change(const struct job *j, uint64_t generation)
{
	const struct sync_merge merge = change_of(j);

	if (!is_full(j->turn))
		sync_meanwhile_add(j->turn->state, j->generation, generation, &merge);
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
		.source_s = j->asked.began_s,
		.status = &j->status,
		.report = &j->report };
	enum okta_rc r;

	/* the truth rests on what was checked whole */
	if (is_full(turn))
		shared->registry = (struct okta_registry_look){ 0 };
	r = sync_publish(&what, err);
	if (r != OKTA_OK)
		return r;
	note_change(j, j->status.generation);
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
	return is_full(j->turn) && j->head.full_s - j->turn->shared->full_said_s >=
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

/* It would make each run a full one: it is believed only where it can be so. */
static bool
may_lack_search(const struct sync_turn *turn)
{
	return turn->conf->scope == OKTA_SCOPE_GROUPS && turn->errand != SYNC_ERRAND_FULL;
}

static enum okta_rc
ask(struct job *j, struct okta_err *err)
{
	struct sync_outcome *outcome = j->turn->outcome;
	const struct sync_news *news = &j->asked.news;
	enum okta_rc r;

	r = sync_ask(j->turn, j->status.started_s, &j->asked, err);
	j->needs_full = j->asked.must_begin_anew;
	if (r != OKTA_OK || j->needs_full)
		return r;
	if (news->no_search && !may_lack_search(j->turn))
		return okta_err_set(err, OKTA_E_INPUT,
		    "the fetcher's records cannot be used (it says of this errand that "
		    "Okta refuses to say who changed)");
	outcome->requests = news->requests;
	outcome->no_log = news->no_log;
	outcome->no_search = news->no_search;
	outcome->searched = news->searched;
	(void)snprintf(outcome->why, sizeof(outcome->why), "%s", news->why);
	/* what is known stays as old as it was, and a failure what it was */
	j->is_refused = news->no_search ||
			(j->turn->errand == SYNC_ERRAND_LOG && news->no_log);
	return OKTA_OK;
}

static enum okta_rc
work(struct job *j, bool *ret_published, struct okta_err *err)
{
	struct sync_shared *shared = j->turn->shared;
	const struct sync_records *records;
	enum okta_rc r;

	r = know_snapshot(j, err);
	if (r != OKTA_OK || j->needs_full)
		return r;
	r = j->turn->errand == SYNC_ERRAND_PUBLISH ? take_read(j, err) : ask(j, err);
	if (r != OKTA_OK || j->needs_full || j->is_refused)
		return r;
	/* once everything was read its pages only take room, and a turn that dies of them
	 * would die again */
	if (j->turn->errand == SYNC_ERRAND_FULL)
		sync_meanwhile_drop(j->turn->state);
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
		/* somebody suspended and let in again is as he was, but a page may have
		 * him suspended */
		note_change(j, j->generation);
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
	    is_full(j->turn) ? "done" : "updated", shared->people, shared->groups,
	    shared->memberships, j->report.n + j->report.lost, shared->left_out,
	    (unsigned long long)shared->generation,
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

	if (j->reading_s > 0)
		j->status.started_s = j->reading_s;
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
	sync_answer_set(&shared->answer, j->turn->request->token, &j->status);
	j->status.answer = shared->answer;
	if (sync_status_write(j->turn->state->status, &j->status, &j->report, &err) !=
	    OKTA_OK) {
		(void)fprintf(stderr, "okta-sync: %s\n", err.msg);
		sync_request_give_up(j->turn->state, j->turn->request);
	}
	(void)snprintf(shared->message, sizeof(shared->message), "%s", j->status.message);
	shared->failed = r != OKTA_OK;
}

static enum okta_rc
read_beside(struct job *j, struct okta_err *err)
{
	const enum okta_rc r = ask(j, err);

	return r != OKTA_OK || j->needs_full ? r : write_read(j, err);
}

/* True if of what is kept nothing may be taken again: it was read whole and refused, or
 * takes the room that a change needs. */
static bool
is_of_no_use(const struct job *j, enum okta_rc r, const struct okta_err *err)
{
	if (is_full(j->turn) && !j->asked.is_interrupted)
		return !only_reads(j->turn) || r != OKTA_OK;
	/* the registry says no number */
	return r == OKTA_E_SYS && (err->sys_errno == 0 || err->sys_errno == ENOSPC ||
				      err->sys_errno == EDQUOT);
}

/* Whoever publishes writes down how it ended, or the watcher does. */
static void
leave_word(const struct job *j, enum okta_rc r, const struct okta_err *err)
{
	struct sync_outcome *outcome = j->turn->outcome;

	outcome->rc = r;
	(void)snprintf(outcome->message, sizeof(outcome->message), "%s",
	    err->msg[0] != '\0' ? err->msg : okta_rc_name(r));
}

static void
run(const struct sync_turn *turn)
{
	struct job j = { .turn = turn, .status = { .mode = "watch" } };
	struct okta_err err = { 0 };
	bool published = false;
	enum okta_rc r;

	j.status.started_s = okta_clock_now_s(&okta_clock_system);
	r = only_reads(turn) ? read_beside(&j, &err) : work(&j, &published, &err);
	j.status.ended_s = okta_clock_now_s(&okta_clock_system);
	if (is_of_no_use(&j, r, &err))
		sync_meanwhile_drop(turn->state);
	turn->outcome->how = r == OKTA_E_REFUSED ? SYNC_ENDED_REFUSED
			     : r != OKTA_OK	 ? SYNC_ENDED_BADLY
			     : j.needs_full	 ? SYNC_ENDED_NEEDS_FULL
						 : SYNC_ENDED_WELL;
	if (turn->outcome->how == SYNC_ENDED_WELL && !is_full(turn) && !j.is_refused)
		turn->shared->changes_s = j.status.started_s;
	if (only_reads(turn))
		leave_word(&j, r, &err);
	else if (published || r != OKTA_OK ||
		 (turn->shared->failed && !j.needs_full && !j.is_refused))
		record(&j, r, &err);
	else if (!j.is_refused)
		sync_status_touch(turn->state->status);
	turn->outcome->done = true;
	sync_report_clear(&j.report);
	sync_records_clear(&j.merged);
	sync_asked_clear(&j.asked);
	sync_base_clear(&j.base);
	sync_base_clear(&j.names);
}

enum okta_rc
sync_turn_start(const struct sync_turn *turn, pid_t *ret, struct okta_err *err)
{
	pid_t pid, parent = getpid();
	sigset_t none;

	*turn->outcome = (struct sync_outcome){ 0 };
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
	if (turn->other_fd >= 0)
		(void)close(turn->other_fd);
	run(turn);
	_exit(0);
}
