/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * fresh MODULE|- NAME KEYDIR COUNT: the first lookup of a process, as in a new `ls` or
 * sshd.
 *
 * Each of COUNT new processes loads the module and asks for one name.  Prints "fresh
 * median p99 least count": nanoseconds from before the loading to after the answer.
 */
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "clock.h"
#include "entry.h"

#define COUNT_MAX 1000
#define HOT_KEYS  64
#define MAX_NS	  UINT64_C(2000000000) /* a slow peer gets fewer processes */
#define CHILD	  "child"
#define RESULT_FD 3

extern char **environ;

static void
die(const char *what)
{
	(void)fprintf(stderr, "fresh: %s\n", what);
	exit(1);
}

static int
child(char **argv) /* MODULE NAME USER UID */
{
	struct key key = { .id = (uint32_t)strtoul(argv[3], NULL, 10) };
	struct caller c;
	double ns;
	uint64_t start;
	enum nss_status status;

	(void)snprintf(key.name, sizeof(key.name), "%s", argv[2]);
	key.number = key.id;
	caller_init(&c, 1024);
	start = clock_ns();
	entry_load(argv[0], argv[1]);
	status = look_up(LOOK_NAME, &key, &c);
	ns = (double)(clock_ns() - start);
	if (status != NSS_STATUS_SUCCESS || !is_right(LOOK_NAME, &key, &c))
		return 1;
	return write(RESULT_FD, &ns, sizeof(ns)) == sizeof(ns) ? 0 : 1;
}

static double
one(const char *module, const char *name, const struct key *key)
{
	posix_spawn_file_actions_t actions;
	char uid[16], self[] = "fresh", mode[] = CHILD;
	char *argv[] = { self, mode, (char *)(uintptr_t)module, (char *)(uintptr_t)name,
		(char *)(uintptr_t)key->name, uid, NULL };
	double ns = 0;
	int fd[2], status = 0;
	pid_t pid;

	(void)snprintf(uid, sizeof(uid), "%u", key->id);
	if (pipe2(fd, O_CLOEXEC) < 0)
		die("no pipe");
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, fd[1], RESULT_FD);
	if (posix_spawn(&pid, "/proc/self/exe", &actions, NULL, argv, environ) != 0)
		die("cannot start a process");
	(void)posix_spawn_file_actions_destroy(&actions);
	(void)close(fd[1]);
	if (read(fd[0], &ns, sizeof(ns)) != sizeof(ns))
		die("a process found nobody, or somebody else");
	(void)close(fd[0]);
	(void)waitpid(pid, &status, 0);
	return ns;
}

int
main(int argc, char **argv)
{
	static double times[COUNT_MAX];
	struct keys keys;
	size_t i, count;
	double median, p99;
	uint64_t end;

	if (argc == 6 && strcmp(argv[1], CHILD) == 0)
		return child(argv + 2);
	if (argc != 5)
		die("usage: fresh MODULE|- NAME KEYDIR COUNT");
	count = strtoul(argv[4], NULL, 10);
	if (count == 0 || count > COUNT_MAX)
		die("COUNT: 1 to 1000");
	keys = keys_read(argv[3], "names", 0, HOT_KEYS);
	/* the first one brings the files into memory */
	(void)one(argv[1], argv[2], &keys.key[0]);
	end = clock_ns() + MAX_NS;
	for (i = 0; i < count && (i < 3 || clock_ns() < end); i++)
		times[i] = one(argv[1], argv[2], &keys.key[i % keys.n]);
	count = i;
	median = percentile(times, count, 50);
	p99 = percentile(times, count, 99);
	(void)printf("fresh\t%.0f\t%.0f\t%.0f\t%zu\n", median, p99, times[0], count);
	return 0;
}
