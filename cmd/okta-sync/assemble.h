/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/assemble.h - finished records out of pieces that were checked when they
 * came: people, each once, whose texts are borrowed; then who is a member of what.
 *
 * Of a million people next to nobody changed: those are neither copied nor looked for.
 */
#ifndef OKTA_SYNC_ASSEMBLE_H
#define OKTA_SYNC_ASSEMBLE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "net/directory.h"
#include "records.h"

/* What a person is called here: an index of users, or this and a number of stray_ids. */
#define SYNC_STRAY UINT32_C(0x80000000)

/* RECORDS, which hold groups at most, for so many.  OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_assemble_begin(
    struct sync_records *records, size_t users, size_t members);
/* USER's texts live as long as RECORDS do.  Not more than there is room for. */
void sync_assemble_user(
    struct sync_records *records, const struct okta_directory_user *user);
/* They were all of them.  OKTA_E_CONFLICT: two have one id; OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_assemble_users_done(struct sync_records *records);
/* Whom ID means: a user, or a stray from now on.  ID lives as long as RECORDS do.
 * OKTA_E_INPUT, OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_assemble_person(
    struct sync_records *records, struct okta_view id, uint32_t *ret);
/* Of PERSON and the number of a group.  OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_assemble_member(
    struct sync_records *records, uint32_t person, uint32_t group);
/* RECORDS are finished then.  OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc sync_assemble_end(struct sync_records *records);

#endif /* OKTA_SYNC_ASSEMBLE_H */
