/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/keygen.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "base/wipe.h"

#define RSA_BITS 2048 /* what Okta's console makes too */

enum okta_rc
okta_keygen_rsa_pem(struct okta_buf *out, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	EVP_PKEY *pkey = EVP_RSA_gen(RSA_BITS);
	BIO *bio = BIO_new(BIO_s_secmem());
	char *pem = NULL;
	long len = 0;

	if (pkey == NULL || bio == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(bio, pkey, NULL, NULL, 0, NULL, NULL) != 1) {
		rc = okta_err_set(
		    err, OKTA_E_INTERNAL, "key: OpenSSL cannot make an RSA key");
		goto out;
	}
	len = BIO_get_mem_data(bio, &pem);
	if (len <= 0 || pem == NULL) {
		rc = okta_err_set(err, OKTA_E_INTERNAL, "key: OpenSSL wrote nothing");
		goto out;
	}
	r = okta_buf_append(out, pem, (size_t)len);
	if (r != OKTA_OK) {
		rc = okta_err_set(err, r, "key: out of memory");
		goto out;
	}
	rc = OKTA_OK;
out:
	if (pem != NULL && len > 0)
		okta_wipe(pem, (size_t)len);
	BIO_free(bio);
	EVP_PKEY_free(pkey);
	return rc;
}
