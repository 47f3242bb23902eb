/* SPDX-License-Identifier: BSD-2-Clause */
/* common/registry/rows.h - every row in memory while a sync assigns; for this folder
 * alone.  Floor 2: base.
 *
 * Read out of the table itself, in its own order: an index of the file that lost an entry
 * cannot hide who owns an id, and a million people cost one pass instead of a million
 * questions.  Some 100 bytes a row.
 *
 * Everybody is looked for by Okta id.  By id and by home only somebody new is, so those
 * two indexes are made when they are wanted first.
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
	uint32_t tag; /* of the Okta id */
	uint8_t okta_id_len, name_len, home_len;
	char kind; /* enum okta_registry_kind */
	bool gone;
	bool seen;				/* assigned since begin() */
	bool is_forgotten;			/* no row any more */
	const char *okta_id, *name, *home_name; /* home_name NULL: a group */
};

/* A row as the table says it: views into whatever holds it. */
struct regrow_texts {
	enum okta_registry_kind kind;
	uint32_t id;
	bool gone;
	struct okta_view okta_id, name, home_name;
};

struct regrows;

/* OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc regrows_new(struct regrows **ret);
void regrows_free(struct regrows **rows);

/*
 * The rows of the table, by ascending id; once they are there, regrows_loaded(), and
 * nothing may be looked for before.  OKTA_E_CONFLICT: two with one id or one Okta id;
 * that no two have one home is left to whoever reads the file's index of them, or to
 * regrows_by_home(); OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc regrows_load(
    struct regrows *rows, const struct regrow_texts *row);
OKTA_MUST_CHECK enum okta_rc regrows_loaded(struct regrows *rows);

size_t regrows_count(const struct regrows *rows);
struct regrow *regrows_at(struct regrows *rows, size_t i);

/* NULL: there is none. */
struct regrow *regrows_by_okta_id(const struct regrows *rows, struct okta_view okta_id);
/* Changes nothing: brings near what the search for each of N Okta ids will look at. */
void regrows_warm(const struct regrows *rows, const struct okta_view *okta_ids, size_t n);
/* OKTA_OK, OKTA_E_NOTFOUND; OKTA_E_CONFLICT: two rows have one; OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc regrows_by_id(
    struct regrows *rows, uint32_t id, struct regrow **ret);
OKTA_MUST_CHECK enum okta_rc regrows_by_home(
    struct regrows *rows, struct okta_view home_name, struct regrow **ret);
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

/* Of an entry of an index, for sums over many. */
uint64_t regrows_sum(struct okta_view text, uint64_t id);

#endif /* OKTA_REGISTRY_ROWS_H */
