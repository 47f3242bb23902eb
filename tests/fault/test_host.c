/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: pam */
/*
 * test_host BUILD pam_okta.so [full]: the shipped module in programs that interrupt,
 * cancel, unload it, and do what they like with its descriptors.  Needs root.
 */
#include "../pam/stage.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/time.h>

#include <security/pam_modules.h>

#include "../nap.h"
#include "rude_host.h"

typedef int (*entry)(pam_handle_t *, int, int, const char **);

#define HIJACKED 20 /* descriptors from 3 on */

static entry authenticate;
static char module_path[PATH_MAX];
static void *module;
static struct talk talk;
static unsigned times = 1;

/* Ours before one that lets local people in, and its account phase. */
static void
use_stack(void)
{
	char text[2 * PATH_MAX + 256];

	(void)snprintf(text, sizeof(text),
	    "auth sufficient %s\nauth sufficient pam_permit.so\naccount required %s\n",
	    module_path, module_path);
	put_file("/etc/pam.d/stack", text, 0644);
}

static int
load(void **state)
{
	(void)state;
	stage_reset();
	memset(&talk, 0, sizeof(talk));
	module = dlopen(module_path, RTLD_NOW);
	if (module == NULL)
		return -1;
	authenticate = (entry)dlsym(module, "pam_sm_authenticate");
	return 0;
}

static int
unload(void **state)
{
	(void)state;
	return dlclose(module);
}

static int
login(const char *service)
{
	pam_handle_t *pamh = stage_start(service, "ada", &talk);
	int r = authenticate(pamh, 0, 0, NULL);

	assert_int_equal(pam_end(pamh, r), PAM_SUCCESS);
	return r;
}

static void
assert_no_child(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

/* --- signals ----------------------------------------------------------------------- */

/* Each wait is interrupted many times, and nothing starts it again but who waits. */
static void
logins_under_a_storm_of_signals_without_SA_RESTART_succeed(void **state)
{
	const struct itimerval often = { { 0, 1000 }, { 0, 1000 } }, never = { 0 };
	struct sigaction sa = { .sa_handler = note }, old, after;
	const unsigned n = 4 * times;
	sigset_t mask, mask_after;
	unsigned i, refused = 0;

	(void)state;
	put_conf("slow", "");
	interruptions = 0;
	assert_int_equal(sigaction(SIGALRM, &sa, &old), 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
	for (i = 0; i < n; i++) {
		assert_int_equal(setitimer(ITIMER_REAL, &often, NULL), 0);
		refused += login(i % 2 == 0 ? "sshd" : "sudo") != PAM_SUCCESS;
		assert_int_equal(setitimer(ITIMER_REAL, &never, NULL), 0);
	}
	print_message(
	    "# figure S16 what=logins-interrupted logins=%u signals=%d refused=%u\n", n,
	    (int)interruptions, refused);
	assert_int_equal(refused, 0);
	assert_true(interruptions > 50 * (int)n);
	assert_int_equal(sigaction(SIGALRM, &old, &after), 0);
	assert_true(after.sa_handler == note && (after.sa_flags & SA_RESTART) == 0);
	assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask_after), 0);
	assert_memory_equal(&mask, &mask_after, sizeof(unsigned long));
	assert_no_child();
}

/* --- cancellation ------------------------------------------------------------------ */

static atomic_int result;
static atomic_bool began;

static void *
log_in_thread(void *arg)
{
	atomic_store(&began, true);
	atomic_store(&result, authenticate(arg, 0, 0, NULL));
	pthread_testcancel();
	return NULL;
}

/* The thread ends behind the login, and nothing of the login is left. */
static void
thread_cancelled_amid_a_login_ends_behind_it_and_leaves_nothing(void **state)
{
	const int before = count_descriptors();
	pam_handle_t *pamh;
	pthread_t thread;
	long after_us;
	void *ret;
	int n = 0;

	(void)state;
	put_conf("slow", "");
	for (after_us = 0; after_us <= 250000; after_us += times == 1 ? 50000 : 5000) {
		pamh = stage_start("sshd", "ada", &talk);
		atomic_store(&result, -1);
		atomic_store(&began, false);
		assert_int_equal(pthread_create(&thread, NULL, log_in_thread, pamh), 0);
		while (!atomic_load(&began))
			nap_us(100);
		nap_us(after_us);
		assert_int_equal(pthread_cancel(thread), 0);
		assert_int_equal(pthread_join(thread, &ret), 0);
		assert_int_equal(atomic_load(&result), PAM_SUCCESS);
		assert_ptr_equal(ret, PTHREAD_CANCELED);
		assert_int_equal(pam_end(pamh, PAM_ABORT), PAM_SUCCESS);
		assert_no_child();
		assert_int_equal(count_descriptors(), before);
		n++;
	}
	print_message("# figure S16 what=cancelled n=%d children=0 descriptors=0\n", n);
}

