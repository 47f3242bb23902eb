/* SPDX-License-Identifier: BSD-2-Clause */
#include "start.h"

#include <unistd.h>

#include "base/wipe.h"
#include "host/config.h"

static enum okta_rc
read_secret(
    const struct okta_conf *conf, char **ret, size_t *ret_len, struct okta_err *err)
{
	if (conf->source == OKTA_SOURCE_FILE)
		return OKTA_OK;
	switch (conf->auth) {
	case OKTA_AUTH_PRIVATE_KEY_JWT:
		return okta_config_secret("[sync] private_key_file",
		    conf->private_key_file, geteuid(), ret, ret_len, err);
	case OKTA_AUTH_CLIENT_SECRET:
		return okta_config_secret("[sync] client_secret_file",
		    conf->sync_client_secret_file, geteuid(), ret, ret_len, err);
	case OKTA_AUTH_SSWS:
	default:
		return okta_config_secret(
		    "[sync] token_file", conf->token_file, geteuid(), ret, ret_len, err);
	}
}

enum okta_rc
sync_start_fetcher(const struct okta_conf *conf, bool stay, struct sync_fetcher *ret,
    struct okta_err *err)
{
	char *secret = NULL;
	size_t len = 0;
	enum okta_rc r;

	r = read_secret(conf, &secret, &len, err);
	if (r == OKTA_OK)
		r = sync_fetcher_open(
		    conf, stay, (struct okta_view){ secret, len }, ret, err);
	okta_free_wiped(secret, len); /* the child has its own copy */
	return r;
}
