/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta.so - the entry points; pam_okta(8) says what an administrator must know. */
#include <pthread.h>

#include <security/pam_modules.h>

#include "account.h"
#include "auth.h"
#include "cred.h"
#include "host.h"
#include "password.h"

#define EXPORT __attribute__((visibility("default")))

/*
 * A thread that a host cancels ends behind the call, which has its deadline: ended inside
 * it would leave a helper, a place among those who wait, and what is to be wiped.
 */
static int
keep_from_being_cancelled(void)
{
	int before = PTHREAD_CANCEL_ENABLE;

	(void)pthread_setcancelstate(PTHREAD_CANCEL_DISABLE, &before);
	return before;
}

static int
give_back(int before, int result)
{
	(void)pthread_setcancelstate(before, NULL);
	return result;
}

EXPORT int
pam_sm_authenticate(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const int before = keep_from_being_cancelled();

	(void)flags; /* PAM_SILENT: see auth.c; there is no null password to disallow */
	return give_back(before, po_authenticate(pamh, &po_host_system, argc, argv));
}

EXPORT int
pam_sm_setcred(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const int before = keep_from_being_cancelled();

	return give_back(before, po_setcred(pamh, &po_host_system, flags, argc, argv));
}

EXPORT int
pam_sm_acct_mgmt(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const int before = keep_from_being_cancelled();

	(void)flags;
	return give_back(before, po_account(pamh, &po_host_system, argc, argv));
}

/* Nothing to open: home directories are pam_mkhomedir's, sessions pam_systemd's. */
EXPORT int
pam_sm_open_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

EXPORT int
pam_sm_close_session(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	(void)pamh;
	(void)flags;
	(void)argc;
	(void)argv;
	return PAM_SUCCESS;
}

EXPORT int
pam_sm_chauthtok(pam_handle_t *pamh, int flags, int argc, const char **argv)
{
	const int before = keep_from_being_cancelled();

	return give_back(before, po_chauthtok(pamh, &po_host_system, flags, argc, argv));
}
