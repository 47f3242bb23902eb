/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * cost FILE COMMAND...: run COMMAND and write what it and its children cost to FILE:
 * wall milliseconds, CPU milliseconds (user and system), largest resident size in KiB.
 * Exit status: COMMAND's.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void
die(const char *what)
{
	(void)fprintf(stderr, "cost: %s\n", what);
	exit(125);
}

static double
now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		die("no clock");
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static double
as_ms(struct timeval tv)
{
	return (double)tv.tv_sec * 1e3 + (double)tv.tv_usec / 1e3;
}

int
main(int argc, char **argv)
{
	struct rusage used;
	double start;
	FILE *out;
	pid_t pid;
	int status;

	if (argc < 3)
		die("usage: cost FILE COMMAND...");
	start = now_ms();
	pid = fork();
	if (pid < 0)
		die("cannot fork");
	if (pid == 0) {
		(void)execvp(argv[2], argv + 2);
		die("cannot run the command");
	}
	if (waitpid(pid, &status, 0) != pid || getrusage(RUSAGE_CHILDREN, &used) < 0)
		die("cannot wait");
	out = fopen(argv[1], "we");
	if (out == NULL)
		die("cannot write FILE");
	(void)fprintf(out, "%.0f %.0f %ld\n", now_ms() - start,
	    as_ms(used.ru_utime) + as_ms(used.ru_stime), used.ru_maxrss);
	(void)fclose(out);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 125;
}
