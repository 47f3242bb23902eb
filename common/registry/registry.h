/* SPDX-License-Identifier: BSD-2-Clause */
/* common/registry/registry.h - who owns which uid and gid, for ever (SQLite).
 * Floor 2: base and model; the only place for SQLite.
 *
 * One row an object of Okta's, users and groups in one id space, since a private group's
 * gid is its user's uid.  A row is never deleted: a person or group that is gone keeps
 * its ids as a tombstone.  MUST: never give an id to a second Okta id.  MUST: survive
 * kill -9 at any instant (transactions, synchronous=FULL).
 */
#ifndef OKTA_REGISTRY_REGISTRY_H
#define OKTA_REGISTRY_REGISTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

struct okta_registry;

enum okta_registry_kind { OKTA_REGISTRY_USER = 'u', OKTA_REGISTRY_GROUP = 'g' };

/*
 * Open or make the database at PATH (0600).  ORG_URL is stored on first use and must be
 * equal ever after: another org's people must not inherit ids.  READ_ONLY never creates.
 * OKTA_OK, OKTA_E_NOTFOUND, OKTA_E_INPUT (not ours, damaged: names `registry import`),
 * OKTA_E_CONFLICT (another org), OKTA_E_SYS.
 */
OKTA_MUST_CHECK enum okta_rc okta_registry_open(const char *path,
    struct okta_view org_url, bool read_only, struct okta_registry **ret,
    struct okta_err *err);
void okta_registry_close(struct okta_registry **reg);

/* A file from outside: whoever writes to it changes that.  { 0 } is no file's. */
struct okta_registry_look {
	uint64_t dev, ino, size;
	int64_t mtime_s, mtime_ns, ctime_s, ctime_ns;
};
/* { 0 } if there is none. */
struct okta_registry_look okta_registry_look(const char *path);
/*
 * okta_registry_open() of a file, to write, that was open already and looked like LEFT
 * when it was closed.  As long as it does, its pages are not all checked once more: its
 * rows are, and its indexes against them.
 */
OKTA_MUST_CHECK enum okta_rc okta_registry_open_again(const char *path,
    struct okta_view org_url, const struct okta_registry_look *left,
    struct okta_registry **ret, struct okta_err *err);