/* --- loaded and unloaded ------------------------------------------------------------ */

static void
one_session(const char *user, int expected)
{
	pam_handle_t *pamh = stage_start("stack", user, &talk);
	int r = pam_authenticate(pamh, 0);

	assert_int_equal(r, expected);
	if (r == PAM_SUCCESS)
		(void)pam_acct_mgmt(pamh, 0);
	assert_true(count_mappings("pam_okta") > 0);
	assert_int_equal(pam_end(pamh, r), PAM_SUCCESS);
}

static void
module_loaded_and_unloaded_a_thousand_times_leaves_nothing(void **state)
{
	const unsigned n = 1000;
	size_t heap = 0;
	unsigned i;
	int descriptors = 0;
	long grown;

	(void)state;
	use_stack();
	put_conf("ok", "");
	for (i = 0; i < n; i++) {
		memset(&talk, 0, sizeof(talk));
		one_session(i % 25 == 0 ? "ada" : "local", PAM_SUCCESS);
		assert_int_equal(count_mappings("pam_okta"), 0); /* it is gone */
		if (i == 99) {
			heap = mallinfo2().uordblks;
			descriptors = count_descriptors();
		}
	}
	grown = (long)mallinfo2().uordblks - (long)heap;
	print_message("# figure S15 what=unloaded n=%u descriptors=%d heap_bytes=%ld\n",
	    n, count_descriptors() - descriptors, grown);
	assert_int_equal(count_descriptors(), descriptors);
	assert_in_range(grown + 4096, 0, 8192);
	assert_no_child();
}

/* --- descriptors -------------------------------------------------------------------- */

static void *
hijack_all_the_time(void *arg)
{
	const long *pause_us = arg;
	unsigned i;

	for (i = 0; !atomic_load(&stop); i++) {
		hijack_one(i, HIJACKED);
		nap_us((long)random() % *pause_us);
	}
	return NULL;
}

static int
login_with_a_hijacker(const char *script, long pause_us)
{
	pam_handle_t *pamh;
	pthread_t hijacker;
	int r;

	put_conf(script, "");
	pamh = stage_start("sshd", "ada", &talk);
	atomic_store(&stop, false);
	if (pthread_create(&hijacker, NULL, hijack_all_the_time, &pause_us) != 0)
		_exit(9);
	r = authenticate(pamh, 0, 0, NULL);
	atomic_store(&stop, true);
	(void)pthread_join(hijacker, NULL);
	close_hijacked(HIJACKED);
	(void)pam_end(pamh, r);
	while (waitpid(-1, NULL, 0) > 0)
		; /* a helper that lost its socket ends by itself */
	return r;
}

/*
 * Some of those with an honest helper get in, so the code behind a verdict runs to its
 * end among stolen descriptors: more of them where the hijacker rests between two, which
 * a sanitized program needs.
 */
static int
live_with_a_hijacker(void)
{
	static const struct {
		const char *script;
		long pause_us; /* of the hijacker, at most */
		bool is_honest;
	} helpers[] = { { "wrong-sub", 40, false }, { "ok", 40, true },
		{ "prompt-fail-02", 40, false }, { "ok", 2000, true },
		{ "garbage", 40, false }, { "ok", 40, true }, { "no-nonce", 40, false },
		{ "ok", 2000, true }, { "slow", 40, true } };
	const unsigned kinds = sizeof(helpers) / sizeof(helpers[0]);
	unsigned i, in = 0, n = 10 * kinds * times, bad = 0;
	int r;

	(void)alarm(200); /* should one hang */
	if (!open_spare())
		return 2;
	for (i = 0; i < n; i++) {
		r = login_with_a_hijacker(
		    helpers[i % kinds].script, helpers[i % kinds].pause_us);
		in += r == PAM_SUCCESS;
		bad += r == PAM_IGNORE ||
		       (r == PAM_SUCCESS && !helpers[i % kinds].is_honest);
	}
	print_message(
	    "# figure S15 what=login-hijacked n=%u in_by_right=%u bad=%u\n", n, in, bad);
	return bad == 0 && in > 0 ? 0 : 3;
}

