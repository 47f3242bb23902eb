/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper/task.h - what a process that speaks with Okta works with, and how it
 * ends.
 */
#ifndef OKTA_HELPER_TASK_H
#define OKTA_HELPER_TASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/clock.h"
#include "model/wire.h"
#include "net/http.h"
#include "net/oidc.h"

struct task {
	int fd; /* to the coordinator */
	const struct okta_clock *clock;
	int64_t deadline_ms;
	struct okta_http *http;
	struct okta_endpoints at;

	bool cancelled; /* nobody reads any more */
	enum okta_failure_code failure;
	uint64_t status; /* HTTP status of what failed, or 0 */
	char detail[OKTA_ERR_MSG_BYTES];
};

/* Starts libcurl and OpenSSL: nothing of the network was read before.  OKTA_OK, or the
 * failure is in TASK. */
OKTA_MUST_CHECK enum okta_rc task_open(struct task *task, int fd,
    const struct okta_start *start, const struct okta_clock *clock, int64_t deadline_ms);

/* Both return what their caller returns: a path that ends without a result. */
enum okta_rc task_fail(
    struct task *task, enum okta_failure_code failure, const char *detail);
enum okta_rc task_cancelled(struct task *task);

/* The last frame: DONE if R is OKTA_OK, else FAILED. */
void task_end(struct task *task, enum okta_rc r);

#endif /* OKTA_HELPER_TASK_H */
