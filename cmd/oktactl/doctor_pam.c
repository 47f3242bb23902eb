/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The PAM stacks, judged by what comes out of them and not by how they are written: for
 * each answer of pam_okta.so and of the local password the stack is run as libpam would
 * run it, and must end as conf/pam/README promises.
 */
#include <stdio.h>
#include <string.h>

#include "doctor.h"
#include "doctor_stack.h"

#define OKTA_MODULE "pam_okta.so"
#define GATES_MAX   6

/* What a module is to us; what is not in the table is OTHER. */
enum kind {
	KIND_OKTA,
	KIND_PASSWORD,
	KIND_LOCALUSER,
	KIND_DENY,
	KIND_PERMIT,
	KIND_ROOTOK,
	KIND_GATE,	/* says yes or no for reasons of its own */
	KIND_SYSTEM,	/* pam_usertype: is it a system account? */
	KIND_QUIET,	/* has no say */
	KIND_LOCKOUT,	/* pam_faillock */
	KIND_DIRECTORY, /* another directory, which does not know people from Okta */
	KIND_OTHER
};

static const struct {
	const char *module;
	enum kind kind;
} modules[] = {
	{ OKTA_MODULE, KIND_OKTA },
	{ "pam_unix.so", KIND_PASSWORD },
	{ "pam_localuser.so", KIND_LOCALUSER },
	{ "pam_deny.so", KIND_DENY },
	{ "pam_permit.so", KIND_PERMIT },
	{ "pam_rootok.so", KIND_ROOTOK },
	{ "pam_faillock.so", KIND_LOCKOUT },
	{ "pam_access.so", KIND_GATE },
	{ "pam_listfile.so", KIND_GATE },
	{ "pam_securetty.so", KIND_GATE },
	{ "pam_shells.so", KIND_GATE },
	{ "pam_succeed_if.so", KIND_GATE },
	{ "pam_time.so", KIND_GATE },
	{ "pam_usertype.so", KIND_SYSTEM },
	{ "pam_krb5.so", KIND_DIRECTORY },
	{ "pam_ldap.so", KIND_DIRECTORY },
	{ "pam_sss.so", KIND_DIRECTORY },
	{ "pam_systemd_home.so", KIND_DIRECTORY },
	{ "pam_winbind.so", KIND_DIRECTORY },
	{ DOCTOR_SUBSTACK, KIND_QUIET },
	{ "pam_wheel.so", KIND_QUIET },
	{ "pam_cap.so", KIND_QUIET },
	{ "pam_echo.so", KIND_QUIET },
	{ "pam_env.so", KIND_QUIET },
	{ "pam_faildelay.so", KIND_QUIET },
	{ "pam_gnome_keyring.so", KIND_QUIET },
	{ "pam_group.so", KIND_QUIET },
	{ "pam_issue.so", KIND_QUIET },
	{ "pam_keyinit.so", KIND_QUIET },
	{ "pam_kwallet5.so", KIND_QUIET },
	{ "pam_nologin.so", KIND_QUIET },
	{ "pam_selinux.so", KIND_QUIET },
	{ "pam_warn.so", KIND_QUIET },
};

static enum kind
kind_of(const char *module)
{
	size_t i;

	for (i = 0; i < sizeof(modules) / sizeof(modules[0]); i++)
		if (strcmp(module, modules[i].module) == 0)
			return modules[i].kind;
	return KIND_OTHER;
}

/* Who comes, and what the two modules that matter say. */
struct visitor {
	enum doctor_pam okta, password;
	bool is_local;
	bool others_may; /* modules not in the table may agree */
};

static enum doctor_pam
answer_of(const struct doctor_line *line, const struct visitor *v, bool gate_is_open)
{
	switch (kind_of(line->module)) {
	case KIND_OKTA:
		return v->okta;
	case KIND_PASSWORD:
		return v->password;
	case KIND_LOCALUSER:
		return v->is_local ? DOCTOR_PAM_SUCCESS : DOCTOR_PAM_PERM_DENIED;
	case KIND_PERMIT:
		return DOCTOR_PAM_SUCCESS;
	case KIND_DENY:
	case KIND_ROOTOK:
		return DOCTOR_PAM_AUTH_ERR;
	case KIND_GATE:
		return gate_is_open ? DOCTOR_PAM_SUCCESS : DOCTOR_PAM_AUTH_ERR;
	case KIND_LOCKOUT:
		return strstr(line->args, "authfail") != NULL ? DOCTOR_PAM_IGNORE
							      : DOCTOR_PAM_SUCCESS;
	case KIND_QUIET:
		return DOCTOR_PAM_IGNORE;
	case KIND_SYSTEM:
		return strstr(line->args, "isregular") != NULL ? DOCTOR_PAM_SUCCESS
							       : DOCTOR_PAM_AUTH_ERR;
	case KIND_DIRECTORY:
		return DOCTOR_PAM_USER_UNKNOWN;
	case KIND_OTHER:
	default:
		return v->others_may && gate_is_open ? DOCTOR_PAM_SUCCESS
						     : DOCTOR_PAM_USER_UNKNOWN;
	}
}

