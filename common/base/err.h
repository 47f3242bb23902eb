/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/err.h - result codes and the one-line error that travels up with them.
 * Floor 0: libc only.
 */
#ifndef OKTA_BASE_ERR_H
#define OKTA_BASE_ERR_H

#define OKTA_MUST_CHECK __attribute__((warn_unused_result))

/*
 * OKTA_OK is zero; everything else is a refusal or a failure.  A caller that does not
 * know a code must treat it as a failure.
 */
enum okta_rc {
	OKTA_OK = 0,
	OKTA_E_INTERNAL,  /* a path that forgot to decide; always a defect of ours */
	OKTA_E_NOMEM,	  /* out of memory */
	OKTA_E_SYS,	  /* a system call failed, see okta_err.sys_errno */
	OKTA_E_INPUT,	  /* malformed, truncated or changed under us */
	OKTA_E_TOOBIG,	  /* larger than the hard maximum given for it */
	OKTA_E_UNTRUSTED, /* a file whose owner, mode or type others could abuse */
	OKTA_E_NOTFOUND,  /* no such thing */
	OKTA_E_CONFIG,	 /* the configuration is wrong; the message has file, line, key */
	OKTA_E_REFUSED,	 /* well-formed and refused: a bad token, a denied person */
	OKTA_E_UNAVAIL,	 /* Okta, the helper or the snapshot cannot be had now */
	OKTA_E_TIMEOUT,	 /* a deadline passed */
	OKTA_E_CONFLICT, /* two things claim one name or one id */
	OKTA_E_RANGE	 /* the caller's buffer is too small; a bigger one succeeds */
};

#define OKTA_ERR_MSG_BYTES 320

/*
 * One failure, described where it is known and passed up unchanged.  `msg` names the
 * thing and the remedy and never holds a secret.  Initialise with { 0 }.
 */
struct okta_err {
	enum okta_rc rc;
	int sys_errno; /* 0 unless rc is OKTA_E_SYS */
	char msg[OKTA_ERR_MSG_BYTES];
};

/* Fill *err (may be NULL) and return rc, so that "rc = okta_err_set(...)" is one line. */
enum okta_rc okta_err_set(struct okta_err *err, enum okta_rc rc, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* The same for a failed system call: appends ": " and strerror(errnum); returns
 * OKTA_E_SYS. */
enum okta_rc okta_err_sys(struct okta_err *err, int errnum, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Short stable word for a code, for logs and tests: "ok", "internal", "nomem"... */
const char *okta_rc_name(enum okta_rc rc);

#endif /* OKTA_BASE_ERR_H */
