/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * rows LEAK [ADDRESS]: a long-lived program that logs people in one after the other, as a
 * display manager does.  For each line "USER" on standard input: one whole transaction
 * with the service rows.  It prints "CODE X" when a code is to be approved and "DONE R
 * HEAP DESCRIPTORS CHILDREN": PAM's last result, bytes in use, open descriptors, children
 * of its own.  LEAK is 0, or 1 for the control: it loses a kilobyte and a descriptor each
 * time.  With ADDRESS the logins come from there.
 */
#include <dirent.h>
#include <errno.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <security/pam_appl.h>

static int
say(int n, const struct pam_message **msg, struct pam_response **resp, void *ptr)
{
	const char *at;
	int i;

	(void)ptr;
	for (i = 0; i < n; i++) {
		at = strstr(msg[i]->msg, "user_code=");
		if (at != NULL) {
			printf("CODE %.8s\n", at + 10);
			fflush(stdout);
		} else if (msg[i]->msg_style == PAM_ERROR_MSG) {
			fprintf(stderr, "%s\n", msg[i]->msg);
		}
	}
	*resp = calloc((size_t)n, sizeof(**resp));
	return *resp == NULL ? PAM_BUF_ERR : PAM_SUCCESS;
}

static int
log_in(const char *user, const char *address)
{
	const struct pam_conv conv = { say, NULL };
	pam_handle_t *pamh = NULL;
	int r;

	r = pam_start("rows", user, &conv, &pamh);
	if (r != PAM_SUCCESS)
		return r;

	r = pam_set_item(pamh, PAM_RHOST, address);
	if (r == PAM_SUCCESS)
		r = pam_authenticate(pamh, 0);
	if (r == PAM_SUCCESS)
		r = pam_acct_mgmt(pamh, 0);
	if (r == PAM_SUCCESS)
		r = pam_setcred(pamh, PAM_ESTABLISH_CRED);
	(void)pam_setcred(pamh, PAM_DELETE_CRED);
	(void)pam_end(pamh, r);
	return r;
}

static int
count_descriptors(void)
{
	DIR *d = opendir("/proc/self/fd");
	int n = 0;

	if (d == NULL)
		return -1;
	while (readdir(d) != NULL)
		n++;
	(void)closedir(d);
	return n - 3; /* . and .. and this one */
}

static int
has_children(void)
{
	return waitpid(-1, NULL, WNOHANG) < 0 && errno == ECHILD ? 0 : 1;
}

int
main(int argc, char **argv)
{
	const int leak = argc > 1 && strcmp(argv[1], "1") == 0;
	char line[64];
	int r;

	while (fgets(line, sizeof(line), stdin) != NULL) {
		line[strcspn(line, "\n")] = '\0';
		r = log_in(line, argc > 2 ? argv[2] : NULL);
		if (leak) {
			static void *lost;

			lost = malloc(1024);
			if (lost == NULL || dup(2) < 0)
				return 1;
		}
		printf("DONE %d %zu %d %d\n", r, mallinfo2().uordblks,
		    count_descriptors(), has_children());
		fflush(stdout);
	}
	return 0;
}
