/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
/*
 * direct MODULE: call the entry points of the real module, in a mount namespace of our
 * own where /var/lib is empty at first.  Needs root.
 */
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <nss.h>
#include <pthread.h>
#include <pwd.h>
#include <sched.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/paths.h"
#include "snap/le.h"
#include "snap/write.h"

#define N_USERS 200
#define N_LARGE 28000 /* several slices */
#define SLICE	((size_t)1 << 20)
#define FIRST	100000 /* uid of u0 */
#define ENG	90000
#define SUDO	27
#define CANARY	0xa5

/* --- the module
 * ------------------------------------------------------------------------------ */

static const char *module_path;
static void *module;

static enum nss_status (*getpwnam_f)(
    const char *, struct passwd *, char *, size_t, int *);
static enum nss_status (*getpwuid_f)(uid_t, struct passwd *, char *, size_t, int *);
static enum nss_status (*getpwent_f)(struct passwd *, char *, size_t, int *);
static enum nss_status (*getgrnam_f)(const char *, struct group *, char *, size_t, int *);
static enum nss_status (*getgrgid_f)(gid_t, struct group *, char *, size_t, int *);
static enum nss_status (*getgrent_f)(struct group *, char *, size_t, int *);
static enum nss_status (*set_f[2])(int);
static enum nss_status (*end_f[2])(void);
static enum nss_status (*init_f)(
    const char *, gid_t, long *, long *, gid_t **, long, int *);

