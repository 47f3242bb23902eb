/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
/*
 * test_readers BUILD MODULE [full]: many threads read while their file is replaced by
 * others, cut off or taken away, while they fork, and while their process does what it
 * likes with descriptors and signals.  In a mount namespace of its own; needs root.
 */
#include "../nss/module.h"

#include <errno.h>
#include <pthread.h>
#include <sys/time.h>

#include "../nap.h"
#include "../proc_self.h"
#include "rude_host.h"
#include "snap/read.h"
#include "snap/sum.h"
#include "snap/write.h"

#define N_USERS	  300
#define FIRST	  100000
#define ENG	  90000
#define READERS	  16
#define LOOK_MS	  1000 /* a file is looked at anew by then */
#define FORKERS	  8
#define HIJACKED  24 /* descriptors from 3 on */
#define FULL_FACT 10

static unsigned times = 1;

/* --- files ------------------------------------------------------------------------ */

static unsigned char *good; /* a sound snapshot */
static size_t good_len;

/* Users u0... with private groups, all in eng. */
static void
make_good(void)
{
	const struct okta_snapw_head head = {
		.generation = 1, .seed = 1, .id_min = 1000, .id_max = OKTA_SNAP_ID_CEIL
	};
	const struct okta_snapw_group eng = { .kind = OKTA_SNAP_GROUP_SERVED,
		.gid = ENG,
		.name = okta_view_str("eng"),
		.okta_id = okta_view_str("00geng"),
		.okta_name = okta_view_str("Eng") };
	struct okta_snapw *w = NULL;
	struct okta_view bytes;
	char name[32], id[32];
	uint32_t number;
	unsigned i;

	assert_int_equal(okta_snapw_new(&head, &w, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_group(w, &eng, &number, NULL), OKTA_OK);
	for (i = 0; i < N_USERS; i++) {
		struct okta_snapw_user u = { .uid = FIRST + i,
			.gid = FIRST + i,
			.status = OKTA_STATUS_ACTIVE,
			.flags = OKTA_SNAP_USER_PRIVATE_GROUP,
			.gecos = okta_view_str("Somebody"),
			.home = okta_view_str("/home/x"),
			.shell = okta_view_str("/bin/sh"),
			.groups = &number,
			.n_groups = 1 };

		(void)snprintf(name, sizeof(name), "u%u", i);
		(void)snprintf(id, sizeof(id), "00u%u", i);
		u.name = okta_view_str(name);
		u.okta_id = okta_view_str(id);
		assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	}
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	good_len = bytes.len;
	good = malloc(good_len);
	assert_non_null(good);
	memcpy(good, bytes.p, good_len);
	okta_snapw_free(&w);
}

/*
 * Rename a new file of these bytes over the snapshot.  The old one is told that it was
 * superseded, so that each reader comes to look at the new one at once, all together.
 */
static void
put(const unsigned char *bytes, size_t len)
{
	static const unsigned char word[4] = { 1, 0, 0, 0 };
	int old = open(OKTA_SNAPSHOT_PATH, O_RDWR | O_CLOEXEC);
	int fd = open(
	    OKTA_STATE_DIR "/new", O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes, len), (ssize_t)len);
	(void)close(fd);
	assert_int_equal(rename(OKTA_STATE_DIR "/new", OKTA_SNAPSHOT_PATH), 0);
	if (old < 0)
		return;
	if (fstat(old, &st) == 0 && st.st_size >= OKTA_SNAP_HEADER_BYTES)
		(void)!pwrite(old, word, sizeof(word), OKTA_SNAP_SUPERSEDED_AT);
	(void)close(old);
}

static void
put_good(void)
{
	put(good, good_len);
}

static size_t
some(size_t below)
{
	return (size_t)random() % below;
}

static void
scribble(unsigned char *p, size_t len)
{
	while (len-- > 0)
		*p++ = (unsigned char)random();
}

#define LENGTH_AT     24
#define GENERATION_AT 32

/* A header that says this of the file, and is right otherwise. */
static void
forge(unsigned char *p, size_t at, uint64_t value)
{
	uint32_t sum;
	size_t i;

	for (i = 0; i < 8; i++)
		p[at + i] = (unsigned char)(value >> (8 * i));
	sum = okta_snap_header_sum(p);
	for (i = 0; i < 4; i++)
		p[16 + i] = (unsigned char)(sum >> (8 * i));
}

