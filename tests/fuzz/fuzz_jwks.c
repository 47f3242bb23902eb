/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net base; libs: libcrypto json-c */
/* Key sets (S3): which keys may verify, and for what. */
#include <json-c/json.h>

#include "fuzz.h"
#include "net/jwk.h"

static struct json_object *
only_key_of(struct json_object *set, const char *kid)
{
	struct json_object *list, *o, *m, *found = NULL;
	size_t i;

	FUZZ_CHECK(json_object_object_get_ex(set, "keys", &list));
	for (i = 0; i < json_object_array_length(list); i++) {
		o = json_object_array_get_idx(list, i);
		if (!json_object_is_type(o, json_type_object) ||
		    !json_object_object_get_ex(o, "kid", &m) ||
		    !json_object_is_type(m, json_type_string) ||
		    strcmp(json_object_get_string(m), kid) != 0)
			continue;
		FUZZ_CHECK(found == NULL); /* two of one kid: neither */
		found = o;
	}
	FUZZ_CHECK(found != NULL);
	return found;
}

static void
check_key(struct json_object *jwk, const struct okta_jwk *key, bool secrets)
{
	static const char *const private[] = { "d", "p", "q", "dp", "dq", "qi", "oth" };
	static const char junk[512];
	struct json_object *m;
	struct okta_err err = { 0 };
	bool is_oct;
	unsigned alg;
	size_t i;

	for (i = 0; i < sizeof(private) / sizeof(private[0]); i++)
		FUZZ_CHECK(!json_object_object_get_ex(jwk, private[i], &m));
	FUZZ_CHECK(json_object_object_get_ex(jwk, "kty", &m));
	is_oct = strcmp(json_object_get_string(m), "oct") == 0;
	FUZZ_CHECK(!is_oct || secrets);
	FUZZ_CHECK(is_oct || !json_object_object_get_ex(jwk, "k", &m));
	FUZZ_CHECK(!json_object_object_get_ex(jwk, "use", &m) ||
		   strcmp(json_object_get_string(m), "sig") == 0);
	for (alg = 1; alg <= OKTA_ALG_HS512; alg <<= 1)
		for (i = 0; i < 3; i++)
			FUZZ_CHECK(okta_jwk_verify(key, alg, okta_view_str("x"),
				       (struct okta_view){ junk, i == 0 ? 64 : i * 256 },
				       &err) == OKTA_E_REFUSED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct okta_view text = { (const char *)data, size };
	struct json_object *set, *list, *o, *m;
	const struct okta_jwk *key;
	struct okta_jwks *jwks = NULL;
	struct okta_err err = { 0 };
	bool secrets = size % 2 == 0;
	size_t i, n = 0;
	char *copy;

	if (okta_jwks_new(text, secrets ? OKTA_ALGS_CORPUS : OKTA_ALGS_LOGIN, &jwks,
		&err) != OKTA_OK) {
		FUZZ_CHECK(jwks == NULL && err.msg[0] != '\0');
		return 0;
	}
	copy = okta_view_dup(text);
	set = json_tokener_parse(copy);
	FUZZ_CHECK(set != NULL && json_object_object_get_ex(set, "keys", &list));
	for (i = 0; i < json_object_array_length(list); i++) {
		o = json_object_array_get_idx(list, i);
		if (!json_object_is_type(o, json_type_object) ||
		    !json_object_object_get_ex(o, "kid", &m) ||
		    !json_object_is_type(m, json_type_string))
			continue;
		key = okta_jwks_find(jwks, okta_view_str(json_object_get_string(m)));
		if (key == NULL)
			continue;
		n++;
		FUZZ_CHECK(strlen(json_object_get_string(m)) <= OKTA_KID_MAX);
		check_key(only_key_of(set, json_object_get_string(m)), key, secrets);
	}
	FUZZ_CHECK(n == okta_jwks_count(jwks) && n <= OKTA_JWKS_MAX_KEYS);
	json_object_put(set);
	free(copy);
	okta_jwks_free(&jwks);
	return 0;
}

#define RSA_N                                                                            \
	"uO-e6X0i81jBBywbvwqPVrikWqnlyNIKCoBckoOh8uqrVg3y3-GmZI3O7ZMfZHDhzmLa7BeB10kE"   \
	"gDK5xh2XsiiNI7-YH5ClIyeONzXwIR42OfS4vxE4OjDmnfQAX7br8cm0mWeIYukpIKVG5keBT6Ma"   \
	"M_57y_bbkYZu3PwOaZcv-UVUHT0R2Pv8wZTXWFmv1hrw7oFzuYxYpWiePqobsgVSKGl0mr_N9tF7"   \
	"yjr2GtpJiyqNQGDzjNHJpeCR-h03DCeZOLTB0TcZejMxy80B5iw9FUQxxJJCi8yuhvD6i1ykoE-H"   \
	"d22wMLkfZB7pF3KBzga8gM039CeFrMojzClqzQ"
#define RSA(kid) "{\"kty\":\"RSA\",\"kid\":\"" kid "\",\"n\":\"" RSA_N "\",\"e\":\"AQAB\""
#define EC(kid)                                                                          \
	"{\"kty\":\"EC\",\"kid\":\"" kid "\",\"crv\":\"P-256\","                         \
	"\"x\":\"9eO-rctHD-5YsDw_Y_xHWcOFdfWiTVGqJVTZtwfnzAI\","                         \
	"\"y\":\"d0Po-KgiFjSr4jZouVqU2wwwRnYEi80UuRlWilaru0w\""

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const seeds[] = {
		"{\"keys\":[" EC("e1") ",\"use\":\"sig\",\"alg\":\"ES256\"}]}",
		"{\"keys\":[" EC("e1") "}," EC("e1") "}," EC("e2") "}]}",
		"{\"keys\":[" EC("e1") ",\"d\":\"AQAB\"},{\"kty\":\"oct\",\"kid\":\"o\","
				       "\"k\":\"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
				       "AAA\"}]}",
		"{\"keys\":[" EC("e1") ",\"key_ops\":[\"verify\"]}, {}, [], null] }",
		"{\"keys\":[" RSA("k1") ",\"use\":\"sig\",\"alg\":\"RS256\"},\n" EC(
		    "e1") ",\"use\":\"enc\"}]}",
	};

	return fuzz_seed_text(seeds, sizeof(seeds) / sizeof(seeds[0]), i, out, max);
}
