/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/doctor_stack.h - a PAM stack as libpam reads it, and what comes out of it
 * when its modules answer this or that.
 *
 * The rules are those of pam.conf(5) and of libpam's dispatcher: @include and include put
 * lines in place, substack keeps "done" and "die" to itself.
 */
#ifndef OKTACTL_DOCTOR_STACK_H
#define OKTACTL_DOCTOR_STACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* libpam's return values, by number; the header itself belongs to pam_okta. */
enum doctor_pam {
	DOCTOR_PAM_SUCCESS = 0,
	DOCTOR_PAM_PERM_DENIED = 6,
	DOCTOR_PAM_AUTH_ERR = 7,
	DOCTOR_PAM_USER_UNKNOWN = 10,
	DOCTOR_PAM_NEW_AUTHTOK_REQD = 12,
	DOCTOR_PAM_ACCT_EXPIRED = 13,
	DOCTOR_PAM_IGNORE = 25,
	DOCTOR_PAM_MODULE_UNKNOWN = 28,
	DOCTOR_PAM_CONV_AGAIN = 30,
	DOCTOR_PAM_INCOMPLETE = 31,
	DOCTOR_PAM_CODES = 32
};

/* What a line does on one return value; above zero: jump over so many lines. */
enum {
	DOCTOR_ACT_IGNORE = 0,
	DOCTOR_ACT_OK = -1,
	DOCTOR_ACT_DONE = -2,
	DOCTOR_ACT_BAD = -3,
	DOCTOR_ACT_DIE = -4,
	DOCTOR_ACT_RESET = -5
};

#define DOCTOR_STACK_LINES 128
/* The "module" of a line that stands before the lines of a substack: it has no say, but a
 * jump counts it. */
#define DOCTOR_SUBSTACK "substack"

struct doctor_line {
	unsigned level; /* of substacks */
	int action[DOCTOR_PAM_CODES];
	char module[64]; /* last component: "pam_unix.so" */
	char args[256];
};

struct doctor_stack {
	struct doctor_line line[DOCTOR_STACK_LINES];
	size_t n;
};

/*
 * Read TYPE's ("auth", "account") lines of SERVICE below /etc/pam.d and /usr/lib/pam.d.
 * OKTA_OK; OKTA_E_NOTFOUND: no file of that name; OKTA_E_INPUT: something in it makes no
 * sense to libpam either; OKTA_E_SYS, OKTA_E_TOOBIG.
 */
OKTA_MUST_CHECK enum okta_rc doctor_stack_read(const char *service, const char *type,
    struct doctor_stack *ret, struct okta_err *err);

/* Position of the first line with MODULE, or -1. */
int doctor_stack_find(const struct doctor_stack *stack, const char *module);

/* What the application gets when line i answers ANSWER[i]. */
enum doctor_pam doctor_stack_run(
    const struct doctor_stack *stack, const enum doctor_pam answer[DOCTOR_STACK_LINES]);

#endif /* OKTACTL_DOCTOR_STACK_H */
