/* SPDX-License-Identifier: BSD-2-Clause */
/* links: pamokta snapw host model snap base; libs: inih pam json-c */
/* clock BUILD: the module's functions with a clock that a test moves: every wait has an
 * end. */
#include "stage.h"

#include <errno.h>
#include <grp.h>
#include <json.h>
#include <security/pam_modules.h>
#include <signal.h>

#include "../../pam_okta/account.h"
#include "../../pam_okta/auth.h"
#include "../../pam_okta/cred.h"
#include "../../pam_okta/host.h"
#include "../../pam_okta/prompt.h"
#include "host/record.h"
#include "../../pam_okta/rc.h"

static int64_t ahead_ms, began_ms, step_ms;
static long fail_wall_at = -1, fail_mono_at = -1; /* which reading; -1: none */
static struct talk talk;

static int64_t
real_ms(void)
{
	return okta_clock_mono_ms(&okta_clock_system);
}

static int64_t
now_s(void *ctx)
{
	(void)ctx;
	if (fail_wall_at >= 0 && fail_wall_at-- == 0)
		return OKTA_CLOCK_FAILED_S;
	return okta_clock_now_s(&okta_clock_system) + ahead_ms / 1000;
}

/* Each reading is STEP_MS later than the one before: waits end without being waited for.
 */
static int64_t
mono_ms(void *ctx)
{
	(void)ctx;
	if (fail_mono_at >= 0 && fail_mono_at-- == 0)
		return OKTA_CLOCK_FAILED_MS;
	ahead_ms += step_ms;
	return real_ms() + ahead_ms;
}

static const struct okta_clock moved = { now_s, mono_ms, NULL };

static struct po_host
host(void)
{
	struct po_host h = po_host_system;

	h.clock = &moved;
	return h;
}

static int
setup(void **state)
{
	(void)state;
	stage_reset();
	memset(&talk, 0, sizeof(talk));
	ahead_ms = step_ms = 0;
	began_ms = real_ms();
	return 0;
}

static int
login(const char *service, const char *script, const char *more)
{
	const struct po_host h = host();
	pam_handle_t *pamh;
	int r;

	put_conf(script, more);
	pamh = stage_start(service, "ada", &talk);
	r = po_authenticate(pamh, &h, 0, NULL);
	assert_int_equal(pam_end(pamh, r), PAM_SUCCESS);
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
	return r;
}

static void
pass_time(struct talk *t)
{
	ahead_ms += *(int64_t *)t->ctx;
}

static void
auth_ends_at_the_grace_less_its_margin(void **state)
{
	int64_t per_prompt = 114900;

	(void)state;
	talk.on_prompt = pass_time;
	talk.ctx = &per_prompt;
	assert_int_equal(login("sshd", "pending", ""), PAM_AUTH_ERR);
	logged("reason=deadline detail=\"no approval in time\"");
	assert_int_equal(talk.prompts, 1);
	assert_non_null(strstr(talk.error, "time for this login is over"));
}

static void
auth_ends_when_the_code_expires_if_that_is_sooner(void **state)
{
	int64_t per_prompt = 29900;

	(void)state;
	talk.on_prompt = pass_time;
	talk.ctx = &per_prompt;
	assert_int_equal(login("sshd", "short", ""), PAM_SUCCESS);
	(void)setup(NULL);
	per_prompt = 30100;
	talk.on_prompt = pass_time;
	talk.ctx = &per_prompt;
	assert_int_equal(login("sshd", "short", ""), PAM_AUTH_ERR);
	logged("reason=expired");
}

/* A verdict that lay there all the time counts for nothing once the deadline passed. */
static void
auth_refuses_an_approval_seen_after_the_deadline(void **state)
{
	int64_t per_prompt = 115100;

	(void)state;
	talk.on_prompt = pass_time;
	talk.ctx = &per_prompt;
	assert_int_equal(login("sshd", "ok", ""), PAM_AUTH_ERR);
	logged("reason=deadline");
	assert_int_equal(access(OKTA_RUN_DIR "/claims/1879050001", F_OK), -1);
}

static void
pass_time_until_the_verdict_is_there(struct talk *t)
{
	(void)usleep(200000);
	pass_time(t);
}

static void
auth_with_text_only_refuses_an_approval_seen_after_the_deadline(void **state)
{
	int64_t per_info = 115100;

	(void)state;
	talk.on_info = pass_time_until_the_verdict_is_there;
	talk.ctx = &per_info;
	assert_int_equal(login("su", "ok", ""), PAM_AUTH_ERR);
	logged("reason=deadline");
	assert_int_equal(access(OKTA_RUN_DIR "/claims/1879050001", F_OK), -1);
}