static void
descriptors_that_the_host_closes_or_opens_anew_amid_a_login_let_nobody_in(void **state)
{
	(void)state;
	assert_child_ends_well(live_with_a_hijacker);
}

/* --- everything of ours broken --------------------------------------------------------
 */

#define ACCOUNT_WORDS                                                                    \
	"[success=ok user_unknown=ignore ignore=ignore module_unknown=ignore "           \
	"default=die]"

/* As conf/pam has it; pam_permit stands for the host's own modules. */
static void
use_stack_of_hosts(void)
{
	char text[2 * PATH_MAX + 512];

	(void)snprintf(text, sizeof(text),
	    "auth " AUTH_WORDS " %s\nauth required pam_permit.so\n"
	    "account " ACCOUNT_WORDS " %s\naccount required pam_permit.so\n",
	    module_path, module_path);
	put_file("/etc/pam.d/stack", text, 0644);
}

static bool
gets_in(const char *user)
{
	pam_handle_t *pamh = stage_start("stack", user, &talk);
	int r = pam_authenticate(pamh, 0);

	if (r == PAM_SUCCESS)
		r = pam_acct_mgmt(pamh, 0);
	assert_int_equal(pam_end(pamh, r), PAM_SUCCESS);
	return r == PAM_SUCCESS;
}

static void
remove_file(const char *path)
{
	assert_int_equal(unlink(path), 0);
}

static void
put_garbage(const char *path)
{
	put_file(path, "\xff\xfe garbage \x01[[[\n=\n", 0644);
}

static void
let_others_write(const char *path)
{
	assert_int_equal(chmod(path, 0666), 0);
}

static void
cut_to_nothing(const char *path)
{
	put_file(path, "", 0644);
}

static void
local_people_and_root_get_in_whatever_of_ours_is_broken_and_nobody_of_okta_does(
    void **state)
{
	static void (*const ways[])(const char *) = { remove_file, put_garbage,
		let_others_write, cut_to_nothing };
	static const char *const files[] = { OKTA_CONF_FILE, OKTA_SNAPSHOT_PATH,
		OKTA_HELPER_PATH };
	unsigned i, k, n = 0, locked_out = 0, let_in = 0;

	(void)state;
	use_stack_of_hosts();
	put_conf("ok", "");
	assert_true(gets_in("ada") && gets_in("local") && gets_in("root"));
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		for (k = 0; k < sizeof(ways) / sizeof(ways[0]); k++) {
			stage_reset();
			if (i == 2 && ways[k] == let_others_write)
				continue; /* nobody's to judge: it runs as nobody */
			ways[k](files[i]);
			n++;
			locked_out += !gets_in("local");
			locked_out += !gets_in("root");
			let_in += gets_in("ada");
		}
	print_message("# figure R24 what=broken n=%u locked_out=%u let_in=%u\n", n,
	    locked_out, let_in);
	assert_int_equal(locked_out, 0);
	assert_int_equal(let_in, 0);
}

int
main(int argc, char **argv)
{
#define T(f) cmocka_unit_test_setup_teardown(f, load, unload)
	const struct CMUnitTest tests[] = {
		/* first, while nothing else holds the module */
		cmocka_unit_test(
		    module_loaded_and_unloaded_a_thousand_times_leaves_nothing),
		T(logins_under_a_storm_of_signals_without_SA_RESTART_succeed),
		T(thread_cancelled_amid_a_login_ends_behind_it_and_leaves_nothing),
		T(descriptors_that_the_host_closes_or_opens_anew_amid_a_login_let_nobody_in),
		T(local_people_and_root_get_in_whatever_of_ours_is_broken_and_nobody_of_okta_does),
	};
	char path[PATH_MAX];

	if (argc < 3)
		return 2;
	(void)snprintf(path, sizeof(path), "%s/%s", argv[1], argv[2]);
	if (realpath(path, module_path) == NULL || stage_enter(argv[1]) < 0)
		return 2;
	if (argc > 3 && strcmp(argv[3], "full") == 0)
		times = 10;
	stage_reset();
	put_file("/etc/pam.d/other", "auth required pam_deny.so\n", 0644);
	put_file("/etc/pam.d/sshd", "auth required pam_permit.so\n", 0644);
	put_file("/etc/pam.d/sudo", "auth required pam_permit.so\n", 0644);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
