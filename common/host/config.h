/* SPDX-License-Identifier: BSD-2-Clause */
/* common/host/config.h - read this host's okta-login.conf and conf.d.
 * Floor 2: base and model.
 */
#ifndef OKTA_HOST_CONFIG_H
#define OKTA_HOST_CONFIG_H

#include <sys/types.h>

#include "base/err.h"
#include "model/conf.h"

/*
 * Read FILE and then each conf.d/NAME.conf beside it, sorted by name.  Every file must be
 * regular, owned by OWNER and not writable by group or others; so must be conf.d itself.
 * USE as in okta_conf_end().  OKTA_OK or OKTA_E_CONFIG (also for a missing or untrusted
 * file: a host without configuration lets nobody in), OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_config_load(const char *file, uid_t owner, unsigned use,
    struct okta_conf **ret, struct okta_err *err);

/*
 * Read a secret CONF names (private key, client secret, token): mode 0600 or less, owned
 * by OWNER, at most 16 KiB, one trailing newline removed.  Wipe and free with
 * okta_free_wiped().  OKTA_OK, or OKTA_E_CONFIG naming the key and the remedy.
 */
OKTA_MUST_CHECK enum okta_rc okta_config_secret(const char *key, const char *path,
    uid_t owner, char **ret, size_t *ret_len, struct okta_err *err);

#endif /* OKTA_HOST_CONFIG_H */