/* All changes of one sync are one transaction.  close() without commit rolls back. */
OKTA_MUST_CHECK enum okta_rc okta_registry_begin(
    struct okta_registry *reg, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc okta_registry_commit(
    struct okta_registry *reg, struct okta_err *err);

/* Per-registry constants, made once: the snapshot's hash seed; and its next generation.
 */
OKTA_MUST_CHECK enum okta_rc okta_registry_seed(
    struct okta_registry *reg, uint64_t *ret, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc okta_registry_next_generation(
    struct okta_registry *reg, uint64_t *ret, struct okta_err *err);

/* After an import: the next generation will be above AT_LEAST. */
OKTA_MUST_CHECK enum okta_rc okta_registry_raise_generation(
    struct okta_registry *reg, uint64_t at_least, struct okta_err *err);

struct okta_registry_row {
	enum okta_registry_kind kind;
	char okta_id[65];
	char name[33];	    /* current Unix name; last one for a tombstone */
	char home_name[48]; /* users: what %u stands for, fixed at first sight */
	uint32_t id;
	bool gone; /* tombstone */
};

/*
 * The ids of OKTA_ID.  A known object keeps its id, whatever NAME is now (NAME is
 * updated, a tombstone comes back to life).  A new one gets WANTED_ID when that is not 0
 * (uid_from; OKTA_E_CONFLICT if another object ever had it), else the first free slot of
 * [ID_MIN, ID_MAX] from a hash of OKTA_ID, skipping ids for which IS_TAKEN says true
 * (local uids, gids and subid ranges).  A known object whose WANTED_ID changed keeps the
 * old id and *ret_changed is set: reported, never done by itself. home_name is NAME at
 * first sight, or NAME-ID if any other row ever had that home_name. OKTA_OK,
 * OKTA_E_CONFLICT, OKTA_E_NOTFOUND (range exhausted), OKTA_E_SYS.
 */
struct okta_registry_want {
	enum okta_registry_kind kind;
	struct okta_view okta_id, name;
	uint32_t wanted_id; /* 0: allocate */
	uint32_t id_min, id_max;
	bool (*is_taken)(void *ctx, uint32_t id);
	void *ctx;
};
OKTA_MUST_CHECK enum okta_rc okta_registry_assign(struct okta_registry *reg,
    const struct okta_registry_want *want, struct okta_registry_row *ret,
    bool *ret_changed, struct okta_err *err);

/* True if it has an id already: assign() would not give it one. */
bool okta_registry_knows(const struct okta_registry *reg, struct okta_view okta_id);
/* Changes nothing: brings near what assign() will look at for each of at most
 * OKTA_REGISTRY_WARM_MAX.  One alone waits for memory three times, one after the other.
 */
#define OKTA_REGISTRY_WARM_MAX 64
void okta_registry_warm(
    const struct okta_registry *reg, const struct okta_view *okta_ids, size_t n);

/*
 * Mark every row that was not assigned since the last begin() as gone; the count in
 * *ret_gone. May be called after commit(): then it is a transaction of its own.
 */
OKTA_MUST_CHECK enum okta_rc okta_registry_bury_absent(
    struct okta_registry *reg, size_t *ret_gone, struct okta_err *err);

/* The row of OKTA_ID, tombstones included.  OKTA_OK, OKTA_E_NOTFOUND, OKTA_E_SYS, _INPUT.
 */
OKTA_MUST_CHECK enum okta_rc okta_registry_find(struct okta_registry *reg,
    struct okta_view okta_id, struct okta_registry_row *ret, struct okta_err *err);

/* Put back a row as a snapshot has it; OKTA_E_CONFLICT if the registry says otherwise. */
OKTA_MUST_CHECK enum okta_rc okta_registry_restore(
    struct okta_registry *reg, const struct okta_registry_row *row, struct okta_err *err);

/*
 * Keep ID for whoever appears under NAME: the first assign() of an object that is new, of
 * this KIND and with this name, takes it, whatever wanted_id says.  For people who come
 * from another directory.  Such a row has no Okta id yet (okta_registry_is_waiting()) and
 * is gone until then.  A group with the name and id of a user is that user's own.
 * OKTA_OK, OKTA_E_CONFLICT (the id is somebody else's, or another waits for the name),
 * _INPUT, _SYS.
 */
OKTA_MUST_CHECK enum okta_rc okta_registry_keep(struct okta_registry *reg,
    enum okta_registry_kind kind, struct okta_view name, uint32_t id,
    struct okta_err *err);
/* Each living object whose name an id waits for in vain, since it has another already. */
OKTA_MUST_CHECK enum okta_rc okta_registry_each_refuted(struct okta_registry *reg,
    enum okta_rc (*fn)(void *ctx, const struct okta_registry_row *row), void *ctx,
    struct okta_err *err);
bool okta_registry_is_waiting(const struct okta_registry_row *row);
/* Take back what keep() did, while nobody has the id.  OKTA_OK, OKTA_E_NOTFOUND, _SYS. */
OKTA_MUST_CHECK enum okta_rc okta_registry_forget(struct okta_registry *reg,
    enum okta_registry_kind kind, struct okta_view name, struct okta_err *err);

/* All rows by (kind, id).  Stops with the callback's code when that is not OKTA_OK. */
OKTA_MUST_CHECK enum okta_rc okta_registry_each(struct okta_registry *reg,
    enum okta_rc (*fn)(void *ctx, const struct okta_registry_row *row), void *ctx,
    struct okta_err *err);

#endif /* OKTA_REGISTRY_REGISTRY_H */
