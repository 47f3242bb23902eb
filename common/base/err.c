/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static void
fill(struct okta_err *err, enum okta_rc rc, int errnum, const char *fmt, va_list ap)
{
	char reason[64];
	size_t used;

	if (err == NULL)
		return;
	err->rc = rc;
	err->sys_errno = errnum;
	(void)vsnprintf(err->msg, sizeof(err->msg), fmt, ap);
	if (errnum == 0)
		return;
	used = strlen(err->msg);
	/* GNU strerror_r: thread safe, and returns the text it chose */
	(void)snprintf(err->msg + used, sizeof(err->msg) - used, ": %s",
	    strerror_r(errnum, reason, sizeof(reason)));
}

enum okta_rc
okta_err_set(struct okta_err *err, enum okta_rc rc, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, rc, 0, fmt, ap);
	va_end(ap);
	return rc;
}

enum okta_rc
okta_err_sys(struct okta_err *err, int errnum, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, OKTA_E_SYS, errnum, fmt, ap);
	va_end(ap);
	return OKTA_E_SYS;
}

const char *
okta_rc_name(enum okta_rc rc)
{
	switch (rc) {
	case OKTA_OK:
		return "ok";
	case OKTA_E_INTERNAL:
		return "internal";
	case OKTA_E_NOMEM:
		return "nomem";
	case OKTA_E_SYS:
		return "sys";
	case OKTA_E_INPUT:
		return "input";
	case OKTA_E_TOOBIG:
		return "toobig";
	case OKTA_E_UNTRUSTED:
		return "untrusted";
	case OKTA_E_NOTFOUND:
		return "notfound";
	case OKTA_E_CONFIG:
		return "config";
	case OKTA_E_REFUSED:
		return "refused";
	case OKTA_E_UNAVAIL:
		return "unavail";
	case OKTA_E_TIMEOUT:
		return "timeout";
	case OKTA_E_CONFLICT:
		return "conflict";
	case OKTA_E_RANGE:
		return "range";
	}
	return "unknown";
}
