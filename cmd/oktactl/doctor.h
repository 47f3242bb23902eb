/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/doctor.h - what a check of `oktactl doctor` gets, and how it tells what it
 * found.
 *
 * Each check runs in a process of its own, so that none can hang or end the others, and
 * what parses answers from the network is not root.  MUST: a check reports its ids in the
 * order of its row in doctor.c; anything else, a crash and a silence of ten seconds too,
 * is a failure.  MUST NOT: put a secret into a finding.
 */
#ifndef OKTACTL_DOCTOR_H
#define OKTACTL_DOCTOR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"
#include "ctl.h"
#include "model/conf.h"

#define DOCTOR_SILENCE_MS 10000 /* a check that says nothing for so long is ended */
#define DOCTOR_STEP_MS	  8000	/* so one step of it ends before, and can say why */

enum doctor_level { DOCTOR_PASS, DOCTOR_SKIPPED, DOCTOR_WARNING, DOCTOR_FAILURE };

struct doctor {
	const struct ctl *ctl;
	const struct okta_conf *conf; /* NULL: cannot be used, config.keys says why */
	bool is_root;
	int fd; /* of the check's process: where its findings go */
};

/*
 * A check reports with these.  CURE is the command or click; the rest is the reason.
 * Texts from outside may be in both: they are made printable before anybody sees them.
 */
void doctor_pass(const struct doctor *d, const char *id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_skip(const struct doctor *d, const char *id, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void doctor_warn(const struct doctor *d, const char *id, const char *cure,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
void doctor_fail(const struct doctor *d, const char *id, const char *cure,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

/* Each returns NULL, or why the ids it did not report are skipped (a static text). */
const char *doctor_conf(const struct doctor *d);
const char *doctor_files(const struct doctor *d);
const char *doctor_snapshot(const struct doctor *d);
const char *doctor_last_sync(const struct doctor *d);
const char *doctor_nss(const struct doctor *d);
const char *doctor_ids(const struct doctor *d);
const char *doctor_pam(const struct doctor *d);
const char *doctor_sshd(const struct doctor *d);
const char *doctor_mac(const struct doctor *d);
const char *doctor_proxy(const struct doctor *d);
const char *doctor_dns(const struct doctor *d);
const char *doctor_okta(const struct doctor *d);
const char *doctor_discovery(const struct doctor *d);
const char *doctor_api(const struct doctor *d);

/* Stop being root, before the first byte from the network is read: become _okta, or
 * nobody where there is no such account. */
OKTA_MUST_CHECK enum okta_rc doctor_drop_root(struct okta_err *err);

/* Read a regular file into OUT (to its maximum: the rest is left out if TAIL is false,
 * the beginning if it is true).  False: it cannot be read, errno says why. */
bool doctor_read(const char *path, bool tail, struct okta_buf *out);

#endif /* OKTACTL_DOCTOR_H */
