/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: pam */
/*
 * nss BUILD MODULE: each call that libnss_okta.so.2 makes of the C library fails once, in
 * a process that asks for the first time and in one whose snapshot was just replaced. The
 * answer is the right one or that there is none now: never another one, and never that
 * somebody who exists does not, which would be one's licence to give his name away.
 */
#include "../pam/stage.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <limits.h>
#include <link.h>
#include <nss.h>
#include <pwd.h>

#include "sweep.h"

#define ENOUGH_S 20
#define GOOD	 1 /* exit statuses of the process that asks */
#define NOT_NOW	 2
#define WRONG	 3
#define LEAKED	 4

static char module_path[PATH_MAX];
static void *module;
static char buffer[65536];
static struct passwd pw;
static struct group gr;
static int error;

static void *
entry(const char *name)
{
	char symbol[64];

	(void)snprintf(symbol, sizeof(symbol), "_nss_okta_%s", name);
	return dlsym(module, symbol);
}

/* RIGHT says whether what NSS_STATUS_SUCCESS brought is right. */
static int
judge(enum nss_status status, bool exists, bool right)
{
	if (status == NSS_STATUS_UNAVAIL || status == NSS_STATUS_TRYAGAIN)
		return status == NSS_STATUS_TRYAGAIN && error == ERANGE ? WRONG : NOT_NOW;
	if (status == NSS_STATUS_SUCCESS)
		return exists && right ? GOOD : WRONG;
	return !exists && status == NSS_STATUS_NOTFOUND ? GOOD : WRONG;
}

typedef enum nss_status (*by_name)(const char *, void *, char *, size_t, int *);
typedef enum nss_status (*by_id)(unsigned, void *, char *, size_t, int *);

static int
ask_name(void)
{
	enum nss_status s = ((by_name)entry("getpwnam_r"))(
	    "ada", &pw, buffer, sizeof(buffer), &error);

	return judge(s, true,
	    s == NSS_STATUS_SUCCESS && pw.pw_uid == ADA_UID &&
		strcmp(pw.pw_dir, "/home/x") == 0);
}

static int
ask_nobody(void)
{
	return judge(
	    ((by_name)entry("getpwnam_r"))("zoe", &pw, buffer, sizeof(buffer), &error),
	    false, false);
}

static int
ask_uid(void)
{
	enum nss_status s = ((by_id)entry("getpwuid_r"))(
	    ADA_UID, &pw, buffer, sizeof(buffer), &error);

	return judge(s, true, s == NSS_STATUS_SUCCESS && strcmp(pw.pw_name, "ada") == 0);
}

static bool
is_eng(void)
{
	return gr.gr_gid == ENG_GID && strcmp(gr.gr_name, "eng") == 0 &&
	       gr.gr_mem[0] != NULL && gr.gr_mem[1] != NULL && gr.gr_mem[2] == NULL;
}

static int
ask_group(void)
{
	enum nss_status s = ((by_name)entry("getgrnam_r"))(
	    "eng", &gr, buffer, sizeof(buffer), &error);

	return judge(s, true, s == NSS_STATUS_SUCCESS && is_eng());
}

static int
ask_gid(void)
{
	enum nss_status s = ((by_id)entry("getgrgid_r"))(
	    ENG_GID, &gr, buffer, sizeof(buffer), &error);

	return judge(s, true, s == NSS_STATUS_SUCCESS && is_eng());
}

/* The array is the caller's, and too small at first. */
static int
ask_groups_of(void)
{
	enum nss_status (*fn)(const char *, gid_t, long *, long *, gid_t **, long, int *);
	long start = 1, size = 1;
	gid_t *list = malloc(sizeof(*list));
	enum nss_status s;
	int verdict;

	*(void **)&fn = entry("initgroups_dyn");
	if (list == NULL)
		return WRONG;
	list[0] = ADA_UID;
	s = fn("ada", ADA_UID, &start, &size, &list, -1, &error);
	verdict = judge(s, true, start == 4 && list[0] == ADA_UID);
	if (start < 1 || start > size)
		verdict = WRONG;
	free(list);
	return verdict;
}

/* Everybody, or a failure that says so: an end before the end would be a wrong answer. */
static int
ask_everybody(void)
{
	enum nss_status (*next)(struct passwd *, char *, size_t, int *);
	enum nss_status (*set)(int);
	enum nss_status (*end)(void);
	enum nss_status s;
	int n = 0;

	*(void **)&set = entry("setpwent");
	*(void **)&next = entry("getpwent_r");
	*(void **)&end = entry("endpwent");
	(void)set(0);
	while ((s = next(&pw, buffer, sizeof(buffer), &error)) == NSS_STATUS_SUCCESS)
		n++;
	(void)end();
	if (s == NSS_STATUS_NOTFOUND)
		return n == 6 ? GOOD : WRONG;
	return NOT_NOW;
}

