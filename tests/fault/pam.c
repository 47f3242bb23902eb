/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap model base; libs: pam */
/*
 * pam BUILD MODULE [LIMIT [SCENARIOS]]: each call that pam_okta.so makes of the C library
 * fails once, in the stack of pam-u2f's CVE-2025-23013: `required pam_faillock.so
 * preauth` lets PAM_IGNORE of the module behind it be a success of the whole.
 */
#include "../pam/stage.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <link.h>
#include <sys/prctl.h>

#include "model/wire.h"
#include "sweep.h"

#define ENOUGH_S 20 /* a call that takes longer hangs */

static struct talk talk;
static char module_path[PATH_MAX];
static gid_t groups_before[64];
static int n_groups_before;
static long made, distinct;
static int64_t every; /* fail not only once */
static int64_t limit; /* failures tried at one place of the code */
static size_t n_scenarios;

/* --- what is tried --- */

struct scenario {
	const char *name;
	int (*phase)(pam_handle_t *, int);
	int flags;
	const char *user, *script;
	void (*prepare)(void);
	int right; /* what it comes to when nothing fails */
};

static void
login_before(void)
{
	pam_handle_t *pamh;

	put_conf("ok", "");
	pamh = stage_start("sshd", "ada", &talk);
	assert_int_equal(pam_authenticate(pamh, 0), PAM_SUCCESS);
	assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
}

/* The record of a login in which the same token was used already. */
static void
replayed(void)
{
	pam_handle_t *pamh;

	put_conf("replay", "");
	pamh = stage_start("sshd", "ada", &talk);
	assert_int_equal(pam_authenticate(pamh, 0), PAM_SUCCESS);
	assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
}

/* ada left the login groups after the snapshot: her last login was refused for it. */
static void
kept_out(void)
{
	pam_handle_t *pamh;

	put_conf("no-groups", "");
	pamh = stage_start("sshd", "ada", &talk);
	assert_int_equal(pam_authenticate(pamh, 0), PAM_AUTH_ERR);
	assert_int_equal(pam_end(pamh, PAM_AUTH_ERR), PAM_SUCCESS);
}

static void
old_snapshot(void)
{
	put_snapshot(time(NULL) - (int64_t)400 * 86400, "https://acme.okta.com");
}

static void
with_secret(void)
{
	put_file("/etc/okta-login/secret", "c4nary\n", 0600);
	put_conf("secret", "client_secret_file = /etc/okta-login/secret\n");
}

static void
with_drop_in(void)
{
	(void)mkdir(OKTA_CONF_DIR "/conf.d", 0755);
	put_file(OKTA_CONF_DIR "/conf.d/10.conf", "[login]\ndeny_groups = eng\n", 0644);
}

