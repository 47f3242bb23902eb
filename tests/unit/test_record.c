/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host model base */
#include <fcntl.h>
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

static enum okta_rc
load(struct okta_err *err)
{
	static struct okta_record r;
	const enum okta_rc rc = okta_record_load(dir, geteuid(), UID, &r, err);

	if (rc == OKTA_OK)
		okta_record_clear(&r);
	return rc;
}

/* A time that fits no clock must not come out as one of before all snapshots. */
static void
record_refuses_a_time_that_fits_no_clock(void **state)
{
	static struct okta_record r;
	struct okta_err err = { 0 };
	char path[80];
	int fd;

	(void)state;
	make(&r, 1000);
	okta_record_clear(&r);
	(void)snprintf(path, sizeof(path), "%s/claims/%d", dir, UID);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "\x80", 1, 15), 1); /* u64 at 8, little endian */
	assert_int_equal(close(fd), 0);
	assert_int_equal(load(&err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "is damaged: remove it"));
}

/* Whoever owns the directory could put another record there at any time. */
static void
record_is_not_kept_in_a_directory_of_another_owner(void **state)
{
	static struct okta_record r;
	struct okta_err err = { 0 };
	static struct okta_claims claims;
	char path[80];

	(void)state;
	make(&r, 1000);
	claims = r.claims;
	(void)snprintf(path, sizeof(path), "%s/claims", dir);
	if (chown(path, 54321, 54321) < 0)
		skip();
	assert_int_equal(okta_record_store(dir, geteuid(), UID, &claims, 1000, &err),
	    OKTA_E_UNTRUSTED);
	assert_non_null(strstr(err.msg, path));
	assert_int_equal(chown(path, geteuid(), getegid()), 0);
	okta_record_clear(&r);
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
		T(record_refuses_a_time_that_fits_no_clock),
		T(record_is_not_kept_in_a_directory_of_another_owner),
	};

	return cmocka_run_group_tests_name("record", tests, NULL, NULL);
}
