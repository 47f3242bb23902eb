/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host model base; libs: inih */
#include "conf_fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/wipe.h"
#include "host/config.h"

static char dir[64], file[128];
static struct okta_err err;

static const char *
path(const char *name)
{
	static char p[4][192];
	static int i;

	i = (i + 1) % 4;
	(void)snprintf(p[i], sizeof(p[i]), "%s/%s", dir, name);
	return p[i];
}

static void
put(const char *name, const char *text, mode_t mode)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path(name), mode), 0);
}

static int
setup(void **state)
{
	(void)state;
	(void)snprintf(dir, sizeof(dir), "/tmp/test_config.XXXXXX");
	if (mkdtemp(dir) == NULL)
		return -1;
	(void)snprintf(file, sizeof(file), "%s/okta-login.conf", dir);
	put("okta-login.conf", CONF_HEAD, 0644);
	memset(&err, 0, sizeof(err));
	return 0;
}

static int
teardown(void **state)
{
	static const char *const names[] = { "conf.d/10-a.conf", "conf.d/20-b.conf",
		"conf.d/readme", "conf.d/.hidden.conf", "okta-login.conf", "secret",
		"link", "real" };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		(void)unlink(path(names[i]));
	(void)rmdir(path("conf.d"));
	(void)unlink(path("conf.d"));
	return rmdir(dir);
}

static enum okta_rc
load(struct okta_conf **ret)
{
	return okta_config_load(file, geteuid(), OKTA_CONF_FOR_LOGIN, ret, &err);
}

static void
load_refused(const char *says)
{
	struct okta_conf *c = (struct okta_conf *)0x1;

	assert_int_equal(load(&c), OKTA_E_CONFIG);
	assert_ptr_equal(c, (struct okta_conf *)0x1);
	assert_int_equal(err.rc, OKTA_E_CONFIG);
	if (strstr(err.msg, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
}

static void
config_reads_the_file_and_its_drop_ins_by_name(void **state)
{
	struct okta_conf *c = NULL;

	(void)state;
	assert_int_equal(mkdir(path("conf.d"), 0755), 0);
	put("conf.d/20-b.conf", "[login]\ngrace_s = 60\n", 0644);
	put("conf.d/10-a.conf", "[groups]\nmatch = eng\n", 0600);
	put("conf.d/readme", "not a configuration\n", 0644);
	put("conf.d/.hidden.conf", "nor this\n", 0644);
	assert_int_equal(load(&c), OKTA_OK);
	assert_int_equal(c->grace_s, 60);
	assert_int_equal(c->match.n, 1);
	okta_conf_free(&c);
}

static void
config_names_the_drop_in_that_is_wrong(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path("conf.d"), 0755), 0);
	put("conf.d/20-b.conf", "\n[login]\nclient_id = again\n", 0644);
	load_refused("conf.d/20-b.conf: line 3: [login] client_id: is given twice");
}

static void
config_refuses_a_missing_file(void **state)
{
	(void)state;
	assert_int_equal(unlink(file), 0);
	load_refused("does not exist: make it from okta-login.conf.example");
}

/* Who can write it chooses who logs in. */
static void
config_refuses_a_file_others_can_write(void **state)
{
	(void)state;
	assert_int_equal(chmod(file, 0664), 0);
	load_refused("chmod go-w");
}

static void
config_refuses_a_file_of_another_owner(void **state)
{
	struct okta_conf *c = NULL;

	(void)state;
	assert_int_equal(
	    okta_config_load(file, geteuid() + 1, OKTA_CONF_FOR_LOGIN, &c, &err),
	    OKTA_E_CONFIG);
	assert_non_null(strstr(err.msg, "owned by"));
}

static void
config_refuses_a_symlink(void **state)
{
	(void)state;
	assert_int_equal(rename(file, path("real")), 0);
	assert_int_equal(symlink(path("real"), file), 0);
	load_refused("okta-login.conf");
}

