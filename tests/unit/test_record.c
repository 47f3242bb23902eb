/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host model base */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "host/record.h"

#define SUB "00uaaaaaaaaaaaaaaaaa"
#define ISS "https://acme.okta.com"
#define UID 1879050001

static char dir[] = "/tmp/okta-record-XXXXXX";

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/okta-record-XXXXXX");
	return mkdtemp(dir) == NULL;
}

static int
teardown(void **state)
{
	char path[80];

	(void)state;
	(void)snprintf(path, sizeof(path), "%s/claims/%d", dir, UID);
	(void)unlink(path);
	(void)snprintf(path, sizeof(path), "%s/claims", dir);
	(void)rmdir(path);
	return rmdir(dir);
}

/* The record of a login verified at AT_S. */
static void
make(struct okta_record *ret, int64_t at_s)
{
	static struct okta_claims claims;
	struct okta_err err = { 0 };

	claims = (struct okta_claims){ .iss = okta_view_str(ISS),
		.sub = okta_view_str(SUB),
		.preferred_username = okta_view_str("ada@acme.example"),
		.jti = okta_view_str("ID.1"),
		.iat_s = 1,
		.exp_s = 2,
		.has_groups = true };
	assert_int_equal(
	    okta_record_store(dir, geteuid(), UID, &claims, at_s, &err), OKTA_OK);
	assert_int_equal(okta_record_load(dir, geteuid(), UID, ret, &err), OKTA_OK);
}

static bool
counts(const struct okta_record *r, const char *sub, const char *iss, int64_t source_s,
    int64_t now_s)
{
	return okta_record_counts(
	    r, okta_view_str(sub), okta_view_str(iss), source_s, now_s);
}

static void
record_counts_for_its_person_while_newer_than_the_snapshot(void **state)
{
	static struct okta_record r;

	(void)state;
	make(&r, 1000);
	assert_true(counts(&r, SUB, ISS, 999, 1000));
	assert_false(counts(&r, SUB, ISS, 1000, 1000));
	okta_record_clear(&r);
}

/* A uid is never given twice, but a state directory can be brought back. */
static void
record_of_another_person_or_issuer_never_counts(void **state)
{
	static struct okta_record r;

	(void)state;
	make(&r, 1000);
	assert_false(counts(&r, "00ubbbbbbbbbbbbbbbbb", ISS, 999, 1000));
	assert_false(counts(&r, SUB, "https://evil.okta.com", 999, 1000));
	okta_record_clear(&r);
}

static void
record_from_the_future_does_not_count(void **state)
{
	static struct okta_record r;

	(void)state;
	make(&r, 1000);
	assert_true(counts(&r, SUB, ISS, 0, 700));
	assert_false(counts(&r, SUB, ISS, 0, 699));
	okta_record_clear(&r);
}

static void
record_keeps_no_user_name_and_is_its_owners_alone(void **state)
{
	static struct okta_record r;
	struct stat st;
	char path[80];

	(void)state;
	make(&r, 1000);
	assert_int_equal(r.claims.preferred_username.len, 0);
	okta_record_clear(&r);
	(void)snprintf(path, sizeof(path), "%s/claims/%d", dir, UID);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	(void)snprintf(path, sizeof(path), "%s/claims", dir);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(record_counts_for_its_person_while_newer_than_the_snapshot),
		T(record_of_another_person_or_issuer_never_counts),
		T(record_from_the_future_does_not_count),
		T(record_keeps_no_user_name_and_is_its_owners_alone),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
