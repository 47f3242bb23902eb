/* SPDX-License-Identifier: BSD-2-Clause */
#include "assemble.h"

#include <stdlib.h>

#define MAX_OBJECTS ((size_t)SYNC_STRAY - 1)

enum okta_rc
sync_assemble_begin(struct sync_records *records, size_t users, size_t members)
{
	if (users > MAX_OBJECTS || members > UINT32_MAX)
		return OKTA_E_NOMEM;
	records->users = reallocarray(NULL, users + 1, sizeof(*records->users));
	records->members = reallocarray(NULL, members + 1, sizeof(*records->members));
	if (records->users == NULL || records->members == NULL)
		return OKTA_E_NOMEM;
	records->max_users = users;
	records->max_members = members;
	return OKTA_OK;
}

void
sync_assemble_user(struct sync_records *records, const struct okta_directory_user *user)
{
	records->users[records->n_users++] = *user;
	records->seen_users++;
}

enum okta_rc
sync_assemble_users_done(struct sync_records *records)
{
	return sync_records_know_users(records);
}

enum okta_rc
sync_assemble_person(struct sync_records *records, struct okta_view id, uint32_t *ret)
{
	int64_t number = sync_idmap_find(&records->user_ids, id);
	enum okta_rc r = OKTA_OK;

	if (id.len == 0 || id.len > OKTA_DIRECTORY_ID_MAX)
		return OKTA_E_INPUT;
	if (number >= 0) {
		*ret = (uint32_t)number;
		return OKTA_OK;
	}
	number = sync_idmap_find(&records->stray_ids, id);
	if (number < 0) {
		number = (int64_t)records->stray_ids.n;
		r = sync_idmap_add(&records->stray_ids, id);
	}
	if (r == OKTA_OK)
		*ret = (uint32_t)number | SYNC_STRAY;
	return r;
}

enum okta_rc
sync_assemble_member(struct sync_records *records, uint32_t person, uint32_t group)
{
	const struct sync_member m = { person & ~SYNC_STRAY, group };

	records->seen_members++;
	if ((person & SYNC_STRAY) != 0)
		return sync_records_add_stray(records, m);
	records->members[records->n_members++] = m;
	return OKTA_OK;
}

enum okta_rc
sync_assemble_end(struct sync_records *records)
{
	return sync_records_sort_members(records);
}