static void *
entry(const char *name)
{
	char symbol[64];
	void *p;

	(void)snprintf(symbol, sizeof(symbol), "_nss_okta_%s", name);
	p = dlsym(module, symbol);
	if (p == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	return p;
}

#define LOAD(f, name) (*(void **)&(f) = entry(name))

static void
load(void)
{
	module = dlopen(module_path, RTLD_NOW | RTLD_LOCAL);
	if (module == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		exit(1);
	}
	LOAD(getpwnam_f, "getpwnam_r");
	LOAD(getpwuid_f, "getpwuid_r");
	LOAD(getpwent_f, "getpwent_r");
	LOAD(getgrnam_f, "getgrnam_r");
	LOAD(getgrgid_f, "getgrgid_r");
	LOAD(getgrent_f, "getgrent_r");
	LOAD(set_f[0], "setpwent");
	LOAD(set_f[1], "setgrent");
	LOAD(end_f[0], "endpwent");
	LOAD(end_f[1], "endgrent");
	LOAD(init_f, "initgroups_dyn");
}

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

/* What the module unmaps goes through here. */
static void (*_Atomic at_munmap)(uintptr_t at, size_t len);

int __interceptor_munmap(void *p, size_t len) __attribute__((weak)); /* a sanitizer's */

int
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

/* --- snapshots
 * ------------------------------------------------------------------------------- */

/*
 * Users u0... with private groups, all in eng and every third in sudo; each third of them
 * carries GENERATION in his gecos.  Users below SKIP are left out.
 */
static void
publish(unsigned generation, unsigned skip, unsigned n_users)
{
	struct okta_snapw_head head = { .generation = generation,
		.seed = generation,
		.id_min = 1000,
		.id_max = OKTA_SNAP_ID_CEIL };
	struct okta_snapw_group eng = { .kind = OKTA_SNAP_GROUP_SERVED,
		.gid = ENG,
		.name = okta_view_str("eng"),
		.okta_id = okta_view_str("00geng"),
		.okta_name = okta_view_str("Eng") };
	struct okta_snapw_group sudo = {
		.kind = OKTA_SNAP_GROUP_LOCAL, .gid = SUDO, .name = okta_view_str("sudo")
	};
	struct okta_snapw_user u;
	struct okta_snapw *w = NULL;
	struct okta_view bytes;
	struct okta_err err = { 0 };
	char name[32], id[32], gecos[64];
	uint32_t numbers[2];
	unsigned i;
	int lock;

	assert_int_equal(okta_snapw_new(&head, &w, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_group(w, &eng, &numbers[0], NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_group(w, &sudo, &numbers[1], NULL), OKTA_OK);
	for (i = skip; i < n_users; i++) {
		memset(&u, 0, sizeof(u));
		(void)snprintf(name, sizeof(name), "u%u", i);
		(void)snprintf(id, sizeof(id), "00u%u", i);
		(void)snprintf(gecos, sizeof(gecos), "User %u of %u", i, generation);
		u.uid = u.gid = FIRST + i;
		u.status = OKTA_STATUS_ACTIVE;
		u.flags = OKTA_SNAP_USER_PRIVATE_GROUP;
		u.name = okta_view_str(name);
		u.gecos = okta_view_str(gecos);
		u.home = okta_view_str("/home/x");
		u.shell = okta_view_str("/bin/sh");
		u.okta_id = okta_view_str(id);
		u.groups = numbers;
		u.n_groups = i % 3 == 0 ? 2 : 1;
		assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	}
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	/* one writer at a time, as okta-sync's lock sees to: of two at once, one replaces
	 * a file that the other's word never reaches */
	lock = open(OKTA_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(lock >= 0);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	if (okta_snapw_publish(OKTA_SNAPSHOT_PATH, 0, bytes, &err) != OKTA_OK)
		fail_msg("%s", err.msg);
	(void)close(lock);
	okta_snapw_free(&w);
}

static void
nap_ms(unsigned ms)
{
	const struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	(void)nanosleep(&ts, NULL);
}

static enum nss_status
lookup(const char *name, struct passwd *pw)
{
	static _Thread_local char buffer[1024];
	int e = 0;

	return getpwnam_f(name, pw, buffer, sizeof(buffer), &e);
}

/* A good file in place and the module knowing it. */
static int
fresh(void **state)
{
	bool was_there = access(OKTA_SNAPSHOT_PATH, F_OK) == 0;
	struct passwd pw;

	(void)state;
	publish(1, 0, N_USERS);
	if (!was_there)
		nap_ms(1000); /* nothing tells the module but the next look */
	return lookup("u1", &pw) == NSS_STATUS_SUCCESS ? 0 : -1;
}

static unsigned
count_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n;
}

static unsigned
count_mappings(void)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[512];
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(line, sizeof(line), f) != NULL)
		n += strstr(line, OKTA_SNAPSHOT_FILE) != NULL;
	(void)fclose(f);
	return n;
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
	assert_int_equal(count_mappings(), 1);
	*ret_bytes = mapped_bytes();
	assert_true(*ret_bytes > 3 * SLICE);
	publish(3, 0, 10);
	look_up(1);
	assert_int_equal(count_mappings(), 2);
}

/* --- the file comes and goes
 * ----------------------------------------------------------------- */

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
	assert_int_equal(count_mappings(), 0);
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
	assert_int_equal(count_mappings(), 1);
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
		assert_true(count_mappings() <= 2);
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
	assert_int_equal(count_mappings(), 1);
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
		_exit(count_mappings() == 1 ? 0 : 4);
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
	assert_int_equal(count_mappings(), 1);
	replace_large(&large);
	publish(4, 0, 10);
	atomic_store(&at_munmap, fork_meanwhile); /* amid unmapping the whole of it */
	look_up(10);
	assert_int_equal(unmapped, 2);
	assert_int_equal(count_mappings(), 1);
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

/* The file as if VERSION had written it; nobody is in a group that only later ones know.
 */
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

/* --- the contract with glibc
 * ------------------------------------------------------------------ */

#define MAX_BUFFER 4096

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

/* --- initgroups
 * ------------------------------------------------------------------------------- */

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

/* "Local wins": a local account that took the name later has a primary group of the host.
 */
static void
initgroups_gives_nothing_to_a_local_account_of_the_same_name(void **state)
{
	const gid_t local[] = { 0, 33, 100, 999 };
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

/* --- enumeration
 * ------------------------------------------------------------------------------ */

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

/* --- threads, forks, cancellation, descriptors
 * ------------------------------------------------- */

static atomic_bool stop;
static atomic_uint wrong, answers;

static void *
look_up_all_the_time(void *arg)
{
	unsigned i = (unsigned)(uintptr_t)arg, k = i, n = 0, generation;
	char name[16], b[131072], text[64];
	struct passwd pw;
	struct group gr;
	int e;

	while (!atomic_load(&stop)) {
		k = (k * 7 + 13) % N_USERS;
		(void)snprintf(name, sizeof(name), "u%u", k);
		if (getpwnam_f(name, &pw, b, sizeof(b), &e) != NSS_STATUS_SUCCESS ||
		    pw.pw_uid != FIRST + k || strcmp(pw.pw_name, name) != 0) {
			atomic_fetch_add(&wrong, 1);
			continue;
		}
		/* all of an answer is of one generation */
		generation = (unsigned)strtoul(strrchr(pw.pw_gecos, ' ') + 1, NULL, 10);
		(void)snprintf(text, sizeof(text), "User %u of %u", k, generation);
		if (strcmp(text, pw.pw_gecos) != 0 ||
		    getpwuid_f(FIRST + k, &pw, b, sizeof(b), &e) != NSS_STATUS_SUCCESS ||
		    strcmp(pw.pw_name, name) != 0)
			atomic_fetch_add(&wrong, 1);
		if (++n % 16 == 0 &&
		    (getgrgid_f(ENG, &gr, b, sizeof(b), &e) != NSS_STATUS_SUCCESS ||
			strcmp(gr.gr_mem[0], "u0") != 0))
			atomic_fetch_add(&wrong, 1);
		if (n % 64 == 0)
			(void)getpwent_f(&pw, b, sizeof(b), &e);
		atomic_fetch_add(&answers, 1);
	}
	return NULL;
}

static void
start(pthread_t *threads, unsigned n)
{
	unsigned i;

	atomic_store(&stop, false);
	atomic_store(&wrong, 0);
	atomic_store(&answers, 0);
	for (i = 0; i < n; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, look_up_all_the_time,
				     (void *)(uintptr_t)i),
		    0);
}

static void
finish(pthread_t *threads, unsigned n)
{
	unsigned i;

	atomic_store(&stop, true);
	for (i = 0; i < n; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* Every mapping is current, read by a thread, or mapped for one call. */
#define MOST_MAPPINGS (8 + 16)

static void
sixteen_threads_see_right_answers_while_the_snapshot_is_replaced(void **state)
{
	pthread_t threads[16];
	unsigned generation, fds = count_fds();
	time_t end = time(NULL) + 3;

	(void)state;
	start(threads, 16);
	for (generation = 10; generation <= 40 || time(NULL) < end; generation++) {
		publish(generation, 0, generation % 8 == 0 ? N_USERS * 25 : N_USERS);
		nap_ms(generation % 7);
		assert_true(count_mappings() <= MOST_MAPPINGS);
	}
	finish(threads, 16);
	assert_int_equal(atomic_load(&wrong), 0);
	assert_true(atomic_load(&answers) > 1000);
	assert_int_equal(count_fds(), fds);
	publish(generation, 0, N_USERS);
	assert_int_equal(fresh(NULL), 0);
	nap_ms(1000);
	assert_int_equal(fresh(NULL), 0);
	assert_true(count_mappings() <= 2); /* the old ones are let go */
}

static volatile sig_atomic_t interruptions, wrong_in_handler;

static void
look_up_in_between(int signal_number)
{
	struct passwd pw;
	char b[1024];
	int e;

	(void)signal_number;
	if (getpwnam_f("u9", &pw, b, sizeof(b), &e) != NSS_STATUS_SUCCESS ||
	    pw.pw_uid != FIRST + 9)
		wrong_in_handler = wrong_in_handler + 1;
	interruptions = interruptions + 1;
}

/* A handler finds its thread in the middle of a lookup; both get right answers, and
 * nothing is unmapped that the interrupted one reads. */
static void
lookup_in_a_signal_handler_does_not_disturb_the_one_it_interrupts(void **state)
{
	const struct itimerval each_ms = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	struct sigaction sa = { .sa_handler = look_up_in_between,
		.sa_flags = SA_RESTART };
	struct sigaction old;
	struct passwd pw;
	unsigned i;
	pid_t pid;

	(void)state;
	interruptions = wrong_in_handler = 0;
	pid = fork();
	if (pid == 0) {
		(void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* should a lookup crash */
		for (i = 10; getppid() != 1; i++) {
			publish(i, 0, N_USERS);
			nap_ms(1);
		}
		_exit(1);
	}
	assert_int_equal(sigaction(SIGALRM, &sa, &old), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &each_ms, NULL), 0);
	while (interruptions < 500) {
		if (lookup("u5", &pw) != NSS_STATUS_SUCCESS || pw.pw_uid != FIRST + 5)
			break;
	}
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	assert_int_equal(sigaction(SIGALRM, &old, NULL), 0);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_true(interruptions >= 500);
	assert_int_equal(wrong_in_handler, 0);
	assert_true(count_mappings() <= 8);
}

/* Runs in a child: the state it inherited, whatever it was, still gives right answers. */
static int
child_of_the_storm(unsigned generation)
{
	struct passwd pw;
	unsigned i;

	for (i = 0; i < 20; i++)
		if (lookup("u5", &pw) != NSS_STATUS_SUCCESS || pw.pw_uid != FIRST + 5)
			return 1;
	publish(generation, 0, 20); /* as the child sees it, a new file */
	if (lookup("u5", &pw) != NSS_STATUS_SUCCESS)
		return 2;
	if (lookup("u19", &pw) != NSS_STATUS_SUCCESS)
		return 3;
	return 0;
}

static void
children_forked_amid_lookups_answer_and_see_replacements(void **state)
{
	pthread_t threads[4];
	unsigned i;
	int status;
	pid_t pid;

	(void)state;
	start(threads, 4);
	for (i = 0; i < 100; i++) {
		pid = fork();
		if (pid == 0)
			_exit(child_of_the_storm(1000 + i));
		publish(2000 + i, 0, N_USERS);
		assert_int_equal(waitpid(pid, &status, 0), pid);
		if (status != 0)
			fail_msg("child %u: status %#x", i, status);
	}
	finish(threads, 4);
}

static void *
cancelled_on_its_way(void *arg)
{
	struct passwd pw;

	(void)pthread_cancel(
	    pthread_self()); /* pending: the next cancellation point ends us */
	atomic_store((atomic_int *)arg, (int)lookup("u1", &pw));
	pthread_testcancel();
	atomic_store((atomic_int *)arg, -99); /* never */
	return NULL;
}

/* A thread that ended inside open() would leave the lock taken, and a stale mapping for
 * good. */
static void
cancellation_waits_until_the_lookup_is_over(void **state)
{
	struct passwd pw;
	atomic_int result = -98;
	pthread_t thread;
	void *ret;

	(void)state;
	publish(2, 0, N_USERS); /* so that the lookup has to open the new file */
	assert_int_equal(pthread_create(&thread, NULL, cancelled_on_its_way, &result), 0);
	assert_int_equal(pthread_join(thread, &ret), 0);
	assert_ptr_equal(ret, PTHREAD_CANCELED);
	assert_int_equal(atomic_load(&result), NSS_STATUS_SUCCESS);
	publish(3, 0, N_USERS);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	assert_string_equal(pw.pw_gecos, "User 3 of 3");
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
	assert_int_equal(chown(OKTA_SNAPSHOT_PATH, 65534, 0), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_UNAVAIL);
	assert_int_equal(chown(OKTA_SNAPSHOT_PATH, 0, 0), 0);
	nap_ms(1000);
	assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
}

static void
lookups_leave_no_descriptor_open(void **state)
{
	unsigned before = count_fds(), i;
	struct passwd pw;

	(void)state;
	for (i = 0; i < 50; i++) {
		publish(10 + i, 0, 10);
		assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	}
	assert_int_equal(count_fds(), before);
	assert_true(count_mappings() <= 2);
}

static void
loading_and_unloading_leaves_one_mapping(void **state)
{
	struct passwd pw;
	unsigned i;

	(void)state;
	for (i = 0; i < 20; i++) {
		assert_int_equal(dlclose(module), 0);
		load();
		assert_int_equal(lookup("u3", &pw), NSS_STATUS_SUCCESS);
	}
	assert_true(count_mappings() <= 2);
}

static int
prepare(void **state)
{
	(void)state;
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    mount("none", "/var/lib", "tmpfs", 0, "mode=755") < 0 ||
	    mkdir(OKTA_STATE_DIR, 0755) < 0) {
		perror("mount namespace (needs root)");
		return -1;
	}
	load();
	return 0;
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
		F(restored_snapshot_with_the_word_set_is_served),
		F(damaged_or_untrusted_snapshot_is_unavailable),
		F(snapshot_of_the_format_before_is_served),
		F(snapshot_of_an_older_format_is_unavailable_until_it_is_replaced),
		cmocka_unit_test(
		    damaged_record_is_unavailable_and_its_neighbours_are_not),
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
		F(lookup_in_a_signal_handler_does_not_disturb_the_one_it_interrupts),
		F(sixteen_threads_see_right_answers_while_the_snapshot_is_replaced),
		F(children_forked_amid_lookups_answer_and_see_replacements),
		F(cancellation_waits_until_the_lookup_is_over),
		F(without_descriptors_the_last_good_snapshot_is_served),
		F(removed_snapshot_is_not_served_without_descriptors_either),
		F(snapshot_that_others_may_write_is_not_served_after_a_second),
		F(lookups_leave_no_descriptor_open),
		F(loading_and_unloading_leaves_one_mapping),
	};

	if (argc != 2)
		return 2;
	module_path = argv[1];
	return cmocka_run_group_tests_name("nss", tests, prepare, NULL);
}
