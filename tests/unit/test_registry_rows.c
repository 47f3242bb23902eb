/* SPDX-License-Identifier: BSD-2-Clause */
/* links: registry model base; libs: sqlite3 */
#include "registry/rows.h"
#include "registry_fixture.h"

#define MANY 5000 /* each index grows some times */

static struct regrow_texts
texts(uint32_t id, const char *okta_id, const char *name)
{
	return (struct regrow_texts){ .kind = OKTA_REGISTRY_USER,
		.id = id,
		.okta_id = v(okta_id),
		.name = v(name),
		.home_name = v(name) };
}

/* What the file's own rules forbid is not believed of a damaged file. */
static void
rows_take_no_id_okta_id_or_home_twice(void **state)
{
	struct okta_registry_row row = row_of("00u1", "ada", MIN);
	struct regrows *rows = NULL;

	(void)state;
	assert_int_equal(regrows_new(&rows), OKTA_OK);
	assert_int_equal(regrows_add(rows, &row), OKTA_OK);
	row = row_of("00u2", "bob", MIN);
	assert_int_equal(regrows_add(rows, &row), OKTA_E_CONFLICT);
	row = row_of("00u1", "bob", MIN + 1);
	assert_int_equal(regrows_add(rows, &row), OKTA_E_CONFLICT);
	row = row_of("00u2", "ada", MIN + 1);
	assert_int_equal(regrows_add(rows, &row), OKTA_E_CONFLICT);
	row = row_of("00u2", "bob", MIN + 1);
	assert_int_equal(regrows_add(rows, &row), OKTA_OK);
	assert_int_equal(regrows_count(rows), 2);
	regrows_free(&rows);
}

/* The table is read in the order of its key: what comes in another one is damaged. */
static void
rows_load_takes_ids_in_ascending_order_alone(void **state)
{
	struct regrow_texts row = texts(MIN + 1, "00u1", "ada");
	struct regrows *rows = NULL;

	(void)state;
	assert_int_equal(regrows_new(&rows), OKTA_OK);
	assert_int_equal(regrows_load(rows, &row), OKTA_OK);
	row = texts(MIN + 1, "00u2", "bob");
	assert_int_equal(regrows_load(rows, &row), OKTA_E_CONFLICT);
	row = texts(MIN, "00u2", "bob");
	assert_int_equal(regrows_load(rows, &row), OKTA_E_CONFLICT);
	row = texts(MIN + 2, "00u2", "bob");
	assert_int_equal(regrows_load(rows, &row), OKTA_OK);
	assert_int_equal(regrows_loaded(rows), OKTA_OK);
	assert_int_equal(regrows_count(rows), 2);
	regrows_free(&rows);
}

static void
rows_loaded_refuses_an_okta_id_that_was_loaded_twice(void **state)
{
	struct regrow_texts row = texts(MIN, "00u1", "ada");
	struct regrows *rows = NULL;

	(void)state;
	assert_int_equal(regrows_new(&rows), OKTA_OK);
	assert_int_equal(regrows_load(rows, &row), OKTA_OK);
	row = texts(MIN + 1, "00u1", "bob");
	assert_int_equal(regrows_load(rows, &row), OKTA_OK);
	assert_int_equal(regrows_loaded(rows), OKTA_E_CONFLICT);
	regrows_free(&rows);
}

static void
rows_by_home_refuses_two_that_were_loaded_with_one(void **state)
{
	struct regrow_texts row = texts(MIN, "00u1", "ada");
	struct regrows *rows = NULL;
	struct regrow *found;

	(void)state;
	assert_int_equal(regrows_new(&rows), OKTA_OK);
	assert_int_equal(regrows_load(rows, &row), OKTA_OK);
	row = texts(MIN + 1, "00u2", "ada");
	assert_int_equal(regrows_load(rows, &row), OKTA_OK);
	assert_int_equal(regrows_loaded(rows), OKTA_OK);
	assert_int_equal(regrows_by_home(rows, v("bob"), &found), OKTA_E_CONFLICT);
	regrows_free(&rows);
}

