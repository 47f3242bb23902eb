/* SPDX-License-Identifier: BSD-2-Clause */
/* common/base/paths.h - the fixed places, set by the Makefile, never by the environment.
 * Floor 0: libc only.
 */
#ifndef OKTA_BASE_PATHS_H
#define OKTA_BASE_PATHS_H

#if !defined(OKTA_CONF_DIR) || !defined(OKTA_STATE_DIR) || !defined(OKTA_RUN_DIR) ||     \
    !defined(OKTA_LIBEXEC_DIR)
#error "build with the Makefile: it defines the directories"
#endif

#define OKTA_CONF_FILE	   OKTA_CONF_DIR "/okta-login.conf"
#define OKTA_SNAPSHOT_FILE "directory.snapshot"
#define OKTA_REGISTRY_FILE "registry.db"
#define OKTA_STATUS_FILE   "sync-status.json"
#define OKTA_PROGRESS_FILE "sync-progress.json"
#define OKTA_SNAPSHOT_PATH OKTA_STATE_DIR "/" OKTA_SNAPSHOT_FILE
#define OKTA_HELPER_PATH   OKTA_LIBEXEC_DIR "/okta-auth-helper"

/* The unprivileged account that talks to the network. */
#define OKTA_SYSTEM_USER "_okta"

#endif /* OKTA_BASE_PATHS_H */
