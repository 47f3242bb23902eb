/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * account CONFDIR SERVICE USER COUNT: what the account phase of CONFDIR/SERVICE costs
 * USER.
 *
 * Each measurement is a new PAM handle, as in a new sshd process; libpam loads the
 * modules before the clock starts (an authentication by pam_permit does that).  Prints
 * the median in microseconds.  Around the last call stand two impossible write()s, so
 * that strace can tell which system calls are its.
 */
#include <security/pam_appl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define COUNT_MAX 10000

static void
die(const char *what)
{
	(void)fprintf(stderr, "account: %s\n", what);
	exit(1);
}

static double
now_us(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		die("no clock");
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

/* Nobody is asked anything in an account phase that goes well. */
static int
no_conversation(
    int n, const struct pam_message **msg, struct pam_response **resp, void *ctx)
{
	(void)resp;
	(void)ctx;
	if (n > 0)
		(void)fprintf(stderr, "account: the module says: %s\n", msg[0]->msg);
	return PAM_CONV_ERR;
}

static void
mark(const char *text)
{
	/* fails by intention */
	if (write(-1, text, strlen(text)) >= 0)
		die("wrote to nowhere");
}

static double
one_call(const char *confdir, const char *service, const char *user, int marked)
{
	static const struct pam_conv conversation = { no_conversation, NULL };
	pam_handle_t *pam = NULL;
	double start, end;
	int r;

	if (pam_start_confdir(service, user, &conversation, confdir, &pam) != PAM_SUCCESS)
		die("pam_start failed");
	if (pam_authenticate(pam, 0) != PAM_SUCCESS)
		die("the service needs \"auth required pam_permit.so\"");
	if (marked)
		mark("account begins");
	start = now_us();
	r = pam_acct_mgmt(pam, 0);
	end = now_us();
	if (marked)
		mark("account ends");
	if (r != PAM_SUCCESS)
		die(pam_strerror(pam, r));
	(void)pam_end(pam, r);
	return end - start;
}

static int
by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int
main(int argc, char **argv)
{
	static double us[COUNT_MAX];
	size_t i, n;

	if (argc != 5)
		die("usage: account CONFDIR SERVICE USER COUNT");
	n = strtoul(argv[4], NULL, 10);
	if (n == 0 || n > COUNT_MAX)
		die("COUNT: 1 to 10000");
	for (i = 0; i < n; i++)
		us[i] = one_call(argv[1], argv[2], argv[3], i + 1 == n);
	qsort(us, n, sizeof(us[0]), by_size);
	(void)printf("%.1f\n", us[n / 2]);
	return 0;
}