static void
config_refuses_a_drop_in_directory_others_can_write(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path("conf.d"), 0755), 0);
	assert_int_equal(chmod(path("conf.d"), 0775), 0);
	load_refused("writable by nobody else");
}

static void
config_refuses_a_drop_in_directory_of_another_owner(void **state)
{
	(void)state;
	if (geteuid() != 0)
		skip();
	assert_int_equal(mkdir(path("conf.d"), 0755), 0);
	assert_int_equal(chown(path("conf.d"), 12345, 0), 0);
	load_refused("must be owned by uid 0");
}

static void
config_refuses_a_drop_in_directory_that_is_none(void **state)
{
	(void)state;
	put("conf.d", "", 0644);
	load_refused("is not a directory");
}

static void
config_refuses_an_untrusted_drop_in(void **state)
{
	(void)state;
	assert_int_equal(mkdir(path("conf.d"), 0755), 0);
	put("conf.d/10-a.conf", "[groups]\nmatch = eng\n", 0666);
	load_refused("10-a.conf");
}

static void
config_secret_loses_one_newline(void **state)
{
	char *secret = NULL;
	size_t len = 0;

	(void)state;
	put("secret", "s3cret\n", 0600);
	assert_int_equal(okta_config_secret("[login] client_secret_file", path("secret"),
			     geteuid(), &secret, &len, &err),
	    OKTA_OK);
	assert_string_equal(secret, "s3cret");
	assert_int_equal(len, 6);
	okta_free_wiped(secret, len);
}

static void
secret_refused(const char *text, mode_t mode, const char *says)
{
	char *secret = (char *)0x1;
	size_t len = 7;

	if (text != NULL)
		put("secret", text, mode);
	assert_int_equal(okta_config_secret("[login] client_secret_file", path("secret"),
			     geteuid(), &secret, &len, &err),
	    OKTA_E_CONFIG);
	assert_ptr_equal(secret, (char *)0x1);
	assert_int_equal(len, 7);
	assert_non_null(strstr(err.msg, "[login] client_secret_file: "));
	if (strstr(err.msg, says) == NULL)
		fail_msg("\"%s\" does not say \"%s\"", err.msg, says);
	assert_null(strstr(err.msg, "s3cret"));
}

static void
config_secret_refuses_what_others_can_read_and_what_is_empty(void **state)
{
	char big[16400];

	(void)state;
	secret_refused(NULL, 0, "cannot open");
	secret_refused("s3cret\n", 0640, "chmod 600");
	secret_refused("s3cret\n", 0604, "chmod 600");
	secret_refused("\n", 0600, "empty");
	secret_refused("", 0600, "empty");
	memset(big, 'x', sizeof(big) - 1);
	big[sizeof(big) - 1] = '\0';
	secret_refused(big, 0600, "larger than 16384");
}

/* Whoever takes it for a string would send half of it. */
static void
config_secret_refuses_a_nul(void **state)
{
	static const char bytes[] = "s3cret\0more\n";
	FILE *f;

	(void)state;
	put("secret", "", 0600);
	f = fopen(path("secret"), "w");
	assert_non_null(f);
	assert_int_equal(fwrite(bytes, 1, sizeof(bytes) - 1, f), sizeof(bytes) - 1);
	assert_int_equal(fclose(f), 0);
	secret_refused(NULL, 0, "holds a NUL");
}

int
main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(config_reads_the_file_and_its_drop_ins_by_name),
		T(config_names_the_drop_in_that_is_wrong),
		T(config_refuses_a_missing_file),
		T(config_refuses_a_file_others_can_write),
		T(config_refuses_a_file_of_another_owner),
		T(config_refuses_a_symlink),
		T(config_refuses_a_drop_in_directory_others_can_write),
		T(config_refuses_a_drop_in_directory_of_another_owner),
		T(config_refuses_a_drop_in_directory_that_is_none),
		T(config_refuses_an_untrusted_drop_in),
		T(config_secret_loses_one_newline),
		T(config_secret_refuses_what_others_can_read_and_what_is_empty),
		T(config_secret_refuses_a_nul),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
