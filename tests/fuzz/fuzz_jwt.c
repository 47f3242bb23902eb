/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: libcrypto json-c */
/*
 * ID tokens (S3).  The input is "HEADER \n PAYLOAD", which is signed here with a key the
 * verifier trusts, so that every check behind the signature is reached; with a first byte
 * of '!' it is a whole token, which nobody trusted ever signed.
 *
 * Only a header with "e1" in it is signed with that key, any other one with a shared
 * secret, which no login allows: twenty times as many inputs reach the same checks.
 */
#include <json-c/json.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include "base/b64url.h"
#include "base/text.h"
#include "fuzz.h"
#include "net/id_token.h"
#include "net/jws.h"

#define ISSUER	"https://acme.okta.com"
#define CLIENT	"0oaclient1"
#define NOW	INT64_C(1800000000)
#define SKEW	60
#define STARTED (NOW - 30)

/* 32 bytes, and the same in base64url */
#define SECRET	   "0123456789abcdef0123456789abcdef"
#define SECRET_B64 "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY"

#define ACCESS	    "access-token"
#define ACCESS_HASH "Pxa-1wifRlPl7yG_0oJNfw"

static struct okta_jws_key *key;
static struct okta_jwks *keys;

static void
make_keys(void)
{
	struct okta_buf jwk, set;
	struct okta_err err = { 0 };

	okta_buf_init(&jwk, 4096);
	okta_buf_init(&set, 4096);
	FUZZ_CHECK(okta_jws_key_generate(&key, &err) == OKTA_OK);
	FUZZ_CHECK(okta_jws_key_public(key, &jwk, &err) == OKTA_OK);
	/* the public members, with a kid in front */
	FUZZ_CHECK(okta_buf_printf(&set,
		       "{\"keys\":[{\"kty\":\"oct\",\"alg\":\"HS256\",\"kid\":\"h1\","
		       "\"k\":\"" SECRET_B64 "\"},{\"kid\":\"e1\",%.*s]}",
		       (int)jwk.len - 1, jwk.data + 1) == OKTA_OK);
	FUZZ_CHECK(
	    okta_jwks_new(okta_buf_view(&set), OKTA_ALGS_CORPUS, &keys, &err) == OKTA_OK);
	FUZZ_CHECK(okta_jwks_count(keys) == 2);
	okta_buf_clear(&jwk);
	okta_buf_clear(&set);
}

/* okta_jws_sign() with the shared secret. */
static enum okta_rc
sign_shared(struct okta_view header, struct okta_view payload, struct okta_buf *out)
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned len = 0;

	if (okta_b64url_encode(header.p, header.len, out) != OKTA_OK ||
	    okta_buf_append_str(out, ".") != OKTA_OK ||
	    okta_b64url_encode(payload.p, payload.len, out) != OKTA_OK)
		return OKTA_E_TOOBIG;
	FUZZ_CHECK(HMAC(EVP_sha256(), SECRET, 32, (const unsigned char *)out->data,
		       out->len, mac, &len) != NULL);
	if (okta_buf_append_str(out, ".") != OKTA_OK)
		return OKTA_E_TOOBIG;
	return okta_b64url_encode(mac, len, out);
}

static enum okta_rc
sign(struct okta_view header, struct okta_view payload, struct okta_buf *out)
{
	struct okta_err err = { 0 };

	return memmem(header.p, header.len, "e1", 2) != NULL
		   ? okta_jws_sign(key, header, payload, out, &err)
		   : sign_shared(header, payload, out);
}

/* --- the oracle: json-c itself, and the rules once more, in other words --- */

static bool
is_text(struct json_object *o, const char *name, const char *value)
{
	struct json_object *m;

	return json_object_object_get_ex(o, name, &m) &&
	       json_object_is_type(m, json_type_string) &&
	       (size_t)json_object_get_string_len(m) == strlen(value) &&
	       memcmp(json_object_get_string(m), value, strlen(value)) == 0;
}

/* A whole number, or FALLBACK when there is none. */
static int64_t
number(struct json_object *o, const char *name, int64_t fallback)
{
	struct json_object *m;

	if (!json_object_object_get_ex(o, name, &m))
		return fallback;
	FUZZ_CHECK(json_object_is_type(m, json_type_int));
	return json_object_get_int64(m);
}

static void
check_header(struct okta_view text)
{
	char *copy = okta_view_dup(text);
	struct json_object *o = copy == NULL ? NULL : json_tokener_parse(copy);

	FUZZ_CHECK(o != NULL && json_object_is_type(o, json_type_object));
	FUZZ_CHECK((is_text(o, "alg", "ES256") && is_text(o, "kid", "e1")) ||
		   (is_text(o, "alg", "HS256") && is_text(o, "kid", "h1")));
	json_object_object_foreach(o, name, value)
	{
		(void)value;
		FUZZ_CHECK(strcmp(name, "alg") == 0 || strcmp(name, "kid") == 0 ||
			   strcmp(name, "typ") == 0);
	}
	FUZZ_CHECK(
	    !json_object_object_get_ex(o, "typ", NULL) || is_text(o, "typ", "JWT"));
	json_object_put(o);
	free(copy);
}

