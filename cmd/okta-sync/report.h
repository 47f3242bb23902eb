/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/report.h - who and what was refused, and why: every one of them, by name.
 */
#ifndef OKTA_SYNC_REPORT_H
#define OKTA_SYNC_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/view.h"

#define SYNC_REPORT_SYSLOG_MAX                                                           \
	1000 /* lines a run; a flood would push out the rest of the log */

struct sync_report {
	char **line; /* printable ASCII */
	size_t n, max;
	size_t lost;	 /* lines there was no memory for */
	size_t left_out; /* people Okta has switched off or not yet on: no problem */
};

void sync_report_clear(struct sync_report *report);

/* refused KIND "NAME" (ID): WHY.  A name WHY begins with (as model's messages do) is
 * dropped. */
void sync_report_refused(struct sync_report *report, const char *kind,
    struct okta_view name, struct okta_view id, const char *why);
/* Anything else an admin should look at. */
void sync_report_note(struct sync_report *report, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/* To standard output and to the log. */
void sync_report_print(const struct sync_report *report);
/*
 * The same, but only what SAID does not know: the sums of *n of at most MAX lines.  They
 * become those of this report, so that what ends and begins again is said again.  Of more
 * lines than that only their number is told, when it is another.
 */
void sync_report_print_new(
    const struct sync_report *report, uint64_t *said, size_t max, size_t *n);

#endif /* OKTA_SYNC_REPORT_H */