enum ruin {
	EMPTY,
	HEADER_ONLY,
	CUT,
	CUT_BY_ONE,
	CUT_AND_FORGED,
	LONGER,
	GARBAGE,
	ZEROS,
	OTHER_MAGIC,
	RUINS
};

/* Make of the good bytes in P a file that is none; its length. */
static size_t
ruin(unsigned char *p, enum ruin how)
{
	size_t len = good_len;

	switch (how) {
	case EMPTY:
		return 0;
	case HEADER_ONLY:
		return OKTA_SNAP_HEADER_BYTES;
	case CUT:
		return some(good_len);
	case CUT_BY_ONE:
		return good_len - 1;
	case CUT_AND_FORGED:
		len = OKTA_SNAP_HEADER_BYTES + some(good_len - OKTA_SNAP_HEADER_BYTES);
		forge(p, LENGTH_AT, len);
		return len;
	case LONGER:
		memset(p + good_len, 0, 4096);
		return good_len + 4096;
	case GARBAGE:
		scribble(p, good_len);
		return len;
	case ZEROS:
		memset(p, 0, good_len);
		return len;
	default:
		p[3] ^= 1;
		return len;
	}
}

static void
put_ruin(enum ruin how)
{
	unsigned char *p = malloc(good_len + 4096);

	assert_non_null(p);
	memcpy(p, good, good_len);
	put(p, ruin(p, how));
	free(p);
}

/* --- readers ---------------------------------------------------------------------- */

static atomic_ulong answers, unavailable, wrong;
static _Thread_local bool was_unavailable; /* the last one */

/* What an answer says of somebody or something that is there. */
static void
judge(enum nss_status status, bool right)
{
	was_unavailable = status == NSS_STATUS_UNAVAIL;
	if (was_unavailable)
		atomic_fetch_add(&unavailable, 1);
	else if (status == NSS_STATUS_SUCCESS && right)
		atomic_fetch_add(&answers, 1);
	else
		atomic_fetch_add(&wrong, 1);
}

static void
ask_for(unsigned k)
{
	char name[16], b[65536];
	struct passwd pw;
	struct group gr;
	gid_t *gids = NULL;
	long start = 0, size = 0;
	enum nss_status s;
	int e = 0;

	(void)snprintf(name, sizeof(name), "u%u", k);
	s = getpwnam_f(name, &pw, b, sizeof(b), &e);
	judge(s, s == NSS_STATUS_SUCCESS && pw.pw_uid == FIRST + k &&
		     strcmp(pw.pw_name, name) == 0 && strcmp(pw.pw_dir, "/home/x") == 0);
	s = getpwuid_f(FIRST + k, &pw, b, sizeof(b), &e);
	judge(s, s == NSS_STATUS_SUCCESS && strcmp(pw.pw_name, name) == 0);
	s = init_f(name, FIRST + k, &start, &size, &gids, 0, &e);
	judge(s, s == NSS_STATUS_SUCCESS && start == 1 && gids[0] == ENG);
	free(gids);
	if (k % 16 == 0) {
		s = getgrnam_f("eng", &gr, b, sizeof(b), &e);
		judge(s, s == NSS_STATUS_SUCCESS && gr.gr_gid == ENG &&
			     gr.gr_mem[N_USERS - 1] != NULL &&
			     gr.gr_mem[N_USERS] == NULL);
	}
	s = getpwnam_f("nobody-of-ours", &pw, b, sizeof(b), &e);
	if (s != NSS_STATUS_NOTFOUND && s != NSS_STATUS_UNAVAIL)
		atomic_fetch_add(&wrong, 1);
}

static void *
read_all_the_time(void *arg)
{
	unsigned k = (unsigned)(uintptr_t)arg;

	for (; !atomic_load(&stop); k = (k * 7 + 13) % N_USERS) {
		ask_for(k);
		if (was_unavailable)
			nap_us(200); /* leaves the processor to who replaces it */
	}
	return NULL;
}

static void
start_threads(pthread_t *threads, unsigned n, void *(*fn)(void *))
{
	unsigned i;

	atomic_store(&stop, false);
	for (i = 0; i < n; i++)
		assert_int_equal(
		    pthread_create(&threads[i], NULL, fn, (void *)(uintptr_t)i), 0);
}

