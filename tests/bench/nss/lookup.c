/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * lookup [-wu] [-t SECONDS] MODULE|- NAME KEYDIR OP...: what lookups cost.
 *
 * Prints "OP median p99 least calls" in nanoseconds, tab-separated, for each operation of
 * ops.c and for: memory (KiB resident, and of that its own, after all names were asked
 * for), enum (per entry), threads-1 and threads-2 (per lookup, of all threads together).
 * Instead of figures "OP - reason" when an answer is wrong or the module cannot do it.
 *
 * The median is over batches of 50 us: reading the clock does not count, and a batch fits
 * between two time slices of a busy machine.  p99 is of single calls, less what the clock
 * costs.  -w asks for all keys once before, for modules with a cache behind them; -u does
 * not look at the answers, for a module that has none.
 */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "clock.h"
#include "ops.h"

#define BATCH_NS  50000
#define TIMES_MAX 400000
#define ROUNDS	  5
#define LEAST	  3

static double seconds = 0.25;
static bool warm_all, unchecked;
static const char *keydir;
static double times[TIMES_MAX];

static void
print(const char *op, double median, double p99, double least, size_t calls)
{
	(void)printf(
	    "%s\t%.1f\t%.1f\t%.1f\t%zu\n", op, median, p99 < 0 ? 0 : p99, least, calls);
	(void)fflush(stdout);
}

/* Of a few long rounds: there is no p99, the slowest stands for it. */
static void
print_rounds(const char *op, double *rounds, size_t n, size_t calls)
{
	double median = percentile(rounds, n, 50);

	print(op, median, rounds[n - 1], rounds[0], calls);
}

static void
give_up(const char *op, const char *why)
{
	(void)printf("%s\t-\t%s\n", op, why);
	(void)fflush(stdout);
}

static uint64_t
budget(void)
{
	return clock_ns() + (uint64_t)(seconds * 1e9);
}

/*
 * Answers are compared until the time is up; then, for a cache, the rest is asked for.
 * False if one was wrong.  *RET_AT is the first key that was not asked for.
 */
static bool
check(const struct op *op, const struct keys *keys, struct caller *c, size_t *ret_at)
{
	uint64_t end = budget();
	size_t i;
	enum nss_status status;

	for (i = 0; i < keys->n && (warm_all || i < 1 || clock_ns() < end); i++) {
		status = look_up(op->what, &keys->key[i], c);
		if (!unchecked && !op_is_right(op, status, &keys->key[i], c)) {
			(void)fprintf(stderr, "%s: %s (%u): a wrong answer, status %d\n",
			    op->name, keys->key[i].name, keys->key[i].id, (int)status);
			return false;
		}
	}
	*ret_at = i % keys->n;
	return true;
}

struct walk {
	const struct op *op;
	struct keys keys;
	struct caller caller;
	size_t at;
};

static void
step(struct walk *w, size_t calls)
{
	size_t i;

	for (i = 0; i < calls; i++) {
		(void)look_up(w->op->what, &w->keys.key[w->at], &w->caller);
		if (++w->at == w->keys.n)
			w->at = 0;
	}
}

/* CALLS at a time; how many times were taken.  A slow peer gets a few all the same. */
static size_t
take_times(struct walk *w, size_t calls)
{
	uint64_t end = budget(), start;
	size_t n = 0;

	do {
		start = clock_ticks();
		step(w, calls);
		times[n++] = (clock_ns_of(clock_ticks() - start) - clock_cost_ns()) /
			     (double)calls;
	} while (n < TIMES_MAX && (n < LEAST || clock_ns() < end));
	return n;
}

static void
measure(const struct op *op)
{
	struct walk w = { .op = op };
	size_t calls, n, total;
	double one, p99, median;

	w.keys = keys_read(keydir, op->file, op->skip, op->n);
	if (w.keys.n == 0) {
		give_up(op->name, "nobody like that in a directory of this size");
		return;
	}
	caller_init(&w.caller, op_buffer(op));
	if (!check(op, &w.keys, &w.caller, &w.at)) {
		give_up(op->name, "wrong answer");
		return;
	}
	n = take_times(&w, 1);
	total = n;
	p99 = percentile(times, n, 99);
	one = times[n / 2] < 1 ? 1 : times[n / 2];
	calls = (size_t)(BATCH_NS / one) + 1;
	if (calls > 1) {
		n = take_times(&w, calls);
		total += n * calls;
	}
	median = percentile(times, n, 50);
	print(op->name, median, p99, times[0], total);
	caller_clear(&w.caller);
	free(w.keys.key);
}

/* --- everybody, one after the other ------------------------------------------------- */

static void
measure_enumeration(size_t want)
{
	struct caller c;
	uint64_t start, end = clock_ns() + (uint64_t)(seconds * 8e9);
	double all[ROUNDS];
	size_t n = 0, rounds = 0;

	if (!entry_has_enumeration()) {
		give_up("enum", "the module cannot enumerate");
		return;
	}
	caller_init(&c, 1024);
	while (rounds < ROUNDS && (rounds == 0 || clock_ns() < end)) {
		start = clock_ns();
		people_rewind();
		for (n = 0; people_next(&c) == NSS_STATUS_SUCCESS; n++)
			;
		people_end();
		if (n != want)
			break;
		all[rounds++] = (double)(clock_ns() - start) / (double)n;
	}
	caller_clear(&c);
	if (n != want) {
		(void)fprintf(stderr, "enum: %zu entries instead of %zu\n", n, want);
		give_up("enum", "it does not list everybody");
		return;
	}
	print_rounds("enum", all, rounds, rounds * n);
}

/* --- several threads ---------------------------------------------------------------- */

