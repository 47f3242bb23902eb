/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/fuzz/capture.h - what a command prints, kept in memory.
 *
 * From fuzz_capture() on, printf() and friends of the standard output and error go into
 * one buffer, which begins anew with each call; the oracle's own words are not lost.
 */
#ifndef OKTA_TESTS_FUZZ_CAPTURE_H
#define OKTA_TESTS_FUZZ_CAPTURE_H

#include "fuzz.h"

static char fuzz_printed[1 << 20]; /* a complaint for each line of two bytes */
static FILE *fuzz_stream, *fuzz_stdout, *fuzz_stderr;

static inline void
fuzz_capture(void)
{
	if (fuzz_stream == NULL)
		fuzz_stream = fmemopen(fuzz_printed, sizeof(fuzz_printed), "w");
	FUZZ_CHECK(fuzz_stream != NULL);
	rewind(fuzz_stream);
	fuzz_stdout = stdout;
	fuzz_stderr = stderr;
	stdout = stderr = fuzz_stream;
}

/* Back to the real ones.  What was printed is a view into the buffer. */
static inline struct okta_view
fuzz_captured(void)
{
	struct okta_view v;

	stdout = fuzz_stdout;
	stderr = fuzz_stderr;
	FUZZ_CHECK(fflush(fuzz_stream) == 0);
	v.p = fuzz_printed;
	v.len = (size_t)ftell(fuzz_stream);
	FUZZ_CHECK(v.len < sizeof(fuzz_printed));
	return v;
}

#endif /* OKTA_TESTS_FUZZ_CAPTURE_H */