static void
join_threads(pthread_t *threads, unsigned n)
{
	unsigned i;

	atomic_store(&stop, true);
	for (i = 0; i < n; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
}

/* Until the module gives answers again: it looks at what was bad once a second. */
static bool
answers_again(void)
{
	unsigned long before = atomic_load(&answers);
	unsigned i;

	for (i = 0; i < 200; i++) {
		nap_us(20000);
		if (atomic_load(&answers) > before + 1000)
			return true;
	}
	return false;
}

static int
fresh(void **state)
{
	(void)state;
	atomic_store(&answers, 0);
	atomic_store(&unavailable, 0);
	atomic_store(&wrong, 0);
	put_good();
	nap_us(LOOK_MS * 1000L);
	ask_for(1);
	return atomic_load(&answers) == 3 ? 0 : -1;
}

/* --- what is published ------------------------------------------------------------ */

/* An admin's cp, a disk that lies, a writer of somebody else's. */
static void
sixteen_threads_answer_rightly_or_not_at_all_while_cut_and_garbled_files_are_renamed_in(
    void **state)
{
	pthread_t threads[READERS];
	int fds = count_descriptors();
	unsigned n, files = 0;

	(void)state;
	start_threads(threads, READERS, read_all_the_time);
	for (n = 0; n < RUINS * times; n++) {
		unsigned i, more = 1 + (unsigned)some(8);

		for (i = 0; i < more; i++, files++) {
			put_ruin(
			    i == 0 ? (enum ruin)(n % RUINS) : (enum ruin)some(RUINS));
			nap_us((long)some(3000));
		}
		put_good();
		files++;
		if (!answers_again())
			break;
	}
	join_threads(threads, READERS);
	print_message("# figure S29 what=renamed-in files=%u threads=%d answers=%lu "
		      "unavailable=%lu wrong=%lu\n",
	    files, READERS, atomic_load(&answers), atomic_load(&unavailable),
	    atomic_load(&wrong));
	assert_int_equal(n, RUINS * times); /* each time it came back */
	assert_int_equal(atomic_load(&wrong), 0);
	assert_true(atomic_load(&unavailable) > 0);
	assert_int_equal(count_descriptors(), fds);
}

/* --- what is swapped ---------------------------------------------------------------- */

#define OPENERS	   4
#define FORGED	   666 /* generation */
#define OTHERS_UID 12345

static const char *const swapped_in[] = { OKTA_STATE_DIR "/others",
	OKTA_STATE_DIR "/writable", OKTA_STATE_DIR "/link", OKTA_STATE_DIR "/fifo",
	OKTA_STATE_DIR "/directory" };

/* A sound snapshot, but for its generation and for whose it is. */
static void
put_forged(const char *path, uid_t owner, mode_t mode)
{
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	forge(good, GENERATION_AT, FORGED);
	assert_int_equal(write(fd, good, good_len), (ssize_t)good_len);
	forge(good, GENERATION_AT, 1);
	assert_int_equal(fchown(fd, owner, owner), 0);
	assert_int_equal(fchmod(fd, mode), 0);
	(void)close(fd);
}

static void *
swap_all_the_time(void *arg)
{
	const size_t n = sizeof(swapped_in) / sizeof(swapped_in[0]);
	size_t i;

	(void)arg;
	for (i = 0; !atomic_load(&stop); i++) /* there and back: each ends as it began */
		if (renameat2(AT_FDCWD, swapped_in[i / 2 % n], AT_FDCWD,
			OKTA_SNAPSHOT_PATH, RENAME_EXCHANGE) < 0)
			atomic_fetch_add(&wrong, 1);
	if (i % 2 == 1)
		(void)renameat2(AT_FDCWD, swapped_in[i / 2 % n], AT_FDCWD,
		    OKTA_SNAPSHOT_PATH, RENAME_EXCHANGE);
	return NULL;
}

static void *
open_all_the_time(void *arg)
{
	struct okta_snap snap = { 0 };

	(void)arg;
	while (!atomic_load(&stop)) {
		if (okta_snap_open(OKTA_SNAPSHOT_PATH, 0, &snap) != OKTA_OK) {
			atomic_fetch_add(&unavailable, 1);
			continue;
		}
		atomic_fetch_add(snap.generation == FORGED ? &wrong : &answers, 1);
		okta_snap_close(&snap);
	}
	return NULL;
}

/* S27: what was looked at is what is read, whatever takes its place in between. */
static void
files_that_are_swapped_for_other_ones_all_the_time_are_opened_or_refused_as_what_they_are(
    void **state)
{
	const int seconds = times == 1 ? 3 : 60;
	pthread_t openers[OPENERS], swapper;
	int fds = count_descriptors();

	(void)state;
	put_forged(swapped_in[0], OTHERS_UID, 0644);
	put_forged(swapped_in[1], 0, 0666);
	put_forged(OKTA_STATE_DIR "/elsewhere", 0, 0644);
	assert_int_equal(symlink("elsewhere", swapped_in[2]), 0);
	assert_int_equal(mkfifo(swapped_in[3], 0644), 0);
	assert_int_equal(mkdir(swapped_in[4], 0755), 0);
	start_threads(openers, OPENERS, open_all_the_time);
	start_threads(&swapper, 1, swap_all_the_time);
	nap_us(seconds * 1000000L);
	join_threads(openers, OPENERS);
	join_threads(&swapper, 1);
	print_message("# figure S27 what=swapped seconds=%d opened=%lu refused=%lu "
		      "wrong=%lu\n",
	    seconds, atomic_load(&answers), atomic_load(&unavailable),
	    atomic_load(&wrong));
	assert_int_equal(atomic_load(&wrong), 0);
	assert_true(atomic_load(&answers) > 1000 && atomic_load(&unavailable) > 1000);
	assert_int_equal(count_descriptors(), fds);
}

/* --- what is cut off in place ------------------------------------------------------ */

/* In a process and a place of its own: 0, or what went wrong. */
static int
cut_in_place(size_t len)
{
	char b[1024];
	struct passwd pw;
	int e = 0;

	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/var/lib", "tmpfs", 0, "mode=755") < 0 ||
	    mkdir(OKTA_STATE_DIR, 0755) < 0)
		return 2;
	put_good();
	nap_us(LOOK_MS * 1000L);
	if (getpwnam_f("u7", &pw, b, sizeof(b), &e) != NSS_STATUS_SUCCESS)
		return 3;
	if (truncate(OKTA_SNAPSHOT_PATH, (off_t)len) < 0)
		return 4;
	nap_us(LOOK_MS * 1000L);
	/* what it would touch is not there any more */
	if (getpwnam_f("u7", &pw, b, sizeof(b), &e) != NSS_STATUS_UNAVAIL ||
	    getpwuid_f(FIRST + 299, &pw, b, sizeof(b), &e) != NSS_STATUS_UNAVAIL)
		return 5;
	put_good();
	nap_us(LOOK_MS * 1000L);
	return getpwnam_f("u7", &pw, b, sizeof(b), &e) == NSS_STATUS_SUCCESS ? 0 : 6;
}

