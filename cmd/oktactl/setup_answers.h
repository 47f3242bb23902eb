/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/setup_answers.h - what setup wants to know: each key it writes, its flag,
 * its question.  No secret is among them.
 */
#ifndef OKTACTL_SETUP_ANSWERS_H
#define OKTACTL_SETUP_ANSWERS_H

#include <stdbool.h>

#include "base/err.h"
#include "model/conf.h"

/* In the order they are asked. */
enum setup_key {
	SETUP_ORG_URL,
	SETUP_AUTHORIZATION_SERVER,
	SETUP_CA_FILE,
	SETUP_PROXY,
	SETUP_CLIENT_ID,
	SETUP_SYNC_CLIENT_ID,
	SETUP_PRIVATE_KEY_FILE,
	SETUP_KEY_ID,
	SETUP_SCOPE,
	SETUP_SCOPE_GROUPS,
	SETUP_APP_ID,
	SETUP_STRIP_DOMAINS,
	SETUP_ALLOW_GROUPS,
	SETUP_CLAIM_GROUPS,
	SETUP_MATCH,
	SETUP_LOCAL,
	SETUP_KEYS
};

struct setup_key_info {
	const char *section, *key; /* of okta-login.conf */
	const char *flag;	   /* without the dashes */
	const char *question;	   /* NULL: a flag only, never asked */
	const char *where;	   /* what it is for and where Okta shows it */
	bool may_be_empty;
};
extern const struct setup_key_info setup_keys[SETUP_KEYS];

/* Caller holds it; { 0 } is empty.  Texts are ours. */
struct setup_answers {
	char *value[SETUP_KEYS]; /* NULL: not said; "": none, wherever that is allowed */
	bool by_flag[SETUP_KEYS];
	bool needs_no_key; /* okta-sync authenticates in another way, or reads files */
};
void setup_answers_clear(struct setup_answers *a);
/* A copy of VALUE; false: out of memory. */
bool setup_answers_set(struct setup_answers *a, enum setup_key key, const char *value);

/*
 * The value CONF has for KEY, as one would write it: lists joined by ", ".  "" when it
 * has none.  NULL: out of memory.  The caller frees it.
 */
char *setup_answers_of_conf(const struct okta_conf *conf, enum setup_key key);

/*
 * Is VALUE one that okta-login.conf takes for KEY?  OKTA_OK, OKTA_E_CONFIG with the
 * reason and the remedy, OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc setup_answers_check(
    enum setup_key key, const char *value, struct okta_err *err);

/* Must this be answered, or may it be, given the others? */
bool setup_answers_matters(const struct setup_answers *a, enum setup_key key);

#endif /* OKTACTL_SETUP_ANSWERS_H */
