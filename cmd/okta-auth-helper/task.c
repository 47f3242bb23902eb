/* SPDX-License-Identifier: BSD-2-Clause */
#include "task.h"

#include <stdio.h>
#include <stdlib.h>

#include "inner.h"

enum okta_rc
task_fail(struct task *task, enum okta_failure_code failure, const char *detail)
{
	task->failure = failure;
	(void)snprintf(task->detail, sizeof(task->detail), "%s", detail);
	return OKTA_E_REFUSED;
}

enum okta_rc
task_cancelled(struct task *task)
{
	task->cancelled = true;
	return OKTA_E_UNAVAIL;
}

enum okta_rc
task_open(struct task *task, int fd, const struct okta_start *start,
    const struct okta_clock *clock, int64_t deadline_ms)
{
	struct okta_http_settings settings = { .clock = clock, .cancel_fd = fd };
	char *ca_file = okta_view_dup(start->ca_file);
	char *proxy = okta_view_dup(start->proxy);
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_err err = { 0 };

	*task = (struct task){ .fd = fd,
		.clock = clock,
		.deadline_ms = deadline_ms,
		.failure = OKTA_FAIL_INTERNAL };
	settings.ca_file = ca_file;
	settings.proxy = proxy;
	if (ca_file == NULL || proxy == NULL) {
		rc = task_fail(task, OKTA_FAIL_INTERNAL, "out of memory");
		goto out;
	}
	r = okta_http_global_init(&err);
	if (r != OKTA_OK) {
		rc = task_fail(task, OKTA_FAIL_INTERNAL, err.msg);
		goto out;
	}
	r = okta_http_new(&settings, &task->http, &err);
	if (r == OKTA_OK)
		r = okta_oidc_endpoints(
		    start->org_url, start->issuer, start->client_id, &task->at, &err);
	if (r != OKTA_OK) {
		rc = task_fail(task, OKTA_FAIL_CLIENT, err.msg);
		goto out;
	}
	rc = OKTA_OK;
out:
	free(ca_file);
	free(proxy);
	return rc;
}

void
task_end(struct task *task, enum okta_rc r)
{
	struct inner_failure failure = { .code = task->failure, .status = task->status };

	if (task->cancelled)
		return;
	failure.detail = okta_view_str(task->detail);
	r = r == OKTA_OK ? inner_send(task->fd, task->clock, INNER_DONE)
			 : inner_send_failed(task->fd, task->clock, &failure);
	(void)r; /* who does not hear it denies by himself */
}
