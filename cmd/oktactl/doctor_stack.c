/* SPDX-License-Identifier: BSD-2-Clause */
#include "doctor_stack.h"

#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/view.h"
#include "doctor.h"

#define FILE_MAX_BYTES 65536
#define DEPTH_MAX      8
#define NAME_BYTES     64
#define ACTION_UNSET   INT_MIN

static const char *const code_names[DOCTOR_PAM_CODES] = { "success", "open_err",
	"symbol_err", "service_err", "system_err", "buf_err", "perm_denied", "auth_err",
	"cred_insufficient", "authinfo_unavail", "user_unknown", "maxtries",
	"new_authtok_reqd", "acct_expired", "session_err", "cred_unavail", "cred_expired",
	"cred_err", "no_module_data", "conv_err", "authtok_err", "authtok_recover_err",
	"authtok_lock_busy", "authtok_disable_aging", "try_again", "ignore", "abort",
	"authtok_expired", "module_unknown", "bad_item", "conv_again", "incomplete" };

/* --- reading --- */

struct reader {
	const char *type;
	struct doctor_stack *stack;
	struct okta_err *err;
};

static bool
is_word(struct okta_view v, const char *word)
{
	return v.len == strlen(word) && strncasecmp(v.p, word, v.len) == 0;
}

/* The next word; one in brackets is whole, without them. */
static struct okta_view
take_word(struct okta_view *rest)
{
	struct okta_view word;
	const char *end;
	size_t i = 0;

	while (i < rest->len && isspace((unsigned char)rest->p[i]))
		i++;
	rest->p += i;
	rest->len -= i;
	if (rest->len > 0 && rest->p[0] == '[') {
		end = memchr(rest->p, ']', rest->len);
		if (end != NULL) {
			word = (struct okta_view){ rest->p + 1,
				(size_t)(end - rest->p) - 1 };
			rest->len -= word.len + 2;
			rest->p = end + 1;
			return word;
		}
	}
	for (i = 0; i < rest->len && !isspace((unsigned char)rest->p[i]); i++)
		;
	word = (struct okta_view){ rest->p, i };
	rest->p += i;
	rest->len -= i;
	return word;
}

static void
set_all(int action[DOCTOR_PAM_CODES], int others)
{
	size_t i;

	for (i = 0; i < DOCTOR_PAM_CODES; i++)
		action[i] = others;
	action[DOCTOR_PAM_IGNORE] = DOCTOR_ACT_IGNORE;
}

/* The four words of old; false: none of them. */
static bool
set_keyword(struct okta_view word, int action[DOCTOR_PAM_CODES])
{
	int good = DOCTOR_ACT_OK;

	if (is_word(word, "required")) {
		set_all(action, DOCTOR_ACT_BAD);
	} else if (is_word(word, "requisite")) {
		set_all(action, DOCTOR_ACT_DIE);
	} else if (is_word(word, "optional")) {
		set_all(action, DOCTOR_ACT_IGNORE);
	} else if (is_word(word, "sufficient")) {
		set_all(action, DOCTOR_ACT_IGNORE);
		good = DOCTOR_ACT_DONE;
	} else {
		return false;
	}
	action[DOCTOR_PAM_SUCCESS] = good;
	action[DOCTOR_PAM_NEW_AUTHTOK_REQD] = good;
	return true;
}

static bool
read_act(struct okta_view word, int *ret)
{
	static const struct {
		const char *name;
		int act;
	} acts[] = { { "ignore", DOCTOR_ACT_IGNORE }, { "ok", DOCTOR_ACT_OK },
		{ "done", DOCTOR_ACT_DONE }, { "bad", DOCTOR_ACT_BAD },
		{ "die", DOCTOR_ACT_DIE }, { "reset", DOCTOR_ACT_RESET } };
	uint64_t n;
	size_t i;

	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		if (is_word(word, acts[i].name)) {
			*ret = acts[i].act;
			return true;
		}
	if (okta_view_u64(word, DOCTOR_STACK_LINES, &n) != OKTA_OK)
		return false;
	*ret = (int)n;
	return true;
}

