/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/meanwhile_list.h - the lists in sync-meanwhile, for meanwhile*.c. */
#ifndef OKTA_SYNC_MEANWHILE_LIST_H
#define OKTA_SYNC_MEANWHILE_LIST_H

#include "base/view.h"
#include "records.h"

#define SYNC_LIST_OF_PEOPLE 0 /* its number */

/* How much of a list is meant. */
enum sync_meant { SYNC_MEANT_PAIRS, SYNC_MEANT_ITSELF, SYNC_MEANT_MEMBERS };

/* As its name says. */
enum sync_meant sync_meant_of(struct okta_view name);
/* Of a person and a list: they are written in this order.  For qsort(3). */
int sync_meant_order(const void *a, const void *b);

#endif /* OKTA_SYNC_MEANWHILE_LIST_H */
