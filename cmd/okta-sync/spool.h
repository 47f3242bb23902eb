/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/okta-sync/spool.h - the file sync-spool: the pages of a full synchronisation that
 * is not through, so that one that is interrupted goes on where it was.
 *
 * MUST: be used only under the same configuration, not for long, and with all that
 * changes brought since (meanwhile.h), which an older page must not undo.  MUST: hold
 * whole pages only, as the fetcher handed them over: they take the same way again, with
 * every check.  MUST: be thrown away when anything is wrong.
 *
 * Root only; no secret; it may be deleted at any time.  Nothing is synced to disk: what a
 * power cut spoils begins anew.  Little endian:
 *
 *   0    8  "OKTAPAGE"
 *   8    u64 version                    16  u64 sum of the configuration and of who asks
 *   24   u64 this host's clock at the beginning
 *   32   u64 sum of the first 32 bytes
 *   then frames (handover.h): u32 length, u32 1 if a page ends with it, u64 sum of this
 *   frame and of all before it, its bytes.
 */
#ifndef OKTA_SYNC_SPOOL_H
#define OKTA_SYNC_SPOOL_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/view.h"
#include "model/conf.h"

/* By then nearly everything changed is old, and Okta's links may be. */
#define SYNC_SPOOL_MAX_S     21600
#define SYNC_SPOOL_MAX_BYTES (UINT64_C(4) << 30) /* as a base may be */

/* What it must have been begun with, and how long ago at most. */
struct sync_spool_key {
	uint64_t conf_sum;
	int64_t max_s;
};
/* Also of who asks Okta, and which release: another may be shown other people. */
struct sync_spool_key sync_spool_key_of(const struct okta_conf *conf);

struct sync_spool {
	const char *path; /* borrowed */
	int fd;		  /* -1: nothing is kept */
	uint64_t sum;
	int64_t began_s;
	uint64_t bytes; /* that it has */
};

#define SYNC_SPOOL_NONE ((struct sync_spool){ .path = NULL, .fd = -1 })

/* True if PATH holds something to go on with, as far as its head says. */
bool sync_spool_look(const char *path, const struct sync_spool_key *key, int64_t now_s);

/*
 * Give TAKE each frame of the whole pages in PATH, and be ready for more.  OKTA_OK;
 * OKTA_E_NOTFOUND: there is no page to go on with; OKTA_E_INPUT: it is damaged, or what
 * TAKE said.  After a failure what TAKE got must be forgotten.
 */
OKTA_MUST_CHECK enum okta_rc sync_spool_resume(const char *path,
    const struct sync_spool_key *key, int64_t now_s,
    enum okta_rc (*take)(void *ctx, struct okta_view frame), void *ctx,
    struct sync_spool *ret);

/* An empty one in its place.  What cannot be kept is not: *ret has no descriptor then. */
void sync_spool_begin(const char *path, const struct sync_spool_key *key, int64_t now_s,
    struct sync_spool *ret);
/* A full disk, or SYNC_SPOOL_MAX_BYTES, ends the keeping, not the run. */
void sync_spool_add(struct sync_spool *spool, struct okta_view frame, bool ends_page);
void sync_spool_close(struct sync_spool *spool);
/* True if there is none any more. */
bool sync_spool_drop(const char *path);

#endif /* OKTA_SYNC_SPOOL_H */
