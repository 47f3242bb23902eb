/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/unit/conf_fixture.h - a configuration from text, for the tests of what reads one.
 */
#ifndef TESTS_UNIT_CONF_FIXTURE_H
#define TESTS_UNIT_CONF_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "model/conf.h"

/* Everything a login needs and nothing else. */
#define CONF_HEAD                                                                        \
	"[okta]\norg_url = https://acme.okta.com\n"                                      \
	"[login]\nclient_id = 0oanativelinuxlogin1\nallow_groups = linux-users\n"

static inline enum okta_rc
conf_parse(const char *text, size_t len, unsigned use, struct okta_conf **ret,
    struct okta_err *err)
{
	struct okta_conf_parser *parser = NULL;
	enum okta_rc r;

	r = okta_conf_begin(&parser, err);
	if (r == OKTA_OK)
		r = okta_conf_add(
		    parser, "test.conf", (struct okta_view){ text, len }, err);
	if (r == OKTA_OK)
		return okta_conf_end(&parser, use, ret, err);
	okta_conf_parser_free(&parser);
	return r;
}

static inline struct okta_conf *
conf_good(const char *text)
{
	struct okta_conf *conf = NULL;
	struct okta_err err = { 0 };

	if (conf_parse(text, strlen(text), OKTA_CONF_FOR_LOGIN, &conf, &err) != OKTA_OK)
		fail_msg("%s", err.msg);
	return conf;
}

#endif /* TESTS_UNIT_CONF_FIXTURE_H */