/* Half of them out of the file, half of them new: nobody may be overlooked, or he would
 * be given a second id. */
static void
rows_are_found_by_each_key_however_many_there_are(void **state)
{
	struct regrows *rows = NULL;
	struct okta_registry_row added;
	struct regrow_texts loaded;
	struct regrow *found;
	struct okta_view id;
	char okta_id[16], name[16];
	unsigned i;

	(void)state;
	assert_int_equal(regrows_new(&rows), OKTA_OK);
	for (i = 0; i < 2 * MANY; i++) {
		(void)snprintf(okta_id, sizeof(okta_id), "00u%u", i);
		(void)snprintf(name, sizeof(name), "n%u", i);
		loaded = texts(MIN + i, okta_id, name);
		added = row_of(okta_id, name, MIN + i);
		if (i == MANY)
			assert_int_equal(regrows_loaded(rows), OKTA_OK);
		assert_int_equal(
		    i < MANY ? regrows_load(rows, &loaded) : regrows_add(rows, &added),
		    OKTA_OK);
	}
	for (i = 0; i < 2 * MANY; i++) {
		(void)snprintf(okta_id, sizeof(okta_id), "00u%u", i);
		(void)snprintf(name, sizeof(name), "n%u", i);
		id = v(okta_id);
		regrows_warm(rows, &id, 1);
		assert_ptr_equal(regrows_by_okta_id(rows, id), regrows_at(rows, i));
		assert_int_equal(regrows_by_id(rows, MIN + i, &found), OKTA_OK);
		assert_ptr_equal(found, regrows_at(rows, i));
		assert_int_equal(regrows_by_home(rows, v(name), &found), OKTA_OK);
		assert_ptr_equal(found, regrows_at(rows, i));
	}
	assert_null(regrows_by_okta_id(rows, v("00u")));
	assert_int_equal(regrows_by_id(rows, MIN - 1, &found), OKTA_E_NOTFOUND);
	assert_int_equal(regrows_by_home(rows, v("n"), &found), OKTA_E_NOTFOUND);
	regrows_free(&rows);
}

/* One that is bound has a second place in the index, and must not be found by the first.
 */
static void
rows_bind_gives_a_row_another_okta_id_in_place_of_the_old_one(void **state)
{
	struct okta_registry_row row = row_of("login:ada", "ada", MIN);
	struct regrows *rows = NULL;
	struct regrow *bound;

	(void)state;
	assert_int_equal(regrows_new(&rows), OKTA_OK);
	assert_int_equal(regrows_add(rows, &row), OKTA_OK);
	row = row_of("00u2", "bob", MIN + 1);
	assert_int_equal(regrows_add(rows, &row), OKTA_OK);
	bound = regrows_by_okta_id(rows, v("login:ada"));
	assert_int_equal(regrows_bind(rows, bound, v("00u2")), OKTA_E_CONFLICT);
	assert_int_equal(regrows_bind(rows, bound, v("00u1")), OKTA_OK);
	assert_ptr_equal(regrows_by_okta_id(rows, v("00u1")), bound);
	assert_null(regrows_by_okta_id(rows, v("login:ada")));
	regrows_free(&rows);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rows_take_no_id_okta_id_or_home_twice),
		cmocka_unit_test(rows_load_takes_ids_in_ascending_order_alone),
		cmocka_unit_test(rows_loaded_refuses_an_okta_id_that_was_loaded_twice),
		cmocka_unit_test(rows_by_home_refuses_two_that_were_loaded_with_one),
		cmocka_unit_test(rows_are_found_by_each_key_however_many_there_are),
		cmocka_unit_test(
		    rows_bind_gives_a_row_another_okta_id_in_place_of_the_old_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
