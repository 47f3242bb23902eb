/* SPDX-License-Identifier: BSD-2-Clause */
#include "marks.h"

static bool
are_old(const struct sync_base_head *head, uint32_t full_interval_s, int64_t now_s)
{
	/* a clock that was set back makes them the future's: then too */
	return now_s < head->marks_s ||
	       now_s - head->marks_s >= (int64_t)full_interval_s / 2;
}

void
sync_marks_move(struct sync_base_head *head, bool accept_shrink, uint32_t full_interval_s,
    int64_t now_s)
{
	if (accept_shrink || are_old(head, full_interval_s, now_s)) {
		head->full_people = head->people;
		head->full_memberships = head->memberships;
		head->marks_s = now_s;
		return;
	}
	/* they stay as old as they are: somebody who comes and goes would keep them up */
	if (head->people > head->full_people)
		head->full_people = head->people;
	if (head->memberships > head->full_memberships)
		head->full_memberships = head->memberships;
}
