/* SPDX-License-Identifier: BSD-2-Clause */
/* links: apic net model base; libs: libcurl libcrypto json-c */
/*
 * Pages of the management API: people, an app's people, groups, members, by the first
 * byte.  What is taken must be what json-c sees in the same bytes: as many
 * items, in that order, with those ids.
 */
#include <json-c/json.h>

#include "base/text.h"
#include "fuzz.h"
#include "net/directory.h"

enum which { USERS, APP_USERS, GROUPS, MEMBERS, N_WHICH };

static struct {
	enum which which;
	struct json_object *page; /* as json-c sees it, or NULL */
	size_t n;
} now;

static bool
is_id(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if (strchr("0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXY"
			   "Z-_",
			v.p[i]) == NULL ||
		    v.p[i] == '\0')
			return false;
	return v.len > 0 && v.len <= 64;
}

/* The id of the item this callback must be about. */
static void
check_id(struct okta_view id)
{
	struct json_object *item, *m = NULL;

	FUZZ_CHECK(is_id(id));
	if (now.page == NULL)
		return; /* the fault is further behind */
	item = json_object_array_get_idx(now.page, now.n);
	FUZZ_CHECK(json_object_object_get_ex(item, "id", &m));
	FUZZ_CHECK((size_t)json_object_get_string_len(m) == id.len &&
		   memcmp(json_object_get_string(m), id.p, id.len) == 0);
	now.n++;
}

static void
check_text(struct okta_view v)
{
	volatile char sum = 0;
	size_t i;

	FUZZ_CHECK(v.len <= OKTA_DIRECTORY_TEXT_MAX);
	for (i = 0; i < v.len; i++)
		sum = (char)(sum ^ v.p[i]);
}

static enum okta_rc
on_user(void *ctx, const struct okta_directory_user *u)
{
	(void)ctx;
	FUZZ_CHECK(now.which == USERS || now.which == APP_USERS);
	check_id(u->id);
	FUZZ_CHECK(u->status.len > 0 && u->status.len <= OKTA_DIRECTORY_STATUS_MAX);
	check_text(u->status);
	check_text(u->login);
	check_text(u->name);
	check_text(u->display_name);
	check_text(u->uid);
	check_text(u->shell);
	return OKTA_OK;
}

static enum okta_rc
on_group(void *ctx, struct okta_view id, struct okta_view name)
{
	(void)ctx;
	FUZZ_CHECK(now.which == GROUPS);
	check_id(id);
	check_text(name);
	FUZZ_CHECK(name.len > 0 && memchr(name.p, '\0', name.len) == NULL);
	FUZZ_CHECK(name.p[0] != '\x01' || name.len == 1);
	return OKTA_OK;
}

static enum okta_rc
on_member(void *ctx, struct okta_view id)
{
	(void)ctx;
	FUZZ_CHECK(now.which == MEMBERS);
	check_id(id);
	return OKTA_OK;
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char login[] = "login", uid[] = "unixUid", shell[] = "unixShell",
		    eng[] = "eng*", app[] = "0oaapp", empty[] = "";
	static char *match[] = { eng };
	struct okta_conf conf = { .name_from = login,
		.uid_from = uid,
		.shell_from = shell,
		.match = { match, 1 },
		.app_id = app,
		.prefix = empty,
		.groups_claim = empty };
	const struct okta_directory_sink sink = { on_user, on_group, on_member, NULL };
	struct fuzz_in in = { data, size };
	struct json_tokener *tok;
	struct okta_view page;
	struct okta_err err = { 0 };
	enum okta_rc r;

	now.which = (enum which)(fuzz_u8(&in) % N_WHICH);
	conf.scope = in.left % 2 == 0 ? OKTA_SCOPE_APP : OKTA_SCOPE_GROUPS;
	conf.scope_groups = conf.match;
	page = fuzz_take(&in, in.left);
	tok = json_tokener_new_ex(64);
	now.page = json_tokener_parse_ex(tok, page.p, (int)page.len);
	if (now.page != NULL && !json_object_is_type(now.page, json_type_array)) {
		json_object_put(now.page);
		now.page = NULL;
	}
	now.n = 0;
	if (now.which == USERS)
		r = okta_directory_users(page, &conf, &sink, &err);
	else if (now.which == APP_USERS)
		r = okta_directory_app_users(page, &conf, &sink, &err);
	else if (now.which == GROUPS)
		r = okta_directory_groups(page, &sink, &err);
	else
		r = okta_directory_members(page, &sink, &err);
	FUZZ_CHECK(okta_text_is_printable(okta_view_str(err.msg)));
	/* a page is taken with all its people or not at all */
	if (r == OKTA_OK)
		FUZZ_CHECK(
		    now.page != NULL && now.n == json_object_array_length(now.page));
	json_object_put(now.page);
	json_tokener_free(tok);
	return 0;
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const char *const pages[] = {
		"0[{\"id\":\"00u1ada\",\"status\":\"ACTIVE\",\"created\":null,"
		"\"profile\":{"
		"\"login\":\"ada@acme.example\",\"firstName\":\"Ada\",\"lastName\":"
		"\"L\\u00f6velace\",\"unixUid\":20001,\"unixShell\":\"/bin/zsh\"},"
		"\"credentials\":{\"provider\":{\"type\":\"OKTA\"}}},"
		"{\"id\":\"00u2bob\",\"status\":\"SUSPENDED\",\"profile\":{\"login\":"
		"\"bob\",\"displayName\":\"Bob\",\"unixUid\":\"20002\"}}]",
		"1[{\"id\":\"00u1\",\"status\":\"PROVISIONED\",\"_embedded\":{\"user\":{"
		"\"id\":\"00u1\",\"status\":\"ACTIVE\",\"profile\":{\"login\":\"a\"}}}}]",
		"2[{\"id\":\"00g1\",\"type\":\"OKTA_GROUP\",\"profile\":{\"name\":\"eng "
		"\\ud83d\\ude00\",\"description\":null}},{\"id\":\"00g2\",\"profile\":{"
		"\"name\":\"\\u0001x\"}}]",
		"3[{\"id\":\"00u1\"},{\"id\":\"00u2\",\"status\":\"ACTIVE\"}]", "0[]"
	};
	size_t len = fuzz_seed_text(pages, sizeof(pages) / sizeof(pages[0]), i, out, max);

	if (len > 0)
		out[0] = (uint8_t)(out[0] - '0');
	return len;
}