/* It takes root to do so, and no promise stands against it while a lookup is under way.
 */
static void
snapshot_cut_off_in_place_is_not_touched_at_the_next_look(void **state)
{
	const size_t lengths[] = { 0, 1, OKTA_SNAP_HEADER_BYTES - 1,
		OKTA_SNAP_HEADER_BYTES, 4096, 8192, good_len / 2, good_len - 1 };
	const unsigned n = sizeof(lengths) / sizeof(lengths[0]);
	pid_t pids[sizeof(lengths) / sizeof(lengths[0])];
	int status, bad = 0;
	unsigned i;

	(void)state;
	for (i = 0; i < n; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(cut_in_place(lengths[i]));
	}
	for (i = 0; i < n; i++) {
		assert_int_equal(waitpid(pids[i], &status, 0), pids[i]);
		if (status != 0) {
			print_message(
			    "# cut to %zu: status %#x\n", lengths[i], (unsigned)status);
			bad++;
		}
	}
	print_message("# figure S29 what=cut-in-place lengths=%u bad=%d\n", n, bad);
	assert_int_equal(bad, 0);
}

static void
die_reading(void)
{
	pthread_t threads[READERS];

	start_threads(threads, READERS, read_all_the_time);
	nap_us(20000);
	(void)!truncate(OKTA_SNAPSHOT_PATH, OKTA_SNAP_HEADER_BYTES);
	nap_us(LOOK_MS * 2000L);
	_exit(0);
}

/* The same readers, and the one thing that doc/THREATS.md does not promise. */
static void
these_readers_see_a_file_that_is_cut_off_under_them(void **state)
{
	int status;
	pid_t pid = fork();

	(void)state;
	if (pid == 0)
		die_reading();
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_not_equal(status, 0);
}

/* --- forks ------------------------------------------------------------------------- */

static atomic_uint forks, bad_children;

static void *
list_all_the_time(void *arg)
{
	struct passwd pw;
	char b[1024];
	int e;

	(void)arg;
	while (!atomic_load(&stop))
		(void)getpwent_f(&pw, b, sizeof(b), &e);
	return NULL;
}