static void
auth_of_login_ends_before_login_itself_does(void **state)
{
	int64_t per_prompt = 55100;

	(void)state;
	talk.on_prompt = pass_time;
	talk.ctx = &per_prompt;
	assert_int_equal(login("login", "ok", "enter_services = login\n"), PAM_AUTH_ERR);
	logged("reason=deadline");
	(void)setup(NULL);
	per_prompt = 54900;
	talk.on_prompt = pass_time;
	talk.ctx = &per_prompt;
	assert_int_equal(login("login", "ok", "enter_services = login\n"), PAM_SUCCESS);
}

/* A client without a terminal answers every prompt at once: it must not make us spin. */
static void
auth_asks_at_most_once_in_1800_ms(void **state)
{
	int64_t per_prompt = 3000;

	(void)state;
	talk.on_prompt = pass_time;
	talk.ctx = &per_prompt;
	assert_int_equal(login("sshd", "pending", "grace_s = 20\n"), PAM_AUTH_ERR);
	logged("reason=deadline");
	assert_int_equal(
	    talk.prompts, 4); /* 3 s, then a look of 1.8 s, four times in 15 s */
	assert_in_range(real_ms() - began_ms, 5400, 7500);
	assert_non_null(strstr(talk.first_prompt, "Code:"));
	assert_string_equal(talk.last_prompt, "No approval seen yet, it may take some "
					      "seconds. Press Enter after approving: ");
}

static void
auth_gives_a_silent_helper_15_s_to_its_first_word(void **state)
{
	(void)state;
	step_ms = 14900;
	assert_int_equal(login("sshd", "silent", ""), PAM_AUTHINFO_UNAVAIL);
	logged("reason=unreachable detail=\"no code from Okta within 15 s\"");
	assert_int_equal(talk.prompts, 0);
	assert_in_range(real_ms() - began_ms, 0, 15500);
}

/* R12: it neither answers nor dies of itself. */
static void
auth_ends_a_stopped_helper(void **state)
{
	int64_t per_prompt = 115100;
	pid_t helper;

	(void)state;
	talk.on_prompt = pass_time;
	talk.ctx = &per_prompt;
	assert_int_equal(login("sshd", "stopped", ""), PAM_AUTH_ERR);
	assert_non_null(strstr(talk.first_prompt, "PID-"));
	helper = (pid_t)strtol(strstr(talk.first_prompt, "PID-") + 4, NULL, 10);
	assert_int_equal(kill(helper, 0), -1);
}

/* R14: a wall clock that jumps never makes an old snapshot young. */
static void
account_denies_when_the_wall_clock_is_far_behind_or_ahead(void **state)
{
	const struct po_host h = host();
	pam_handle_t *pamh = stage_start("sshd", "ada", &talk);

	(void)state;
	assert_int_equal(po_account(pamh, &h, 0, NULL), PAM_SUCCESS);
	ahead_ms = INT64_C(86400) * 4 * 1000;
	assert_int_equal(po_account(pamh, &h, 0, NULL), PAM_PERM_DENIED);
	logged("reason=stale_snapshot");
	ahead_ms = -INT64_C(86400) * 1000;
	assert_int_equal(po_account(pamh, &h, 0, NULL), PAM_PERM_DENIED);
	logged("set this host's clock");
	assert_int_equal(pam_end(pamh, 0), PAM_SUCCESS);
}

/* A login recorded while the clock was ahead must not outlive every later sync. */
static void
account_ignores_a_record_from_the_future(void **state)
{
	const struct po_host h = host();
	pam_handle_t *pamh;

	(void)state;
	/* the record says: in linux-users and ops, eng is gone */
	assert_int_equal(login("sshd", "ok", ""), PAM_SUCCESS);
	put_file(OKTA_CONF_FILE,
	    "[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = ok\n"
	    "allow_groups = eng\n",
	    0644);
	pamh = stage_start("sshd", "ada", &talk);
	assert_int_equal(po_account(pamh, &h, 0, NULL), PAM_PERM_DENIED);
	put_snapshot(time(NULL) - 600, "https://acme.okta.com");
	ahead_ms = -400 * 1000; /* after the snapshot, long before the record */
	assert_int_equal(po_account(pamh, &h, 0, NULL), PAM_SUCCESS);
	assert_int_equal(pam_end(pamh, 0), PAM_SUCCESS);
}

/* Without a time no token is too old and no snapshot stale, and a record would be of
 * before all snapshots. */
