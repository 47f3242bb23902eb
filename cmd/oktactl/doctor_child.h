/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/doctor_child.h - one check in a process of its own, and what it says. */
#ifndef OKTACTL_DOCTOR_CHILD_H
#define OKTACTL_DOCTOR_CHILD_H

#include <sys/types.h>

#include "base/buf.h"
#include "base/err.h"
#include "doctor.h"

#define DOCTOR_ID_BYTES	  32
#define DOCTOR_TEXT_BYTES 600

/* Texts are printable ASCII. */
struct doctor_finding {
	enum doctor_level level;
	char id[DOCTOR_ID_BYTES], reason[DOCTOR_TEXT_BYTES], cure[DOCTOR_TEXT_BYTES];
};

struct doctor_child {
	pid_t pid;
	int fd;
	struct okta_buf frame;
};

enum doctor_child_says {
	DOCTOR_CHILD_FINDING,
	DOCTOR_CHILD_DONE,   /* the reason is why the rest is skipped, or empty */
	DOCTOR_CHILD_SILENT, /* for DOCTOR_SILENCE_MS */
	DOCTOR_CHILD_GONE    /* it ended without a word, or talked nonsense */
};

/* Close it in any case after OKTA_OK.  OKTA_E_SYS. */
OKTA_MUST_CHECK enum okta_rc doctor_child_open(const struct doctor *d,
    const char *(*run)(const struct doctor *d), struct doctor_child *ret,
    struct okta_err *err);
enum doctor_child_says doctor_child_next(
    struct doctor_child *child, struct doctor_finding *ret);
/* Ends the check and every program it started. */
void doctor_child_close(struct doctor_child *child);

#endif /* OKTACTL_DOCTOR_CHILD_H */
