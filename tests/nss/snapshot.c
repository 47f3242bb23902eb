/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
/* snapshot MODULE: the file comes and goes, is replaced, damaged, another's. */
#include "publish.h"

#include <errno.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "../proc_self.h"
#include "../snap_before.h"
#include "snap/le.h"

#define N_LARGE 28000 /* several slices */
#define SLICE	((size_t)1 << 20)
#define NOBODY	65534

/* What the module unmaps goes through here. */
static void (*_Atomic at_munmap)(uintptr_t at, size_t len);

int __interceptor_munmap(void *p, size_t len) __attribute__((weak)); /* a sanitizer's */

#define FOR_THE_MODULE __attribute__((visibility("default")))

FOR_THE_MODULE int
munmap(void *p, size_t len)
{
	void (*hook)(uintptr_t, size_t) = atomic_load(&at_munmap);
	int r;

	if (__interceptor_munmap != NULL)
		r = __interceptor_munmap(p, len);
	else
		r = (int)syscall(SYS_munmap, p, len);
	if (hook != NULL)
		hook((uintptr_t)p, len);
	return r;
}

/* What happens right behind the module's next look at the path. */
static void (*behind_fstatat)(void);

FOR_THE_MODULE int
fstatat(int dir, const char *path, struct stat *st, int flags)
{
	void (*hook)(void) = behind_fstatat;
	int r = (int)syscall(SYS_newfstatat, dir, path, st, flags);

	if (hook != NULL && strcmp(path, OKTA_SNAPSHOT_PATH) == 0) {
		behind_fstatat = NULL;
		hook();
	}
	return r;
}

/* How much of snapshots, present and replaced, is mapped. */
static size_t
mapped_bytes(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	unsigned long from, to;
	char line[512];
	size_t n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		if (strstr(line, OKTA_SNAPSHOT_FILE) != NULL &&
		    sscanf(line, "%lx-%lx", &from, &to) == 2)
			n += to - from;
	(void)fclose(f);
	return n;
}

static void
look_up(unsigned times)
{
	struct passwd pw;

	while (times-- > 0) {
		assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
		assert_int_equal(pw.pw_uid, FIRST + 3);
	}
}

/* The module has mapped a small file, and a large one of *ret_bytes that it replaced. */
static void
replace_large(size_t *ret_bytes)
{
	look_up(10); /* gives back what is left of earlier tests */
	publish(2, 0, N_LARGE);
	look_up(2); /* sees it; gives the one before back */
	assert_int_equal(count_mappings(OKTA_SNAPSHOT_FILE), 1);
	*ret_bytes = mapped_bytes();
	assert_true(*ret_bytes > 3 * SLICE);
	publish(3, 0, 10);
	look_up(1);
	assert_int_equal(count_mappings(OKTA_SNAPSHOT_FILE), 2);
}

static void
missing_snapshot_is_unavailable_for_every_call(void **state)
{
	struct passwd pw;
	struct group gr;
	char b[1024];
	gid_t *gids = NULL;
	long start = 0, size = 0;
	int e = 0;

	(void)state;
	(void)unlink(OKTA_SNAPSHOT_PATH);
	nap_ms(1000);
#define UNAVAILABLE(call)                                                                \
	do {                                                                             \
		e = 0;                                                                   \
		errno = 4242;                                                            \
		assert_int_equal((call), NSS_STATUS_UNAVAIL);                            \
		assert_int_equal(e, ENOENT);                                             \
		assert_int_equal(errno, 4242);                                           \
	} while (0)
	UNAVAILABLE(getpwnam_f("u1", &pw, b, sizeof(b), &e));
	UNAVAILABLE(getpwuid_f(FIRST, &pw, b, sizeof(b), &e));
	UNAVAILABLE(getpwent_f(&pw, b, sizeof(b), &e));
	UNAVAILABLE(getgrnam_f("eng", &gr, b, sizeof(b), &e));
	UNAVAILABLE(getgrgid_f(ENG, &gr, b, sizeof(b), &e));
	UNAVAILABLE(getgrent_f(&gr, b, sizeof(b), &e));
	UNAVAILABLE(init_f("u1", FIRST, &start, &size, &gids, 0, &e));
}

static void
new_snapshot_is_seen_within_a_second(void **state)
{
	struct passwd pw;

	(void)state;
	(void)unlink(OKTA_SNAPSHOT_PATH);
	nap_ms(1000);
	assert_int_equal(lookup("u1", &pw), NSS_STATUS_UNAVAIL);
	publish(1, 0, N_USERS);
	nap_ms(1000);
	assert_int_equal(lookup("u1", &pw), NSS_STATUS_SUCCESS);
}

