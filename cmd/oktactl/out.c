/* SPDX-License-Identifier: BSD-2-Clause */
#include "out.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sysexits.h>

#include "base/buf.h"
#include "base/text.h"
#include "net/json.h"

#define STRING_MAX 65536

static void
put_string(struct okta_view text)
{
	struct okta_buf b;

	okta_buf_init(&b, STRING_MAX);
	if (okta_json_write_str(text, &b) != OKTA_OK) {
		(void)fputs("oktactl: out of memory\n", stderr);
		exit(EX_OSERR); /* half a JSON text must not end as if it were whole */
	}
	(void)fwrite(b.data, 1, b.len, stdout);
	okta_buf_clear(&b);
}

static void
begin_item(struct ctl_json *j, const char *name)
{
	if (j->depth > 0) {
		if (j->filled[j->depth - 1])
			(void)fputc(',', stdout);
		j->filled[j->depth - 1] = true;
	}
	if (name != NULL) {
		put_string(okta_view_str(name));
		(void)fputc(':', stdout);
	}
}

void
ctl_json_open(struct ctl_json *j, const char *name, char bracket)
{
	begin_item(j, name);
	(void)fputc(bracket, stdout);
	if (j->depth < CTL_OUT_DEPTH)
		j->filled[j->depth++] = false;
}

void
ctl_json_close(struct ctl_json *j, char bracket)
{
	if (j->depth > 0)
		j->depth--;
	(void)fputc(bracket, stdout);
	if (j->depth == 0)
		(void)fputc('\n', stdout);
}

void
ctl_json_str(struct ctl_json *j, const char *name, struct okta_view text)
{
	begin_item(j, name);
	put_string(text);
}

void
ctl_json_cstr(struct ctl_json *j, const char *name, const char *text)
{
	begin_item(j, name);
	if (text == NULL)
		(void)fputs("null", stdout);
	else
		put_string(okta_view_str(text));
}

void
ctl_json_num(struct ctl_json *j, const char *name, int64_t n)
{
	begin_item(j, name);
	(void)printf("%" PRId64, n);
}

void
ctl_json_bool(struct ctl_json *j, const char *name, bool b)
{
	begin_item(j, name);
	(void)fputs(b ? "true" : "false", stdout);
}

void
ctl_line(const char *label, struct okta_view text)
{
	char shown[1100];

	okta_text_sanitize(shown, sizeof(shown), text);
	(void)printf("%-14s %s\n", label, shown);
}

void
ctl_duration(int64_t s, char *dst, size_t size)
{
	if (s < 0)
		(void)snprintf(dst, size, "%" PRId64 " s in the future", -s);
	else if (s < 120)
		(void)snprintf(dst, size, "%" PRId64 " s", s);
	else if (s < 7200)
		(void)snprintf(dst, size, "%" PRId64 " min", s / 60);
	else if (s < 172800)
		(void)snprintf(
		    dst, size, "%" PRId64 " h %" PRId64 " min", s / 3600, s % 3600 / 60);
	else
		(void)snprintf(dst, size, "%" PRId64 " days", s / 86400);
}
