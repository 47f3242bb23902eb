/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/setup_conf.h - change single keys of a configuration's text.
 *
 * MUST: leave every other byte as it is: comments, order and keys setup knows nothing of
 * are the admin's.
 */
#ifndef OKTACTL_SETUP_CONF_H
#define OKTACTL_SETUP_CONF_H

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

/*
 * Append "KEY = VALUE" and a newline.  A line that would be longer than
 * OKTA_CONF_MAX_LINE goes on in indented lines after its commas.  OKTA_OK, OKTA_E_TOOBIG,
 * OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc setup_conf_assign(
    const char *key, const char *value, struct okta_buf *out);

/*
 * Append TEXT with [SECTION] KEY set to VALUE: where it is given already, else at the end
 * of its section, else in a section of its own at the end.  An empty VALUE takes the key
 * out.  OKTA_OK, OKTA_E_TOOBIG, OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc setup_conf_put(struct okta_view text, const char *section,
    const char *key, const char *value, struct okta_buf *out);

#endif /* OKTACTL_SETUP_CONF_H */
