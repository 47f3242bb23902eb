/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * What two packaged libraries say of a signature.  Each line of standard input is
 * TOKEN <tab> JWK <tab> PEM, with '|' for the PEM's newlines; the answer is two letters,
 * libjwt's and cjose's: y or n.
 */
#include <cjose/cjose.h>
#include <jwt.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool
by_libjwt(const char *token, const char *pem)
{
	jwt_t *jwt = NULL;
	bool good;

	good = jwt_decode(&jwt, token, (const unsigned char *)pem, (int)strlen(pem)) ==
		   0 &&
	       jwt_get_alg(jwt) != JWT_ALG_NONE;
	jwt_free(jwt);
	return good;
}

static bool
by_cjose(const char *token, const char *jwk)
{
	cjose_err err;
	cjose_jwk_t *key = cjose_jwk_import(jwk, strlen(jwk), &err);
	cjose_jws_t *jws = cjose_jws_import(token, strlen(token), &err);
	bool good = key != NULL && jws != NULL && cjose_jws_verify(jws, key, &err);

	if (jws != NULL)
		cjose_jws_release(jws);
	if (key != NULL)
		cjose_jwk_release(key);
	return good;
}

int
main(void)
{
	char *line = NULL, *token, *jwk, *pem, *p;
	size_t size = 0;

	while (getline(&line, &size, stdin) > 0) {
		p = line;
		line[strcspn(line, "\n")] = '\0';
		token = strsep(&p, "\t");
		jwk = strsep(&p, "\t");
		pem = strsep(&p, "\t");
		if (pem == NULL)
			return 1;
		for (p = pem; *p != '\0'; p++)
			if (*p == '|')
				*p = '\n';
		(void)printf("%c%c\n", by_libjwt(token, pem) ? 'y' : 'n',
		    by_cjose(token, jwk) ? 'y' : 'n');
	}
	free(line);
	return 0;
}
