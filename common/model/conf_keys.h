/* SPDX-License-Identifier: BSD-2-Clause */
/* common/model/conf_keys.h - the table behind conf.c: what each key accepts, where it
 * goes. Floor 1: base only.  Private to conf.c and conf_keys.c.
 */
#ifndef OKTA_MODEL_CONF_KEYS_H
#define OKTA_MODEL_CONF_KEYS_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "model/conf.h"

enum okta_conf_type {
	OKTA_CONF_URL,	     /* https://HOST[:PORT] */
	OKTA_CONF_PROXY,     /* http://HOST:PORT */
	OKTA_CONF_TOKEN,     /* printable ASCII without blanks */
	OKTA_CONF_ATTRIBUTE, /* name of a profile attribute */
	OKTA_CONF_TEXT,	     /* anything without control bytes */
	OKTA_CONF_PATH,	     /* absolute path */
	OKTA_CONF_HOME,	     /* absolute path with %u */
	OKTA_CONF_PREFIX,    /* start of a Unix name, may be left out but not empty */
	OKTA_CONF_LIST,
	OKTA_CONF_NUMBER,
	OKTA_CONF_CHOICE,
	OKTA_CONF_RANGE /* MIN-MAX into two neighbouring uint32_t */
};

struct okta_conf_field {
	enum okta_conf_type type;
	size_t offset;	   /* in struct okta_conf */
	uint32_t min, max; /* NUMBER */
	const char *const
	    *choices;	    /* CHOICE: NULL-terminated, in the order of the enum */
	unsigned mandatory; /* mask of enum okta_conf_use */
};

/* Parallel to okta_conf_keys(). */
extern const struct okta_conf_field okta_conf_fields[];

#define OKTA_CONF_WHY_BYTES 160

/*
 * Check VALUE and store it in CONF (whose member is still zero).  OKTA_OK, OKTA_E_NOMEM,
 * or OKTA_E_CONFIG with what is wrong and the remedy in WHY.
 */
OKTA_MUST_CHECK enum okta_rc okta_conf_store(struct okta_conf *conf,
    const struct okta_conf_field *field, struct okta_view value,
    char why[OKTA_CONF_WHY_BYTES]);
void okta_conf_release(struct okta_conf *conf, const struct okta_conf_field *field);

#endif /* OKTA_MODEL_CONF_KEYS_H */
