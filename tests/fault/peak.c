/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * peak PROGRAM [ARGUMENT...]: run it, and write to standard error, as a last line, the
 * most memory that one process of it held: "peak_kb=N".  Its status is the program's.
 *
 * Small itself, since what a process held before execve() counts: a child of a test in
 * Python would have held all of Python.
 */
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

int
main(int argc, char **argv)
{
	struct rusage used = { 0 };
	int status = 0;
	pid_t child;

	if (argc < 2)
		return 64;
	child = fork();
	if (child == 0) {
		(void)execv(argv[1], argv + 1);
		_exit(127);
	}
	(void)close(0); /* the program's socket must not outlive it here */
	if (child < 0 || wait4(child, &status, 0, &used) != child)
		return 71;
	/* of the program and of all it waited for */
	(void)fprintf(stderr, "peak_kb=%ld\n", used.ru_maxrss);
	if (WIFSIGNALED(status))
		(void)raise(WTERMSIG(status));
	return WEXITSTATUS(status);
}
