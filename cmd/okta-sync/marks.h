/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/marks.h - the brake's marks: how many there were, which removals in small
 * steps are counted from.
 *
 * MUST: not follow the steps down, or everybody could go by twentieths; but come down in
 * the end, for people do leave.
 */
#ifndef OKTA_SYNC_MARKS_H
#define OKTA_SYNC_MARKS_H

#include <stdbool.h>
#include <stdint.h>

#include "base.h"

/*
 * Everything was read, accepted, and is in HEAD: up with its marks.  Down only when
 * somebody ACCEPTs the SHRINK, or when they are half of FULL_INTERVAL_S old.
 */
void sync_marks_move(struct sync_base_head *head, bool accept_shrink,
    uint32_t full_interval_s, int64_t now_s);

#endif /* OKTA_SYNC_MARKS_H */