static void
auth_and_account_deny_whichever_reading_of_the_wall_clock_fails(void **state)
{
	const struct po_host h = host();
	pam_handle_t *pamh;
	int phase, r;
	long n;
	bool failed;

	(void)state;
	for (phase = 0; phase < 2; phase++)
		for (n = 0, failed = true; failed; n++) {
			(void)setup(NULL);
			pamh = stage_start("sshd", "ada", &talk);
			fail_wall_at = n;
			r = phase == 0 ? po_authenticate(pamh, &h, 0, NULL)
				       : po_account(pamh, &h, 0, NULL);
			failed = fail_wall_at < 0;
			fail_wall_at = -1;
			(void)pam_end(pamh, r);
			assert_int_equal(r == PAM_SUCCESS, !failed);
			assert_int_not_equal(r, PAM_IGNORE);
			/* nor is anything left that would count later */
			if (failed && phase == 0)
				assert_int_equal(
				    access(OKTA_RUN_DIR "/claims/1879050001", F_OK), -1);
			assert_in_range(n, 0, 20);
		}
	assert_in_range(n, 2, 20);
}

static void
auth_refuses_when_there_is_no_deadline(void **state)
{
	(void)state;
	fail_mono_at = 0;
	assert_int_equal(login("sshd", "ok", ""), PAM_AUTHINFO_UNAVAIL);
	assert_int_equal(fail_mono_at, -1);
	logged("reason=internal detail=\"the clock cannot be read\"");
	assert_int_equal(talk.prompts, 0);
}

/* --- records --- */

/* As if UID had logged in just now as SUB, being in linux-users alone. */
static void
put_record(uint32_t uid, const char *sub)
{
	static struct okta_claims claims;
	const struct po_host h = host();
	struct okta_err err = { 0 };

	memset(&claims, 0, sizeof(claims));
	claims.iss = sv("https://acme.okta.com");
	claims.sub = sv(sub);
	claims.preferred_username = sv("c4nary@acme.example");
	claims.jti = sv("ID.1");
	claims.has_groups = true;
	claims.groups[0] = sv("linux-users");
	claims.n_groups = 1;
	if (okta_record_store(h.run_dir, h.owner, uid, &claims, time(NULL), &err) !=
	    OKTA_OK)
		fail_msg("%s", err.msg);
}

static void
record_comes_back_without_the_personal_name(void **state)
{
	static struct okta_record got;
	const struct po_host h = host();
	struct okta_err err = { 0 };
	size_t i;

	(void)state;
	put_record(ADA_UID, "00u1ada");
	assert_int_equal(
	    okta_record_load(h.run_dir, h.owner, ADA_UID, &got, &err), OKTA_OK);
	assert_true(okta_view_eq_str(got.claims.sub, "00u1ada"));
	assert_int_equal(got.claims.n_groups, 1);
	assert_in_range(got.verified_s, time(NULL) - 5, time(NULL));
	for (i = 0; i + 6 < got.len; i++)
		assert_memory_not_equal(got.bytes + i, "c4nary", 6);
	okta_record_clear(&got);
	assert_int_equal(
	    okta_record_load(h.run_dir, h.owner, 1, &got, &err), OKTA_E_NOTFOUND);
}

