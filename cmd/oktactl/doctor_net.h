/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/doctor_net.h - what the checks that talk to Okta share. */
#ifndef OKTACTL_DOCTOR_NET_H
#define OKTACTL_DOCTOR_NET_H

#include "base/buf.h"
#include "base/err.h"
#include "doctor.h"
#include "net/http.h"

/* Stop being root, start libcurl, make an http with CONF's CA and proxy; CANCEL_FD as in
 * okta_http_settings.  On failure *err says why. */
OKTA_MUST_CHECK enum okta_rc doctor_http_new(
    const struct doctor *d, int cancel_fd, struct okta_http **ret, struct okta_err *err);

/* The secret PATH holds, wiped and freed by the caller; NULL PATH gives an empty one. */
OKTA_MUST_CHECK enum okta_rc doctor_secret(const struct doctor *d, const char *key,
    const char *path, char **ret, size_t *ret_len, struct okta_err *err);

/* Host and port of "https://HOST[:PORT]" or "http://HOST:PORT"; brackets of IPv6 are
 * taken off.  False: too long. */
bool doctor_host_of(
    const char *url, const char *default_port, char host[256], char port[8]);

#endif /* OKTACTL_DOCTOR_NET_H */