/* "success=ok default=die": what is not named is "bad". */
static bool
set_list(struct okta_view list, int action[DOCTOR_PAM_CODES])
{
	struct okta_view act, name;
	int others = DOCTOR_ACT_BAD, value;
	size_t i;

	for (i = 0; i < DOCTOR_PAM_CODES; i++)
		action[i] = ACTION_UNSET;
	for (;;) {
		act = take_word(&list);
		if (act.len == 0)
			break;
		name = okta_view_split(&act, '=');
		if (!read_act(act, &value))
			return false;
		if (is_word(name, "default")) {
			others = value;
			continue;
		}
		for (i = 0; i < DOCTOR_PAM_CODES; i++)
			if (is_word(name, code_names[i]))
				break;
		if (i == DOCTOR_PAM_CODES)
			return false;
		action[i] = value;
	}
	for (i = 0; i < DOCTOR_PAM_CODES; i++)
		if (action[i] == ACTION_UNSET)
			action[i] = others;
	return true;
}

static enum okta_rc read_service(
    struct reader *r, struct okta_view name, unsigned level, unsigned depth);

static enum okta_rc
bad(struct reader *r, const char *file, const char *what, struct okta_view word)
{
	char shown[64];

	okta_text_sanitize(shown, sizeof(shown), word);
	return okta_err_set(r->err, OKTA_E_INPUT, "%s: %s \"%s\"", file, what, shown);
}

static enum okta_rc
add_line(struct reader *r, const char *file, unsigned level, struct okta_view control,
    bool in_brackets, struct okta_view rest)
{
	struct okta_view path = take_word(&rest), name = path;
	struct doctor_line *line;

	if (r->stack->n == DOCTOR_STACK_LINES)
		return okta_err_set(r->err, OKTA_E_TOOBIG, "%s: more than %d lines", file,
		    DOCTOR_STACK_LINES);
	line = &r->stack->line[r->stack->n];
	line->level = level;
	if (in_brackets ? !set_list(control, line->action)
			: !set_keyword(control, line->action))
		return bad(r, file, "libpam does not know the control", control);
	if (path.len == 0)
		return bad(r, file, "a line without module after", control);
	while (memchr(name.p, '/', name.len) != NULL)
		(void)okta_view_split(&name, '/');
	okta_text_sanitize(line->module, sizeof(line->module), name);
	okta_text_sanitize(line->args, sizeof(line->args), okta_view_trim(rest));
	r->stack->n++;
	return OKTA_OK;
}

static enum okta_rc
read_line(struct reader *r, const char *file, struct okta_view text, unsigned level,
    unsigned depth)
{
	struct okta_view type, control;
	bool in_brackets;
	enum okta_rc rc;

	text = okta_view_split(&text, '#');
	type = take_word(&text);
	if (type.len == 0)
		return OKTA_OK;
	if (is_word(type, "@include"))
		return read_service(r, take_word(&text), level, depth + 1);
	if (type.p[0] == '-') {
		type.p++;
		type.len--;
	}
	if (!is_word(type, r->type))
		return OKTA_OK;
	text = okta_view_trim(text);
	in_brackets = text.len > 0 && text.p[0] == '[';
	control = take_word(&text);
	if (!in_brackets && is_word(control, "include"))
		return read_service(r, take_word(&text), level, depth + 1);
	if (!in_brackets && is_word(control, "substack")) {
		rc = add_line(r, file, level, okta_view_str("default=ignore"), true,
		    okta_view_str(DOCTOR_SUBSTACK));
		return rc != OKTA_OK
			   ? rc
			   : read_service(r, take_word(&text), level + 1, depth + 1);
	}
	return add_line(r, file, level, control, in_brackets, text);
}

/* A backslash at its end joins a line with the next one. */
static void
join_lines(struct okta_buf *text)
{
	size_t i;

	for (i = 0; i + 1 < text->len; i++)
		if (text->data[i] == '\\' && text->data[i + 1] == '\n')
			text->data[i] = text->data[i + 1] = ' ';
}

static enum okta_rc
read_file(struct reader *r, const char *path, unsigned level, unsigned depth)
{
	struct okta_view rest;
	enum okta_rc rc = OKTA_OK;
	struct okta_buf text;

	okta_buf_init(&text, FILE_MAX_BYTES);
	if (!doctor_read(path, false, &text)) {
		rc = errno == ENOENT
			 ? OKTA_E_NOTFOUND
			 : okta_err_sys(r->err, errno, "%s: cannot read", path);
		goto out;
	}
	join_lines(&text);
	rest = okta_buf_view(&text);
	while (rc == OKTA_OK && rest.p != NULL)
		rc = read_line(r, path, okta_view_split(&rest, '\n'), level, depth);
out:
	okta_buf_clear(&text);
	return rc;
}

