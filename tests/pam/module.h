/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/pam/module.h - the real pam_okta.so on the stage, entry point by entry point. */
#ifndef TESTS_PAM_MODULE_H
#define TESTS_PAM_MODULE_H

#include "stage.h"

#include <dlfcn.h>
#include <errno.h>
#include <security/pam_modules.h>
#include <signal.h>

typedef int (*entry)(pam_handle_t *, int, int, const char **);

static entry authenticate, account, setcred, chauthtok, open_session, close_session;
static char module_path[512];
static struct talk talk;

static inline int
setup(void **state)
{
	(void)state;
	stage_reset();
	memset(&talk, 0, sizeof(talk));
	return 0;
}

static inline void
use_service(const char *name, const char *lines)
{
	char path[128], text[4096];
	size_t n = 0;
	const char *p;

	(void)snprintf(path, sizeof(path), "/etc/pam.d/%s", name);
	for (p = lines; *p != '\0' && n + 600 < sizeof(text); p++) {
		if (*p == '@')
			n += (size_t)snprintf(
			    text + n, sizeof(text) - n, "%s", module_path);
		else
			text[n++] = *p;
	}
	text[n] = '\0';
	put_file(path, text, 0644);
}

static inline int
call_with(entry fn, const char *service, const char *user, int flags, int argc,
    const char **argv)
{
	pam_handle_t *pamh = stage_start(service, user, &talk);
	int r = fn(pamh, flags, argc, argv);
	const void *item = NULL;
	char **env;

	assert_int_equal(pam_get_item(pamh, PAM_USER, &item), PAM_SUCCESS);
	assert_string_equal(item, user); /* S17 */
	env = pam_getenvlist(pamh);
	assert_non_null(env);
	assert_null(env[0]);
	free(env);
	assert_int_equal(pam_end(pamh, r), PAM_SUCCESS);
	return r;
}

static inline int
call(entry fn, const char *user)
{
	return call_with(fn, "sshd", user, 0, 0, NULL);
}

static inline int
login(const char *script)
{
	put_conf(script, "");
	return call(authenticate, "ada");
}

static inline int
load_module(const char *build)
{
	void *so;

	if (build[0] != '/' && getcwd(module_path, sizeof(module_path) / 2) == NULL)
		return -1;
	(void)snprintf(module_path + strlen(module_path),
	    sizeof(module_path) - strlen(module_path), "%s%s/pam_okta.so",
	    build[0] == '/' ? "" : "/", build);
	so = dlopen(module_path, RTLD_NOW);
	if (so == NULL) {
		(void)fprintf(stderr, "%s\n", dlerror());
		return -1;
	}
	authenticate = (entry)dlsym(so, "pam_sm_authenticate");
	account = (entry)dlsym(so, "pam_sm_acct_mgmt");
	setcred = (entry)dlsym(so, "pam_sm_setcred");
	chauthtok = (entry)dlsym(so, "pam_sm_chauthtok");
	open_session = (entry)dlsym(so, "pam_sm_open_session");
	close_session = (entry)dlsym(so, "pam_sm_close_session");
	return 0;
}

/* Gone, and nobody's zombie. */
static inline void
assert_helper_gone(void)
{
	const char *at = strstr(talk.first_prompt, "PID-");
	int i;

	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	for (i = 0; at != NULL && i < 100; i++) {
		if (kill((pid_t)strtol(at + 4, NULL, 10), 0) < 0)
			return;
		(void)usleep(20000);
	}
	assert_null(at);
}

/* The module of the one argument BUILD, where everything is as it should be. */
static inline bool
module_enter(int argc, char **argv)
{
	if (argc != 2 || load_module(argv[1]) < 0 || stage_enter(argv[1]) < 0)
		return false;
	stage_reset();
	use_service("other", "auth required pam_deny.so\n");
	use_service("sshd", "auth required pam_permit.so\n");
	use_service("su", "auth required pam_permit.so\n");
	use_service("sudo", "auth required pam_permit.so\n");
	use_service("passwd", "auth required pam_permit.so\n");
	return true;
}

#endif /* TESTS_PAM_MODULE_H */