static void *
replace_all_the_time(void *arg)
{
	(void)arg;
	while (!atomic_load(&stop)) {
		put_good();
		nap_us(2000);
	}
	return NULL;
}

/* A child has one thread, and whatever the others were at when it was made. */
static void __attribute__((noreturn)) be_a_child(unsigned k, bool again)
{
	struct group gr;
	char b[65536];
	int e, status = 0;
	pid_t pid;

	(void)alarm(10); /* should it wait for a thread that is not there */
	atomic_store(&wrong, 0);
	atomic_store(&unavailable, 0);
	ask_for(k % N_USERS);
	if (getgrent_f(&gr, b, sizeof(b), &e) != NSS_STATUS_SUCCESS)
		_exit(4);
	if (again) {
		pid = fork();
		if (pid == 0)
			be_a_child(k + 1, false);
		if (waitpid(pid, &status, 0) != pid || status != 0)
			_exit(3);
	}
	_exit(atomic_load(&wrong) + atomic_load(&unavailable) == 0 ? 0 : 1);
}

static void *
fork_all_the_time(void *arg)
{
	unsigned k = (unsigned)(uintptr_t)arg;
	int status;
	pid_t pid;

	for (; !atomic_load(&stop); k += 13) {
		ask_for(k % N_USERS);
		pid = fork();
		if (pid == 0)
			be_a_child(k, k % 8 == 0);
		if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0) {
			print_message("# child %u: status %#x\n", k, (unsigned)status);
			atomic_fetch_add(&bad_children, 1);
			return NULL;
		}
		atomic_fetch_add(&forks, 1);
	}
	return NULL;
}

static void
threads_that_look_up_and_fork_at_once_and_their_children_get_right_answers(void **state)
{
	pthread_t threads[FORKERS], others[2];
	int fds = count_descriptors();
	unsigned wanted = 300 * times;

	(void)state;
	atomic_store(&forks, 0);
	atomic_store(&bad_children, 0);
	start_threads(&others[0], 1, list_all_the_time);
	start_threads(&others[1], 1, replace_all_the_time);
	start_threads(threads, FORKERS, fork_all_the_time);
	while (atomic_load(&forks) < wanted && atomic_load(&bad_children) == 0)
		nap_us(10000);
	join_threads(threads, FORKERS);
	join_threads(others, 2);
	print_message("# figure S30 what=fork-storm threads=%d forks=%u bad=%u wrong=%lu "
		      "descriptors=%d\n",
	    FORKERS, atomic_load(&forks), atomic_load(&bad_children),
	    atomic_load(&wrong) + atomic_load(&unavailable), count_descriptors() - fds);
	assert_int_equal(atomic_load(&bad_children), 0);
	assert_int_equal(atomic_load(&wrong) + atomic_load(&unavailable), 0);
	assert_int_equal(count_descriptors(), fds);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
}

/* --- hosts that do what they like --------------------------------------------------- */

static void *
hijack_all_the_time(void *arg)
{
	unsigned i;

	(void)arg;
	for (i = 0; !atomic_load(&stop); i++) {
		hijack_one(i, HIJACKED);
		if (i % 64 == 0)
			nap_us(50);
	}
	return NULL;
}

/* Our own descriptors are as little safe below; what goes wrong here is left out. */
static void
replace_out_of_reach(void)
{
	static const unsigned char word[4] = { 1, 0, 0, 0 };
	int fd = open(OKTA_STATE_DIR "/new", O_WRONLY | O_CREAT | O_TRUNC, 0644);
	int old = open(OKTA_SNAPSHOT_PATH, O_RDWR);

	fd = fd < 0 ? fd : dup2(fd, OUT_OF_REACH + 1);
	old = old < 0 ? old : dup2(old, OUT_OF_REACH + 2);
	if (fd >= 0 && old >= 0 && write(fd, good, good_len) == (ssize_t)good_len &&
	    rename(OKTA_STATE_DIR "/new", OKTA_SNAPSHOT_PATH) == 0)
		(void)!pwrite(old, word, sizeof(word), OKTA_SNAP_SUPERSEDED_AT);
}

/*
 * What the hijacker opens is a file like ours, of root's, but not ours: so a lookup may
 * find its descriptor closed, or leading elsewhere, at each of its steps.
 */
