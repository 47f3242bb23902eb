/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: pam */
/* module BUILD: the real pam_okta.so, through libpam and entry point by entry point. */
#include "stage.h"

#include <dlfcn.h>
#include <errno.h>
#include <grp.h>
#include <security/pam_modules.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "host/record.h"
#include "host/used.h"
#include "host/waiting.h"
#include "model/wire.h"

typedef int (*entry)(pam_handle_t *, int, int, const char **);

static entry authenticate, account, setcred, chauthtok, open_session, close_session;
static char module_path[512];
static struct talk talk;

static int
setup(void **state)
{
	(void)state;
	stage_reset();
	memset(&talk, 0, sizeof(talk));
	return 0;
}

static void
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

static int
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

static int
call(entry fn, const char *user)
{
	return call_with(fn, "sshd", user, 0, 0, NULL);
}

static int
login(const char *script)
{
	put_conf(script, "");
	return call(authenticate, "ada");
}

/* Gone, and nobody's zombie. */
static void
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

/* --- authentication --- */

static void
auth_succeeds_with_a_verified_token_of_the_same_person(void **state)
{
	struct stat st;

	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	logged("okta: user=ada service=sshd rhost=203.0.113.7 result=accepted reason=ok "
	       "detail=\"allowed via linux-users, sub 00u1ada\"");
	assert_int_equal(talk.prompts, 1);
	assert_int_equal(talk.infos + talk.errors, 0);
	assert_int_equal(stat(OKTA_RUN_DIR "/claims", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_int_equal(stat(OKTA_RUN_DIR "/claims/1879050001", &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_helper_gone();
}

static void
auth_prompt_carries_code_address_host_user_client_and_warning(void **state)
{
	char host[256] = "";

	(void)state;
	(void)gethostname(host, sizeof(host) - 1);
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_non_null(strstr(talk.first_prompt, "Code:  PID-"));
	assert_non_null(strstr(
	    talk.first_prompt, "Open:  https://acme.okta.com/activate?user_code=PID-"));
	assert_non_null(strstr(talk.first_prompt, "of ada on "));
	assert_non_null(strstr(talk.first_prompt, host));
	assert_non_null(strstr(talk.first_prompt, "203.0.113.7"));
	assert_non_null(
	    strstr(talk.first_prompt, "only if you started this login yourself"));
	assert_non_null(strstr(talk.first_prompt, "Press Enter"));
}

static void
auth_shows_the_qr_code_above_the_text(void **state)
{
	(void)state;
	assert_int_equal(login("qr"), PAM_SUCCESS);
	assert_ptr_equal(strstr(talk.first_prompt,
			     "\xe2\x96\x80 \xe2\x96\x84\n\xe2\x96\x88\nOkta login"),
	    talk.first_prompt);
}

static void
auth_asks_again_while_there_is_no_verdict(void **state)
{
	(void)state;
	assert_int_equal(login("slow"), PAM_SUCCESS);
	assert_int_equal(talk.prompts, 1); /* 300 ms are within one look */
}

/* su, sudo and login print at once, and sudo sets PAM_SILENT. */
static void
auth_prints_instead_of_asking_for_services_that_show_text(void **state)
{
	(void)state;
	put_conf("slow", "");
	assert_int_equal(call_with(authenticate, "sudo", "ada", (int)PAM_SILENT, 0, NULL),
	    PAM_SUCCESS);
	assert_int_equal(talk.prompts, 0);
	assert_int_equal(talk.infos, 1);
	assert_non_null(strstr(talk.info, "Code:  PID-"));
	assert_null(strstr(talk.info, "Press Enter"));
}

static void
auth_refuses_each_failure_with_its_own_code_word_and_sentence(void **state)
{
	static const struct {
		int failure, code;
		const char *word, *sentence;
	} rows[] = {
		{ OKTA_FAIL_INTERNAL, PAM_AUTHINFO_UNAVAIL, "reason=helper", "set up" },
		{ OKTA_FAIL_DENIED, PAM_AUTH_ERR, "reason=denied", "denied" },
		{ OKTA_FAIL_EXPIRED, PAM_AUTH_ERR, "reason=expired", "expired" },
		{ OKTA_FAIL_DEADLINE, PAM_AUTH_ERR, "reason=deadline", "time" },
		{ OKTA_FAIL_NOT_ASSIGNED, PAM_AUTH_ERR, "reason=not_assigned",
		    "not assigned" },
		{ OKTA_FAIL_POLICY, PAM_AUTH_ERR, "reason=okta_policy", "policy" },
		{ OKTA_FAIL_TOO_MANY_GROUPS, PAM_AUTHINFO_UNAVAIL,
		    "reason=too_many_groups", "administrator" },
		{ OKTA_FAIL_CLIENT, PAM_AUTHINFO_UNAVAIL, "reason=client",
		    "administrator" },
		{ OKTA_FAIL_RATE_LIMITED, PAM_AUTHINFO_UNAVAIL, "reason=rate_limited",
		    "busy" },
		{ OKTA_FAIL_UNREACHABLE, PAM_AUTHINFO_UNAVAIL, "reason=unreachable",
		    "cannot be reached" },
		{ OKTA_FAIL_TLS, PAM_AUTHINFO_UNAVAIL, "reason=tls",
		    "cannot be reached" },
		{ OKTA_FAIL_SERVER, PAM_AUTHINFO_UNAVAIL, "reason=server",
		    "cannot be reached" },
		{ OKTA_FAIL_ANSWER, PAM_AUTHINFO_UNAVAIL, "reason=answer",
		    "cannot be reached" },
		{ OKTA_FAIL_TOKEN, PAM_AUTH_ERR, "reason=token", "verified" },
		{ 0, PAM_AUTHINFO_UNAVAIL, "reason=helper", "set up" },
		{ 99, PAM_AUTHINFO_UNAVAIL, "reason=helper", "set up" },
	};
	char script[32];
	size_t i, late;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		for (late = 0; late < 2; late++) {
			(void)setup(NULL);
			(void)snprintf(script, sizeof(script), "%sfail-%02d",
			    late ? "prompt-" : "", rows[i].failure);
			assert_int_equal(login(script), rows[i].code);
			logged(rows[i].word);
			if (rows[i].failure > 0 && rows[i].failure < OKTA_FAIL_CODE_COUNT)
				logged("detail=\"the 'detail'\"");
			assert_int_equal(talk.errors, 1);
			assert_non_null(strstr(talk.error, rows[i].sentence));
			assert_int_equal(talk.prompts, (int)late);
		}
}

/* The helper parsed bytes from the network; a lie of its is worth nothing. */
static void
auth_refuses_each_lie_of_the_helper(void **state)
{
	static const struct {
		const char *script;
		int code;
		const char *word;
	} rows[] = {
		{ "other-org", PAM_AUTHINFO_UNAVAIL, "reason=helper" },
		{ "escape", PAM_AUTHINFO_UNAVAIL, "reason=helper" },
		{ "garbage", PAM_AUTHINFO_UNAVAIL, "reason=helper" },
		{ "huge", PAM_AUTHINFO_UNAVAIL, "reason=helper" },
		{ "exit", PAM_AUTHINFO_UNAVAIL, "ended without a verdict" },
		{ "claims-first", PAM_AUTHINFO_UNAVAIL, "reason=helper" },
		{ "child-frame", PAM_AUTHINFO_UNAVAIL, "reason=helper" },
		{ "prompt-exit", PAM_AUTHINFO_UNAVAIL, "ended without a verdict" },
		{ "prompt-twice", PAM_AUTHINFO_UNAVAIL, "reason=helper" },
		{ "prompt-garbage", PAM_AUTHINFO_UNAVAIL, "reason=helper" },
		{ "prompt-empty", PAM_AUTHINFO_UNAVAIL, "reason=helper" },
		{ "wrong-nonce", PAM_AUTHINFO_UNAVAIL, "of another login" },
		{ "no-nonce", PAM_AUTHINFO_UNAVAIL, "reason=helper" },
		{ "wrong-sub", PAM_AUTH_ERR, "reason=other_person" },
		{ "wrong-iss", PAM_AUTH_ERR, "reason=issuer" },
		{ "stale", PAM_AUTH_ERR, "reason=old_token" },
		{ "expired", PAM_AUTH_ERR, "reason=old_token" },
		{ "no-claim", PAM_AUTH_ERR, "reason=no_groups_claim" },
		{ "no-groups", PAM_AUTH_ERR, "reason=not_allowed" },
	};
	size_t i;
	int before = count_descriptors();

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)setup(NULL);
		if (login(rows[i].script) != rows[i].code)
			fail_msg("%s: %s", rows[i].script, stage_log);
		logged(rows[i].word);
		/* the one that may be the truth about her groups is kept, to her loss */
		assert_int_equal(access(OKTA_RUN_DIR "/claims/1879050001", F_OK),
		    strcmp(rows[i].script, "no-groups") == 0 ? 0 : -1);
		assert_null(strchr(talk.first_prompt, '\x1b'));
		assert_helper_gone();
	}
	assert_int_equal(count_descriptors(), before);
}

static void
auth_refuses_a_token_that_was_used_before(void **state)
{
	(void)state;
	assert_int_equal(login("replay"), PAM_SUCCESS);
	assert_int_equal(login("replay"), PAM_AUTH_ERR);
	logged("reason=old_token detail=\"the token was used before\"");
	/* not only the last one: S4 */
	assert_int_equal(login("ok"), PAM_SUCCESS);
	stage_log[0] = '\0';
	assert_int_equal(login("replay"), PAM_AUTH_ERR);
	logged("reason=old_token detail=\"the token was used before\"");
	assert_int_equal(unlink(OKTA_RUN_DIR "/used/1879050001"), 0);
	assert_int_equal(mkdir(OKTA_RUN_DIR "/used/1879050001", 0700), 0);
	assert_int_equal(login("ok"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=record");
	assert_int_equal(rmdir(OKTA_RUN_DIR "/used/1879050001"), 0);
}

/* N logins that wait: of UID, or of N people from UID on if EACH. */
static struct okta_waiting queue[40];

static void
fill_queue(size_t n, uint32_t uid, bool each, const char *address)
{
	const struct okta_waiting_caps caps = { 1000, 1000, 1000, false };
	struct okta_err err = { 0 };
	size_t i;

	for (i = 0; i < n; i++)
		if (okta_waiting_enter(OKTA_RUN_DIR, 0, &caps,
			uid + (each ? (uint32_t)i : 0), address, &queue[i],
			&err) != OKTA_OK)
			fail_msg("%s", err.msg);
}

static void
empty_queue(size_t n)
{
	while (n > 0)
		okta_waiting_leave(&queue[--n]);
}

/* S40 */
static void
auth_refuses_beyond_each_cap_and_tells_others_nothing_of_it(void **state)
{
	static const struct {
		size_t n;
		uint32_t uid;
		bool each;
		const char *address, *conf, *says;
	} rows[] = {
		{ 3, 7, true, "elsewhere", "max_waiting = 3\n",
		    "3 logins wait for approval on this host: [login] max_waiting" },
		{ 3, ADA_UID, false, "elsewhere", "max_waiting_user = 3\n",
		    "3 logins of this person wait for approval: [login] "
		    "max_waiting_user" },
		{ 2, ADA_UID, false, "203.0.113.7", "max_waiting_user = 3\n",
		    "the last place is for another one" },
		{ 3, 7, true, "203.0.113.7", "max_waiting_address = 3\n",
		    "3 logins from this address wait for approval" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)setup(NULL);
		put_conf("ok", rows[i].conf);
		fill_queue(rows[i].n, rows[i].uid, rows[i].each, rows[i].address);
		assert_int_equal(call(authenticate, "ada"), PAM_AUTHINFO_UNAVAIL);
		logged("result=unavailable reason=too_many_waiting detail=\"");
		logged(rows[i].says);
		assert_int_equal(talk.prompts + talk.infos, 0);
		assert_non_null(strstr(talk.error, "Too many logins wait"));
		assert_int_equal(call(authenticate, "local"), PAM_USER_UNKNOWN);
		assert_int_equal(call(authenticate, "root"), PAM_USER_UNKNOWN);
		assert_int_equal(call(authenticate, "carol"), PAM_USER_UNKNOWN);
		assert_int_equal(call(account, "ada"), PAM_SUCCESS); /* with a key */
		empty_queue(rows[i].n);
		assert_int_equal(call(authenticate, "ada"), PAM_SUCCESS);
	}
}

static void
look_for_a_place(struct talk *t)
{
	const struct okta_waiting_caps one = { 1, 1, 1, false };
	struct okta_waiting w;
	struct okta_err err = { 0 };

	(void)t;
	assert_int_equal(
	    okta_waiting_enter(OKTA_RUN_DIR, 0, &one, 7, "x", &w, &err), OKTA_E_REFUSED);
}

static void
auth_has_its_place_while_it_waits_and_no_longer(void **state)
{
	(void)state;
	put_conf("ok", "max_waiting = 1\n");
	talk.on_prompt = look_for_a_place;
	assert_int_equal(call(authenticate, "ada"), PAM_SUCCESS);
	assert_int_equal(talk.prompts, 1);
	assert_int_equal(call(authenticate, "ada"), PAM_SUCCESS);
}

static void
auth_in_a_long_queue_polls_less_often_and_says_so(void **state)
{
	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_null(strstr(talk.first_prompt, "it may take"));
	(void)setup(NULL);
	fill_queue(10, 7, true, "elsewhere");
	assert_int_equal(login("slowly"), PAM_SUCCESS);
	assert_non_null(strstr(talk.first_prompt,
	    "\nMany people log in to this host now: after approving it may take 15 "
	    "s.\n"));
	empty_queue(10);
}

/* ada by sudo, which has no address, asked for by RUSER at TTY. */
static int
sudo_by(const char *ruser, const char *tty)
{
	pam_handle_t *pamh = stage_start("sudo", "ada", &talk);
	int r;

	assert_int_equal(pam_set_item(pamh, PAM_RHOST, NULL), PAM_SUCCESS);
	assert_int_equal(pam_set_item(pamh, PAM_RUSER, ruser), PAM_SUCCESS);
	assert_int_equal(pam_set_item(pamh, PAM_TTY, tty), PAM_SUCCESS);
	r = authenticate(pamh, 0, 0, NULL);
	assert_int_equal(pam_end(pamh, r), PAM_SUCCESS);
	return r;
}

/* sudo and login are root by then: one person on this host is not another. */
static void
auth_counts_who_is_on_this_host_by_account_else_by_terminal(void **state)
{
	static const struct {
		const char *address, *ruser, *tty, *other_ruser, *other_tty;
	} rows[] = {
		{ "local user local", "local", "/dev/tty1", "other", "/dev/tty1" },
		{ "local tty /dev/tty1", "", "/dev/tty1", NULL, "/dev/tty2" },
		{ "local uid 0", NULL, NULL, NULL, "/dev/tty2" },
		{ "local user a?[2Jb", "a\x1b[2Jb", NULL, NULL, NULL },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		(void)setup(NULL);
		put_conf("ok", "max_waiting_address = 3\n");
		fill_queue(3, 7, true, rows[i].address);
		assert_int_equal(
		    sudo_by(rows[i].ruser, rows[i].tty), PAM_AUTHINFO_UNAVAIL);
		logged("3 logins from this address wait for approval");
		assert_int_equal(
		    sudo_by(rows[i].other_ruser, rows[i].other_tty), PAM_SUCCESS);
		empty_queue(3);
	}
	/* and they have half of the places */
	put_conf("ok", "max_waiting = 4\n");
	fill_queue(3, 7, true, "elsewhere");
	assert_int_equal(sudo_by("local", NULL), PAM_AUTHINFO_UNAVAIL);
	logged("no place of those for logins from this host itself is free, half of 4");
	assert_int_equal(call(authenticate, "ada"), PAM_SUCCESS);
	empty_queue(3);
}

/* Who cannot be counted is not let in; who needs no code is not counted. */
static void
auth_refuses_when_the_waiting_cannot_be_counted(void **state)
{
	(void)state;
	(void)unlink(OKTA_RUN_DIR "/waiting");
	assert_int_equal(mkdir(OKTA_RUN_DIR "/waiting", 0700), 0);
	assert_int_equal(login("ok"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=record detail=\"" OKTA_RUN_DIR "/waiting: cannot open");
	assert_int_equal(talk.prompts, 0);
	assert_int_equal(call(authenticate, "local"), PAM_USER_UNKNOWN);
	assert_int_equal(rmdir(OKTA_RUN_DIR "/waiting"), 0);
}

static void
auth_sends_the_client_secret_and_logs_it_nowhere(void **state)
{
	(void)state;
	put_file("/etc/okta-login/secret", "c4nary\n", 0600);
	put_conf("secret", "client_secret_file = /etc/okta-login/secret\n");
	assert_int_equal(call(authenticate, "ada"), PAM_SUCCESS);
	assert_int_equal(chmod("/etc/okta-login/secret", 0644), 0);
	assert_int_equal(call(authenticate, "ada"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=config detail=\"[login] client_secret_file: "
	       "/etc/okta-login/secret: ");
	assert_null(strstr(stage_log, "c4nary"));
}

static void
auth_says_why_the_helper_cannot_be_started(void **state)
{
	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	assert_int_equal(login("ok"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=helper detail=\"" OKTA_HELPER_PATH
	       ": cannot be started: execve: No such file or directory\"");
	(void)setup(NULL);
	assert_int_equal(chmod(OKTA_HELPER_PATH, 0644), 0);
	assert_int_equal(login("ok"), PAM_AUTHINFO_UNAVAIL);
	logged("execve: Permission denied");
	(void)setup(NULL);
	put_file("/etc/passwd", "root:x:0:0::/:/bin/sh\n", 0644);
	assert_int_equal(login("ok"), PAM_AUTHINFO_UNAVAIL);
	logged("no unprivileged account _okta: make it with systemd-sysusers");
	(void)setup(NULL);
	put_file(
	    "/etc/passwd", "root:x:0:0::/:/bin/sh\n_okta:x:0:990::/:/bin/sh\n", 0644);
	assert_int_equal(login("ok"), PAM_AUTHINFO_UNAVAIL);
	logged("no unprivileged account _okta");
	assert_helper_gone();
}

/* S39, R1: no word, no log, no helper (there is none to start) and no configuration
 * needed. */
static void
auth_knows_nothing_of_people_who_are_not_ours(void **state)
{
	static const char *const names[] = { "root", "local", "nobody-knows", "Ada",
		"ada ", "", "../ada", "ada\n", "0", "\xff",
		"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
		"aaaaaa" };
	size_t i;

	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	assert_int_equal(unlink(OKTA_CONF_FILE), 0);
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		assert_int_equal(call(authenticate, names[i]), PAM_USER_UNKNOWN);
		assert_int_equal(call(account, names[i]), PAM_IGNORE);
		assert_int_equal(
		    call_with(setcred, "sshd", names[i], PAM_ESTABLISH_CRED, 0, NULL),
		    PAM_IGNORE);
		assert_int_equal(
		    call_with(chauthtok, "passwd", names[i], PAM_PRELIM_CHECK, 0, NULL),
		    PAM_IGNORE);
	}
	assert_int_equal(talk.prompts + talk.infos + talk.errors, 0);
	assert_string_equal(stage_log, "");
}

/* S39: a disabled person looks like an unknown one, and is out in the account phase. */
static void
auth_tells_a_disabled_person_what_it_tells_an_unknown_one(void **state)
{
	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	assert_int_equal(call(authenticate, "carol"), PAM_USER_UNKNOWN);
	assert_int_equal(talk.prompts + talk.infos + talk.errors, 0);
	logged("user=carol service=sshd rhost=203.0.113.7 result=refused reason=disabled "
	       "detail=\"Okta status is SUSPENDED\"");
	assert_int_equal(call(account, "carol"), PAM_PERM_DENIED);
}

static void
auth_refuses_before_any_code_what_no_approval_could_change(void **state)
{
	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	put_conf("ok", "deny_groups = eng\n");
	assert_int_equal(call(authenticate, "ada"), PAM_AUTH_ERR);
	logged("reason=deny_group");
	put_conf("ok", "groups_claim = none\n");
	assert_int_equal(call(authenticate, "mallory"), PAM_AUTH_ERR);
	logged("user=mallory service=sshd rhost=203.0.113.7 result=refused "
	       "reason=not_allowed");
	put_conf("ok", "");
	put_snapshot(time(NULL) - 300000, "https://acme.okta.com");
	assert_int_equal(call(authenticate, "ada"), PAM_AUTH_ERR);
	logged("reason=stale_snapshot");
}

static void
auth_refuses_reserved_names_and_numbers_of_local_accounts(void **state)
{
	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	put_conf("ok", "[users]\nreserved_names = Ada\n");
	assert_int_equal(call(authenticate, "ada"), PAM_AUTH_ERR);
	logged("reason=reserved");
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
	put_conf("ok", "");
	assert_int_equal(call(authenticate, "clash"), PAM_AUTH_ERR);
	logged("reason=local_id detail=\"a local account has the number 1879050005");
	assert_int_equal(call(account, "clash"), PAM_PERM_DENIED);
	put_file("/etc/group", "root:x:0:\nx:x:1879050001:\n", 0644);
	assert_int_equal(call(authenticate, "ada"), PAM_AUTH_ERR);
	logged("a local group has the number 1879050001");
}

/* S5: the local account was made after the Okta one. */
static void
auth_leaves_a_name_alone_that_became_local(void **state)
{
	(void)state;
	put_file(
	    "/etc/passwd", "root:x:0:0::/:/bin/sh\nada:x:1001:1001::/:/bin/sh\n", 0644);
	assert_int_equal(call(authenticate, "ada"), PAM_USER_UNKNOWN);
	assert_int_equal(call(account, "ada"), PAM_IGNORE);
	assert_string_equal(stage_log, "");
}

/* S2, and the remedy in the log; local accounts do not notice. */
static void
auth_and_account_refuse_a_broken_configuration_and_name_the_key(void **state)
{
	static const struct {
		const char *text;
		mode_t mode;
		const char *says;
	} rows[] = {
		{ "[login]\nclient_id = x\nallow_groups = *\n", 0644,
		    "okta-login.conf: [okta] org_url: is missing" },
		{ "[okta]\norg_url =\n", 0644, "line 2: [okta] org_url: is empty" },
		{ "[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = x\n",
		    0644, "[login] allow_groups: is missing" },
		{ "[okta]\norg_ulr = https://acme.okta.com\n", 0644,
		    "line 2: [okta] org_ulr: unknown key, did you mean [okta] org_url?" },
		{ "[okta]\norg_url = https://acme.okta.com\n", 0666, "chmod go-w" },
		{ "[okta]\norg_url = https://other.okta.com\n[login]\nclient_id = x\n"
		  "allow_groups = *\n",
		    0644, "from another org than [okta] org_url" },
	};
	size_t i;

	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		stage_log[0] = '\0';
		put_file(OKTA_CONF_FILE, rows[i].text, rows[i].mode);
		assert_int_equal(call(authenticate, "ada"), PAM_AUTHINFO_UNAVAIL);
		logged("result=unavailable reason=config detail=\"");
		logged(rows[i].says);
		assert_int_equal(call(account, "ada"), PAM_AUTHINFO_UNAVAIL);
		assert_int_equal(call(setcred, "ada"), PAM_CRED_UNAVAIL);
		assert_int_equal(call(authenticate, "local"), PAM_USER_UNKNOWN);
		assert_int_equal(call(account, "local"), PAM_IGNORE);
	}
}

static void
auth_and_account_refuse_a_missing_damaged_or_writable_snapshot(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < 4; i++) {
		(void)setup(NULL);
		if (i == 0)
			assert_int_equal(unlink(OKTA_SNAPSHOT_PATH), 0);
		if (i == 1)
			put_file(OKTA_SNAPSHOT_PATH, "garbage", 0644);
		if (i == 2)
			assert_int_equal(chmod(OKTA_SNAPSHOT_PATH, 0666), 0);
		if (i == 3)
			assert_int_equal(truncate(OKTA_SNAPSHOT_PATH, 300), 0);
		assert_int_equal(call(authenticate, "ada"), PAM_AUTHINFO_UNAVAIL);
		logged("reason=snapshot detail=\"" OKTA_SNAPSHOT_PATH);
		logged(i == 0 ? "run okta-sync" : i == 2 ? "chmod go-w" : "damaged");
		assert_int_equal(call(account, "ada"), PAM_AUTHINFO_UNAVAIL);
		assert_int_equal(
		    call_with(setcred, "sshd", "ada", PAM_ESTABLISH_CRED, 0, NULL),
		    PAM_CRED_UNAVAIL);
		assert_int_equal(call(authenticate, "local"), PAM_USER_UNKNOWN);
		assert_int_equal(call(account, "local"), PAM_IGNORE);
		assert_int_equal(call(account, "root"), PAM_IGNORE);
	}
}

static void
auth_refuses_when_local_files_cannot_be_read(void **state)
{
	(void)state;
	assert_int_equal(unlink("/etc/group"), 0);
	assert_int_equal(call(authenticate, "ada"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=local_files detail=\"/etc/group: does not exist\"");
	assert_int_equal(unlink("/etc/passwd"), 0);
	assert_int_equal(call(authenticate, "ada"), PAM_AUTHINFO_UNAVAIL);
	logged("/etc/passwd: cannot open");
	assert_int_equal(call(authenticate, "root"), PAM_USER_UNKNOWN);
}

static void
auth_refuses_unknown_module_arguments_and_knows_config(void **state)
{
	const char *bad[] = { "debug", "config=relative" },
		   *good[] = { "config=/etc/other.conf" };

	(void)state;
	assert_int_equal(
	    call_with(authenticate, "sshd", "ada", 0, 2, bad), PAM_AUTHINFO_UNAVAIL);
	logged("reason=arguments detail=\"module argument 'config=relative' in pam.d");
	assert_int_equal(
	    call_with(authenticate, "sshd", "local", 0, 2, bad), PAM_USER_UNKNOWN);
	assert_int_equal(rename(OKTA_CONF_FILE, "/etc/other.conf"), 0);
	assert_int_equal(call_with(authenticate, "sshd", "ada", 0, 1, good), PAM_SUCCESS);
	assert_int_equal(unlink("/etc/other.conf"), 0);
}

static void
auth_refuses_when_the_record_cannot_be_kept(void **state)
{
	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(chmod(OKTA_RUN_DIR "/claims", 0770), 0);
	assert_int_equal(login("ok"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=record");
	assert_int_equal(chmod(OKTA_RUN_DIR "/claims", 0700), 0);
}

static void
auth_survives_each_broken_conversation(void **state)
{
	static const enum talk_mode broken[] = { TALK_ERROR, TALK_NULL_RESPONSE,
		TALK_NULL_TEXT };
	const struct pam_conv none = { NULL, NULL };
	pam_handle_t *pamh;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		(void)setup(NULL);
		talk.mode = broken[i];
		assert_int_equal(login("ok"), PAM_CONV_ERR);
		logged("reason=conversation");
		assert_helper_gone();
	}
	(void)setup(NULL);
	talk.mode =
	    TALK_HUGE; /* a password typed at the wrong place is none of our business */
	assert_int_equal(login("ok"), PAM_SUCCESS);

	pamh = stage_start("sshd", "ada", &talk);
	assert_int_equal(pam_set_item(pamh, PAM_CONV, &none), PAM_SUCCESS);
	assert_int_equal(authenticate(pamh, 0, 0, NULL), PAM_CONV_ERR);
	assert_int_equal(pam_end(pamh, 0), PAM_SUCCESS);
	assert_helper_gone();
}

static void
change_user(struct talk *t)
{
	assert_int_equal(pam_set_item(t->ctx, PAM_USER, "bob"), PAM_SUCCESS);
}

/* With PasswordAuthentication sshd answers what is not echoed with the password it has.
 */
static void
auth_ends_for_a_client_that_can_only_send_a_password(void **state)
{
	(void)state;
	talk.mode = TALK_PASSWORD_ONLY;
	assert_int_equal(login("pending"), PAM_CONV_ERR);
	assert_int_equal(talk.prompts, 2);
	logged("reason=conversation");
	assert_helper_gone();
}

static void
auth_refuses_when_the_application_changes_the_user_meanwhile(void **state)
{
	pam_handle_t *pamh;

	(void)state;
	pamh = stage_start("sshd", "ada", &talk);
	talk.on_prompt = change_user;
	talk.ctx = pamh;
	assert_int_equal(authenticate(pamh, 0, 0, NULL), PAM_AUTHINFO_UNAVAIL);
	logged("PAM_USER changed");
	assert_int_equal(pam_end(pamh, 0), PAM_SUCCESS);
}

/* S19: nobody writes his own log line, or a second field, by what he calls himself. */
static void
auth_log_line_cannot_be_forged_by_the_client(void **state)
{
	pam_handle_t *pamh = stage_start("sshd", "carol", &talk);

	(void)state;
	assert_int_equal(
	    pam_set_item(pamh, PAM_RHOST, "x result=accepted\nokta: \x1b[2J\""),
	    PAM_SUCCESS);
	assert_int_equal(authenticate(pamh, 0, 0, NULL), PAM_USER_UNKNOWN);
	assert_int_equal(pam_end(pamh, 0), PAM_SUCCESS);
	logged("rhost=x?result?accepted?okta:??[2J? result=refused");
}

static void
auth_terminal_text_cannot_be_forged_by_the_client(void **state)
{
	pam_handle_t *pamh = stage_start("su", "ada", &talk);
	size_t i;

	(void)state;
	assert_int_equal(
	    pam_set_item(pamh, PAM_RHOST, "x\r\nCode:  EVIL\x1b]0;t\x07\xc2\x9b"),
	    PAM_SUCCESS);
	assert_int_equal(authenticate(pamh, 0, 0, NULL), PAM_SUCCESS);
	assert_int_equal(pam_end(pamh, 0), PAM_SUCCESS);
	for (i = 0; talk.info[i] != '\0'; i++)
		assert_true(talk.info[i] == '\n' ||
			    (talk.info[i] >= 0x20 && talk.info[i] < 0x7f));
	assert_null(strstr(talk.info, "\nCode:  EVIL"));
}

/* --- the process it runs in --- */

static void
reap(int sig)
{
	int saved = errno;

	(void)sig;
	while (waitpid(-1, NULL, WNOHANG) > 0)
		;
	errno = saved;
}

static void
auth_works_where_sigchld_is_ignored_or_reaped_by_the_host(void **state)
{
	static void (*const handlers[])(int) = { SIG_IGN, reap, SIG_DFL };
	struct sigaction sa = { 0 }, after;
	sigset_t mask, mask_after;
	size_t i;

	(void)state;
	for (i = 0; i < 3; i++) {
		(void)setup(NULL);
		sa.sa_handler = handlers[i];
		assert_int_equal(sigaction(SIGCHLD, &sa, NULL), 0);
		assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask), 0);
		assert_int_equal(login("ok"), PAM_SUCCESS);
		assert_int_equal(sigaction(SIGCHLD, NULL, &after), 0);
		assert_true(after.sa_handler == handlers[i]);
		assert_int_equal(sigprocmask(SIG_SETMASK, NULL, &mask_after), 0);
		assert_memory_equal(&mask, &mask_after, sizeof(unsigned long));
		assert_helper_gone();
	}
}

static void
auth_works_with_descriptors_0_to_2_closed_and_leaves_none(void **state)
{
	int saved[3], i, before, r;

	(void)state;
	for (i = 0; i < 3; i++)
		saved[i] = fcntl(i, F_DUPFD_CLOEXEC, 10);
	put_conf("ok", "");
	for (i = 0; i < 3; i++)
		(void)close(i);
	before = count_descriptors();
	r = call(authenticate, "ada");
	i = count_descriptors();
	assert_true(
	    dup2(saved[0], 0) == 0 && dup2(saved[1], 1) == 1 && dup2(saved[2], 2) == 2);
	assert_int_equal(i, before);
	assert_int_equal(r, PAM_SUCCESS);
	for (i = 0; i < 3; i++)
		(void)close(saved[i]);
}

static void
auth_denies_whatever_runs_out_of_descriptors(void **state)
{
	struct rlimit old, few;
	int n, r, successes = 0;

	(void)state;
	assert_int_equal(getrlimit(RLIMIT_NOFILE, &old), 0);
	for (n = 3; n < 24; n++) {
		few = (struct rlimit){ (rlim_t)n, old.rlim_max };
		memset(&talk, 0, sizeof(talk));
		pam_handle_t *pamh = stage_start("sshd", "ada", &talk);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &few), 0);
		r = authenticate(pamh, 0, 0, NULL);
		assert_int_equal(setrlimit(RLIMIT_NOFILE, &old), 0);
		(void)pam_end(pamh, r);
		assert_true(r == PAM_SUCCESS || r == PAM_AUTHINFO_UNAVAIL);
		successes += r == PAM_SUCCESS;
		assert_helper_gone();
	}
	assert_true(successes > 0 && successes < 21);
}

static int note_pid[2];

static void
tell_and_hang(struct talk *t)
{
	if (write(note_pid[1], t->first_prompt, strlen(t->first_prompt) + 1) > 0)
		(void)pause();
}

/* R11: sshd kills the process that sits in the prompt; the helper must go with it. */
static void
auth_helper_dies_with_the_process_that_was_killed_at_the_prompt(void **state)
{
	char text[8192] = "";
	pid_t child, helper;
	int i;

	(void)state;
	put_conf("pending", "");
	assert_int_equal(pipe2(note_pid, O_CLOEXEC), 0);
	child = fork();
	if (child == 0) {
		talk.on_prompt = tell_and_hang;
		(void)authenticate(stage_start("sshd", "ada", &talk), 0, 0, NULL);
		_exit(0);
	}
	assert_true(read(note_pid[0], text, sizeof(text) - 1) > 0);
	assert_non_null(strstr(text, "PID-"));
	helper = (pid_t)strtol(strstr(text, "PID-") + 4, NULL, 10);
	assert_int_equal(kill(helper, 0), 0);
	assert_int_equal(kill(child, SIGKILL), 0);
	assert_int_equal(waitpid(child, NULL, 0), child);
	for (i = 0; i < 100 && kill(helper, 0) == 0; i++)
		(void)usleep(20000);
	assert_int_equal(kill(helper, 0), -1);
	(void)close(note_pid[0]);
	(void)close(note_pid[1]);
}

/* --- account --- */

static void
account_allows_members_and_denies_the_rest(void **state)
{
	(void)state;
	assert_int_equal(unlink(OKTA_HELPER_PATH), 0);
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
	assert_int_equal(call(account, "bob"), PAM_SUCCESS);
	assert_string_equal(stage_log, "");
	assert_int_equal(call(account, "mallory"), PAM_PERM_DENIED);
	logged("okta: user=mallory service=sshd rhost=203.0.113.7 result=refused "
	       "reason=not_allowed detail=\"account: is in no group");
	assert_non_null(strstr(talk.error, "not permitted"));
	assert_int_equal(call(account, "carol"), PAM_PERM_DENIED);
	logged("reason=disabled");
	put_snapshot(time(NULL) - 300000, "https://acme.okta.com");
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
	logged("reason=stale_snapshot");
	assert_non_null(strstr(talk.error, "too old"));
}

static void
account_follows_claims_newer_than_the_snapshot_only(void **state)
{
	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS); /* eng is gone, ops is new */
	put_conf("ok", "");
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
	put_file(OKTA_CONF_FILE,
	    "[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = ok\n"
	    "allow_groups = eng\n",
	    0644);
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
	put_file(OKTA_CONF_FILE,
	    "[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = ok\n"
	    "allow_groups = ops\n",
	    0644);
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
	put_snapshot(
	    time(NULL) + 1, "https://acme.okta.com"); /* a sync came after the login */
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
}

/* The verdict is there at once; whoever is asked takes his time. */
static void
publish_meanwhile(struct talk *t)
{
	(void)t;
	(void)sleep(3);
	put_snapshot(time(NULL) - 1, "https://acme.okta.com");
}

static void
record_a_denial(void)
{
	static struct okta_claims claims;
	struct okta_err err = { 0 };

	claims = (struct okta_claims){ .iss = sv("https://acme.okta.com"),
		.sub = sv("00u1ada"),
		.preferred_username = sv(""),
		.jti = sv("ID.later"),
		.iat_s = (uint64_t)time(NULL),
		.exp_s = (uint64_t)time(NULL) + 3600,
		.has_groups = true };
	assert_int_equal(
	    okta_record_store(OKTA_RUN_DIR, 0, ADA_UID, &claims, time(NULL) - 1, &err),
	    OKTA_OK);
}

static void
record_a_denial_meanwhile(struct talk *t)
{
	(void)t;
	(void)sleep(3);
	record_a_denial();
}

static pid_t other_login;

/* Another login of hers has its turn: it began to decide first, and ends a little later.
 */
static void
record_a_denial_in_its_turn(struct talk *t)
{
	struct okta_err err = { 0 };
	struct okta_used used;

	(void)t;
	(void)sleep(2);
	assert_int_equal(okta_used_open(OKTA_RUN_DIR, 0, ADA_UID, &used, &err), OKTA_OK);
	other_login = fork();
	assert_true(other_login >= 0);
	if (other_login == 0) {
		(void)usleep(600000);
		record_a_denial();
		_exit(0);
	}
	okta_used_close(&used); /* the child has it */
}

static void
wait_meanwhile(struct talk *t)
{
	(void)t;
	(void)sleep(3);
}

/* Approved, then taken out of ops, then a sync, then Enter. */
static void
account_follows_a_snapshot_that_is_newer_than_the_token_and_older_than_enter(void **state)
{
	(void)state;
	talk.on_prompt = publish_meanwhile;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	put_file(OKTA_CONF_FILE,
	    "[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = ok\n"
	    "allow_groups = ops\n",
	    0644);
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
}

static void
account_keeps_to_a_denial_that_is_newer_than_a_token_that_ends_later(void **state)
{
	(void)state;
	talk.on_prompt = record_a_denial_meanwhile;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
	logged("account: is in no group that [login] allow_groups names");
}

static void
account_keeps_to_a_denial_that_another_login_wrote_at_the_same_time(void **state)
{
	int status = -1;

	(void)state;
	talk.on_prompt = record_a_denial_in_its_turn;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(waitpid(other_login, &status, 0), other_login);
	assert_int_equal(status, 0);
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
}

static void
auth_lets_no_claim_override_a_snapshot_that_is_newer_than_the_token(void **state)
{
	(void)state;
	put_file(OKTA_CONF_FILE,
	    "[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = ok\n"
	    "allow_groups = ops\n",
	    0644);
	put_snapshot(time(NULL) + 2, "https://acme.okta.com");
	talk.on_prompt = wait_meanwhile;
	assert_int_equal(call(authenticate, "ada"), PAM_AUTH_ERR);
	logged("reason=not_allowed");
}

/* Okta's clock is 30 s behind ours, and the last sync was 10 s ago. */
static void
claims_of_a_login_count_where_oktas_clock_is_behind(void **state)
{
	(void)state;
	put_file(OKTA_CONF_FILE,
	    "[okta]\norg_url = https://acme.okta.com\n[login]\nclient_id = behind\n"
	    "allow_groups = ops\n",
	    0644);
	put_snapshot(time(NULL) - 10, "https://acme.okta.com");
	assert_int_equal(call(authenticate, "ada"), PAM_SUCCESS);
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
}

/* Refused by the claim means out for SSH keys as well, now and not after the next sync.
 */
static void
account_denies_whom_a_newer_claim_kept_out(void **state)
{
	(void)state;
	put_conf("no-groups", "");
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
	assert_int_equal(login("no-groups"), PAM_AUTH_ERR);
	logged("reason=not_allowed");
	assert_int_equal(call(account, "ada"), PAM_PERM_DENIED);
	logged("account: is in no group that [login] allow_groups names");
}

static void
account_and_setcred_refuse_a_damaged_or_foreign_record(void **state)
{
	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	put_file(OKTA_RUN_DIR "/claims/1879050001", "OKTACLM1garbage.........", 0600);
	assert_int_equal(call(account, "ada"), PAM_AUTHINFO_UNAVAIL);
	logged("reason=record detail=\"" OKTA_RUN_DIR
	       "/claims/1879050001: is damaged: remove it");
	assert_int_equal(call_with(setcred, "sshd", "ada", PAM_ESTABLISH_CRED, 0, NULL),
	    PAM_CRED_UNAVAIL);
	put_file(OKTA_RUN_DIR "/claims/1879050001", "x", 0600);
	assert_int_equal(call(account, "ada"), PAM_AUTHINFO_UNAVAIL);
	logged("is no login record");
	assert_int_equal(chmod(OKTA_RUN_DIR "/claims/1879050001", 0644), 0);
	assert_int_equal(call(account, "ada"), PAM_AUTHINFO_UNAVAIL);
	/* the next login mends it */
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(call(account, "ada"), PAM_SUCCESS);
}

/* --- setcred --- */

static bool
in_groups(gid_t gid)
{
	gid_t list[64];
	int i, n = getgroups(64, list);

	for (i = 0; i < n; i++)
		if (list[i] == gid)
			return true;
	return false;
}

/* Exit status of a process with ada's snapshot groups and one more, after setcred. */
static int
groups_after_setcred(const char *user, int flags)
{
	static const gid_t start[] = { ADA_UID, ENG_GID, ADM_GID, SUDO_GID, 44 };
	pid_t child = fork();
	int status = -1, bits = 0;

	if (child == 0) {
		if (setgroups(5, start) < 0 ||
		    call_with(setcred, "sshd", user, flags, 0, NULL) == PAM_CRED_UNAVAIL)
			_exit(99);
		bits |= in_groups(ADA_UID) ? 1 : 0;
		bits |= in_groups(ENG_GID) ? 2 : 0;
		bits |= in_groups(ADM_GID) ? 4 : 0;
		bits |= in_groups(SUDO_GID) ? 8 : 0;
		bits |= in_groups(44) ? 16 : 0;
		bits |= in_groups(OPS_GID) ? 32 : 0;
		_exit(bits);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status));
	return WEXITSTATUS(status);
}