enum outcome { NEVER, SOMETIMES, ALWAYS };

/* Is the visitor let in, whatever the gates say? */
static enum outcome
visit(const struct doctor_stack *stack, const struct visitor *v)
{
	enum doctor_pam answer[DOCTOR_STACK_LINES];
	unsigned gates = 0, choice, gate, in = 0, tries;
	enum kind kind;
	size_t i;

	for (i = 0; i < stack->n; i++) {
		kind = kind_of(stack->line[i].module);
		if (kind == KIND_GATE || kind == KIND_OTHER)
			gates++;
	}
	tries = 1u << (gates < GATES_MAX ? gates : GATES_MAX);
	for (choice = 0; choice < tries; choice++) {
		gate = 0;
		for (i = 0; i < stack->n; i++) {
			kind = kind_of(stack->line[i].module);
			answer[i] = answer_of(
			    &stack->line[i], v, (choice >> (gate % GATES_MAX) & 1) != 0);
			if (kind == KIND_GATE || kind == KIND_OTHER)
				gate++;
		}
		in += doctor_stack_run(stack, answer) == DOCTOR_PAM_SUCCESS;
	}
	return in == 0 ? NEVER : in == tries ? ALWAYS : SOMETIMES;
}

struct judged {
	const struct doctor *d;
	const struct doctor_stack *stack;
	char id[32], cure[128];
	const char *service, *type;
	enum doctor_level level; /* of the worst so far */
	const char *what, *when;
};

/* Of several faults the worst is told, of equals the first. */
static void
note(struct judged *j, bool is_failure, const char *what, const char *when)
{
	const enum doctor_level level = is_failure ? DOCTOR_FAILURE : DOCTOR_WARNING;

	if (level <= j->level)
		return;
	j->level = level;
	j->what = what;
	j->when = when;
}

static void
tell(const struct judged *j)
{
	if (j->level == DOCTOR_FAILURE)
		doctor_fail(j->d, j->id, j->cure, "/etc/pam.d/%s: %s: %s%s", j->service,
		    j->type, j->what, j->when);
	else if (j->level == DOCTOR_WARNING)
		doctor_warn(j->d, j->id, j->cure, "/etc/pam.d/%s: %s: %s%s", j->service,
		    j->type, j->what, j->when);
	else
		doctor_pass(j->d, j->id, "lets in and keeps out whom it should");
}

static void
must_refuse(struct judged *j, const struct visitor *v, bool is_failure, const char *what)
{
	enum outcome outcome = visit(j->stack, v);

	if (outcome == ALWAYS)
		note(j, is_failure, what, "");
	else if (outcome == SOMETIMES)
		note(j, false, what, ", if another module agrees");
}

static void
must_admit(struct judged *j, const struct visitor *v, bool is_failure, const char *what)
{
	if (visit(j->stack, v) == NEVER)
		note(j, is_failure, what, "");
}

/* Return values with which pam_okta.so refuses. */
static bool
is_refusal(unsigned code)
{
	return code != DOCTOR_PAM_SUCCESS && code != DOCTOR_PAM_USER_UNKNOWN &&
	       code != DOCTOR_PAM_NEW_AUTHTOK_REQD && code != DOCTOR_PAM_IGNORE &&
	       code != DOCTOR_PAM_MODULE_UNKNOWN && code != DOCTOR_PAM_CONV_AGAIN &&
	       code != DOCTOR_PAM_INCOMPLETE;
}

static void
judge_auth(struct judged *j)
{
	const int okta = doctor_stack_find(j->stack, OKTA_MODULE);
	const int password = doctor_stack_find(j->stack, "pam_unix.so");
	struct visitor v = { .password = DOCTOR_PAM_AUTH_ERR };
	unsigned code;

	for (code = 0; code < DOCTOR_PAM_CODES; code++) {
		if (code == DOCTOR_PAM_SUCCESS || code == DOCTOR_PAM_NEW_AUTHTOK_REQD ||
		    code == DOCTOR_PAM_CONV_AGAIN || code == DOCTOR_PAM_INCOMPLETE)
			continue;
		v.okta = (enum doctor_pam)code;
		v.is_local = false;
		must_refuse(j, &v, true, "it lets people in whom nobody approved");
		v.is_local = true;
		must_refuse(j, &v, true, "it lets local accounts in without password");
	}
	v = (struct visitor){ DOCTOR_PAM_SUCCESS, DOCTOR_PAM_AUTH_ERR, false, true };
	must_admit(j, &v, true, "people whom Okta approved are locked out");
	v = (struct visitor){ DOCTOR_PAM_USER_UNKNOWN, DOCTOR_PAM_SUCCESS, true, true };
	must_admit(j, &v, true, "local accounts are locked out");
	v = (struct visitor){ DOCTOR_PAM_MODULE_UNKNOWN, DOCTOR_PAM_SUCCESS, true, true };
	must_admit(j, &v, false,
	    "local accounts would be locked out while " OKTA_MODULE " is missing");
	if (password >= 0 && password < okta)
		note(j, false, "people from Okta are asked for a password first", "");
	v = (struct visitor){ DOCTOR_PAM_SUCCESS, DOCTOR_PAM_SUCCESS, false, false };
	for (code = 0; code < DOCTOR_PAM_CODES; code++) {
		v.okta = (enum doctor_pam)code;
		if (is_refusal(code))
			must_refuse(j, &v, false,
			    "after a refusal of Okta's a later module decides");
	}
}

