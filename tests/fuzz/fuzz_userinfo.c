/* SPDX-License-Identifier: BSD-2-Clause */
/* links: net model base; libs: libcrypto json-c */
/*
 * What /userinfo answers, which nobody signed: it may add groups and a name to the claims
 * of the very person the token names, and nothing else.  First byte: what the token had,
 * and how the groups claim is called; then the answer.
 */
#include "base/text.h"
#include "fuzz.h"
#include "net/http.h"
#include "net/id_token.h"
#include "net/json.h"
#include "seen_by_json_c.h"

#define SUB "00u1ada"

static struct okta_claims claims, back;

static bool
is_in_claims(struct okta_view v, size_t i)
{
	return i < claims.n_groups && okta_view_eq(claims.groups[i], v);
}

/* Those of the array that can be sent on, in its order, and no others. */
static void
check_groups(struct json_object *list)
{
	struct okta_view v;
	size_t i, n = 0;

	for (i = 0; i < json_object_array_length(list); i++) {
		v = seen_text_of(json_object_array_get_idx(list, i));
		FUZZ_CHECK(v.p != NULL);
		if (is_in_claims(v, n))
			n++;
		else
			FUZZ_CHECK(!okta_wire_is_group_name(v));
	}
	FUZZ_CHECK(n == claims.n_groups);
}

static void
check_sent_on(void)
{
	struct okta_err err = { 0 };
	struct okta_buf wire;

	okta_buf_init(&wire, 65536);
	if (okta_wire_put_claims(&wire, &claims) == OKTA_OK &&
	    okta_wire_get_claims(okta_buf_view(&wire), &back, &err) == OKTA_OK) {
		FUZZ_CHECK(okta_view_eq_str(back.sub, SUB));
		FUZZ_CHECK(back.has_groups == claims.has_groups);
		FUZZ_CHECK(back.n_groups == claims.n_groups);
	}
	okta_buf_clear(&wire);
}

static void
check_added(struct okta_view text, const char *claim, bool had_groups, bool had_name)
{
	struct json_object *o = seen_new(text), *list = seen_list(o, claim);

	FUZZ_CHECK(okta_view_eq_str(seen_text(o, "sub"), SUB));
	FUZZ_CHECK(okta_view_eq_str(claims.sub, SUB));
	if (had_name)
		FUZZ_CHECK(okta_view_eq_str(claims.preferred_username, "of the token"));
	else
		FUZZ_CHECK(okta_view_eq(
		    claims.preferred_username, seen_text(o, "preferred_username")));
	if (had_groups) {
		FUZZ_CHECK(
		    claims.n_groups == 1 && okta_view_eq_str(claims.groups[0], "signed"));
	} else {
		FUZZ_CHECK(
		    claims.has_groups == (strcmp(claim, "none") != 0 && list != NULL));
		if (claims.has_groups)
			check_groups(list);
		else
			FUZZ_CHECK(claims.n_groups == 0);
	}
	json_object_put(o);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = { "groups", "none", "okta_groups", "sub" };
	struct fuzz_in in = { data, size };
	uint8_t op = fuzz_u8(&in);
	const char *claim = names[op % 4];
	bool had_groups = (op & 4) != 0, had_name = (op & 8) != 0;
	struct okta_view text = fuzz_take(&in, in.left);
	struct okta_json *doc = NULL;
	struct okta_err err = { 0 };

	if (okta_json_new(text, OKTA_HTTP_LOGIN_MAX, &doc, &err) != OKTA_OK)
		return 0;
	/* the lists are long: only what is looked at is made new */
	claims.n_groups = claims.n_amr = 0;
	claims.has_groups = had_groups;
	claims.iss = okta_view_str("https://acme.okta.com");
	claims.sub = okta_view_str(SUB);
	claims.jti = okta_view_str("ID.1");
	claims.preferred_username = okta_view_str(had_name ? "of the token" : "");
	if (had_groups)
		claims.groups[claims.n_groups++] = okta_view_str("signed");
	if (okta_id_token_add_userinfo(
		okta_json_root(doc), okta_view_str(claim), &claims, &err) == OKTA_OK) {
		check_added(text, claim, had_groups, had_name);
		check_sent_on();
	} else {
		FUZZ_CHECK(err.msg[0] != '\0');
		FUZZ_CHECK(okta_text_is_printable(okta_view_str(err.msg)));
	}
	okta_json_free(&doc);
	return 0;
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const seeds[] = {
		"0{\"sub\":\"" SUB
		"\",\"name\":\"Ada\",\"preferred_username\":\"ada@acme."
		"example\",\"groups\":[\"Everyone\",\"linux-users\",\"\\u00e4\"]}",
		"0{\"sub\":\"00u2bob\",\"groups\":[\"linux-admins\"]}",
		"2{\"sub\":\"" SUB "\",\"okta_groups\":[\"a\",\"\",\"b\\u0000c\","
		"\"\\u0001d\",\"e\"]}",
		"1{\"sub\":\"" SUB "\",\"groups\":[\"a\"]}",
		"4{\"sub\":\"" SUB "\",\"groups\":[\"more\"]}",
		"8{\"sub\":\"" SUB "\",\"preferred_username\":\"another\"}",
		"0{\"sub\":\"" SUB "\",\"groups\":[1]}",
		"0{\"sub\":\"" SUB "\",\"groups\":null}",
		"0{\"sub\":[\"" SUB "\"]}",
		"0[]",
	};
	size_t len = fuzz_seed_text(seeds, sizeof(seeds) / sizeof(seeds[0]), i, out, max);

	if (len > 0)
		out[0] = (uint8_t)(out[0] - '0');
	return len;
}
