/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
/* contract MODULE: what glibc is promised of each call, one at a time. */
#include "publish.h"

#include <errno.h>
#include <stdatomic.h>

/* Fails on demand: the module's only allocation goes through here. */
static atomic_bool no_memory;

void *reallocarray(void *p, size_t n, size_t size);
void *
reallocarray(void *p, size_t n, size_t size)
{
	if (atomic_load(&no_memory)) {
		errno = ENOMEM;
		return NULL;
	}
	return realloc(p, n * size);
}

#define MAX_BUFFER 4096
#define CANARY	   0xa5

static char area[MAX_BUFFER + 64];

static void
check_inside(const char *s, const char *buffer, size_t buflen)
{
	assert_true(s >= buffer && s < buffer + buflen);
	assert_true(memchr(s, '\0', (size_t)(buffer + buflen - s)) != NULL);
}

/* One of the calls on BUFFER; fills *ret_inside by checking every pointer. */
static enum nss_status
call(unsigned which, char *buffer, size_t buflen, int *e)
{
	struct passwd pw;
	struct group gr;
	enum nss_status s;
	char **m;

	memset(&pw, 0, sizeof(pw));
	memset(&gr, 0, sizeof(gr));
	switch (which) {
	case 0:
		s = getpwnam_f("u7", &pw, buffer, buflen, e);
		break;
	case 1:
		s = getpwuid_f(FIRST + 7, &pw, buffer, buflen, e);
		break;
	case 2:
		(void)set_f[0](0);
		s = getpwent_f(&pw, buffer, buflen, e);
		break;
	case 3:
		s = getgrnam_f("sudo", &gr, buffer, buflen, e);
		break;
	case 4:
		s = getgrgid_f(ENG, &gr, buffer, buflen, e);
		break;
	case 5:
		s = getgrgid_f(FIRST + 7, &gr, buffer, buflen, e); /* private */
		break;
	default:
		(void)set_f[1](0);
		s = getgrent_f(&gr, buffer, buflen, e);
	}
	if (s != NSS_STATUS_SUCCESS)
		return s;
	if (which < 3) {
		check_inside(pw.pw_name, buffer, buflen);
		check_inside(pw.pw_passwd, buffer, buflen);
		check_inside(pw.pw_gecos, buffer, buflen);
		check_inside(pw.pw_dir, buffer, buflen);
		check_inside(pw.pw_shell, buffer, buflen);
		assert_string_equal(pw.pw_passwd, "*");
		assert_string_equal(pw.pw_shell, "/bin/sh");
		assert_true(pw.pw_uid >= FIRST && pw.pw_gid == pw.pw_uid);
		return s;
	}
	check_inside(gr.gr_name, buffer, buflen);
	check_inside(gr.gr_passwd, buffer, buflen);
	assert_int_equal((uintptr_t)gr.gr_mem % sizeof(char *), 0);
	for (m = gr.gr_mem;; m++) {
		assert_true((char *)m >= buffer && (char *)(m + 1) <= buffer + buflen);
		if (*m == NULL)
			break;
		check_inside(*m, buffer, buflen);
	}
	return s;
}

/* ERANGE as long as more helps, success from then on, not a byte beyond, errno kept. */
static void
every_buffer_size_keeps_the_contract(void **state)
{
	size_t len, offset, i;
	unsigned which;
	bool fitted;
	char *buffer;
	int e;

	(void)state;
	publish(1, 0, 60);
	for (which = 0; which < 7; which++) {
		for (offset = 0; offset < 8; offset += which < 3 ? 8 : 1) {
			fitted = false;
			for (len = 0; len <= MAX_BUFFER - 64; len++) {
				memset(area, CANARY, sizeof(area));
				buffer = area + 16 + offset;
				e = 0;
				errno = 4242;
				if (call(which, buffer, len, &e) == NSS_STATUS_SUCCESS) {
					fitted = true;
					assert_int_equal(e, 0);
				} else {
					assert_false(
					    fitted); /* once it fits, it always does */
					if (e != ERANGE)
						fail_msg("call %u, %zu bytes: errno %d",
						    which, len, e);
					assert_int_equal(call(which, buffer, len, &e),
					    NSS_STATUS_TRYAGAIN);
				}
				assert_int_equal(errno, 4242);
				for (i = 0; i < 16 + offset; i++)
					assert_int_equal((unsigned char)area[i], CANARY);
				for (i = 16 + offset + len; i < sizeof(area); i++)
					if ((unsigned char)area[i] != CANARY)
						fail_msg("call %u wrote beyond %zu bytes",
						    which, len);
			}
			assert_true(fitted);
		}
	}
}

