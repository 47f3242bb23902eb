/* SPDX-License-Identifier: BSD-2-Clause */
/* links: registry model base; libs: sqlite3 */
#include "registry/alloc.h"
#include "registry_fixture.h"

static void
restore_puts_a_row_back_and_is_idempotent(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row = row_of("00u1", "ada", 1900000000), got;

	begin(fx);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_OK);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_OK);
	got = find(fx, "00u1");
	assert_int_equal(got.id, 1900000000);
	assert_int_equal(assign(fx, user("00u1", "ada")).id, 1900000000);
}

static void
restore_refuses_what_contradicts_the_registry(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row = row_of("00u1", "ada", 1900000000);

	begin(fx);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_OK);
	row.id = 1900000001;
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_E_CONFLICT);
	row = row_of("00u2", "bob", 1900000000);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_E_CONFLICT);
	row = row_of("00u3", "ada", 1900000003);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_E_CONFLICT);
}

static enum okta_rc
keep(struct fixture *fx, enum okta_registry_kind kind, const char *name, uint32_t id)
{
	return okta_registry_keep(fx->reg, kind, v(name), id, &fx->err);
}

/* Each of them has a place under its waiting name and one under its Okta id. */
static void
keep_of_a_full_table_of_names_that_all_come_leaves_it_usable(void **state)
{
	struct fixture *fx = *state;
	char name[16], id[24];
	uint32_t i;

	begin(fx);
	for (i = 0; i < 4096; i++) {
		(void)snprintf(name, sizeof(name), "p%u", i);
		assert_int_equal(keep(fx, OKTA_REGISTRY_USER, name, 5001 + i), OKTA_OK);
	}
	commit(fx);
	begin(fx);
	for (i = 0; i < 4096; i++) {
		(void)snprintf(name, sizeof(name), "p%u", i);
		(void)snprintf(id, sizeof(id), "00u%08u", i);
		assert_int_equal(assign(fx, user(id, name)).id, 5001 + i);
	}
	(void)alarm(20);
	assert_true(assign(fx, user("00unew", "somebodynew")).id != 0);
	(void)alarm(0);
	commit(fx);
}

static void
keep_gives_the_id_to_the_first_new_object_of_that_name_and_kind(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_want eng = user("00g1", "eng"), later;
	struct okta_registry_row row;
	bool changed = false;

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "eng", 5002), OKTA_OK);
	assert_int_equal(keep(fx, OKTA_REGISTRY_GROUP, "eng", 6001), OKTA_OK);
	commit(fx);
	reopen(fx);
	begin(fx);
	eng.kind = OKTA_REGISTRY_GROUP;
	assert_int_equal(assign(fx, eng).id, 6001);
	row = assign(fx, user("00u1", "ada"));
	assert_int_equal(row.id, 5001);
	assert_string_equal(row.okta_id, "00u1");
	assert_string_equal(row.home_name, "ada");
	assert_false(row.gone);
	commit(fx);
	begin(fx);
	/* it is his by his Okta id now, whatever he is called; nobody else's by the name
	 */
	assert_int_equal(assign(fx, user("00u1", "countess")).id, 5001);
	assert_int_not_equal(assign(fx, user("00u2", "ada")).id, 5001);
	/* a number Okta says later changes nothing, and is told */
	later = user("00u3", "eng");
	later.wanted_id = MIN + 7;
	assert_int_equal(
	    okta_registry_assign(fx->reg, &later, &row, &changed, &fx->err), OKTA_OK);
	assert_int_equal(row.id, 5002);
	assert_true(changed);
}

static void
keep_gives_a_waiting_id_to_nobody_else(void **state)
{
	struct fixture *fx = *state;
	uint32_t id = okta_alloc_home(v("00u1"), MIN, MAX);
	struct okta_registry_want bob = user("00u2", "bob");

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", id), OKTA_OK);
	assert_int_equal(assign(fx, user("00u1", "eve")).id, id + 1);
	bob.wanted_id = id;
	assert_int_equal(try_assign(fx, bob), OKTA_E_CONFLICT);
}

static void
keep_survives_syncs_that_do_not_see_its_name(void **state)
{
	struct fixture *fx = *state;

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	commit(fx);
	begin(fx);
	assert_int_equal(bury(fx), 0);
	assert_int_equal(assign(fx, user("00u1", "ada")).id, 5001);
}

