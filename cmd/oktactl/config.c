/* SPDX-License-Identifier: BSD-2-Clause */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/wipe.h"
#include "ctl.h"
#include "host/config.h"
#include "model/conf.h"
#include "out.h"

static int
keys(const struct ctl *ctl)
{
	struct ctl_json j = { 0 };
	const struct okta_conf_key *key;
	size_t i, n;

	key = okta_conf_keys(&n);
	if (ctl->json)
		ctl_json_open(&j, NULL, '[');
	for (i = 0; i < n; i++) {
		if (!ctl->json) {
			(void)printf("[%s] %s (%s)%s%s\n", key[i].section, key[i].key,
			    key[i].type, key[i].default_value != NULL ? ", default " : "",
			    key[i].default_value != NULL ? key[i].default_value : "");
			continue;
		}
		ctl_json_open(&j, NULL, '{');
		ctl_json_cstr(&j, "section", key[i].section);
		ctl_json_cstr(&j, "key", key[i].key);
		ctl_json_cstr(&j, "type", key[i].type);
		ctl_json_cstr(&j, "default", key[i].default_value);
		ctl_json_close(&j, '}');
	}
	if (ctl->json)
		ctl_json_close(&j, ']');
	return 0;
}

/* The files a configuration names must be there too.  NULL paths are none. */
static enum okta_rc
check_secret(
    const struct ctl *ctl, const char *key, const char *path, struct okta_err *err)
{
	char *data = NULL;
	size_t len = 0;
	enum okta_rc r;

	if (path == NULL)
		return OKTA_OK;
	r = okta_config_secret(key, path, ctl_owner_of(ctl->config), &data, &len, err);
	if (r == OKTA_OK)
		okta_free_wiped(data, len);
	return r;
}

static enum okta_rc
check_files(const struct ctl *ctl, const struct okta_conf *conf, struct okta_err *err)
{
	enum okta_rc r;

	r = check_secret(
	    ctl, "[login] client_secret_file", conf->client_secret_file, err);
	if (r == OKTA_OK)
		r = check_secret(
		    ctl, "[sync] private_key_file", conf->private_key_file, err);
	if (r == OKTA_OK)
		r = check_secret(
		    ctl, "[sync] client_secret_file", conf->sync_client_secret_file, err);
	if (r == OKTA_OK)
		r = check_secret(ctl, "[sync] token_file", conf->token_file, err);
	if (r == OKTA_OK && conf->ca_file != NULL && access(conf->ca_file, R_OK) < 0) {
		(void)okta_err_sys(err, errno, "[okta] ca_file: %s", conf->ca_file);
		r = OKTA_E_CONFIG;
	}
	return r;
}

static int
check(const struct ctl *ctl)
{
	struct okta_conf *conf = NULL;
	struct okta_err err = { 0 };
	struct ctl_json j = { 0 };
	enum okta_rc r;

	r = okta_config_load(ctl->config, ctl_owner_of(ctl->config),
	    OKTA_CONF_FOR_LOGIN | OKTA_CONF_FOR_SYNC, &conf, &err);
	if (r == OKTA_OK)
		r = check_files(ctl, conf, &err);
	okta_conf_free(&conf);
	if (ctl->json) {
		ctl_json_open(&j, NULL, '{');
		ctl_json_bool(&j, "ok", r == OKTA_OK);
		ctl_json_cstr(&j, "error", r == OKTA_OK ? NULL : err.msg);
		ctl_json_close(&j, '}');
		return r == OKTA_OK ? 0 : EX_CONFIG;
	}
	if (r != OKTA_OK)
		return ctl_fail(EX_CONFIG, "%s", err.msg);
	(void)printf("%s: the configuration is complete and right\n", ctl->config);
	return 0;
}

int
ctl_config(const struct ctl *ctl, int argc, char **argv)
{
	if (argc == 2 && strcmp(argv[1], "check") == 0)
		return check(ctl);
	if (argc == 2 && strcmp(argv[1], "keys") == 0)
		return keys(ctl);
	return ctl_usage("config check|keys");
}
