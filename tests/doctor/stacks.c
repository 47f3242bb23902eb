/* SPDX-License-Identifier: BSD-2-Clause */
/* stacks DIR: run every PAM stack below DIR whose name starts with "s", made of
 * "pam_debug.so auth=ANSWER" lines, through libpam and through doctor_stack.c, and print
 * where they differ; then how many there were.
 */
#include <dirent.h>
#include <limits.h>
#include <security/pam_appl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../../cmd/oktactl/doctor_stack.h"

static const char *const names[] = { "success", "open_err", "symbol_err", "service_err",
	"system_err", "buf_err", "perm_denied", "auth_err", "cred_insufficient",
	"authinfo_unavail", "user_unknown", "maxtries", "new_authtok_reqd",
	"acct_expired", "session_err", "cred_unavail", "cred_expired", "cred_err",
	"no_module_data", "conv_err", "authtok_err", "authtok_recover_err",
	"authtok_lock_busy", "authtok_disable_aging", "try_again", "ignore", "abort",
	"authtok_expired", "module_unknown" };

static enum doctor_pam
answer_of(const struct doctor_line *line)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (strncmp(line->args, "auth=", 5) == 0 &&
		    strcmp(line->args + 5, names[i]) == 0)
			return (enum doctor_pam)i;
	return DOCTOR_PAM_SUCCESS; /* the marker of a substack */
}

static int
ours(const char *path)
{
	static struct doctor_stack stack;
	enum doctor_pam answer[DOCTOR_STACK_LINES];
	struct okta_err err = { 0 };

	if (doctor_stack_read(path, "auth", &stack, &err) != OKTA_OK) {
		printf("%s: %s\n", path, err.msg);
		exit(1);
	}
	for (size_t i = 0; i < stack.n; i++)
		answer[i] = answer_of(&stack.line[i]);
	return (int)doctor_stack_run(&stack, answer);
}

static int
conversation(int n, const struct pam_message **msg, struct pam_response **resp, void *ctx)
{
	(void)n;
	(void)msg;
	(void)resp;
	(void)ctx;
	return PAM_CONV_ERR;
}

static int
theirs(const char *dir, const char *service)
{
	const struct pam_conv conv = { conversation, NULL };
	pam_handle_t *pamh = NULL;
	int code = pam_start_confdir(service, "root", &conv, dir, &pamh);

	if (code != PAM_SUCCESS)
		exit(1);
	code = pam_authenticate(pamh, PAM_SILENT);
	(void)pam_end(pamh, code);
	return code;
}

int
main(int argc, char **argv)
{
	unsigned n = 0, wrong = 0;
	struct dirent *entry;
	char path[PATH_MAX];
	DIR *dir;
	int a, b;

	if (argc != 2 || (dir = opendir(argv[1])) == NULL)
		return 2;
	while ((entry = readdir(dir)) != NULL) {
		if (entry->d_name[0] != 's')
			continue;
		(void)snprintf(path, sizeof(path), "%s/%s", argv[1], entry->d_name);
		a = ours(path);
		b = theirs(argv[1], entry->d_name);
		n++;
		if (a != b && wrong++ < 10)
			printf("%s: %d, libpam says %d\n", entry->d_name, a, b);
	}
	(void)closedir(dir);
	printf("%u stacks, %u wrong\n", n, wrong);
	return wrong == 0 && n > 0 ? 0 : 1;
}
