/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fuzz/records_check.h - what holds of records, wherever they came from. */
#ifndef OKTA_TESTS_FUZZ_RECORDS_CHECK_H
#define OKTA_TESTS_FUZZ_RECORDS_CHECK_H

#include "../../cmd/okta-sync/records.h"
#include "base/text.h"
#include "fuzz.h"
#include "model/wire.h"

static inline bool
fuzz_is_id(struct okta_view v)
{
	return v.len > 0 && v.len <= 64 && okta_text_is_printable(v);
}

static inline void
fuzz_check_records(const struct sync_records *r)
{
	const struct sync_member *m;
	size_t i;

	for (i = 0; i < r->n_users; i++) {
		FUZZ_CHECK(fuzz_is_id(r->users[i].id) && r->users[i].status.len <= 32);
		FUZZ_CHECK(r->users[i].login.len <= OKTA_DIRECTORY_TEXT_MAX);
		FUZZ_CHECK(sync_idmap_find(&r->user_ids, r->users[i].id) == (int64_t)i);
	}
	for (i = 0; i < r->n_groups; i++)
		FUZZ_CHECK(fuzz_is_id(r->groups[i].id) && r->groups[i].name.len > 0 &&
			   r->groups[i].name.len <= OKTA_WIRE_GROUP_MAX);
	for (i = 0; i < r->n_members; i++) {
		m = &r->members[i];
		FUZZ_CHECK(m->user < r->n_users && m->group < r->n_groups);
		FUZZ_CHECK(i == 0 || m[-1].user < m->user ||
			   (m[-1].user == m->user && m[-1].group < m->group));
	}
	for (i = 0; i < r->n_strays; i++)
		FUZZ_CHECK(r->strays[i].user < r->stray_ids.n &&
			   r->strays[i].group < r->n_groups);
	FUZZ_CHECK(r->n_users <= r->seen_users && r->n_groups == r->seen_groups);
	FUZZ_CHECK(r->n_members + r->n_strays <= r->seen_members);
}

#endif /* OKTA_TESTS_FUZZ_RECORDS_CHECK_H */