static void
check_audience(struct json_object *o)
{
	struct json_object *aud, *one, *azp;

	FUZZ_CHECK(json_object_object_get_ex(o, "aud", &aud));
	if (json_object_is_type(aud, json_type_array)) {
		FUZZ_CHECK(json_object_array_length(aud) == 1);
		one = json_object_array_get_idx(aud, 0);
		FUZZ_CHECK(json_object_is_type(one, json_type_string));
		FUZZ_CHECK(strcmp(json_object_get_string(one), CLIENT) == 0);
	} else {
		FUZZ_CHECK(is_text(o, "aud", CLIENT));
	}
	FUZZ_CHECK(
	    !json_object_object_get_ex(o, "azp", &azp) || is_text(o, "azp", CLIENT));
}

static void
check_accepted(struct okta_view payload)
{
	char *copy = okta_view_dup(payload);
	struct json_object *o = copy == NULL ? NULL : json_tokener_parse(copy), *sub,
			   *jti;
	int64_t exp, iat;

	FUZZ_CHECK(o != NULL && json_object_is_type(o, json_type_object));
	FUZZ_CHECK(is_text(o, "iss", ISSUER));
	check_audience(o);
	FUZZ_CHECK(json_object_object_get_ex(o, "sub", &sub));
	FUZZ_CHECK(json_object_is_type(sub, json_type_string));
	FUZZ_CHECK(
	    json_object_get_string_len(sub) > 0 && json_object_get_string_len(sub) <= 64);
	FUZZ_CHECK(json_object_object_get_ex(o, "jti", &jti));
	FUZZ_CHECK(json_object_is_type(jti, json_type_string));
	FUZZ_CHECK(json_object_get_string_len(jti) > 0);
	exp = number(o, "exp", -1);
	iat = number(o, "iat", -1);
	FUZZ_CHECK(exp > NOW - SKEW && exp > iat && exp - iat <= 86400);
	FUZZ_CHECK(iat <= NOW + SKEW && iat >= STARTED - SKEW);
	FUZZ_CHECK(number(o, "nbf", 1) <= NOW + SKEW);
	FUZZ_CHECK(number(o, "auth_time", 1) <= NOW + SKEW);
	json_object_put(o);
	free(copy);
}

/* What the verifier sends on is what a decoder on the other side takes. */
static void
check_claims(const struct okta_id_token *token)
{
	static struct okta_claims claims, back;
	struct okta_err err = { 0 };
	struct okta_buf wire;
	size_t i;

	if (okta_id_token_claims(token, okta_view_str("groups"), &claims, &err) !=
	    OKTA_OK)
		return;
	FUZZ_CHECK(okta_text_is_printable(claims.sub));
	for (i = 0; i < claims.n_groups; i++)
		FUZZ_CHECK(okta_wire_is_group_name(claims.groups[i]));
	okta_buf_init(&wire, 65536);
	if (okta_wire_put_claims(&wire, &claims) == OKTA_OK &&
	    okta_wire_get_claims(okta_buf_view(&wire), &back, &err) == OKTA_OK) {
		FUZZ_CHECK(okta_view_eq(back.sub, claims.sub));
		FUZZ_CHECK(back.n_groups == claims.n_groups);
	}
	okta_buf_clear(&wire);
}

/* An access token goes with the ID token whose at_hash is its own. */
static void
check_access(const struct okta_id_token *token, struct okta_view payload)
{
	char *copy = okta_view_dup(payload);
	struct json_object *o = copy == NULL ? NULL : json_tokener_parse(copy);
	struct okta_err err = { 0 };
	bool may = !json_object_object_get_ex(o, "at_hash", NULL) ||
		   is_text(o, "at_hash", ACCESS_HASH);

	FUZZ_CHECK((okta_id_token_check_access(token, okta_view_str(ACCESS), &err) ==
		       OKTA_OK) == may);
	json_object_put(o);
	free(copy);
}