static const struct scenario scenarios[] = {
	{ "login", pam_authenticate, 0, "ada", "ok", NULL, PAM_SUCCESS },
	{ "login with a client secret", pam_authenticate, 0, "ada", "secret", with_secret,
	    PAM_SUCCESS },
	{ "login denied in Okta", pam_authenticate, 0, "ada", "prompt-fail-02", NULL,
	    PAM_AUTH_ERR },
	{ "login approved by another", pam_authenticate, 0, "ada", "wrong-sub", NULL,
	    PAM_AUTH_ERR },
	{ "login with another login's nonce", pam_authenticate, 0, "ada", "wrong-nonce",
	    NULL, PAM_AUTHINFO_UNAVAIL },
	{ "login with a token used before", pam_authenticate, 0, "ada", "replay",
	    replayed, PAM_AUTH_ERR },
	{ "login with a token from before", pam_authenticate, 0, "ada", "stale", NULL,
	    PAM_AUTH_ERR },
	{ "login outside the groups", pam_authenticate, 0, "ada", "no-groups", NULL,
	    PAM_AUTH_ERR },
	{ "login while a drop-in denies", pam_authenticate, 0, "ada", "ok", with_drop_in,
	    PAM_AUTH_ERR },
	{ "login with a stale snapshot", pam_authenticate, 0, "ada", "ok", old_snapshot,
	    PAM_AUTH_ERR },
	{ "login of nobody known", pam_authenticate, 0, "zoe", "ok", NULL,
	    PAM_USER_UNKNOWN },
	{ "account", pam_acct_mgmt, 0, "ada", "ok", NULL, PAM_SUCCESS },
	{ "account after a login", pam_acct_mgmt, 0, "ada", "ok", login_before,
	    PAM_SUCCESS },
	{ "account of a suspended person", pam_acct_mgmt, 0, "carol", "ok", NULL,
	    PAM_PERM_DENIED },
	{ "account of a person in no group", pam_acct_mgmt, 0, "mallory", "ok", NULL,
	    PAM_PERM_DENIED },
	{ "account whose uid is local", pam_acct_mgmt, 0, "clash", "ok", NULL,
	    PAM_PERM_DENIED },
	{ "account that left the groups", pam_acct_mgmt, 0, "ada", "ok", kept_out,
	    PAM_PERM_DENIED },
	{ "account while a drop-in denies", pam_acct_mgmt, 0, "ada", "ok", with_drop_in,
	    PAM_PERM_DENIED },
	{ "account with a stale snapshot", pam_acct_mgmt, 0, "ada", "ok", old_snapshot,
	    PAM_PERM_DENIED },
	{ "credentials", pam_setcred, PAM_ESTABLISH_CRED, "ada", "ok", login_before,
	    PAM_SUCCESS },
	{ "session", pam_open_session, 0, "ada", "ok", NULL, PAM_SUCCESS },
};

/*
 * A success in spite of a failure: what failed is not what the decision stands on.  The
 * scenarios that must be refused have no such list.
 */
static const struct {
	const char *call, *why;
} spared[] = {
	{ "close", "the number is free all the same" },
	{ "munmap", "memory is given back late" },
	{ "waitpid", "the helper is gone, or the host's to reap" },
	{ "kill", "a helper whose socket is closed ends" },
	{ "gethostname", "the text says \"this host\"" },
	{ "sigaction", "SIGKILL and SIGSTOP never can be set" },
	{ "sigprocmask",
	    "the host's handlers may run in the child, and its limit on the size of "
	    "files may end it: nobody gets in by that" },
	{ "setrlimit", "the helper sets its own again" },
	{ "nanosleep", "a signal ended the wait: it is over" },
	{ "unlink", "rubbish stays, or was not there" },
};

static bool
is_spared(const struct scenario *s, const struct sweep_way *way)
{
	size_t i;

	if (way->error == 0 || way->error == EINTR)
		return true; /* a short read, a signal: go on */
	/* the last three ask whether a number is still ours to close: it is closed then
	 */
	if (way->call == FAULT_fstat && s->phase == pam_authenticate &&
	    fault_plan->count[FAULT_fstat] - fault_plan->nth < 3)
		return true;
	/* a wait is over at once then; what the decision stands on is read again */
	if (way->call == FAULT_clock_gettime && s->phase == pam_authenticate)
		return true;
	for (i = 0; i < sizeof(spared) / sizeof(spared[0]); i++)
		if (strcmp(spared[i].call, way->name) == 0)
			return true;
	return false;
}

static bool
is_denial(const struct scenario *s, int r)
{
	if (s->phase == pam_authenticate)
		return r == PAM_AUTH_ERR || r == PAM_AUTHINFO_UNAVAIL ||
		       r == PAM_CONV_ERR;
	if (s->phase == pam_acct_mgmt)
		return r == PAM_PERM_DENIED || r == PAM_AUTHINFO_UNAVAIL;
	return r == PAM_CRED_ERR || r == PAM_CRED_UNAVAIL;
}

static bool
may_be(const struct scenario *s, const struct sweep_way *way, int r)
{
	if (is_denial(s, r))
		return true;
	if (r != s->right)
		return false;
	/* nobody known stays unknown; a person of ours never becomes it */
	return s->right != PAM_SUCCESS || is_spared(s, way);
}

/* --- one run --- */

