/* SPDX-License-Identifier: BSD-2-Clause */
/* common/registry/rows.h - every row in memory while a sync assigns; for this folder
 * alone.  Floor 2: base.
 *
 * Read out of the table itself, in its own order: an index of the file that lost an entry
 * cannot hide who owns an id, and a million people cost one pass instead of a million
 * questions.  Some 100 bytes a row.
 */
#ifndef OKTA_REGISTRY_ROWS_H
#define OKTA_REGISTRY_ROWS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "registry/registry.h"

struct regrow {
	uint32_t id;
	enum okta_registry_kind kind;
	bool gone;
	bool seen;				/* assigned since begin() */
	bool is_forgotten;			/* no row any more */
	const char *okta_id, *name, *home_name; /* home_name NULL: a group */
};

struct regrows;

/* OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc regrows_new(struct regrows **ret);
void regrows_free(struct regrows **rows);

size_t regrows_count(const struct regrows *rows);
struct regrow *regrows_at(struct regrows *rows, size_t i);

/* NULL: there is none. */
struct regrow *regrows_by_okta_id(const struct regrows *rows, struct okta_view okta_id);
struct regrow *regrows_by_id(const struct regrows *rows, uint32_t id);
struct regrow *regrows_by_home(const struct regrows *rows, struct okta_view home_name);
/* Nobody was assigned yet. */
void regrows_forget_seen(struct regrows *rows);

/* As the table has them from now on.  OKTA_E_CONFLICT: two rows with one id, Okta id or
 * home name; OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc regrows_add(
    struct regrows *rows, const struct okta_registry_row *row);
OKTA_MUST_CHECK enum okta_rc regrows_rename(
    struct regrows *rows, struct regrow *row, struct okta_view name);
OKTA_MUST_CHECK enum okta_rc regrows_bind(
    struct regrows *rows, struct regrow *row, struct okta_view okta_id);

/* The row as the rest of the world knows it. */
void regrows_copy(const struct regrow *row, struct okta_registry_row *ret);

#endif /* OKTA_REGISTRY_ROWS_H */
