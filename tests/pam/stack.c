/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: pam */
/* stack BUILD: the module in a stack, as conf/pam has it. */
#include "module.h"

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

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(stack_lets_local_users_through_and_errors_of_ours_end_it),
		T(stack_without_the_module_lets_local_users_in_and_no_account_of_okta),
		T(stack_setcred_works_with_and_without_a_login_in_the_same_process),
	};

	return module_enter(argc, argv) ? cmocka_run_group_tests(tests, NULL, NULL) : 1;
}