static enum okta_rc
verify(struct okta_view token, struct okta_id_token **ret)
{
	const struct okta_id_expect expect = { .issuer = { ISSUER, strlen(ISSUER) },
		.client_id = { CLIENT, strlen(CLIENT) },
		.now_s = NOW,
		.skew_s = SKEW,
		.started_s = STARTED };
	struct okta_err err = { 0 };
	enum okta_rc r = okta_id_token_new(token, keys, &expect, ret, &err);

	FUZZ_CHECK(r == OKTA_OK || strncmp(err.msg, "token: ", 7) == 0 ||
		   strncmp(err.msg, "JSON: ", 6) == 0);
	FUZZ_CHECK(okta_text_is_printable(okta_view_str(err.msg)));
	return r;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct okta_view payload = { (const char *)data, size }, header;
	struct okta_id_token *token = NULL;
	struct okta_buf text;

	if (key == NULL)
		make_keys();
	if (size > 0 && data[0] == '!') {
		payload.p++;
		payload.len--;
		FUZZ_CHECK(verify(payload, &token) != OKTA_OK);
		return 0;
	}
	header = okta_view_split(&payload, '\n');
	okta_buf_init(&text, 131072);
	if (sign(header, payload, &text) == OKTA_OK &&
	    verify(okta_buf_view(&text), &token) == OKTA_OK) {
		check_header(header);
		check_accepted(payload);
		check_claims(token);
		check_access(token, payload);
		okta_id_token_free(&token);
		/* the same with another signature */
		text.data[text.len - 40] = text.data[text.len - 40] == 'A' ? 'B' : 'A';
		FUZZ_CHECK(verify(okta_buf_view(&text), &token) != OKTA_OK);
	}
	okta_buf_clear(&text);
	return 0;
}

#define HEADER "{\"alg\":\"HS256\",\"kid\":\"h1\"}\n"
#define PERSON                                                                           \
	"{\"iss\":\"" ISSUER "\",\"sub\":\"00u1ada\",\"aud\":\"" CLIENT                  \
	"\",\"jti\":\"ID.1\",\"iat\":1799999995,\"exp\":1800000300"

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const seeds[] = { HEADER PERSON "}",
		"{\"alg\":\"ES256\",\"kid\":\"e1\"}\n" PERSON "}",
		"{\"alg\":\"HS256\",\"kid\":\"h1\",\"typ\":\"JWT\"}\n" PERSON
		",\"azp\":\"" CLIENT "\",\"nbf\":1799999995,\"auth_time\":1799999980,"
		"\"amr\":[\"pwd\",\"mfa\"],\"ver\":1,"
		"\"preferred_username\":\"ada@acme.example\","
		"\"groups\":[\"Everyone\",\"linux-users\",\"\xc3\xa4\"]}",
		HEADER PERSON ",\"at_hash\":\"" ACCESS_HASH "\"}",
		HEADER PERSON ",\"at_hash\":\"AAAAAAAAAAAAAAAAAAAAAA\"}",
		HEADER "{\"iss\":\"" ISSUER "\",\"sub\":\"00u1ada\",\"aud\":[\"" CLIENT
		       "\"],\"jti\":\"ID.1\",\"iat\":1799999995,\"exp\":1800086395,"
		       "\"groups\":[]}",
		"{\"alg\":\"none\",\"kid\":\"h1\",\"crit\":[\"b64\"],\"b64\":false}"
		"\n" PERSON "}",
		"{\"alg\":\"HS256\",\"kid\":\"h1\",\"jwk\":{},\"x5u\":\"\",\"zip\":"
		"\"DEF\"}"
		"\n" PERSON "}",
		"!eyJhbGciOiJFUzI1NiIsImtpZCI6ImUxIn0.e30.AAAA",
		"!eyJhbGciOiJub25lIn0.e30." };

	return fuzz_seed_text(seeds, sizeof(seeds) / sizeof(seeds[0]), i, out, max);
}

/* A number of the text becomes one at the edge of what a time may be. */
static size_t
change_time(uint8_t *data, size_t size, size_t max, uint32_t *rng)
{
	static const int64_t edges[] = { NOW, NOW - SKEW, NOW + SKEW, STARTED - SKEW,
		NOW + 86400, 3, INT64_MAX - 2 };
	size_t start = size == 0 ? 0 : fuzz_random(rng) % size, end, len;
	char text[32];

	while (start < size && (data[start] < '0' || data[start] > '9'))
		start++;
	for (end = start; end < size && data[end] >= '0' && data[end] <= '9'; end++)
		;
	len = (size_t)snprintf(text, sizeof(text), "%lld",
	    (long long)(edges[fuzz_random(rng) % 7] + 2 - fuzz_random(rng) % 5));
	if (start == end || size - (end - start) + len > max)
		return size;
	memmove(data + start + len, data + end, size - end);
	memcpy(data + start, text, len);
	return size - (end - start) + len;
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	uint32_t rng = seed * 2654435761U + 1;

	return fuzz_random(&rng) % 3 == 0 ? change_time(data, size, max, &rng)
					  : LLVMFuzzerMutate(data, size, max);
}
