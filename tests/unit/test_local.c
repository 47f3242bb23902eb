/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host model base; libs: inih */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/local.h"

static char dir[64];
static struct okta_err err;

static const char *
path(const char *name)
{
	static char p[128];

	(void)snprintf(p, sizeof(p), "%s/%s", dir, name);
	return p;
}

static void
put(const char *name, const char *text)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_local.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	put("passwd", "root:x:0:0:root:/root:/bin/bash\n"
		      "# bob:x:1:1::/:/bin/sh\n"
		      "\n"
		      "adam:x:1000:1001:Adam:/home/adam:/bin/bash\n"
		      "  indented:x:1002:1002::/:/bin/sh\n"
		      "broken:x:notanumber:5::/:/bin/sh\n"
		      "nocolon\n"
		      "_okta:x:990:991::/nonexistent:/usr/sbin/nologin\n"
		      "last:x:4294967294:1::/:/bin/sh");
	put("group", "root:x:0:\nsudo:x:27:adam\nadam:x:1001:\n");
	memset(&err, 0, sizeof(err));
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "passwd", "group", "subuid", "subgid" };
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++)
		(void)unlink(path(names[i]));
	return rmdir(dir);
}

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

static void
local_knows_names_and_ids_of_the_files(void **state)
{
	struct okta_local *l = NULL;
	uint32_t gid = 9;

	(void)state;
	put("subuid", "adam:100000:65536\nx:bad:1\ny:5:0\n");
	put("subgid", "adam:300000:10\n");
	assert_int_equal(okta_local_new(dir, &l, &err), OKTA_OK);
	assert_true(okta_local_has_user(l, v("root")));
	assert_true(okta_local_has_user(l, v("adam")));
	assert_true(okta_local_has_user(l, v("indented")));
	assert_true(
	    okta_local_has_user(l, v("broken"))); /* its name is taken all the same */
	assert_true(okta_local_has_user(l, v("last")));
	assert_false(okta_local_has_user(l, v("bob")));
	assert_false(okta_local_has_user(l, v("ada")));
	assert_false(okta_local_has_user(l, v("adam2")));
	assert_true(okta_local_has_uid(l, 1000));
	assert_true(okta_local_has_uid(l, UINT32_MAX - 1));
	assert_false(okta_local_has_uid(l, 5));
	assert_true(okta_local_has_gid(l, 27));
	assert_false(okta_local_has_gid(l, 1000));
	assert_true(okta_local_has_group(l, v("sudo"), &gid));
	assert_int_equal(gid, 27);
	assert_true(okta_local_has_group(l, v("sudo"), NULL));
	assert_false(okta_local_has_group(l, v("sud"), &gid));
	assert_false(okta_local_has_subid(l, 99999));
	assert_true(okta_local_has_subid(l, 100000));
	assert_true(okta_local_has_subid(l, 165535));
	assert_false(okta_local_has_subid(l, 165536));
	assert_true(okta_local_has_subid(l, 300009));
	assert_false(okta_local_has_subid(l, 300010));
	okta_local_free(&l);
	assert_null(l);
	okta_local_free(&l);
}

static void
local_without_subid_files_gives_no_range_away(void **state)
{
	struct okta_local *l = NULL;

	(void)state;
	assert_int_equal(okta_local_new(dir, &l, &err), OKTA_OK);
	assert_false(okta_local_has_subid(l, 100000));
	okta_local_free(&l);
}

/* Without these files nobody could say what is local. */
static void
local_fails_without_passwd_or_group(void **state)
{
	struct okta_local *l = (struct okta_local *)0x1;
	bool found = true;

	(void)state;
	assert_int_equal(unlink(path("group")), 0);
	assert_int_equal(okta_local_new(dir, &l, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "/group: does not exist"));
	put("group", "");
	assert_int_equal(unlink(path("passwd")), 0);
	assert_int_equal(okta_local_new(dir, &l, &err), OKTA_E_INPUT);
	assert_ptr_equal(l, (struct okta_local *)0x1);
	assert_int_equal(
	    okta_local_find_user(path("passwd"), v("ada"), &found, &err), OKTA_E_SYS);
	assert_int_equal(
	    okta_local_find_id(path("passwd"), 1, &found, &err), OKTA_E_INPUT);
	assert_true(found);
	/* a directory opens, and cannot be read */
	assert_int_equal(okta_local_find_user(dir, v("ada"), &found, &err), OKTA_E_SYS);
}

static bool
finds(const char *name)
{
	bool found = false;

	assert_int_equal(
	    okta_local_find_user(path("passwd"), v(name), &found, &err), OKTA_OK);
	return found;
}

static void
local_find_user_agrees_with_the_whole_reading(void **state)
{
	(void)state;
	assert_true(finds("root"));
	assert_true(finds("adam"));
	assert_true(finds("indented"));
	assert_true(finds("broken"));
	assert_true(finds("nocolon"));
	assert_true(finds("last"));
	assert_false(finds("ada"));
	assert_false(finds("adamx"));
	assert_false(finds("Adam"));
	assert_false(finds("bash"));
	assert_false(finds("x"));
	assert_false(finds(""));
	put("passwd", "");
	assert_false(finds("root"));
	put("passwd", "ada");
	assert_true(finds("ada"));
}

/* The scan reads blocks of 4096: a name may lie across two of them. */
static void
local_find_user_sees_a_name_at_any_offset(void **state)
{
	char text[8300];
	size_t n;

	(void)state;
	for (n = 4085; n < 4100; n++) {
		memset(text, 'x', n);
		text[n] = '\n';
		(void)snprintf(
		    text + n + 1, sizeof(text) - n - 1, "target:x:7:7::/:/bin/sh\n");
		put("passwd", text);
		assert_true(finds("target"));
		assert_false(finds("targe"));
	}
}

static void
local_find_id_sees_the_third_field_only(void **state)
{
	bool found = false;

	(void)state;
	assert_int_equal(okta_local_find_id(path("passwd"), 1000, &found, &err), OKTA_OK);
	assert_true(found);
	assert_int_equal(okta_local_find_id(path("passwd"), 1001, &found, &err), OKTA_OK);
	assert_false(found);
	assert_int_equal(okta_local_find_id(path("group"), 1001, &found, &err), OKTA_OK);
	assert_true(found);
}

static void
local_ids_of_gives_both_numbers_or_says_why_not(void **state)
{
	uint32_t uid = 7, gid = 7;

	(void)state;
	assert_int_equal(
	    okta_local_ids_of(path("passwd"), v("_okta"), &uid, &gid, &err), OKTA_OK);
	assert_int_equal(uid, 990);
	assert_int_equal(gid, 991);
	assert_int_equal(okta_local_ids_of(path("passwd"), v("_okt"), &uid, &gid, &err),
	    OKTA_E_NOTFOUND);
	assert_int_equal(okta_local_ids_of(path("passwd"), v("broken"), &uid, &gid, &err),
	    OKTA_E_INPUT);
	assert_int_equal(uid, 990);
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(local_knows_names_and_ids_of_the_files),
		T(local_without_subid_files_gives_no_range_away),
		T(local_fails_without_passwd_or_group),
		T(local_find_user_agrees_with_the_whole_reading),
		T(local_find_user_sees_a_name_at_any_offset),
		T(local_find_id_sees_the_third_field_only),
		T(local_ids_of_gives_both_numbers_or_says_why_not),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