static void
keep_refuses_what_contradicts_the_registry(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row bob;

	begin(fx);
	bob = assign(fx, user("00u2", "bob"));
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", bob.id), OKTA_E_CONFLICT);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK); /* again */
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5002), OKTA_E_CONFLICT);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "eve", 5001), OKTA_E_CONFLICT);
	assert_int_equal(keep(fx, OKTA_REGISTRY_GROUP, "eng", 5001), OKTA_E_CONFLICT);
	assert_int_equal(
	    keep(fx, OKTA_REGISTRY_GROUP, "ada", 5001), OKTA_OK); /* private */
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "", 5003), OKTA_E_INPUT);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "low", 999), OKTA_E_INPUT);
}

static enum okta_rc
remember(void *ctx, const struct okta_registry_row *row)
{
	memcpy(ctx, row, sizeof(*row));
	return OKTA_OK;
}

static void
refuted_are_the_living_who_have_another_id_than_the_one_that_waits(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row = { 0 };

	begin(fx);
	(void)assign(fx, user("00u1", "ada"));
	assert_int_equal(keep(fx, OKTA_REGISTRY_GROUP, "ada", 5000), OKTA_OK);
	assert_int_equal(
	    okta_registry_each_refuted(fx->reg, remember, &row, &fx->err), OKTA_OK);
	assert_int_equal(row.id, 0);
	/* her home name is taken, so she is refused even before that */
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_E_CONFLICT);
	(void)assign(fx, user("00u1", "countess"));
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "countess", 5002), OKTA_OK);
	assert_int_equal(
	    okta_registry_each_refuted(fx->reg, remember, &row, &fx->err), OKTA_OK);
	assert_string_equal(row.okta_id, "00u1");
}

static void
forget_takes_back_only_what_waits(void **state)
{
	struct fixture *fx = *state;

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	assert_int_equal(
	    okta_registry_forget(fx->reg, OKTA_REGISTRY_GROUP, v("ada"), &fx->err),
	    OKTA_E_NOTFOUND);
	assert_int_equal(
	    okta_registry_forget(fx->reg, OKTA_REGISTRY_USER, v("ada"), &fx->err),
	    OKTA_OK);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5002), OKTA_OK);
	commit(fx);
	begin(fx);
	assert_int_equal(assign(fx, user("00u1", "ada")).id, 5002);
	assert_int_equal(
	    okta_registry_forget(fx->reg, OKTA_REGISTRY_USER, v("ada"), &fx->err),
	    OKTA_E_NOTFOUND);
}

static void
an_okta_id_that_would_be_the_key_of_a_waiting_id_is_refused(void **state)
{
	struct fixture *fx = *state;

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	assert_int_equal(try_assign(fx, user("login:ada", "eve")), OKTA_E_INPUT);
}

static void
restore_gives_a_waiting_id_to_the_same_name(void **state)
{
	struct fixture *fx = *state;
	struct okta_registry_row row = row_of("00u1", "ada", 5001);

	begin(fx);
	assert_int_equal(keep(fx, OKTA_REGISTRY_USER, "ada", 5001), OKTA_OK);
	assert_int_equal(okta_registry_restore(fx->reg, &row, &fx->err), OKTA_OK);
	assert_int_equal(assign(fx, user("00u1", "ada")).id, 5001);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		T(restore_puts_a_row_back_and_is_idempotent),
		T(restore_refuses_what_contradicts_the_registry),
		T(keep_of_a_full_table_of_names_that_all_come_leaves_it_usable),
		T(keep_gives_the_id_to_the_first_new_object_of_that_name_and_kind),
		T(keep_gives_a_waiting_id_to_nobody_else),
		T(keep_survives_syncs_that_do_not_see_its_name),
		T(keep_refuses_what_contradicts_the_registry),
		T(refuted_are_the_living_who_have_another_id_than_the_one_that_waits),
		T(forget_takes_back_only_what_waits),
		T(an_okta_id_that_would_be_the_key_of_a_waiting_id_is_refused),
		T(restore_gives_a_waiting_id_to_the_same_name),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
