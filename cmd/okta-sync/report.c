/* SPDX-License-Identifier: BSD-2-Clause */
#include "report.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "base/text.h"
#include "snap/format.h"

#define LINE_BYTES 640

void
sync_report_clear(struct sync_report *report)
{
	size_t i;

	for (i = 0; i < report->n; i++)
		free(report->line[i]);
	free(report->line);
	*report = (struct sync_report){ 0 };
}

static void
add(struct sync_report *report, const char *text)
{
	size_t max;
	char **more;

	if (report->n == report->max) {
		max = report->max == 0 ? 64 : report->max * 2;
		more = reallocarray(report->line, max, sizeof(*more));
		if (more == NULL) {
			report->lost++;
			return;
		}
		report->line = more;
		report->max = max;
	}
	report->line[report->n] = okta_view_dup(okta_view_str(text));
	if (report->line[report->n] == NULL)
		report->lost++;
	else
		report->n++;
}

/* Behind the quoted name at the beginning of a message of model's. */
static const char *
without_name(const char *why)
{
	const char *at;

	if (strncmp(why, "group \"", 7) != 0 && why[0] != '"')
		return why;
	at = strstr(why, "\": ");
	return at == NULL ? why : at + 3;
}

void
sync_report_refused(struct sync_report *report, const char *kind, struct okta_view name,
    struct okta_view id, const char *why)
{
	char shown[128], shown_id[72], reason[320], line[LINE_BYTES];

	okta_text_sanitize(shown, sizeof(shown), name);
	okta_text_sanitize(shown_id, sizeof(shown_id), id);
	okta_text_sanitize(reason, sizeof(reason), okta_view_str(without_name(why)));
	(void)snprintf(line, sizeof(line), "refused %s \"%s\" (%s): %s", kind, shown,
	    shown_id, reason);
	add(report, line);
}

void
sync_report_note(struct sync_report *report, const char *fmt, ...)
{
	char text[LINE_BYTES], line[LINE_BYTES];
	va_list ap;

	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	okta_text_sanitize(line, sizeof(line), okta_view_str(text));
	add(report, line);
}

static void
print_line(const struct sync_report *report, size_t i, size_t printed)
{
	(void)printf("%s\n", report->line[i]);
	if (printed < SYNC_REPORT_SYSLOG_MAX)
		syslog(LOG_WARNING, "%s", report->line[i]);
}

static void
print_rest(const struct sync_report *report, size_t printed)
{
	if (printed > SYNC_REPORT_SYSLOG_MAX)
		syslog(LOG_WARNING, "and %zu more: run okta-sync --once to see them all",
		    printed - SYNC_REPORT_SYSLOG_MAX);
	if (report->lost > 0)
		(void)printf("and %zu more that there was no memory for\n", report->lost);
	(void)fflush(stdout);
}

void
sync_report_print(const struct sync_report *report)
{
	size_t i;

	for (i = 0; i < report->n; i++)
		print_line(report, i, i);
	print_rest(report, report->n);
}

static uint64_t
sum_of(const struct sync_report *report, size_t i)
{
	return okta_snap_sum64(report->line[i], strlen(report->line[i]));
}

static bool
is_said(const uint64_t *said, size_t n, uint64_t sum)
{
	size_t i;

	for (i = 0; i < n; i++)
		if (said[i] == sum)
			return true;
	return false;
}

/* A flood is told by its number: what is said now cannot be remembered, and would be said
 * again with each change. */
static void
tell_number(size_t rest)
{
	char line[LINE_BYTES];

	(void)snprintf(line, sizeof(line),
	    "and %zu more: stop okta-sync --watch and run okta-sync --once to see them "
	    "all",
	    rest);
	(void)printf("%s\n", line);
	syslog(LOG_WARNING, "%s", line);
}

void
sync_report_print_new(
    const struct sync_report *report, uint64_t *said, size_t max, size_t *n)
{
	/* the last place is for the number of those that have none */
	const size_t listed = report->n <= max ? report->n : max - 1,
		     rest = report->n - listed;
	const uint64_t rest_sum = okta_snap_sum64(&rest, sizeof(rest));
	size_t i, printed = 0;
	bool is_told;

	for (i = 0; i < listed; i++)
		if (!is_said(said, *n, sum_of(report, i)))
			print_line(report, i, printed++);
	is_told = rest == 0 || is_said(said, *n, rest_sum);
	for (i = 0; i < listed; i++)
		said[i] = sum_of(report, i);
	if (rest > 0)
		said[i++] = rest_sum;
	*n = i;
	if (!is_told)
		tell_number(rest);
	print_rest(report, printed);
}