static void
removed_snapshot_is_not_served_after_a_second(void **state)
{
	struct passwd pw;

	(void)state;
	assert_int_equal(unlink(OKTA_SNAPSHOT_PATH), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u1", &pw), NSS_STATUS_UNAVAIL);
	assert_int_equal(lookup("u1", &pw), NSS_STATUS_UNAVAIL);
	assert_int_equal(count_mappings(OKTA_SNAPSHOT_FILE), 0);
}

/* Unmapping a large file would make the lookup that sees the new one take far longer than
 * any other. */
static void
replaced_snapshot_is_given_back_by_a_slice_a_lookup(void **state)
{
	size_t large, small, left;

	(void)state;
	replace_large(&large);
	small = mapped_bytes() - large; /* none of the old one yet */
	assert_true(small > 0 && small < SLICE);
	for (left = large; left > 0;) {
		look_up(1);
		assert_true(mapped_bytes() < small + left);
		assert_true(mapped_bytes() + SLICE >= small + left);
		left = mapped_bytes() - small;
	}
	assert_int_equal(count_mappings(OKTA_SNAPSHOT_FILE), 1);
}

/* Each costs its size on the disk. */
static void
process_that_seldom_looks_up_keeps_one_replaced_snapshot(void **state)
{
	size_t large;
	unsigned i;

	(void)state;
	replace_large(&large);
	for (i = 0; i < 3; i++) {
		publish(4 + i, 0, N_LARGE);
		look_up(1);
		assert_true(count_mappings(OKTA_SNAPSHOT_FILE) <= 2);
	}
}

static unsigned unmapped;

static void
look_up_meanwhile(uintptr_t at, size_t len)
{
	(void)at;
	(void)len;
	if (unmapped++ == 0)
		look_up(20);
}

/* As in a signal handler: the slice is taken, and the lock. */
static void
lookup_amid_giving_back_answers_and_leaves_it_alone(void **state)
{
	size_t large;

	(void)state;
	replace_large(&large);
	unmapped = 0;
	atomic_store(&at_munmap, look_up_meanwhile);
	look_up(1);
	atomic_store(&at_munmap, NULL);
	assert_int_equal(unmapped, 1);
	look_up(10);
	assert_int_equal(count_mappings(OKTA_SNAPSHOT_FILE), 1);
}

static uintptr_t gone_at;
static size_t gone_len;

static void
must_not_be_gone(uintptr_t at, size_t len)
{
	if (at < gone_at + gone_len && gone_at < at + len)
		_exit(3);
}

static void
fork_meanwhile(uintptr_t at, size_t len)
{
	int status;
	pid_t pid;

	atomic_store(&at_munmap, NULL);
	pid = fork();
	if (pid == 0) {
		gone_at = at;
		gone_len = len;
		atomic_store(&at_munmap, must_not_be_gone);
		look_up(10);
		_exit(count_mappings(OKTA_SNAPSHOT_FILE) == 1 ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
	unmapped++;
}

/* Where the slice was, the child may have mapped something else by then. */
static void
child_forked_amid_giving_back_unmaps_the_rest_and_nothing_twice(void **state)
{
	size_t large;

	(void)state;
	replace_large(&large);
	unmapped = 0;
	atomic_store(&at_munmap, fork_meanwhile);
	look_up(10);
	assert_int_equal(unmapped, 1);
	assert_int_equal(count_mappings(OKTA_SNAPSHOT_FILE), 1);
	replace_large(&large);
	publish(4, 0, 10);
	atomic_store(&at_munmap, fork_meanwhile); /* amid unmapping the whole of it */
	look_up(10);
	assert_int_equal(unmapped, 2);
	assert_int_equal(count_mappings(OKTA_SNAPSHOT_FILE), 1);
}

static void
replaced_snapshot_is_seen_at_the_next_call(void **state)
{
	struct passwd pw;

	(void)state;
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	publish(2, 0, N_USERS);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 2");
	publish(3, 4, N_USERS); /* u3 is gone */
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_NOTFOUND);
}

/* A writer that dies between the rename and the word, or an admin's mv. */
static void
replacement_without_the_word_is_seen_within_a_second(void **state)
{
	struct passwd pw;

	(void)state;
	assert_int_equal(rename(OKTA_SNAPSHOT_PATH, OKTA_STATE_DIR "/old"), 0);
	publish(9, 0, N_USERS);
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 9");
	assert_int_equal(unlink(OKTA_STATE_DIR "/old"), 0);
}

static void
publish_two(void)
{
	publish(2, 0, N_USERS);
}

/* As late as it can be: the path led to the old file when it was looked at. */
static void
replacement_between_a_look_at_the_path_and_one_at_the_word_is_seen_at_once(void **state)
{
	const time_t began = time(NULL);
	struct passwd pw;

	(void)state;
	while (time(NULL) == began) /* the next lookup looks, and a second is left */
		nap_ms(1);
	behind_fstatat = publish_two;
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_null(behind_fstatat);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 2");
}

/* A backup that is put back carries the word; it is served, and still costs one look a
 * second. */
static void
restored_snapshot_with_the_word_set_is_served(void **state)
{
	struct passwd pw;
	int fd;

	(void)state;
	assert_int_equal(link(OKTA_SNAPSHOT_PATH, OKTA_STATE_DIR "/backup"), 0);
	publish(2, 0, N_USERS); /* marks the backup */
	assert_int_equal(rename(OKTA_STATE_DIR "/backup", OKTA_SNAPSHOT_PATH), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 1");
	fd = open(OKTA_SNAPSHOT_PATH, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(pwrite(fd, "\0\0\0\0", 4, 20), 4); /* for the next test */
	(void)close(fd);
}

static void
spoil(size_t at)
{
	unsigned char c;
	int fd = open(OKTA_SNAPSHOT_PATH, O_RDWR | O_CLOEXEC);

	assert_true(fd >= 0);
	assert_int_equal(pread(fd, &c, 1, (off_t)at), 1);
	c ^= 4;
	assert_int_equal(pwrite(fd, &c, 1, (off_t)at), 1);
	(void)close(fd);
}

static void
damaged_or_untrusted_snapshot_is_unavailable(void **state)
{
	struct passwd pw;

	(void)state;
	(void)unlink(OKTA_SNAPSHOT_PATH);
	publish(5, 0, N_USERS);
	spoil(90); /* the header */
	nap_ms(1000);
	assert_int_equal(lookup("u1", &pw), NSS_STATUS_UNAVAIL);

	(void)unlink(OKTA_SNAPSHOT_PATH);
	publish(6, 0, N_USERS);
	assert_int_equal(chmod(OKTA_SNAPSHOT_PATH, 0666), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u1", &pw), NSS_STATUS_UNAVAIL);
	assert_int_equal(chmod(OKTA_SNAPSHOT_PATH, 0644), 0);
	assert_int_equal(chown(OKTA_SNAPSHOT_PATH, 1234, 0), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u1", &pw), NSS_STATUS_UNAVAIL);
	assert_int_equal(chown(OKTA_SNAPSHOT_PATH, 0, 0), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u1", &pw), NSS_STATUS_SUCCESS);
	assert_int_equal(truncate(OKTA_SNAPSHOT_PATH, 4096), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u150", &pw), NSS_STATUS_UNAVAIL); /* and no SIGBUS */
	(void)unlink(OKTA_SNAPSHOT_PATH);
}

/* The file as if VERSION had written it: that before today's, or one older. */
static void
make_version(uint32_t version)
{
	unsigned char *p;
	struct stat st;
	int fd;

	fd = open(OKTA_SNAPSHOT_PATH, O_RDWR | O_CLOEXEC);
	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	p = malloc((size_t)st.st_size);
	assert_non_null(p);
	assert_int_equal(pread(fd, p, (size_t)st.st_size, 0), st.st_size);
	(void)close(fd);
	snap_make_version_before(p);
	okta_le32_put(p + 8, version);
	okta_le32_put(p + 16, okta_snap_header_sum(p));
	(void)unlink(OKTA_SNAPSHOT_PATH);
	fd = open(OKTA_SNAPSHOT_PATH, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, p, (size_t)st.st_size), st.st_size);
	(void)close(fd);
	free(p);
}

/* R21: after an upgrade, until okta-sync has written a file of today's format. */
static void
snapshot_of_the_format_before_is_served(void **state)
{
	struct passwd pw;

	(void)state;
	publish(31, 0, N_USERS);
	make_version(OKTA_SNAP_VERSION_BEFORE);
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 31");
	publish(32, 0, N_USERS);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 32");
}

static void
snapshot_of_an_older_format_is_unavailable_until_it_is_replaced(void **state)
{
	struct passwd pw;

	(void)state;
	make_version(OKTA_SNAP_VERSION_BEFORE - 1);
	nap_ms(1000);
	assert_int_equal(lookup("u1", &pw), NSS_STATUS_UNAVAIL);
	publish(8, 0, N_USERS);
	nap_ms(1000);
	assert_int_equal(lookup("u1", &pw), NSS_STATUS_SUCCESS);
}

static void
damaged_record_is_unavailable_and_its_neighbours_are_not(void **state)
{
	struct passwd pw;

	(void)state;
	(void)unlink(OKTA_SNAPSHOT_PATH);
	publish(7, 0, N_USERS);
	spoil(256 + 8); /* the first record's uid */
	nap_ms(1000);
	assert_int_equal(lookup("u0", &pw), NSS_STATUS_UNAVAIL);
	assert_int_equal(lookup("u1", &pw), NSS_STATUS_SUCCESS);
	assert_int_equal(lookup("nobody-here", &pw), NSS_STATUS_NOTFOUND);
	(void)unlink(OKTA_SNAPSHOT_PATH);
}

static void
without_descriptors_the_last_good_snapshot_is_served(void **state)
{
	struct rlimit old, none = { 0, 0 };
	struct passwd pw;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	assert_int_equal(rename(OKTA_SNAPSHOT_PATH, OKTA_STATE_DIR "/old"), 0);
	publish(2, 0, N_USERS);
	none.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 1");
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 2");
	assert_int_equal(unlink(OKTA_STATE_DIR "/old"), 0);
}

/* mmap() says EAGAIN then: of a program that may not lock as much as it wants to map. */
static void
without_memory_that_may_be_locked_the_last_good_snapshot_is_served(void **state)
{
	struct rlimit old, little = { 1, 0 };
	enum nss_status status;
	struct passwd pw;

	(void)state;
	if (__interceptor_munmap != NULL)
		return; /* sanitizers make mlockall() do nothing */
	assert_int_equal(getrlimit(RLIMIT_MEMLOCK, &old), 0);
	assert_int_equal(rename(OKTA_SNAPSHOT_PATH, OKTA_STATE_DIR "/old"), 0);
	publish(2, 0, N_USERS);
	little.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &little), 0);
	assert_int_equal(seteuid(NOBODY), 0); /* root may lock all there is */
	assert_int_equal(mlockall(MCL_FUTURE), 0);
	nap_ms(1000);
	status = lookup("u3", &pw);
	assert_int_equal(munlockall(), 0);
	assert_int_equal(seteuid(0), 0);
	assert_int_equal(setrlimit(RLIMIT_MEMLOCK, &old), 0);
	assert_int_equal(status, NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 1");
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 2");
	assert_int_equal(unlink(OKTA_STATE_DIR "/old"), 0);
}

/* That it is gone is known without a descriptor. */
static void
removed_snapshot_is_not_served_without_descriptors_either(void **state)
{
	struct rlimit old, none = { 0, 0 };
	struct passwd pw;

	(void)state;
	publish(2, 0, N_USERS);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_int_equal(unlink(OKTA_SNAPSHOT_PATH), 0);
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	none.rlim_max = old.rlim_max;
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &none), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_UNAVAIL);
	assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
}

/* S27: what others may write they may write in place. */
static void
snapshot_that_others_may_write_is_not_served_after_a_second(void **state)
{
	struct passwd pw;

	(void)state;
	publish(2, 0, N_USERS);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_int_equal(chmod(OKTA_SNAPSHOT_PATH, 0664), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_UNAVAIL);
	assert_int_equal(chmod(OKTA_SNAPSHOT_PATH, 0644), 0);
	assert_int_equal(chown(OKTA_SNAPSHOT_PATH, NOBODY, 0), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_UNAVAIL);
	assert_int_equal(chown(OKTA_SNAPSHOT_PATH, 0, 0), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
}

int
main(int argc, char **argv)
{
#define F(f) cmocka_unit_test_setup(f, fresh)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(missing_snapshot_is_unavailable_for_every_call),
		cmocka_unit_test(new_snapshot_is_seen_within_a_second),
		F(removed_snapshot_is_not_served_after_a_second),
		F(replaced_snapshot_is_seen_at_the_next_call),
		F(replaced_snapshot_is_given_back_by_a_slice_a_lookup),
		F(process_that_seldom_looks_up_keeps_one_replaced_snapshot),
		F(lookup_amid_giving_back_answers_and_leaves_it_alone),
		F(child_forked_amid_giving_back_unmaps_the_rest_and_nothing_twice),
		F(replacement_without_the_word_is_seen_within_a_second),
		F(replacement_between_a_look_at_the_path_and_one_at_the_word_is_seen_at_once),
		F(restored_snapshot_with_the_word_set_is_served),
		F(damaged_or_untrusted_snapshot_is_unavailable),
		F(snapshot_of_the_format_before_is_served),
		F(snapshot_of_an_older_format_is_unavailable_until_it_is_replaced),
		cmocka_unit_test(
		    damaged_record_is_unavailable_and_its_neighbours_are_not),
		F(without_descriptors_the_last_good_snapshot_is_served),
		F(without_memory_that_may_be_locked_the_last_good_snapshot_is_served),
		F(removed_snapshot_is_not_served_without_descriptors_either),
		F(snapshot_that_others_may_write_is_not_served_after_a_second),
	};

	if (argc != 2)
		return 2;
	module_path = argv[1];
	return cmocka_run_group_tests_name("snapshot", tests, prepare, NULL);
}