static enum okta_rc
read_service(struct reader *r, struct okta_view name, unsigned level, unsigned depth)
{
	static const char *const dirs[] = { "/etc/pam.d/", "/usr/lib/pam.d/" };
	char service[NAME_BYTES], path[NAME_BYTES + 32];
	enum okta_rc rc = OKTA_E_NOTFOUND;
	size_t i;

	if (depth > DEPTH_MAX)
		return bad(r, "/etc/pam.d", "too many files include", name);
	okta_text_sanitize(service, sizeof(service), name);
	for (i = 0; i < 2 && rc == OKTA_E_NOTFOUND; i++) {
		/* an absolute name is a path of its own */
		(void)snprintf(path, sizeof(path), "%s%s",
		    service[0] == '/' ? "" : dirs[i], service);
		rc = read_file(r, path, level, depth);
	}
	if (rc == OKTA_E_NOTFOUND && depth > 0)
		return bad(r, "/etc/pam.d", "there is no file to include:", name);
	return rc;
}

enum okta_rc
doctor_stack_read(
    const char *service, const char *type, struct doctor_stack *ret, struct okta_err *err)
{
	struct reader r = { .type = type, .stack = ret, .err = err };

	ret->n = 0;
	return read_service(&r, okta_view_str(service), 0, 0);
}

int
doctor_stack_find(const struct doctor_stack *stack, const char *module)
{
	size_t i;

	for (i = 0; i < stack->n; i++)
		if (strcmp(stack->line[i].module, module) == 0)
			return (int)i;
	return -1;
}

/* --- running --- */

enum impression { UNDECIDED, POSITIVE, NEGATIVE };

struct run {
	enum impression impression;
	enum doctor_pam status;
};

static const struct run fresh = { UNDECIDED, DOCTOR_PAM_PERM_DENIED };

static void
take_good(struct run *run, enum doctor_pam code)
{
	if (run->impression == UNDECIDED ||
	    (run->impression == POSITIVE && run->status == DOCTOR_PAM_SUCCESS))
		*run = (struct run){ POSITIVE, code };
}

static void
take_bad(struct run *run, enum doctor_pam code)
{
	if (run->impression != NEGATIVE)
		run->status = code == DOCTOR_PAM_IGNORE ? DOCTOR_PAM_PERM_DENIED : code;
	run->impression = NEGATIVE;
}

/* First line behind I that is outside of I's substack. */
static size_t
end_of_level(const struct doctor_stack *stack, size_t i)
{
	const unsigned level = stack->line[i].level;

	for (i++; i < stack->n && stack->line[i].level >= level; i++)
		;
	return i;
}

/* Where a jump over N lines leads; a substack counts as one.  A jump too far is bad. */
static size_t
jump(const struct doctor_stack *stack, size_t i, int n, struct run *run)
{
	const unsigned level = stack->line[i].level;

	for (i++; n > 0 && i < stack->n && stack->line[i].level >= level; n--)
		for (i++; i < stack->n && stack->line[i].level > level; i++)
			;
	if (n > 0)
		*run = (struct run){ NEGATIVE, DOCTOR_PAM_PERM_DENIED };
	return i;
}

/* What line I does on ANSWER; the next line. */
static size_t
step(const struct doctor_stack *stack, size_t i, enum doctor_pam answer, struct run *run,
    const struct run *at_entry)
{
	const int act = stack->line[i].action[answer];

	if (act == DOCTOR_ACT_OK || act == DOCTOR_ACT_DONE)
		take_good(run, answer);
	else if (act == DOCTOR_ACT_BAD || act == DOCTOR_ACT_DIE)
		take_bad(run, answer);
	else if (act == DOCTOR_ACT_RESET)
		*run = *at_entry;
	if (act > 0)
		return jump(stack, i, act, run);
	if (act == DOCTOR_ACT_DIE ||
	    (act == DOCTOR_ACT_DONE && run->impression == POSITIVE))
		return end_of_level(stack, i);
	return i + 1;
}

enum doctor_pam
doctor_stack_run(
    const struct doctor_stack *stack, const enum doctor_pam answer[DOCTOR_STACK_LINES])
{
	struct run run = fresh, at_entry[DEPTH_MAX + 2];
	unsigned level, before = 0;
	size_t i = 0;

	at_entry[0] = fresh;
	while (i < stack->n) {
		level = stack->line[i].level;
		if (level > before)
			at_entry[level] = run;
		before = level;
		i = step(stack, i, answer[i], &run, &at_entry[level]);
	}
	return run.impression == POSITIVE || run.status != DOCTOR_PAM_SUCCESS
		   ? run.status
		   : DOCTOR_PAM_PERM_DENIED;
}
