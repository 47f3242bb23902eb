/* SPDX-License-Identifier: BSD-2-Clause */
/* links: pamokta snapw host model snap base; libs: inih pam */
/* wipe BUILD: what was a secret is gone from the memory the module gives back (S20): the
 * host lives on, and may dump it. */
#include "stage.h"

#include <malloc.h>
#include <security/pam_modules.h>

#include "../../pam_okta/auth.h"
#include "../../pam_okta/helper.h"
#include "../../pam_okta/host.h"

static int
setup(void **state)
{
	(void)state;
	stage_reset();
	return 0;
}

static void
helper_clear_wipes_the_nonce(void **state)
{
	struct po_helper helper;
	size_t i;

	(void)state;
	po_helper_init(&helper);
	memset(helper.nonce, 'n', sizeof(helper.nonce));
	po_helper_clear(&helper);
	for (i = 0; i < sizeof(helper.nonce); i++)
		assert_int_equal(helper.nonce[i], 0);
}

#ifndef __SANITIZE_ADDRESS__
#define CANARY "c4nary-0f-a-secret"

/* volatile: the compiler knows what free() reads, and does not know this one */
static volatile bool watching;
static volatile int seen; /* blocks that were freed with the secret in them */

extern void __libc_free(void *p);

/* In front of libc's. */
__attribute__((visibility("default"))) void
free(void *p)
{
	if (watching && p != NULL &&
	    memmem(p, malloc_usable_size(p), CANARY, strlen(CANARY)) != NULL)
		seen++;
	__libc_free(p);
}

/* A password typed out of habit where only Enter is asked for. */
static int
answer_with_a_password(
    int n, const struct pam_message **msg, struct pam_response **resp, void *ptr)
{
	(void)ptr;
	assert_int_equal(n, 1);
	*resp = calloc(1, sizeof(**resp));
	if (*resp == NULL)
		return PAM_BUF_ERR;
	if (msg[0]->msg_style == PAM_PROMPT_ECHO_OFF)
		(*resp)->resp = strdup(CANARY);
	return PAM_SUCCESS;
}

static int
login(int (*answer)(
    int n, const struct pam_message **msg, struct pam_response **resp, void *ptr))
{
	const struct pam_conv conv = { answer, NULL };
	static struct talk talk;
	pam_handle_t *pamh;
	int r;

	memset(&talk, 0, sizeof(talk));
	pamh = stage_start("sshd", "ada", &talk);
	if (answer != NULL)
		assert_int_equal(pam_set_item(pamh, PAM_CONV, &conv), PAM_SUCCESS);
	seen = 0;
	watching = true;
	r = po_authenticate(pamh, &po_host_system, 0, NULL);
	watching = false;
	assert_int_equal(pam_end(pamh, r), PAM_SUCCESS);
	return r;
}

static void
auth_wipes_what_was_typed_before_it_is_freed(void **state)
{
	void *volatile control = strdup(CANARY);

	(void)state;
	watching = true;
	free(control);
	watching = false;
	assert_int_equal(seen, 1); /* it sees one that is not wiped */
	assert_int_equal(login(answer_with_a_password), PAM_SUCCESS);
	assert_int_equal(seen, 0);
}

static void
auth_wipes_the_client_secret_before_it_is_freed(void **state)
{
	(void)state;
	put_file("/etc/okta-login/secret", CANARY "\n", 0600);
	put_conf("ok", "client_secret_file = /etc/okta-login/secret\n");
	assert_int_equal(login(NULL), PAM_SUCCESS);
	assert_int_equal(seen, 0);
}
#endif

int
main(int argc, char **argv)
{
#define T(name) cmocka_unit_test_setup(name, setup)
	const struct CMUnitTest tests[] = {
		T(helper_clear_wipes_the_nonce),
#ifndef __SANITIZE_ADDRESS__
		T(auth_wipes_what_was_typed_before_it_is_freed),
		T(auth_wipes_the_client_secret_before_it_is_freed),
#endif
	};

	if (argc != 2 || stage_enter(argv[1]) < 0)
		return 1;
	put_file("/etc/pam.d/other", "auth required pam_deny.so\n", 0644);
	put_file("/etc/pam.d/sshd", "auth required pam_deny.so\n", 0644);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
