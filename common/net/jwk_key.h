/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/jwk_key.h - inside of a JWK, for jwk.c and jwk_verify.c only. */
#ifndef OKTA_NET_JWK_KEY_H
#define OKTA_NET_JWK_KEY_H

#include <openssl/types.h>

#include "base/buf.h"
#include "net/jwk.h"

struct okta_jwk {
	char kid[OKTA_KID_MAX + 1];
	EVP_PKEY *pkey;		/* NULL for a shared secret */
	struct okta_buf secret; /* of an "oct" key */
	unsigned algs;		/* what it may verify */
	size_t size;		/* bytes of the modulus, of r, or of the secret */
};

#endif /* OKTA_NET_JWK_KEY_H */