static void
setcred_without_a_newer_login_changes_nothing(void **state)
{
	(void)state;
	assert_int_equal(groups_after_setcred("ada", PAM_ESTABLISH_CRED), 31);
	assert_int_equal(login("ok"), PAM_SUCCESS);
	put_snapshot(time(NULL) + 1, "https://acme.okta.com");
	assert_int_equal(groups_after_setcred("ada", PAM_ESTABLISH_CRED), 31);
}

/* The claim names linux-users and ops: eng, linux-admins and its sudo go; ops comes,
 * without the sudo it joins; the group from elsewhere stays. */
static void
setcred_follows_a_newer_claim_and_never_adds_a_local_group(void **state)
{
	static const gid_t bare[] = { ADA_UID };
	pid_t child;
	int status = -1;

	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(groups_after_setcred("ada", PAM_ESTABLISH_CRED), 1 | 16 | 32);
	assert_int_equal(groups_after_setcred("ada", PAM_REINITIALIZE_CRED), 1 | 16 | 32);
	assert_int_equal(groups_after_setcred("ada", PAM_DELETE_CRED), 31);
	assert_int_equal(groups_after_setcred("root", PAM_ESTABLISH_CRED), 31);
	assert_int_equal(groups_after_setcred("bob", PAM_ESTABLISH_CRED), 31);
	child = fork();
	if (child == 0) {
		if (setgroups(1, bare) < 0)
			_exit(99);
		(void)call_with(setcred, "sshd", "ada", PAM_ESTABLISH_CRED, 0, NULL);
		_exit(in_groups(OPS_GID) && !in_groups(SUDO_GID) ? 0 : 1);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static void
setcred_fails_where_groups_cannot_be_set(void **state)
{
	pid_t child;
	int status = -1;

	(void)state;
	assert_int_equal(login("ok"), PAM_SUCCESS);
	assert_int_equal(chmod(OKTA_RUN_DIR "/claims", 0755), 0);
	assert_int_equal(chown(OKTA_RUN_DIR "/claims/1879050001", 0, 0), 0);
	child = fork();
	if (child == 0) { /* no right to set groups, nor to read the record */
		if (setresuid(12345, 12345, 12345) < 0)
			_exit(98);
		_exit(call_with(setcred, "sshd", "ada", PAM_ESTABLISH_CRED, 0, NULL));
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), PAM_CRED_UNAVAIL);
	assert_int_equal(chmod(OKTA_RUN_DIR "/claims", 0700), 0);
}

/* --- the rest --- */

static void
session_opens_and_closes_without_doing_anything(void **state)
{
	(void)state;
	assert_int_equal(call(open_session, "ada"), PAM_SUCCESS);
	assert_int_equal(call(close_session, "ada"), PAM_SUCCESS);
	assert_int_equal(talk.prompts + talk.infos + talk.errors, 0);
}

static void
chauthtok_says_once_where_passwords_live(void **state)
{
	(void)state;
	assert_int_equal(call_with(chauthtok, "passwd", "ada", PAM_PRELIM_CHECK, 0, NULL),
	    PAM_AUTHTOK_ERR);
	assert_string_equal(talk.error,
	    "Your password lives in Okta: change it at https://acme.okta.com");
	assert_int_equal(
	    call_with(chauthtok, "passwd", "ada", PAM_UPDATE_AUTHTOK, 0, NULL),
	    PAM_AUTHTOK_ERR);
	assert_int_equal(talk.errors, 1);
	assert_int_equal(unlink(OKTA_CONF_FILE), 0);
	assert_int_equal(call_with(chauthtok, "passwd", "ada", PAM_PRELIM_CHECK, 0, NULL),
	    PAM_AUTHTOK_ERR);
	logged("reason=config");
}

static void
auth_needs_root_to_log_anybody_in(void **state)
{
	pid_t child;
	int status = -1;

	(void)state;
	child = fork();
	if (child == 0) {
		if (setresuid(12345, 12345, 12345) < 0)
			_exit(98);
		status = call(authenticate, "ada");
		_exit(strstr(stage_log, "reason=not_root") != NULL ? status : 97);
	}
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(WEXITSTATUS(status), PAM_AUTHINFO_UNAVAIL);
}

/* --- in a stack, as conf/pam has it --- */

#define AUTH_WORDS                                                                       \
	"[success=done user_unknown=ignore ignore=ignore module_unknown=ignore "         \
	"default=die]"

static int
stack(const char *user, int (*phase)(pam_handle_t *, int))
{
	pam_handle_t *pamh = stage_start("sshd", user, &talk);
	int r = phase(pamh, 0);

	assert_int_equal(pam_end(pamh, r), PAM_SUCCESS);
	return r;
}

/* pam_permit behind us stands for any module that would let people in. */
static void
stack_lets_local_users_through_and_errors_of_ours_end_it(void **state)
{
	(void)state;
	use_service("sshd", "auth " AUTH_WORDS " @\nauth required pam_permit.so\n"
			    "account [success=1 default=ignore] pam_localuser.so\n"
			    "account [success=ok ignore=ignore default=die] @\naccount "
			    "required pam_permit.so\n");
	assert_int_equal(stack("local", pam_authenticate), PAM_SUCCESS);
	assert_int_equal(stack("local", pam_acct_mgmt), PAM_SUCCESS);
	assert_int_equal(stack("ada", pam_authenticate), PAM_SUCCESS);
	assert_int_equal(stack("ada", pam_acct_mgmt), PAM_SUCCESS);
	assert_int_equal(stack("carol", pam_acct_mgmt), PAM_PERM_DENIED);
	assert_int_equal(stack("mallory", pam_acct_mgmt), PAM_PERM_DENIED);

	put_conf("fail-02", "");
	assert_int_equal(stack("ada", pam_authenticate), PAM_AUTH_ERR);
	put_conf("fail-10", "");
	assert_int_equal(stack("ada", pam_authenticate), PAM_AUTHINFO_UNAVAIL);
	put_file(OKTA_CONF_FILE, "", 0644);
	assert_int_equal(stack("ada", pam_authenticate), PAM_AUTHINFO_UNAVAIL);
	assert_int_equal(stack("ada", pam_acct_mgmt), PAM_AUTHINFO_UNAVAIL);
	assert_int_equal(stack("local", pam_authenticate), PAM_SUCCESS);
	assert_int_equal(stack("local", pam_acct_mgmt), PAM_SUCCESS);
}

/* R24: the module's file is gone. */
static void
stack_without_the_module_lets_local_users_in_and_no_account_of_okta(void **state)
{
	(void)state;
	use_service("sshd",
	    "auth " AUTH_WORDS " /nonexistent/pam_okta.so\nauth required pam_permit.so\n"
	    "account [success=1 default=ignore] pam_localuser.so\n"
	    "account [success=ok ignore=ignore default=die] /nonexistent/pam_okta.so\n"
	    "account required pam_permit.so\n");
	assert_int_equal(stack("local", pam_authenticate), PAM_SUCCESS);
	assert_int_equal(stack("local", pam_acct_mgmt), PAM_SUCCESS);
	assert_int_not_equal(stack("ada", pam_acct_mgmt), PAM_SUCCESS);
}

static void
stack_setcred_works_with_and_without_a_login_in_the_same_process(void **state)
{
	pam_handle_t *pamh;

	(void)state;
	use_service("sshd", "auth " AUTH_WORDS " @\nauth required pam_permit.so\n");
	assert_int_equal(stack("ada", pam_setcred), PAM_SUCCESS);   /* as sshd does */
	assert_int_equal(stack("local", pam_setcred), PAM_SUCCESS); /* as sshd does */
	pamh = stage_start("sshd", "ada", &talk);
	assert_int_equal(pam_authenticate(pamh, 0), PAM_SUCCESS);
	/* sudo sets the target user in between */
	assert_int_equal(pam_set_item(pamh, PAM_USER, "root"), PAM_SUCCESS);
	assert_int_equal(pam_setcred(pamh, PAM_REINITIALIZE_CRED), PAM_SUCCESS);
	assert_int_equal(pam_end(pamh, PAM_SUCCESS), PAM_SUCCESS);
}

static int
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

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(auth_succeeds_with_a_verified_token_of_the_same_person),
		T(auth_prompt_carries_code_address_host_user_client_and_warning),
		T(auth_shows_the_qr_code_above_the_text),
		T(auth_asks_again_while_there_is_no_verdict),
		T(auth_prints_instead_of_asking_for_services_that_show_text),
		T(auth_refuses_each_failure_with_its_own_code_word_and_sentence),
		T(auth_refuses_each_lie_of_the_helper),
		T(auth_refuses_a_token_that_was_used_before),
		T(auth_refuses_beyond_each_cap_and_tells_others_nothing_of_it),
		T(auth_has_its_place_while_it_waits_and_no_longer),
		T(auth_in_a_long_queue_polls_less_often_and_says_so),
		T(auth_counts_who_is_on_this_host_by_account_else_by_terminal),
		T(auth_refuses_when_the_waiting_cannot_be_counted),
		T(auth_sends_the_client_secret_and_logs_it_nowhere),
		T(auth_says_why_the_helper_cannot_be_started),
		T(auth_knows_nothing_of_people_who_are_not_ours),
		T(auth_tells_a_disabled_person_what_it_tells_an_unknown_one),
		T(auth_refuses_before_any_code_what_no_approval_could_change),
		T(auth_refuses_reserved_names_and_numbers_of_local_accounts),
		T(auth_leaves_a_name_alone_that_became_local),
		T(auth_and_account_refuse_a_broken_configuration_and_name_the_key),
		T(auth_and_account_refuse_a_missing_damaged_or_writable_snapshot),
		T(auth_refuses_when_local_files_cannot_be_read),
		T(auth_refuses_unknown_module_arguments_and_knows_config),
		T(auth_refuses_when_the_record_cannot_be_kept),
		T(auth_survives_each_broken_conversation),
		T(auth_ends_for_a_client_that_can_only_send_a_password),
		T(auth_refuses_when_the_application_changes_the_user_meanwhile),
		T(auth_log_line_cannot_be_forged_by_the_client),
		T(auth_terminal_text_cannot_be_forged_by_the_client),
		T(auth_works_where_sigchld_is_ignored_or_reaped_by_the_host),
		T(auth_works_with_descriptors_0_to_2_closed_and_leaves_none),
		T(auth_denies_whatever_runs_out_of_descriptors),
		T(auth_helper_dies_with_the_process_that_was_killed_at_the_prompt),
		T(account_allows_members_and_denies_the_rest),
		T(account_follows_claims_newer_than_the_snapshot_only),
		T(account_denies_whom_a_newer_claim_kept_out),
		T(account_follows_a_snapshot_that_is_newer_than_the_token_and_older_than_enter),
		T(account_keeps_to_a_denial_that_is_newer_than_a_token_that_ends_later),
		T(account_keeps_to_a_denial_that_another_login_wrote_at_the_same_time),
		T(auth_lets_no_claim_override_a_snapshot_that_is_newer_than_the_token),
		T(claims_of_a_login_count_where_oktas_clock_is_behind),
		T(account_and_setcred_refuse_a_damaged_or_foreign_record),
		T(setcred_without_a_newer_login_changes_nothing),
		T(setcred_follows_a_newer_claim_and_never_adds_a_local_group),
		T(setcred_fails_where_groups_cannot_be_set),
		T(session_opens_and_closes_without_doing_anything),
		T(chauthtok_says_once_where_passwords_live),
		T(auth_needs_root_to_log_anybody_in),
		T(stack_lets_local_users_through_and_errors_of_ours_end_it),
		T(stack_without_the_module_lets_local_users_in_and_no_account_of_okta),
		T(stack_setcred_works_with_and_without_a_login_in_the_same_process),
	};

	if (argc != 2 || load_module(argv[1]) < 0 || stage_enter(argv[1]) < 0)
		return 1;
	stage_reset();
	use_service("other", "auth required pam_deny.so\n");
	use_service("sshd", "auth required pam_permit.so\n");
	use_service("su", "auth required pam_permit.so\n");
	use_service("sudo", "auth required pam_permit.so\n");
	use_service("passwd", "auth required pam_permit.so\n");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
