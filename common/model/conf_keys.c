/* SPDX-License-Identifier: BSD-2-Clause */
#include "model/conf_keys.h"

#define LOGIN OKTA_CONF_FOR_LOGIN
#define SYNC  OKTA_CONF_FOR_SYNC

/* The order is that of the enums in conf.h. */
static const char *const qr_choices[] = { "no", "utf8", NULL };
static const char *const source_choices[] = { "okta", "file", NULL };
static const char *const auth_choices[] = { "private_key_jwt", "client_secret", "ssws",
	NULL };
static const char *const scope_choices[] = { "all", "groups", "app", NULL };

#define TYPE_URL       "url"
#define TYPE_PROXY     "url"
#define TYPE_TOKEN     "text"
#define TYPE_ATTRIBUTE "text"
#define TYPE_TEXT      "text"
#define TYPE_PATH      "path"
#define TYPE_HOME      "path"
#define TYPE_PREFIX    "text"
#define TYPE_LIST      "list"
#define TYPE_NUMBER    "number"
#define TYPE_CHOICE    "choice"
#define TYPE_RANGE     "range"

/*
 * The one table: section, key, type, default, member, least, most, choices, mandatory
 * for. A default is text and goes through the same checks as a value from a file.
 */
#define EACH_KEY(X)                                                                      \
	X("okta", "org_url", URL, NULL, org_url, 0, 0, NULL, LOGIN | SYNC)               \
	X("okta", "authorization_server", TOKEN, "org", authorization_server, 0, 0,      \
	    NULL, 0)                                                                     \
	X("okta", "ca_file", PATH, NULL, ca_file, 0, 0, NULL, 0)                         \
	X("okta", "proxy", PROXY, NULL, proxy, 0, 0, NULL, 0)                            \
	X("login", "client_id", TOKEN, NULL, client_id, 0, 0, NULL, LOGIN)               \
	X("login", "client_secret_file", PATH, NULL, client_secret_file, 0, 0, NULL, 0)  \
	X("login", "scopes", LIST, "openid, profile, groups", scopes, 0, 0, NULL, 0)     \
	X("login", "groups_claim", TOKEN, "groups", groups_claim, 0, 0, NULL, 0)         \
	X("login", "claim_groups", LIST, "*", claim_groups, 0, 0, NULL, 0)               \
	X("login", "allow_groups", LIST, NULL, allow_groups, 0, 0, NULL, LOGIN)          \
	X("login", "deny_groups", LIST, NULL, deny_groups, 0, 0, NULL, 0)                \
	X("login", "require_amr", LIST, NULL, require_amr, 0, 0, NULL, 0)                \
	X("login", "max_auth_age_s", NUMBER, "0", max_auth_age_s, 0, 31536000, NULL, 0)  \
	X("login", "clock_skew_s", NUMBER, "300", clock_skew_s, 0, 300, NULL, 0)         \
	X("login", "grace_s", NUMBER, "120", grace_s, 20, 3600, NULL, 0)                 \
	X("login", "max_waiting", NUMBER, "80", max_waiting, 1, 1000, NULL, 0)           \
	X("login", "max_waiting_user", NUMBER, "5", max_waiting_user, 1, 1000, NULL, 0)  \
	X("login", "max_waiting_address", NUMBER, "20", max_waiting_address, 1, 1000,    \
	    NULL, 0)                                                                     \
	X("login", "snapshot_max_age_s", NUMBER, "259200", snapshot_max_age_s, 60,       \
	    31536000, NULL, 0)                                                           \
	X("login", "qr", CHOICE, "no", qr, 0, 0, qr_choices, 0)                          \
	X("login", "enter_services", LIST, "sshd", enter_services, 0, 0, NULL, 0)        \
	X("sync", "source", CHOICE, "okta", source, 0, 0, source_choices, 0)             \
	X("sync", "source_dir", PATH, NULL, source_dir, 0, 0, NULL, 0)                   \
	X("sync", "auth", CHOICE, "private_key_jwt", auth, 0, 0, auth_choices, 0)        \
	X("sync", "client_id", TOKEN, NULL, sync_client_id, 0, 0, NULL, 0)               \
	X("sync", "private_key_file", PATH, NULL, private_key_file, 0, 0, NULL, 0)       \
	X("sync", "key_id", TOKEN, NULL, key_id, 0, 0, NULL, 0)                          \
	X("sync", "client_secret_file", PATH, NULL, sync_client_secret_file, 0, 0, NULL, \
	    0)                                                                           \
	X("sync", "token_file", PATH, NULL, token_file, 0, 0, NULL, 0)                   \
	X("sync", "scope", CHOICE, "all", scope, 0, 0, scope_choices, 0)                 \
	X("sync", "scope_groups", LIST, NULL, scope_groups, 0, 0, NULL, 0)               \
	X("sync", "app_id", TOKEN, NULL, app_id, 0, 0, NULL, 0)                          \
	X("sync", "max_removal_percent", NUMBER, "20", max_removal_percent, 0, 100,      \
	    NULL, 0)                                                                     \
	X("sync", "interval_s", NUMBER, "60", interval_s, 10, 86400, NULL, 0)            \
	X("sync", "full_interval_s", NUMBER, "86400", full_interval_s, 300, 2592000,     \
	    NULL, 0)                                                                     \
	X("users", "strip_domains", LIST, NULL, strip_domains, 0, 0, NULL, 0)            \
	X("users", "name_from", ATTRIBUTE, "login", name_from, 0, 0, NULL, 0)            \
	X("users", "id_range", RANGE, "1879048192-2147483646", id_min, 0, 0, NULL, 0)    \
	X("users", "uid_from", ATTRIBUTE, NULL, uid_from, 0, 0, NULL, 0)                 \
	X("users", "home", HOME, "/home/%u", home, 0, 0, NULL, 0)                        \
	X("users", "shell", PATH, "/bin/bash", shell, 0, 0, NULL, 0)                     \
	X("users", "shell_from", ATTRIBUTE, NULL, shell_from, 0, 0, NULL, 0)             \
	X("users", "shells", LIST, "/bin/bash, /bin/sh", shells, 0, 0, NULL, 0)          \
	X("users", "primary_group", TEXT, NULL, primary_group, 0, 0, NULL, 0)            \
	X("users", "reserved_names", LIST, NULL, reserved_names, 0, 0, NULL, 0)          \
	X("groups", "match", LIST, NULL, match, 0, 0, NULL, 0)                           \
	X("groups", "prefix", PREFIX, "", prefix, 0, 0, NULL, 0)                         \
	X("groups", "rename", LIST, NULL, rename, 0, 0, NULL, 0)                         \
	X("groups", "local", LIST, NULL, local, 0, 0, NULL, 0)

#define AS_KEY(section, key, type, value, member, min, max, choices, mandatory)          \
	{ section, key, TYPE_##type, value },
#define AS_FIELD(section, key, type, value, member, min, max, choices, mandatory)        \
	{ OKTA_CONF_##type, offsetof(struct okta_conf, member), min, max, choices,       \
		mandatory },

static const struct okta_conf_key keys[] = { EACH_KEY(AS_KEY) };
const struct okta_conf_field okta_conf_fields[] = { EACH_KEY(AS_FIELD) };

const struct okta_conf_key *
okta_conf_keys(size_t *ret_n)
{
	*ret_n = sizeof(keys) / sizeof(keys[0]);
	return keys;
}
