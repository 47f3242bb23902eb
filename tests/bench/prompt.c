/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * prompt CONFDIR SERVICE USER SECONDS: how long pam_authenticate() takes to its first
 * prompt.
 *
 * Prints milliseconds.  Then the prompt stays unanswered for SECONDS, as with a person
 * who looks for his telephone, and the conversation fails: no login comes of it.
 */
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

struct wait {
	double start_ms;
	unsigned seconds;
	int prompted;
};

static void
die(const char *what)
{
	(void)fprintf(stderr, "prompt: %s\n", what);
	exit(1);
}

static double
now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		die("no clock");
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static int
wait_and_fail(
    int n, const struct pam_message **msg, struct pam_response **resp, void *ctx)
{
	struct wait *w = ctx;
	double at = now_ms();

	(void)resp;
	if (w->prompted)
		return PAM_CONV_ERR;
	w->prompted = 1;
	if (n < 1 || strstr(msg[0]->msg, "https://") == NULL)
		die(n < 1 ? "an empty conversation" : msg[0]->msg);
	(void)printf("%.2f\n", at - w->start_ms);
	(void)fflush(stdout);
	(void)sleep(w->seconds);
	return PAM_CONV_ERR;
}

int
main(int argc, char **argv)
{
	struct wait w = { 0 };
	const struct pam_conv conversation = { wait_and_fail, &w };
	pam_handle_t *pam = NULL;
	int r;

	if (argc != 5)
		die("usage: prompt CONFDIR SERVICE USER SECONDS");
	w.seconds = (unsigned)strtoul(argv[4], NULL, 10);
	if (pam_start_confdir(argv[2], argv[3], &conversation, argv[1], &pam) !=
	    PAM_SUCCESS)
		die("pam_start failed");
	w.start_ms = now_ms();
	r = pam_authenticate(pam, 0);
	if (!w.prompted)
		die(pam_strerror(pam, r));
	if (r == PAM_SUCCESS)
		die("somebody got in without an approval");
	(void)pam_end(pam, r);
	return 0;
}