/* su keeps the caller's umask. */
static void
record_modes_do_not_depend_on_the_umask(void **state)
{
	static const mode_t masks[] = { 0, 022, 0777 };
	struct stat st;
	size_t i;
	mode_t old;

	(void)state;
	for (i = 0; i < 3; i++) {
		(void)unlink(OKTA_RUN_DIR "/claims/1879050001");
		(void)unlink(OKTA_RUN_DIR "/claims/1879050006");
		(void)rmdir(OKTA_RUN_DIR "/claims");
		(void)rmdir(OKTA_RUN_DIR);
		old = umask(masks[i]);
		put_record(ADA_UID, "00u1ada");
		(void)umask(old);
		assert_int_equal(stat(OKTA_RUN_DIR, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0755);
		assert_int_equal(stat(OKTA_RUN_DIR "/claims", &st), 0);
		assert_int_equal(st.st_mode & 07777, 0700);
		assert_int_equal(stat(OKTA_RUN_DIR "/claims/1879050001", &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
}

static void
account_ignores_a_record_of_another_person(void **state)
{
	const struct po_host h = host();
	pam_handle_t *pamh = stage_start("sshd", "ada", &talk);

	(void)state;
	put_file(OKTA_CONF_FILE,
	    "[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = ok\n"
	    "allow_groups = eng\n",
	    0644);
	put_record(ADA_UID, "00u2bob");
	assert_int_equal(po_account(pamh, &h, 0, NULL), PAM_SUCCESS);
	put_record(ADA_UID, "00u1ada");
	assert_int_equal(po_account(pamh, &h, 0, NULL), PAM_PERM_DENIED);
	assert_int_equal(pam_end(pamh, 0), PAM_SUCCESS);
}

/* The primary group is the account's, not the session's, to change. */
static void
setcred_leaves_the_primary_group_alone(void **state)
{
	static const gid_t start[] = { ENG_GID, ADM_GID };
	const struct po_host h = host();
	gid_t list[8];
	pid_t child;
	int status = -1;

	(void)state;
	put_record(ERIN_UID, "00u6erin");
	child = fork();
	if (child == 0) {
		if (setgroups(2, start) < 0 ||
		    po_setcred(stage_start("sshd", "erin", &talk), &h, PAM_ESTABLISH_CRED,
			0, NULL) != PAM_SUCCESS)
			_exit(99);
		_exit(getgroups(8, list) == 1 && list[0] == ENG_GID ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

/* --- text --- */

static void
text_is_clean(const struct okta_prompt *prompt, const struct po_prompt_facts *facts)
{
	struct okta_buf out;
	size_t i, lines = 0;

	okta_buf_init(&out, PO_PROMPT_MAX_BYTES);
	assert_int_equal(po_prompt_text(prompt, facts, &out), OKTA_OK);
	for (i = 0; i < out.len; i++) {
		assert_true(
		    out.data[i] == '\n' || ((unsigned char)out.data[i] >= 0x20 &&
					       (unsigned char)out.data[i] < 0x7f));
		lines += out.data[i] == '\n';
	}
	assert_in_range(lines, 4, 5);
	assert_in_range(out.len, 1, 1100);
	okta_buf_clear(&out);
}

/* S18: the template holds even if nobody looked at the fields before. */
static void
prompt_text_stays_clean_whatever_a_field_holds(void **state)
{
	static char line[65536];
	FILE *f = fopen("tests/vectors/own/terminal_injection.jsonl", "r");
	int rows = 0;

	(void)state;
	if (f == NULL)
		skip();
	while (fgets(line, sizeof(line), f) != NULL) {
		json_object *row = json_tokener_parse(line), *value;
		const struct okta_prompt good = { sv("ABCDEFGH"),
			sv("https://acme.okta.com/activate"), sv(""), 600, 5, sv("") };
		struct okta_prompt p;
		struct po_prompt_facts facts = { "ada", "host", "203.0.113.7", 0 };
		const char *bad;

		assert_true(json_object_object_get_ex(row, "value", &value));
		bad = json_object_get_string(value);
		facts.rhost = bad;
		text_is_clean(&good, &facts);
		facts.rhost = "x";
		facts.host = bad;
		text_is_clean(&good, &facts);
		facts.host = "x";
		facts.user = bad;
		text_is_clean(&good, &facts);
		facts.user = "ada";
		p = good;
		p.user_code = sv(bad);
		text_is_clean(&p, &facts);
		p = good;
		p.verification_uri = sv(bad);
		text_is_clean(&p, &facts);
		p = good;
		p.verification_uri_complete = sv(bad);
		text_is_clean(&p, &facts);
		json_object_put(row);
		rows++;
	}
	(void)fclose(f);
	assert_true(rows >= 23);
}

/* --- the table --- */

/* S12: one row grants; ignoring and unknown stand for people who are not ours or
 * disabled. */
static void
rc_table_grants_in_one_row_and_ignores_in_one(void **state)
{
	int i, granted = 0, ignored = 0, unknown = 0;
	const struct po_answer *a;

	(void)state;
	for (i = -1; i <= PO_REASON_COUNT + 1; i++) {
		a = po_answer((enum po_reason)i);
		assert_non_null(a->word);
		assert_int_equal(a->auth_code == PAM_SUCCESS, i == PO_ALLOWED);
		assert_int_equal(a->account_code == PAM_SUCCESS, i == PO_ALLOWED);
		assert_int_equal(a->cred_code == PAM_SUCCESS, i == PO_ALLOWED);
		granted += a->auth_code == PAM_SUCCESS;
		assert_int_not_equal(a->auth_code, PAM_IGNORE);
		assert_int_not_equal(a->auth_code, PAM_MAXTRIES);
		ignored += a->account_code == PAM_IGNORE;
		assert_int_equal(
		    a->account_code == PAM_IGNORE, a->cred_code == PAM_IGNORE);
		unknown += a->auth_code == PAM_USER_UNKNOWN;
		assert_int_not_equal(a->account_code, PAM_USER_UNKNOWN);
	}
	assert_int_equal(granted, 1);
	assert_int_equal(ignored, 1);
	assert_int_equal(unknown, 2);
	/* no code or rule of another module's grants by falling through */
	for (i = -1; i <= OKTA_FAIL_CODE_COUNT + 1; i++)
		assert_int_not_equal(
		    po_reason_of_failure((enum okta_failure_code)i), PO_ALLOWED);
	for (i = -1; i <= OKTA_RULE_NO_GROUPS_CLAIM + 1; i++)
		assert_int_not_equal(
		    po_reason_of_rule((enum okta_policy_rule)i), PO_ALLOWED);
}

/* --- memory that runs out --- */

#ifndef __SANITIZE_ADDRESS__
static long fail_at = -1; /* -1: never */

extern void *__libc_malloc(size_t n);
extern void *__libc_calloc(size_t n, size_t size);
extern void *__libc_realloc(void *p, size_t n);

static bool decided; /* when memory ran out the login was kept: it counts */

static bool
runs_out(void)
{
	if (fail_at < 0 || fail_at-- > 0)
		return false;
	decided = access(OKTA_RUN_DIR "/claims/1879050001", F_OK) == 0;
	return true;
}

__attribute__((visibility("default"))) void *
malloc(size_t n)
{
	return runs_out() ? NULL : __libc_malloc(n);
}

__attribute__((visibility("default"))) void *
calloc(size_t n, size_t size)
{
	return runs_out() ? NULL : __libc_calloc(n, size);
}

__attribute__((visibility("default"))) void *
realloc(void *p, size_t n)
{
	return runs_out() ? NULL : __libc_realloc(p, n);
}

/* pam-u2f's CVE-2025-23013: a malloc that failed let people in. */
static void
auth_and_account_deny_whichever_allocation_fails(void **state)
{
	const struct po_host h = host();
	pam_handle_t *pamh;
	int r, phase;
	long n, left;

	(void)state;
	for (phase = 0; phase < 2; phase++) {
		for (n = 0, left = -2; left != 0 && n < 400; n++) {
			(void)setup(NULL);
			pamh = stage_start("sshd", "ada", &talk);
			fail_at = n;
			r = phase == 0 ? po_authenticate(pamh, &h, 0, NULL)
				       : po_account(pamh, &h, 0, NULL);
			left = fail_at < 0 ? -1
					   : 0; /* 0: ran through without reaching it */
			fail_at = -1;
			(void)pam_end(pamh, r);
			if (left == 0) {
				assert_int_equal(r, PAM_SUCCESS);
			} else {
				assert_int_not_equal(r, PAM_IGNORE);
				assert_int_not_equal(r, PAM_USER_UNKNOWN);
				/* pam_syslog() needs some for "accepted" */
				assert_true(r != PAM_SUCCESS || (phase == 0 && decided));
			}
			assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
		}
		assert_true(n > 20 && n < 400);
	}
}
#endif

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(auth_ends_at_the_grace_less_its_margin),
		T(auth_ends_when_the_code_expires_if_that_is_sooner),
		T(auth_refuses_an_approval_seen_after_the_deadline),
		T(auth_with_text_only_refuses_an_approval_seen_after_the_deadline),
		T(auth_of_login_ends_before_login_itself_does),
		T(auth_asks_at_most_once_in_1800_ms),
		T(auth_gives_a_silent_helper_15_s_to_its_first_word),
		T(auth_ends_a_stopped_helper),
		T(account_denies_when_the_wall_clock_is_far_behind_or_ahead),
		T(account_ignores_a_record_from_the_future),
		T(auth_and_account_deny_whichever_reading_of_the_wall_clock_fails),
		T(auth_refuses_when_there_is_no_deadline),
		T(record_comes_back_without_the_personal_name),
		T(record_modes_do_not_depend_on_the_umask),
		T(account_ignores_a_record_of_another_person),
		T(setcred_leaves_the_primary_group_alone),
		T(prompt_text_stays_clean_whatever_a_field_holds),
		T(rc_table_grants_in_one_row_and_ignores_in_one),
#ifndef __SANITIZE_ADDRESS__
		T(auth_and_account_deny_whichever_allocation_fails),
#endif
	};

	if (argc != 2 || stage_enter(argv[1]) < 0)
		return 1;
	put_file("/etc/pam.d/other", "auth required pam_deny.so\n", 0644);
	put_file("/etc/pam.d/sshd", "auth required pam_deny.so\n", 0644);
	put_file("/etc/pam.d/su", "auth required pam_deny.so\n", 0644);
	put_file("/etc/pam.d/login", "auth required pam_deny.so\n", 0644);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