static void
not_found_needs_no_buffer_and_sets_enoent(void **state)
{
	struct passwd pw;
	struct group gr;
	const char *const bad[] = { "nobody-here", "", "root\n", "U1", "u1 ", "0",
		"../u1", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa" };
	size_t i;
	int e;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = 0;
		assert_int_equal(
		    getpwnam_f(bad[i], &pw, NULL, 0, &e), NSS_STATUS_NOTFOUND);
		assert_int_equal(e, ENOENT);
		e = 0;
		assert_int_equal(
		    getgrnam_f(bad[i], &gr, NULL, 0, &e), NSS_STATUS_NOTFOUND);
		assert_int_equal(e, ENOENT);
	}
	assert_int_equal(getpwuid_f(0, &pw, NULL, 0, &e), NSS_STATUS_NOTFOUND);
	assert_int_equal(getpwuid_f(SUDO, &pw, NULL, 0, &e), NSS_STATUS_NOTFOUND);
	assert_int_equal(getpwuid_f((uid_t)-1, &pw, NULL, 0, &e), NSS_STATUS_NOTFOUND);
	assert_int_equal(getgrgid_f(0, &gr, NULL, 0, &e), NSS_STATUS_NOTFOUND);
	assert_int_equal(getgrgid_f(4, &gr, NULL, 0, &e), NSS_STATUS_NOTFOUND);
	assert_int_equal(getgrgid_f((gid_t)-1, &gr, NULL, 0, &e), NSS_STATUS_NOTFOUND);
}

static void
group_of_50000_members_is_answered_whole(void **state)
{
	struct group gr;
	size_t size = 1 << 20, n = 0;
	char *buffer = malloc(size);
	int e = 0;

	(void)state;
	assert_non_null(buffer);
	publish(4, 0, 50000);
	assert_int_equal(
	    getgrnam_f("eng", &gr, buffer, size / 2, &e), NSS_STATUS_TRYAGAIN);
	assert_int_equal(e, ERANGE);
	assert_int_equal(getgrnam_f("eng", &gr, buffer, size, &e), NSS_STATUS_SUCCESS);
	while (gr.gr_mem[n] != NULL)
		n++;
	assert_int_equal(n, 50000);
	assert_string_equal(gr.gr_mem[0], "u0");
	assert_string_equal(gr.gr_mem[49999], "u49999");
	free(buffer);
}

/* --- initgroups --- */

static void
initgroups_appends_all_but_the_named_gid(void **state)
{
	long start = 1, size = 1;
	gid_t *gids = malloc(sizeof(*gids));
	int e = 0;

	(void)state;
	gids[0] = FIRST + 3;
	assert_int_equal(
	    init_f("u3", FIRST + 3, &start, &size, &gids, 0, &e), NSS_STATUS_SUCCESS);
	assert_int_equal(start, 3);
	assert_true(size >= start);
	assert_int_equal(gids[0], FIRST + 3);
	assert_int_equal(gids[1], SUDO);
	assert_int_equal(gids[2], ENG);
	start = 0;
	assert_int_equal(
	    init_f("u3", ENG, &start, &size, &gids, 0, &e), NSS_STATUS_SUCCESS);
	assert_int_equal(start, 1);
	assert_int_equal(gids[0], SUDO);
	start = 0;
	assert_int_equal(
	    init_f("nobody-here", ENG, &start, &size, &gids, 0, &e), NSS_STATUS_NOTFOUND);
	assert_int_equal(e, ENOENT);
	assert_int_equal(start, 0);
	free(gids);
}

static void
initgroups_never_grows_beyond_the_limit(void **state)
{
	long start = 1, size = 1;
	gid_t *gids = malloc(sizeof(*gids));
	int e = 0;

	(void)state;
	assert_int_equal(
	    init_f("u3", FIRST + 3, &start, &size, &gids, 2, &e), NSS_STATUS_SUCCESS);
	assert_int_equal(start, 2);
	assert_int_equal(size, 2);
	free(gids);
}

static void
initgroups_without_memory_says_so_and_keeps_the_array(void **state)
{
	long start = 1, size = 1;
	gid_t *gids = malloc(sizeof(*gids)), *before = gids;
	enum nss_status s;
	int e = 0;

	(void)state;
	atomic_store(&no_memory, true);
	s = init_f("u3", FIRST + 3, &start, &size, &gids, 0, &e);
	atomic_store(&no_memory, false);
	assert_int_equal(s, NSS_STATUS_TRYAGAIN);
	assert_int_equal(e, ENOMEM);
	assert_int_equal(start, 1);
	assert_ptr_equal(gids, before);
	free(gids);
}

/* "Local wins": a local account that took the name later has a primary group of the host:
 * one that the person joins, one in our range that is nobody's or somebody else's own. */
static void
initgroups_gives_nothing_to_a_local_account_of_the_same_name(void **state)
{
	const gid_t local[] = { 0, 33, 100, 999, SUDO, FIRST - 1, FIRST + 7 };
	long start = 0, size = 8;
	gid_t *gids = malloc(8 * sizeof(*gids));
	size_t i;
	int e;

	(void)state;
	for (i = 0; i < sizeof(local) / sizeof(local[0]); i++) {
		e = 0;
		assert_int_equal(init_f("u3", local[i], &start, &size, &gids, 0, &e),
		    NSS_STATUS_NOTFOUND);
		assert_int_equal(e, ENOENT);
		assert_int_equal(start, 0);
	}
	assert_int_equal(
	    init_f("u3", (gid_t)-1, &start, &size, &gids, 0, &e), NSS_STATUS_SUCCESS);
	assert_int_equal(start, 2);
	free(gids);
}

