/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * replace MODULE NAME KEYDIR SNAPSHOT TIMES: lookups while the snapshot is replaced.
 *
 * A second process publishes the same bytes TIMES times under SNAPSHOT, as okta-sync
 * would; meanwhile this one looks people up without a pause.  Prints "replace SLOWEST
 * MEDIAN-OF-SLOWEST LOOKUPS WRONG RSS-BEFORE RSS-AFTER MAPPINGS LONGEST BUSIEST
 * SLOWEST-OTHER", times in nanoseconds, memory in KiB.
 *
 * SLOWEST is of the lookups that had to do with a replacement: a page that was not mapped
 * yet, or a part of an old file to unmap.  MEDIAN-OF-SLOWEST is the median over
 * replacements of the slowest of those after each.  SLOWEST-OTHER is of all the others,
 * which do what they do on any day: no fault, and once a second a look at the path.  If
 * one is slow, something else fell into it; an interrupt of the disk, most likely.  Each
 * time is of the processor, with all that the kernel did meanwhile, or on the wall if the
 * lookup had to wait for something.  LONGEST is on the wall, and so may be time that
 * somebody else was given; BUSIEST is the most processor time.
 */
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ops.h"
#include "snap/write.h"

#define TIMES_MAX 200
#define PAUSE_US  20000
#define NAMES	  10000

struct shared {
	volatile unsigned done; /* how often it was published */
	volatile bool failed;
};

static void
die(const char *what)
{
	(void)fprintf(stderr, "replace: %s\n", what);
	exit(1);
}

static struct okta_view
read_whole(const char *path)
{
	struct okta_view v = { NULL, 0 };
	struct stat st;
	size_t len = 0;
	ssize_t n;
	char *p;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || fstat(fd, &st) < 0 || (p = malloc((size_t)st.st_size)) == NULL)
		die("cannot read SNAPSHOT");
	while (len < (size_t)st.st_size) {
		n = read(fd, p + len, (size_t)st.st_size - len);
		if (n <= 0)
			die("cannot read SNAPSHOT");
		len += (size_t)n;
	}
	(void)close(fd);
	v.p = p;
	v.len = len;
	return v;
}

static void
publish(struct shared *shared, const char *path, struct okta_view bytes, unsigned times)
{
	struct okta_err err = { 0 };

	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (shared->done < times) {
		(void)usleep(PAUSE_US);
		if (okta_snapw_publish(path, geteuid(), bytes, &err) != OKTA_OK) {
			(void)fprintf(stderr, "replace: %s\n", err.msg);
			shared->failed = true;
			break;
		}
		shared->done++;
	}
	_exit(0);
}

/* The module's calls come here: the loader looks into the program first. */
static unsigned long unmapped;

int
munmap(void *p, size_t len)
{
	unmapped++;
	return (int)syscall(SYS_munmap, p, len);
}

/* What a lookup may need of the kernel. */
struct work {
	long waits, faults;
	unsigned long unmapped;
};

static struct work
work_so_far(void)
{
	struct rusage used;

	(void)getrusage(RUSAGE_SELF, &used);
	return (struct work){ used.ru_nvcsw, used.ru_minflt + used.ru_majflt, unmapped };
}

static double
spent_ns(void)
{
	struct timespec ts;

	(void)clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (double)ts.tv_sec * 1e9 + (double)ts.tv_nsec;
}

static void
memory(const char *snapshot, long *ret_kib, unsigned *ret_mappings)
{
	FILE *f = fopen("/proc/self/smaps", "re");
	char line[4096];
	bool ours = false;
	long kib;

	*ret_kib = 0;
	*ret_mappings = 0;
	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (strchr(line, '-') != NULL && strstr(line, " r") != NULL) {
			ours = strstr(line, snapshot) != NULL;
			*ret_mappings += ours;
		}
		if (ours && sscanf(line, "Rss: %ld", &kib) == 1)
			*ret_kib += kib;
	}
	if (f != NULL)
		(void)fclose(f);
}

struct tally {
	double slowest, other, busiest, longest, after[TIMES_MAX];
	size_t lookups, wrong;
};

static void
look_until_done(
    struct shared *shared, const struct keys *keys, unsigned times, struct tally *t)
{
	const struct op *op = op_named("name-held");
	struct caller c;
	struct work before = work_so_far(), now;
	double spent, wall;
	uint64_t start;
	size_t at = 0;

	caller_init(&c, 1024);
	while (shared->done < times && !shared->failed) {
		spent = spent_ns();
		start = clock_ticks();
		if (!op_is_right(
			op, look_up(op->what, &keys->key[at], &c), &keys->key[at], &c))
			t->wrong++;
		wall = clock_ns_of(clock_ticks() - start);
		spent = spent_ns() - spent;
		now = work_so_far();
		t->lookups++;
		at = at + 1 == keys->n ? 0 : at + 1;
		if (wall > t->longest)
			t->longest = wall;
		if (spent > t->busiest)
			t->busiest = spent;
		if (now.waits != before.waits)
			spent = wall;
		if (now.faults == before.faults && now.unmapped == before.unmapped) {
			if (spent > t->other)
				t->other = spent;
		} else {
			if (spent > t->slowest)
				t->slowest = spent;
			if (shared->done < TIMES_MAX && spent > t->after[shared->done])
				t->after[shared->done] = spent;
		}
		before = now;
	}
	caller_clear(&c);
}

int
main(int argc, char **argv)
{
	struct tally *t = calloc(1, sizeof(*t));
	struct shared *shared;
	struct keys keys;
	struct caller c;
	struct okta_view bytes;
	long before, after;
	unsigned times, mappings, ignored;
	pid_t pid;
	size_t i;

	if (argc != 6 || t == NULL)
		die("usage: replace MODULE NAME KEYDIR SNAPSHOT TIMES");
	times = (unsigned)strtoul(argv[5], NULL, 10);
	if (times < 2 || times >= TIMES_MAX)
		die("TIMES: 2 to 199");
	keys = keys_read(argv[3], "names", 0, NAMES);
	entry_load(argv[1], argv[2]);
	caller_init(&c, 1024);
	for (i = 0; i < keys.n; i++)
		(void)look_up(LOOK_NAME, &keys.key[i], &c);
	memory(argv[4], &before, &ignored);
	clock_start();
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED)
		die("no memory");
	bytes = read_whole(argv[4]);
	pid = fork();
	if (pid < 0)
		die("no process");
	if (pid == 0)
		publish(shared, argv[4], bytes, times);
	look_until_done(shared, &keys, times, t);
	(void)waitpid(pid, NULL, 0);
	if (unmapped == 0)
		die("the module's munmap() was not seen");
	for (i = 0; i < keys.n; i++)
		(void)look_up(LOOK_NAME, &keys.key[i], &c);
	memory(argv[4], &after, &mappings);
	(void)printf("replace\t%.0f\t%.0f\t%zu\t%zu\t%ld\t%ld\t%u\t%.0f\t%.0f\t%.0f\n",
	    t->slowest, percentile(t->after + 1, times - 1, 50), t->lookups, t->wrong,
	    before, after, mappings, t->longest, t->busiest, t->other);
	return shared->failed;
}
