/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/source_changes.h - addresses of the lists that say what changed. */
#ifndef OKTA_SYNC_SOURCE_CHANGES_H
#define OKTA_SYNC_SOURCE_CHANGES_H

#include <stddef.h>

#include "net/listing.h"
#include "source.h"

/* PATH[SIZE] must live as long as RET.  USERS_PATH is that of SYNC_LIST_USERS. */
void sync_describe_change(const struct sync_list *list, const char *users_path,
    char *path, size_t size, struct okta_listing *ret);

#endif /* OKTA_SYNC_SOURCE_CHANGES_H */