/* --- enumeration --- */

/* Go on until the end; marks who was seen, and fails on whom it sees twice. */
static unsigned
enumerate_users(unsigned stop_after, unsigned char *seen)
{
	struct passwd pw;
	char b[1024];
	unsigned n = 0;
	int e;

	while (
	    n < stop_after && getpwent_f(&pw, b, sizeof(b), &e) == NSS_STATUS_SUCCESS) {
		assert_in_range(pw.pw_uid, FIRST, FIRST + N_USERS + 50);
		assert_int_equal(seen[pw.pw_uid - FIRST]++, 0);
		n++;
	}
	return n;
}

static void
enumeration_gives_everybody_once(void **state)
{
	unsigned char seen[N_USERS + 51] = { 0 };
	struct passwd pw;
	char b[1024];
	int e = 0;

	(void)state;
	assert_int_equal(set_f[0](0), NSS_STATUS_SUCCESS);
	assert_int_equal(enumerate_users(UINT32_MAX, seen), N_USERS);
	assert_int_equal(getpwent_f(&pw, b, sizeof(b), &e), NSS_STATUS_NOTFOUND);
	assert_int_equal(e, ENOENT);
	assert_int_equal(end_f[0](), NSS_STATUS_SUCCESS);
	memset(seen, 0, sizeof(seen));
	assert_int_equal(enumerate_users(UINT32_MAX, seen), N_USERS);
}

static void
enumeration_goes_on_in_a_replaced_snapshot(void **state)
{
	unsigned char seen[N_USERS + 51] = { 0 };
	unsigned i;

	(void)state;
	(void)set_f[0](0);
	assert_int_equal(enumerate_users(100, seen), 100);
	publish(
	    2, 50, N_USERS + 20); /* some of the seen are gone, some new ones are there */
	assert_int_equal(enumerate_users(20, seen), 20);
	publish(3, 130, N_USERS); /* the last one seen is gone */
	assert_int_equal(enumerate_users(UINT32_MAX, seen), N_USERS - 130);
	for (i = 0; i < 120; i++)
		assert_int_equal(seen[i], 1);
	for (i = 130; i < N_USERS; i++)
		assert_int_equal(seen[i], 1);
}

static void
enumeration_stays_where_the_buffer_was_too_small(void **state)
{
	unsigned char seen[N_USERS + 51] = { 0 };
	struct passwd pw;
	struct group gr;
	char b[8192];
	unsigned n = 0;
	int e = 0;

	(void)state;
	(void)set_f[0](0);
	assert_int_equal(enumerate_users(5, seen), 5);
	assert_int_equal(getpwent_f(&pw, b, 3, &e), NSS_STATUS_TRYAGAIN);
	assert_int_equal(getpwent_f(&pw, b, 4, &e), NSS_STATUS_TRYAGAIN);
	assert_int_equal(enumerate_users(UINT32_MAX, seen), N_USERS - 5);
	(void)set_f[1](0);
	while ((e = 0, getgrent_f(&gr, b, n % 2 == 0 ? 5 : sizeof(b), &e)) !=
	       NSS_STATUS_NOTFOUND)
		n++;
	assert_int_equal(n, 2 * (1 + N_USERS));
}

static void
group_enumeration_gives_served_then_private_groups_and_no_local_one(void **state)
{
	struct group gr;
	char b[8192];
	unsigned n = 0;
	int e;

	(void)state;
	(void)set_f[1](0);
	assert_int_equal(getgrent_f(&gr, b, sizeof(b), &e), NSS_STATUS_SUCCESS);
	assert_int_equal(gr.gr_gid, ENG);
	while (getgrent_f(&gr, b, sizeof(b), &e) == NSS_STATUS_SUCCESS) {
		if (n == 100)
			publish(2, 20, N_USERS);
		assert_int_equal(gr.gr_gid, FIRST + n);
		assert_null(gr.gr_mem[0]);
		n++;
	}
	assert_int_equal(n, N_USERS);
}

int
main(int argc, char **argv)
{
#define F(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		F(every_buffer_size_keeps_the_contract),
		F(not_found_needs_no_buffer_and_sets_enoent),
		F(group_of_50000_members_is_answered_whole),
		F(initgroups_appends_all_but_the_named_gid),
		F(initgroups_never_grows_beyond_the_limit),
		F(initgroups_without_memory_says_so_and_keeps_the_array),
		F(initgroups_gives_nothing_to_a_local_account_of_the_same_name),
		F(enumeration_gives_everybody_once),
		F(enumeration_goes_on_in_a_replaced_snapshot),
		F(enumeration_stays_where_the_buffer_was_too_small),
		F(group_enumeration_gives_served_then_private_groups_and_no_local_one),
	};

	if (argc != 2)
		return 2;
	module_path = argv[1];
	return cmocka_run_group_tests_name("contract", tests, prepare, NULL);
}
