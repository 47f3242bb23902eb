/* SPDX-License-Identifier: BSD-2-Clause */
#include "work.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

#include "start.h"
#include "turn.h"

enum okta_rc
sync_work_start(struct sync_work *work, const struct sync_work *other,
    const struct sync_place *place, enum sync_errand errand, struct okta_err *err)
{
	const bool is_beside = work->outcome == &place->shared->reading || other->pid > 0;
	const struct sync_turn turn = { .errand = errand,
		.is_beside = is_beside,
		.conf = place->conf,
		.state = place->state,
		.request = &work->serving,
		.fetcher = &work->fetcher,
		.other_fd = other->fetcher.fd,
		.shared = place->shared,
		.outcome = work->outcome };
	enum okta_rc r = OKTA_OK;

	work->errand = errand;
	if (work->fetcher.fd < 0 && errand != SYNC_ERRAND_PUBLISH)
		r = sync_start_fetcher(place->conf, true, &work->fetcher, err);
	return r == OKTA_OK ? sync_turn_start(&turn, &work->pid, err) : r;
}

void
sync_work_stop(struct sync_work *work)
{
	if (work->pid > 0) {
		(void)kill(work->pid, SIGKILL);
		while (waitpid(work->pid, NULL, 0) < 0 && errno == EINTR)
			;
		work->pid = -1;
	}
	sync_fetcher_close(&work->fetcher);
}

enum sync_end_kind
sync_work_ended(struct sync_work *work, bool *ret_killed)
{
	struct sync_outcome *outcome = work->outcome;

	work->pid = -1;
	*ret_killed = !outcome->done;
	if (outcome->done)
		return outcome->how;
	outcome->rc = OKTA_E_UNAVAIL;
	(void)snprintf(outcome->message, sizeof(outcome->message),
	    "the process of this turn was killed: the last good snapshot stays");
	return SYNC_ENDED_BADLY;
}

void
sync_work_lost(struct sync_work *work, pid_t pid)
{
	if (pid != work->fetcher.pid)
		return;
	work->fetcher.pid = -1;
	/* a turn that runs reads its last words from the same socket */
	if (work->pid < 0)
		sync_fetcher_close(&work->fetcher);
}

bool
sync_work_is_spent(const struct sync_work *work, enum sync_end_kind how)
{
	return how != SYNC_ENDED_WELL || work->fetcher.pid < 0;
}
