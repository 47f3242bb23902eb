/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/registry_fixture.h - a registry in a directory of its own. */
#ifndef REGISTRY_FIXTURE_H
#define REGISTRY_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "registry/registry.h"

#define ORG "https://acme.okta.com"
#define MIN 1879048192U
#define MAX 2147483646U

struct fixture {
	char dir[64], path[96];
	struct okta_registry *reg;
	struct okta_err err;
};

static inline struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

static inline enum okta_rc
try_open(struct fixture *fx)
{
	return okta_registry_open(fx->path, v(ORG), false, &fx->reg, &fx->err);
}

static inline void
reopen(struct fixture *fx)
{
	okta_registry_close(&fx->reg);
	assert_int_equal(try_open(fx), OKTA_OK);
}

static inline int
setup(void **state)
{
	struct fixture *fx = calloc(1, sizeof(*fx));

	assert_non_null(fx);
	(void)snprintf(fx->dir, sizeof(fx->dir), "/tmp/okta-registry-XXXXXX");
	assert_non_null(mkdtemp(fx->dir));
	(void)snprintf(fx->path, sizeof(fx->path), "%s/registry.db", fx->dir);
	reopen(fx);
	*state = fx;
	return 0;
}

static inline int
teardown(void **state)
{
	struct fixture *fx = *state;
	char journal[128];

	okta_registry_close(&fx->reg);
	(void)snprintf(journal, sizeof(journal), "%s-journal", fx->path);
	(void)unlink(journal);
	(void)unlink(fx->path);
	(void)rmdir(fx->dir);
	free(fx);
	return 0;
}

static inline struct okta_registry_want
user(const char *id, const char *name)
{
	return (struct okta_registry_want){ .kind = OKTA_REGISTRY_USER,
		.okta_id = v(id),
		.name = v(name),
		.id_min = MIN,
		.id_max = MAX };
}

static inline struct okta_registry_row
assign(struct fixture *fx, struct okta_registry_want want)
{
	struct okta_registry_row row;
	bool changed;

	fx->err.msg[0] = '\0';
	assert_int_equal(
	    okta_registry_assign(fx->reg, &want, &row, &changed, &fx->err), OKTA_OK);
	assert_false(changed);
	return row;
}

static inline enum okta_rc
try_assign(struct fixture *fx, struct okta_registry_want want)
{
	struct okta_registry_row row;
	bool changed;

	return okta_registry_assign(fx->reg, &want, &row, &changed, &fx->err);
}

static inline void
begin(struct fixture *fx)
{
	assert_int_equal(okta_registry_begin(fx->reg, &fx->err), OKTA_OK);
}

static inline void
commit(struct fixture *fx)
{
	assert_int_equal(okta_registry_commit(fx->reg, &fx->err), OKTA_OK);
}

/* How many are buried now. */
static inline size_t
bury(struct fixture *fx)
{
	size_t gone = 0;

	assert_int_equal(okta_registry_bury_absent(fx->reg, &gone, &fx->err), OKTA_OK);
	return gone;
}

static inline struct okta_registry_row
find(struct fixture *fx, const char *okta_id)
{
	struct okta_registry_row row;

	assert_int_equal(
	    okta_registry_find(fx->reg, v(okta_id), &row, &fx->err), OKTA_OK);
	return row;
}

static inline struct okta_registry_row
row_of(const char *okta_id, const char *name, uint32_t id)
{
	struct okta_registry_row row = { .kind = OKTA_REGISTRY_USER, .id = id };

	(void)snprintf(row.okta_id, sizeof(row.okta_id), "%s", okta_id);
	(void)snprintf(row.name, sizeof(row.name), "%s", name);
	(void)snprintf(row.home_name, sizeof(row.home_name), "%s", name);
	return row;
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

#endif /* REGISTRY_FIXTURE_H */
