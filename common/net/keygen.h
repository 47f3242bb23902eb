/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/keygen.h - make the private key a service app signs its assertions with.
 * Floor 2: base; OpenSSL EVP underneath.
 */
#ifndef OKTA_NET_KEYGEN_H
#define OKTA_NET_KEYGEN_H

#include "base/buf.h"
#include "base/err.h"

/*
 * Append a fresh RSA key of 2048 bits as PEM (PKCS#8, no pass phrase), as
 * okta_jws_key_new() reads it.  OUT wipes what it lets go of; OpenSSL's own copies are
 * wiped here.  OKTA_OK, OKTA_E_TOOBIG, OKTA_E_NOMEM or OKTA_E_INTERNAL (no random bytes).
 */
OKTA_MUST_CHECK enum okta_rc okta_keygen_rsa_pem(
    struct okta_buf *out, struct okta_err *err);

#endif /* OKTA_NET_KEYGEN_H */