/* libpam would wait for two seconds after each refusal. */
static void
no_delay(int status, unsigned microseconds, void *ctx)
{
	(void)status;
	(void)microseconds;
	(void)ctx;
}

static int
run_once(const struct scenario *s, const struct sweep_way *way, int64_t nth)
{
	pam_handle_t *pamh;
	int r;

	stage_reset();
	(void)unlink(OKTA_CONF_DIR "/conf.d/10.conf");
	(void)rmdir(OKTA_CONF_DIR "/conf.d");
	memset(&talk, 0, sizeof(talk));
	if (setgroups((size_t)n_groups_before, groups_before) < 0)
		fail_msg("setgroups");
	put_conf(s->script, "");
	if (s->prepare != NULL)
		s->prepare();
	if (s->prepare == replayed)
		put_conf("replay", "");
	else if (s->prepare == login_before || s->prepare == kept_out)
		put_conf("ok", "");
	pamh = stage_start("sshd", s->user, &talk);
	assert_int_equal(
	    pam_set_item(pamh, PAM_FAIL_DELAY, (const void *)(uintptr_t)no_delay),
	    PAM_SUCCESS);
	sweep_plan(way, nth);
	fault_plan->every = every;
	(void)alarm(ENOUGH_S);
	sweep_arm(true);
	r = s->phase(pamh, s->flags);
	sweep_arm(false);
	(void)alarm(0);
	(void)pam_end(pamh, r);
	return r;
}

/* No child is left; one that we could not kill ends by itself, as its socket is closed.
 */
static void
no_child_is_left(const struct scenario *s, const struct sweep_way *way, int64_t nth)
{
	bool excused = way->call == FAULT_kill || way->call == FAULT_waitpid;
	pid_t pid;

	pid = waitpid(-1, NULL, excused ? 0 : WNOHANG);
	if (pid > 0 && excused)
		pid = waitpid(-1, NULL, WNOHANG);
	if (pid != -1 || errno != ECHILD)
		fail_msg("%s: %s number %ld (%s): a process is left", s->name, way->name,
		    (long)nth, way->how);
}

/* Was the place of the NTH call tried LIMIT times already in this scenario? */
static bool
is_enough(const uint32_t *at, int64_t nth)
{
	int64_t i, n = 0;

	if (nth > FAULT_SITES)
		return true;
	for (i = 0; i < nth - 1; i++)
		n += at[i] == at[nth - 1];
	return n >= limit;
}

static int
try_way(const struct scenario *s, const struct sweep_way *way, int64_t times,
    const uint32_t *at)
{
	int before = count_descriptors(), bad = 0, r;
	int64_t nth;

	for (nth = 1; nth <= times; nth++) {
		if (is_enough(at, nth))
			continue;
		r = run_once(s, way, nth);
		made++;
		if (fault_plan->fired == 0)
			continue; /* an earlier failure of time made the rest shorter */
		if (!may_be(s, way, r)) {
			bad++;
			print_message("# %s: %s number %ld fails with %s at +0x%lx: %s\n",
			    s->name, way->name, (long)nth, way->how,
			    (unsigned long)fault_plan->site, pam_strerror(NULL, r));
		}
		no_child_is_left(s, way, nth);
		if (count_descriptors() != before) {
			bad++;
			print_message(
			    "# %s: %s number %ld (%s): %d descriptors, not %d\n", s->name,
			    way->name, (long)nth, way->how, count_descriptors(), before);
			before = count_descriptors();
		}
	}
	return bad;
}