static void
judge_account(struct judged *j)
{
	struct visitor v = { .password = DOCTOR_PAM_SUCCESS, .others_may = true };
	unsigned code;

	for (code = 0; code < DOCTOR_PAM_CODES; code++) {
		v.okta = (enum doctor_pam)code;
		if (is_refusal(code))
			must_refuse(j, &v, true,
			    "whoever is suspended in Okta still gets in, by SSH key or "
			    "sudo");
	}
	v.okta = DOCTOR_PAM_MODULE_UNKNOWN;
	must_refuse(j, &v, true,
	    "whoever is suspended in Okta gets in while " OKTA_MODULE " is missing");
	v = (struct visitor){ DOCTOR_PAM_IGNORE, DOCTOR_PAM_ACCT_EXPIRED, true, true };
	must_refuse(j, &v, true, "local accounts that have expired still get in");
	v = (struct visitor){ DOCTOR_PAM_SUCCESS, DOCTOR_PAM_SUCCESS, false, true };
	must_admit(j, &v, true, "people from Okta are locked out");
	v = (struct visitor){ DOCTOR_PAM_IGNORE, DOCTOR_PAM_SUCCESS, true, true };
	must_admit(j, &v, true, "local accounts are locked out");
	v = (struct visitor){ DOCTOR_PAM_MODULE_UNKNOWN, DOCTOR_PAM_SUCCESS, true, true };
	must_admit(j, &v, false,
	    "local accounts would be locked out while " OKTA_MODULE " is missing");
}

/* The module refuses everybody when it does not know an argument. */
static void
judge_arguments(struct judged *j)
{
	struct okta_view rest, word;
	size_t i;

	for (i = 0; i < j->stack->n; i++) {
		if (kind_of(j->stack->line[i].module) != KIND_OKTA)
			continue;
		rest = okta_view_str(j->stack->line[i].args);
		while (rest.p != NULL) {
			word = okta_view_split(&rest, ' ');
			if (word.len > 0 && !okta_view_eq_str(word, "debug") &&
			    (word.len < 8 || memcmp(word.p, "config=/", 8) != 0))
				note(j, true,
				    OKTA_MODULE " has an argument it does not know, and "
						"refuses everybody",
				    "");
		}
	}
}

/* sshd is what people come in by; elsewhere an admin may do without. */
static void
note_missing(struct judged *j, bool other_half_is_there)
{
	note(j, other_half_is_there || strcmp(j->service, "sshd") == 0,
	    OKTA_MODULE " is not in it",
	    strcmp(j->type, "auth") == 0
		? ": people from Okta cannot log in"
		: ": whoever is suspended in Okta still gets in");
}

static void
check_service(const struct doctor *d, const char *service, const char *type,
    const struct doctor_stack *stack, bool other_half_is_there)
{
	struct judged j = { .d = d, .stack = stack, .service = service, .type = type };

	(void)snprintf(j.id, sizeof(j.id), "pam.%s.%s", service, type);
	(void)snprintf(j.cure, sizeof(j.cure),
	    "pam-auth-update --enable okta, or write the lines as in pam_okta(8)");
	if (doctor_stack_find(stack, OKTA_MODULE) < 0) {
		note_missing(&j, other_half_is_there);
	} else {
		judge_arguments(&j);
		if (strcmp(type, "auth") == 0)
			judge_auth(&j);
		else
			judge_account(&j);
	}
	tell(&j);
}

static void
check_both(const struct doctor *d, const char *service)
{
	static const char *const types[] = { "auth", "account" };
	static struct doctor_stack stack[2];
	struct okta_err err[2] = { { 0 }, { 0 } };
	enum okta_rc r[2];
	char id[32];
	size_t i;

	for (i = 0; i < 2; i++)
		r[i] = doctor_stack_read(service, types[i], &stack[i], &err[i]);
	for (i = 0; i < 2; i++) {
		(void)snprintf(id, sizeof(id), "pam.%s.%s", service, types[i]);
		if (r[i] == OKTA_E_NOTFOUND)
			doctor_skip(d, id, "/etc/pam.d/%s does not exist", service);
		else if (r[i] != OKTA_OK)
			doctor_fail(d, id, "correct the file: libpam refuses everybody",
			    "%s", err[i].msg);
		else
			check_service(d, service, types[i], &stack[i],
			    r[1 - i] == OKTA_OK &&
				doctor_stack_find(&stack[1 - i], OKTA_MODULE) >= 0);
	}
}

const char *
doctor_pam(const struct doctor *d)
{
	static const char *const services[] = { "sshd", "login", "su", "su-l", "sudo" };
	size_t i;

	for (i = 0; i < sizeof(services) / sizeof(services[0]); i++)
		check_both(d, services[i]);
	return NULL;
}
