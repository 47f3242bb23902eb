/* SPDX-License-Identifier: BSD-2-Clause */
/* common/registry/alloc.h - which id a new object gets.
 * Floor 2: base only, no I/O.
 *
 * Hosts that sync by themselves must nearly always agree, so the first choice depends on
 * the Okta id alone.  MUST NOT change, ever: a changed hash gives other ids on a new
 * host.
 */
#ifndef OKTA_REGISTRY_ALLOC_H
#define OKTA_REGISTRY_ALLOC_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

/* The slot of [ID_MIN, ID_MAX] where the search for OKTA_ID begins. */
uint32_t okta_alloc_home(struct okta_view okta_id, uint32_t id_min, uint32_t id_max);

/*
 * The first id from the home slot on, upwards and round once, for which IS_TAKEN says
 * false. IS_TAKEN may end the search by answering with a code that is not OKTA_OK, which
 * is returned. OKTA_OK, or OKTA_E_NOTFOUND: the range is exhausted (or empty).
 */
OKTA_MUST_CHECK enum okta_rc okta_alloc_find(struct okta_view okta_id, uint32_t id_min,
    uint32_t id_max, enum okta_rc (*is_taken)(void *ctx, uint32_t id, bool *ret),
    void *ctx, uint32_t *ret_id);

#endif /* OKTA_REGISTRY_ALLOC_H */
