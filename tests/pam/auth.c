/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: pam */
/* auth BUILD: what a login asks, says and takes for an answer. */
#include "module.h"

#include "model/wire.h"

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
		T(auth_sends_the_client_secret_and_logs_it_nowhere),
		T(auth_says_why_the_helper_cannot_be_started),
		T(auth_refuses_when_the_record_cannot_be_kept),
		T(auth_survives_each_broken_conversation),
		T(auth_ends_for_a_client_that_can_only_send_a_password),
		T(auth_refuses_when_the_application_changes_the_user_meanwhile),
		T(auth_log_line_cannot_be_forged_by_the_client),
		T(auth_terminal_text_cannot_be_forged_by_the_client),
	};

	return module_enter(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