static void
no_failing_call_lets_anybody_in_or_is_ignored(void **state)
{
	static uint32_t at[FAULT_CALLS][FAULT_SITES];
	int64_t count[FAULT_CALLS];
	bool seen[FAULT_CALLS] = { false };
	const struct scenario *s;
	size_t i, j;
	int r, bad = 0;

	(void)state;
	for (i = 0; i < n_scenarios; i++) {
		s = &scenarios[i];
		r = run_once(s, NULL, 0);
		if (r != s->right)
			fail_msg("%s: %s\n%s", s->name, pam_strerror(NULL, r), stage_log);
		for (j = 0; j < sizeof(at) / sizeof(at[0][0]); j++)
			((uint32_t *)at)[j] = ((_Atomic uint32_t *)fault_plan->at)[j];
		for (j = 0; j < FAULT_CALLS; j++) {
			count[j] = fault_plan->count[j];
			distinct += count[j] > 0 && !seen[j];
			seen[j] = seen[j] || count[j] > 0;
		}
		for (j = 0; j < SWEEP_WAYS; j++)
			bad += try_way(s, &sweep_ways[j], count[sweep_ways[j].call],
			    at[sweep_ways[j].call]);
	}
	print_message("# figure S12 pam calls=%ld n=%ld bad=%d\n", distinct, made, bad);
	assert_true(made > 50);
	assert_int_equal(bad, 0);
}

/* A clock that fails and goes on failing: no login without a time. */
static void
without_a_clock_nobody_gets_in(void **state)
{
	const struct sweep_way way = { FAULT_clock_gettime, EINVAL, "clock_gettime", "" };
	const struct scenario *s;
	size_t i;
	int64_t n, nth;

	(void)state;
	for (i = 0; i < n_scenarios; i++) {
		s = &scenarios[i];
		(void)run_once(s, NULL, 0);
		n = fault_plan->count[FAULT_clock_gettime];
		for (nth = 1; nth <= n; nth++) {
			every = 1;
			if (run_once(s, &way, nth) == PAM_SUCCESS)
				fail_msg("%s: without a clock from its reading %ld on",
				    s->name, (long)nth);
			every = 0;
		}
	}
}

/* --- setup --- */

static int
find_module(struct dl_phdr_info *info, size_t size, void *ctx)
{
	size_t i, at = strstr(info->dlpi_name, "libinih") != NULL ? 1 : 0;

	(void)size;
	(void)ctx;
	if (strstr(info->dlpi_name, "pam_okta.so") == NULL && at == 0)
		return 0;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
			fault_base[at] = info->dlpi_addr;
			fault_low[at] = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			fault_high[at] = fault_low[at] + info->dlpi_phdr[i].p_memsz;
		}
	return 0;
}

static void
use_stack(void)
{
	static char text[4 * PATH_MAX];

	(void)snprintf(text, sizeof(text),
	    "auth required pam_faillock.so preauth silent dir=/run/faillock\n"
	    "auth required %s\n"
	    "account required pam_permit.so\naccount required %s\n"
	    "session required pam_permit.so\nsession required %s\n",
	    module_path, module_path, module_path);
	put_file("/etc/pam.d/sshd", text, 0644);
	put_file("/etc/pam.d/other", "auth required pam_deny.so\n", 0644);
	/* faillock wants to know who that is */
	put_file("/etc/nsswitch.conf", "passwd: files okta\ngroup: files okta\n", 0644);
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_failing_call_lets_anybody_in_or_is_ignored),
		cmocka_unit_test(without_a_clock_nobody_gets_in),
	};

	limit = argc > 3 ? strtol(argv[3], NULL, 10) : FAULT_SITES;
	n_scenarios = sizeof(scenarios) / sizeof(scenarios[0]);
	if (argc > 4)
		n_scenarios = strtoul(argv[4], NULL, 10) % n_scenarios;
	if (argc < 3 || realpath(argv[2], module_path) == NULL ||
	    dlopen(module_path, RTLD_NOW) == NULL || stage_enter(argv[1]) < 0) {
		(void)fprintf(stderr, "usage: pam BUILD MODULE [LIMIT [SCENARIOS]]; %s\n",
		    dlerror());
		return 1;
	}
	(void)dl_iterate_phdr(find_module, NULL);
	n_groups_before = getgroups(64, groups_before);
	sweep_init();
	use_stack();
#ifndef __SANITIZE_ADDRESS__ /* whose leak check is a process of its own */
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1L, 0L, 0L, 0L);
#endif
	/* with sanitizers: what the program lost is looked for when it ends */
	return cmocka_run_group_tests(tests, NULL, NULL);
}
