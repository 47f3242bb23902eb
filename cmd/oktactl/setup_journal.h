/* SPDX-License-Identifier: BSD-2-Clause */
/* cmd/oktactl/setup_journal.h - what setup changed on this host, so that it can be put
 * back.
 *
 * MUST: be on the disk before a change is made, with what was there before; be readable
 * after a crash at any instant (it is replaced whole, never appended to).  MUST NOT: be
 * anybody's but root's.
 */
#ifndef OKTACTL_SETUP_JOURNAL_H
#define OKTACTL_SETUP_JOURNAL_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "base/paths.h"

#define SETUP_DIR	  OKTA_STATE_DIR "/setup"
#define SETUP_ENTRIES_MAX 64
#define SETUP_FILE_MAX	  4194304
#define SETUP_SUM_BYTES	  48

enum setup_kind {
	SETUP_FILE, /* a file that is replaced: SETUP_DIR/NUMBER has its old bytes */
	SETUP_MADE, /* a file or directory that was not there: removed whatever it is now
		     */
	SETUP_UNIT, /* a systemd unit that was switched on */
	SETUP_AUTHSELECT /* what `authselect current --raw` said */
};

struct setup_entry {
	enum setup_kind kind;
	uint32_t number;
	bool existed; /* FILE: there were bytes; UNIT: it was enabled */
	uint32_t mode, uid, gid;
	char before[SETUP_SUM_BYTES]; /* a sum of its bytes */
	char left[SETUP_SUM_BYTES];   /* what setup left behind; "": not done yet */
	char what[512];
};

/* Caller holds it. */
struct setup_journal {
	int lock; /* -1: not open */
	bool is_there, is_done;
	struct setup_entry entry[SETUP_ENTRIES_MAX];
	size_t n;
};

/*
 * Take the lock and read the journal; with CREATE the directory is made if it is not
 * there, without it *ret->is_there may be false.  OKTA_OK, OKTA_E_CONFLICT (another setup
 * is at work), OKTA_E_UNTRUSTED, OKTA_E_INPUT (damaged), OKTA_E_SYS, OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc setup_journal_open(
    bool create, struct setup_journal *ret, struct okta_err *err);
void setup_journal_close(struct setup_journal *j);

/*
 * About to change these N files: save those that were not saved yet, or were changed by
 * somebody since setup left them.
 */
OKTA_MUST_CHECK enum okta_rc setup_journal_save(
    struct setup_journal *j, const char *const paths[], size_t n, struct okta_err *err);
/* They are changed: remember what they are now. */
OKTA_MUST_CHECK enum okta_rc setup_journal_left(
    struct setup_journal *j, const char *const paths[], size_t n, struct okta_err *err);
/* About to make those of these N that are not there. */
OKTA_MUST_CHECK enum okta_rc setup_journal_made(
    struct setup_journal *j, const char *const paths[], size_t n, struct okta_err *err);
/* KIND UNIT or AUTHSELECT; nothing if WHAT is in it already. */
OKTA_MUST_CHECK enum okta_rc setup_journal_note(struct setup_journal *j,
    enum setup_kind kind, const char *what, bool existed, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc setup_journal_done(
    struct setup_journal *j, struct okta_err *err);

/* Was a change of PATH begun and not finished? */
bool setup_journal_is_open(const struct setup_journal *j, const char *path);
/* The last entry of PATH, NULL: none. */
const struct setup_entry *setup_journal_find(
    const struct setup_journal *j, const char *path);

/* Make PATH again what ENTRY, of kind FILE, says it was. */
OKTA_MUST_CHECK enum okta_rc setup_journal_restore(
    const struct setup_entry *entry, struct okta_err *err);

/* The sum of what PATH is now; "absent" if there is nothing. */
OKTA_MUST_CHECK enum okta_rc setup_journal_sum(
    const char *path, char ret[SETUP_SUM_BYTES], struct okta_err *err);

/* Everything is put back: forget it all.  The journal goes first. */
OKTA_MUST_CHECK enum okta_rc setup_journal_remove(
    struct setup_journal *j, struct okta_err *err);

/* Remove what a run that was killed left beside PATH while it replaced it. */
void setup_journal_sweep(const char *path);

/* Remove the files of a directory and the directory; subdirectories are left. */
void setup_journal_remove_dir(const char *path);

#endif /* OKTACTL_SETUP_JOURNAL_H */
