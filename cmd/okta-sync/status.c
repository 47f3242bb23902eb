/* SPDX-License-Identifier: BSD-2-Clause */
#include "status.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/file.h"
#include "net/json.h"

#define STATUS_MAX_BYTES 1048576

/* "done", "kept" (the last good snapshot) or "refused" (an admin must act): by exit
 * status. */
static const char *
result_name(int exit_status)
{
	return exit_status == 0 ? "done" : exit_status == 75 ? "kept" : "refused";
}

void
sync_answer_set(
    struct sync_answer *answer, const char *token, const struct sync_status *status)
{
	if (token[0] == '\0')
		return;
	(void)snprintf(answer->token, sizeof(answer->token), "%s", token);
	(void)snprintf(answer->message, sizeof(answer->message), "%s", status->message);
	answer->exit_status = status->exit_status;
}

static enum okta_rc
put(struct okta_buf *b, const struct sync_status *s, const struct sync_report *report)
{
	enum okta_rc r;
	size_t i;

	r = okta_buf_printf(b,
	    "{\"version\":1,\"started\":%" PRId64 ",\"ended\":%" PRId64
	    ",\"result\":\"%s\",\"exit\":%d,\"message\":",
	    s->started_s, s->ended_s, result_name(s->exit_status), s->exit_status);
	if (r == OKTA_OK)
		r = okta_json_write_str(okta_view_str(s->message), b);
	if (r == OKTA_OK)
		r = okta_buf_printf(b,
		    ",\"mode\":\"%s\",\"request\":\"%s\",\"request_exit\":%d,"
		    "\"request_message\":",
		    s->mode, s->answer.token, s->answer.exit_status);
	if (r == OKTA_OK)
		r = okta_json_write_str(okta_view_str(s->answer.message), b);
	if (r == OKTA_OK)
		r = okta_buf_printf(b,
		    ",\"last_full\":%" PRId64 ",\"last_delta\":%" PRId64 ",\"log\":%s",
		    s->full_s, s->changes_s, s->log ? "true" : "false");
	if (r == OKTA_OK)
		r = okta_buf_printf(b,
		    ",\"generation\":%" PRIu64 ",\"people\":%zu,\"groups\":%zu,"
		    "\"memberships\":%zu,\"left_out\":%zu,\"problem_count\":%zu,"
		    "\"problems\":[",
		    s->generation, s->people, s->groups, s->memberships, report->left_out,
		    report->n + report->lost);
	for (i = 0; r == OKTA_OK && i < report->n && i < SYNC_STATUS_PROBLEMS_MAX; i++) {
		if (i > 0)
			r = okta_buf_append_str(b, ",");
		if (r == OKTA_OK)
			r = okta_json_write_str(okta_view_str(report->line[i]), b);
	}
	if (r == OKTA_OK)
		r = okta_buf_append_str(b, "]}\n");
	return r;
}

enum okta_rc
sync_status_write(const char *path, const struct sync_status *status,
    const struct sync_report *report, struct okta_err *err)
{
	struct okta_buf b;
	enum okta_rc r;

	okta_buf_init(&b, STATUS_MAX_BYTES);
	r = put(&b, status, report);
	if (r == OKTA_OK)
		r = okta_file_replace(path, 0644, b.data, b.len, err);
	else
		(void)okta_err_set(err, r, "%s: out of memory", path);
	okta_buf_clear(&b);
	return r;
}

void
sync_status_touch(const char *path)
{
	if (utimensat(AT_FDCWD, path, NULL, AT_SYMLINK_NOFOLLOW) < 0)
		return; /* nothing to touch: the next run that does something makes it */
}