static int
live_with_a_hijacker(void)
{
	pthread_t readers[4], hijacker;
	unsigned i;

	if (!open_spare())
		return 2;
	start_threads(readers, 4, read_all_the_time);
	start_threads(&hijacker, 1, hijack_all_the_time);
	for (i = 0; i < 300 * times; i++) {
		replace_out_of_reach();
		nap_us(5000);
	}
	join_threads(readers, 4);
	join_threads(&hijacker, 1);
	close_hijacked(HIJACKED);
	print_message(
	    "# figure S15 what=hijacked answers=%lu unavailable=%lu wrong=%lu\n",
	    atomic_load(&answers), atomic_load(&unavailable), atomic_load(&wrong));
	if (atomic_load(&wrong) != 0)
		return 3;
	put_good();
	nap_us(LOOK_MS * 1000L);
	atomic_store(&answers, 0);
	ask_for(5);
	return atomic_load(&answers) == 3 ? 0 : 4;
}

static void
descriptors_that_the_host_closes_or_opens_anew_amid_lookups_make_no_answer_wrong(
    void **state)
{
	(void)state;
	assert_child_ends_well(live_with_a_hijacker);
}

/* Calls are interrupted, and nothing starts them again but who made them. */
static void
signals_without_SA_RESTART_make_no_lookup_fail(void **state)
{
	const struct itimerval often = { { 0, 150 }, { 0, 150 } }, never = { 0 };
	struct sigaction sa = { .sa_handler = note }, old[2];
	pthread_t other;
	unsigned n = 0;

	(void)state;
	start_threads(&other, 1, replace_all_the_time);
	interruptions = 0;
	assert_int_equal(sigaction(SIGALRM, &sa, &old[0]), 0);
	assert_int_equal(sigaction(SIGUSR1, &sa, &old[1]), 0);
	assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
	while (interruptions < 3000 * (int)times) {
		ask_for(n++ % N_USERS);
		if (n % 4 == 0)
			(void)raise(SIGUSR1);
	}
	assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	join_threads(&other, 1);
	assert_int_equal(sigaction(SIGALRM, &old[0], NULL), 0);
	assert_int_equal(sigaction(SIGUSR1, &old[1], NULL), 0);
	print_message("# figure S16 what=lookups-interrupted signals=%d answers=%lu "
		      "failed=%lu\n",
	    (int)interruptions, atomic_load(&answers),
	    atomic_load(&wrong) + atomic_load(&unavailable));
	assert_int_equal(atomic_load(&wrong) + atomic_load(&unavailable), 0);
}

static int
look_up_without_standard_descriptors(void)
{
	int fd;

	for (fd = 0; fd < 3; fd++)
		(void)close(fd);
	put_good();
	ask_for(9);
	for (fd = 0; fd < 3; fd++)
		if (fcntl(fd, F_GETFD) >= 0)
			return 3;
	return atomic_load(&answers) == 3 + 3 ? 0 : 4;
}

static void
lookups_with_descriptors_0_to_2_closed_leave_them_closed(void **state)
{
	(void)state;
	assert_child_ends_well(look_up_without_standard_descriptors);
}

static int
prepare_good(void **state)
{
	if (prepare(state) < 0)
		return -1;
	make_good();
	return 0;
}

static int
tidy(void **state)
{
	(void)state;
	free(good);
	return 0;
}

int
main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup(f, fresh)
	static char path[4096];
	const struct CMUnitTest tests[] = {
		T(sixteen_threads_answer_rightly_or_not_at_all_while_cut_and_garbled_files_are_renamed_in),
		T(files_that_are_swapped_for_other_ones_all_the_time_are_opened_or_refused_as_what_they_are),
		T(snapshot_cut_off_in_place_is_not_touched_at_the_next_look),
		T(these_readers_see_a_file_that_is_cut_off_under_them),
		T(threads_that_look_up_and_fork_at_once_and_their_children_get_right_answers),
		T(descriptors_that_the_host_closes_or_opens_anew_amid_lookups_make_no_answer_wrong),
		T(signals_without_SA_RESTART_make_no_lookup_fail),
		T(lookups_with_descriptors_0_to_2_closed_leave_them_closed),
	};

	if (argc < 3)
		return 2;
	(void)snprintf(path, sizeof(path), "%s/%s", argv[1], argv[2]);
	module_path = path;
	if (argc > 3 && strcmp(argv[3], "full") == 0)
		times = FULL_FACT;
	return cmocka_run_group_tests(tests, prepare_good, tidy);
}