static const struct {
	const char *name;
	int (*ask)(void);
} questions[] = {
	{ "getpwnam", ask_name },
	{ "getpwnam of nobody", ask_nobody },
	{ "getpwuid", ask_uid },
	{ "getgrnam", ask_group },
	{ "getgrgid", ask_gid },
	{ "initgroups", ask_groups_of },
	{ "getpwent", ask_everybody },
};
#define QUESTIONS (sizeof(questions) / sizeof(questions[0]))

/* In a process of its own: what it knows at first is nothing, or the snapshot before. */
static int
run_once(size_t question, bool replaced, const struct sweep_way *way, int64_t nth)
{
	int status = 0, before, verdict;
	pid_t pid;

	sweep_plan(way, nth);
	pid = fork();
	assert_true(pid >= 0);
	if (pid > 0) {
		assert_int_equal(waitpid(pid, &status, 0), pid);
		return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + status;
	}
	(void)alarm(ENOUGH_S);
	if (replaced) {
		(void)ask_name();
		put_snapshot(time(NULL) - 30, "https://acme.okta.com");
	}
	before = count_descriptors();
	sweep_arm(true);
	verdict = questions[question].ask();
	sweep_arm(false);
	if (verdict != WRONG && count_descriptors() != before)
		verdict = LEAKED;
	/* and when all is well again, so are the answers */
	if (verdict == NOT_NOW && nth == 1) {
		(void)usleep(1100000);
		if (questions[question].ask() != GOOD)
			verdict = WRONG;
	}
	_exit(verdict);
}

static void
no_failing_call_makes_an_answer_wrong(void **state)
{
	int64_t count[FAULT_CALLS], nth;
	long made = 0, distinct = 0, bad = 0, not_now = 0;
	size_t q, w, j;
	int replaced, r;

	(void)state;
	for (q = 0; q < QUESTIONS; q++)
		for (replaced = 0; replaced < 2; replaced++) {
			stage_reset();
			assert_int_equal(run_once(q, replaced, NULL, 0), GOOD);
			for (j = 0, w = 0; j < FAULT_CALLS; j++) {
				count[j] = fault_plan->count[j];
				w += count[j] > 0;
			}
			distinct = (long)w > distinct ? (long)w : distinct;
			for (w = 0; w < SWEEP_WAYS; w++)
				for (nth = 1; nth <= count[sweep_ways[w].call]; nth++) {
					r = run_once(q, replaced, &sweep_ways[w], nth);
					made++;
					not_now += r == NOT_NOW;
					if (r == GOOD || r == NOT_NOW)
						continue;
					bad++;
					print_message("# %s%s: %s number %ld fails with "
						      "%s at +0x%lx: %d\n",
					    questions[q].name,
					    replaced ? " after a replacement" : "",
					    sweep_ways[w].name, (long)nth,
					    sweep_ways[w].how,
					    (unsigned long)fault_plan->site, r);
				}
		}
	print_message("# %ld answers were \"not now\"\n", not_now);
	print_message("# figure S12 nss calls=%ld n=%ld bad=%ld\n", distinct, made, bad);
	assert_true(made > 50 && not_now > 10);
	assert_int_equal(bad, 0);
}

static int
find_module(struct dl_phdr_info *info, size_t size, void *ctx)
{
	size_t i;

	(void)size;
	(void)ctx;
	if (strstr(info->dlpi_name, "libnss_okta") == NULL)
		return 0;
	fault_base[0] = info->dlpi_addr;
	for (i = 0; i < info->dlpi_phnum; i++)
		if (info->dlpi_phdr[i].p_type == PT_LOAD &&
		    (info->dlpi_phdr[i].p_flags & PF_X) != 0) {
			fault_low[0] = info->dlpi_addr + info->dlpi_phdr[i].p_vaddr;
			fault_high[0] = fault_low[0] + info->dlpi_phdr[i].p_memsz;
		}
	return 0;
}

int
main(int argc, char **argv)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(no_failing_call_makes_an_answer_wrong),
	};

	if (argc == 3 && realpath(argv[2], module_path) != NULL)
		module = dlopen(module_path, RTLD_NOW);
	if (module == NULL || stage_enter(argv[1]) < 0) {
		(void)fprintf(stderr, "usage: nss BUILD MODULE\n");
		return 1;
	}
	(void)dl_iterate_phdr(find_module, NULL);
	sweep_init();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
