/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/scopes.h - which OAuth scopes the service app needs, in one place.
 * Floor 2: model.  Least privilege: only what the lists of a configuration need.
 */
#ifndef OKTA_NET_SCOPES_H
#define OKTA_NET_SCOPES_H

#include <stdbool.h>

#include "model/conf.h"

/* Separated by blanks, as a token request wants them; WATCH: what changed, and
 * the System Log, too; an app that was granted less gets what it was granted. */
const char *okta_api_scopes(const struct okta_conf *conf, bool watch);

#endif /* OKTA_NET_SCOPES_H */