/* Lines of the cache come in pairs: what one thread writes is no other's reading. */
struct runner {
	_Alignas(128) struct walk walk;
	pthread_t thread;
	size_t calls;
	double spent_ns;
};
static pthread_barrier_t together;
static volatile bool stop;

static void *
run(void *p)
{
	struct runner *r = p;
	struct timespec start, end;

	(void)pthread_barrier_wait(&together);
	(void)clock_gettime(CLOCK_MONOTONIC, &start);
	while (!stop) {
		step(&r->walk, 16);
		r->calls += 16;
	}
	(void)clock_gettime(CLOCK_MONOTONIC, &end);
	r->spent_ns = (double)(end.tv_sec - start.tv_sec) * 1e9 +
		      (double)(end.tv_nsec - start.tv_nsec);
	return NULL;
}

/*
 * How long N threads with a processor each need for one lookup, together, by the clock on
 * the wall: who sleeps before a lock uses no processor, and is late all the same.  What
 * else runs on this machine counts as well, so that a quiet one is needed.
 */
static double
rate_of(struct runner *runners, unsigned n)
{
	struct timespec pause = { 0, (long)(seconds * 5e8) };
	double spent_ns = 0;
	size_t calls = 0;
	unsigned i;

	stop = false;
	(void)pthread_barrier_init(&together, NULL, n + 1);
	for (i = 0; i < n; i++) {
		runners[i].calls = 0;
		(void)pthread_create(&runners[i].thread, NULL, run, &runners[i]);
	}
	(void)pthread_barrier_wait(&together);
	(void)nanosleep(&pause, NULL);
	stop = true;
	for (i = 0; i < n; i++) {
		(void)pthread_join(runners[i].thread, NULL);
		calls += runners[i].calls;
		spent_ns += runners[i].spent_ns;
	}
	(void)pthread_barrier_destroy(&together);
	return spent_ns / n / (double)calls;
}

/* One and two take turns, so that what else the machine does hits both. */
static void
measure_threads(void)
{
	struct runner runners[2];
	const struct op *op = op_named("name-held");
	double one[ROUNDS], two[ROUNDS];
	unsigned i;

	for (i = 0; i < 2; i++) {
		memset(&runners[i], 0, sizeof(runners[i]));
		runners[i].walk.op = op;
		runners[i].walk.keys = keys_read(keydir, op->file, op->skip, op->n);
		runners[i].walk.at = i * runners[i].walk.keys.n / 2;
		caller_init(&runners[i].walk.caller, 1024);
		step(&runners[i].walk, warm_all ? runners[i].walk.keys.n : 1);
	}
	for (i = 0; i < ROUNDS; i++) {
		one[i] = rate_of(runners, 1);
		two[i] = rate_of(runners, 2);
	}
	print_rounds("threads-1", one, ROUNDS, ROUNDS);
	print_rounds("threads-2", two, ROUNDS, ROUNDS);
}

/* --- memory ------------------------------------------------------------------------- */

struct memory {
	long rss, own;
};

static struct memory
memory_now(void)
{
	struct memory m = { 0, 0 };
	FILE *f = fopen("/proc/self/smaps_rollup", "re");
	char line[128];
	long kib;

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		if (sscanf(line, "Rss: %ld", &kib) == 1)
			m.rss = kib;
		if (sscanf(line, "Anonymous: %ld", &kib) == 1)
			m.own = kib;
	}
	if (f != NULL)
		(void)fclose(f);
	return m;
}

/* From before the module is loaded: it is part of the price. */
static void
measure_memory(const char *module, const char *name)
{
	const struct op *op = op_named("name-held");
	struct keys keys = keys_read(keydir, op->file, op->skip, op->n);
	struct memory before = memory_now(), after;
	struct caller c;
	uint64_t end;
	size_t i;

	before = memory_now(); /* the first reading cost memory itself */
	entry_load(module, name);
	caller_init(&c, 1024);
	end = budget();
	for (i = 0; i < keys.n && (warm_all || clock_ns() < end); i++)
		(void)look_up(LOOK_NAME, &keys.key[i], &c);
	after = memory_now();
	(void)printf("memory\t%ld\t%ld\t0\t%zu\n", after.rss - before.rss,
	    after.own - before.own, i);
	caller_clear(&c);
	free(keys.key);
}

static size_t
entries(void)
{
	char path[4096], line[512];
	size_t n = 0;
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/passwd", keydir);
	f = fopen(path, "re");
	while (f != NULL && fgets(line, sizeof(line), f) != NULL)
		n++;
	if (f != NULL)
		(void)fclose(f);
	return n;
}

int
main(int argc, char **argv)
{
	const struct op *op;
	int c, i;

	while ((c = getopt(argc, argv, "wut:")) != -1) {
		if (c == 'w')
			warm_all = true;
		else if (c == 'u')
			unchecked = true;
		else if (c == 't')
			seconds = strtod(optarg, NULL);
		else
			return 2;
	}
	argv += optind;
	argc -= optind;
	if (argc < 4) {
		(void)fprintf(
		    stderr, "lookup: [-wu] [-t SECONDS] MODULE|- NAME KEYDIR OP...\n");
		return 2;
	}
	keydir = argv[2];
	memset(times, 0, sizeof(times));
	clock_start();
	if (strcmp(argv[3], "memory") == 0)
		measure_memory(argv[0], argv[1]);
	else
		entry_load(argv[0], argv[1]);
	for (i = 3; i < argc; i++) {
		op = op_named(argv[i]);
		if (op != NULL)
			measure(op);
		else if (strcmp(argv[i], "enum") == 0)
			measure_enumeration(entries());
		else if (strcmp(argv[i], "threads") == 0)
			measure_threads();
		else if (strcmp(argv[i], "memory") != 0)
			give_up(argv[i], "no such operation");
	}
	return 0;
}
