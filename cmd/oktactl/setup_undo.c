/* SPDX-License-Identifier: BSD-2-Clause */
/* Everything back as it was, last change first: people's names are gone before PAM is. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "setup.h"

struct undo {
	struct setup_journal journal;
	bool pam_by_tool; /* somebody changed the stacks since */
	bool was_active;  /* okta-sync.service */
	bool has_sshd;
	bool has_failed;
};

static void
complain(struct undo *u, const char *msg)
{
	(void)ctl_fail(1, "%s", msg);
	u->has_failed = true;
}

/* May the bytes of before be put over what is there now? */
static bool
is_as_left(const struct setup_entry *e, bool *ret_is_back, struct okta_err *err)
{
	char now[SETUP_SUM_BYTES];

	if (setup_journal_sum(e->what, now, err) != OKTA_OK)
		return false;
	*ret_is_back = strcmp(now, e->before) == 0;
	return e->left[0] == '\0' || strcmp(now, e->left) == 0 || *ret_is_back;
}

static bool
somebody_changed_pam(const struct undo *u)
{
	const struct setup_entry *e;
	bool is_back;
	size_t i;

	for (i = 0; i < u->journal.n; i++) {
		e = &u->journal.entry[i];
		if (e->kind == SETUP_FILE && setup_is_pam_file(e->what) &&
		    (setup_journal_find(&u->journal, e->what) != e ||
			!is_as_left(e, &is_back, NULL)))
			return true;
	}
	return false;
}

static void
take_out_by_rule(struct undo *u, const struct setup_entry *e)
{
	struct okta_err err = { 0 };
	char nss[PATH_MAX];

	if (setup_nss_path(nss) && strcmp(nss, e->what) == 0) {
		if (setup_nss_off(&err) != OKTA_OK)
			complain(u, err.msg);
		else
			(void)printf("%s: changed since: okta is taken out, the rest "
				     "stays\n",
			    e->what);
		return;
	}
	(void)snprintf(err.msg, sizeof(err.msg),
	    "%.200s: somebody changed it since setup: left as it is; what was before is "
	    "%s",
	    e->what, e->existed ? "kept" : "nothing: remove it if it is not wanted");
	complain(u, err.msg);
	if (e->existed)
		(void)fprintf(
		    stderr, "oktactl: its old bytes: %s/%u\n", SETUP_DIR, e->number);
}

static void
undo_file(struct undo *u, const struct setup_entry *e)
{
	struct okta_err err = { 0 };
	bool is_back = false;

	setup_journal_sweep(e->what);
	if (u->pam_by_tool && setup_is_pam_file(e->what))
		return;
	/* the newer entry has just put back what somebody had made of it in between; of
	 * okta-login.conf that is kept in .bak */
	if (!is_as_left(e, &is_back, &err) &&
	    (strcmp(e->what, OKTA_CONF_FILE) != 0 ||
		setup_journal_find(&u->journal, e->what) == e)) {
		if (err.msg[0] != '\0')
			complain(u, err.msg);
		else
			take_out_by_rule(u, e);
		return;
	}
	if (is_back)
		return;
	if (setup_journal_restore(e, &err) != OKTA_OK)
		complain(u, err.msg);
	else
		(void)printf("%s: %s\n", e->what, e->existed ? "as before" : "removed");
	u->has_sshd = u->has_sshd || strcmp(e->what, SETUP_SSHD_DROP_IN) == 0;
}

static void
undo_made(struct undo *u, const struct setup_entry *e)
{
	char msg[640];

	setup_journal_sweep(e->what);
	if (remove(e->what) == 0) {
		(void)printf("%s: removed\n", e->what);
	} else if (errno != ENOENT) {
		(void)snprintf(
		    msg, sizeof(msg), "%s: cannot remove: %s", e->what, strerror(errno));
		complain(u, msg);
	}
}

static void
undo_tool(struct undo *u, const struct setup_entry *e)
{
	struct okta_err err = { 0 };
	enum okta_rc r = e->kind == SETUP_UNIT ? setup_unit_off(e, &err)
					       : setup_authselect_off(e, &err);

	if (r != OKTA_OK)
		complain(u, err.msg);
	else
		(void)printf("%s: as before\n", e->what);
}

static void
undo_pam_by_tool(struct undo *u)
{
	struct okta_err err = { 0 };

	if (setup_pam_off(&err) != OKTA_OK)
		complain(u, err.msg);
	else
		(void)printf("/etc/pam.d: changed since: pam_okta is taken out, the rest "
			     "stays\n");
}

static int
take_lock(struct okta_err *err)
{
	int fd = open(
	    OKTA_STATE_DIR "/lock", O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) == 0)
		return fd;
	(void)okta_err_sys(err, errno,
	    OKTA_STATE_DIR "/lock: an okta-sync is at work: let it end, or stop it");
	if (fd >= 0)
		(void)close(fd);
	return -1;
}

/* No okta-sync may make people known again while PAM is on its way out. */
static int
hold_off_sync(struct undo *u, struct okta_err *err)
{
	struct okta_err why = { 0 };
	int fd = -1;

	u->was_active = setup_unit_is_active();
	if (!u->was_active || setup_unit_do("stop", err) == OKTA_OK)
		fd = take_lock(err);
	/* nothing was taken back: who is suspended must get out here as before */
	if (fd < 0 && u->was_active && setup_unit_do("start", &why) != OKTA_OK)
		complain(u, why.msg);
	return fd;
}

/* It ran before setup came: with the configuration that is back now. */
static void
let_sync_go(struct undo *u)
{
	struct okta_err err = { 0 };
	size_t i;

	for (i = 0; i < u->journal.n; i++)
		if (u->journal.entry[i].kind == SETUP_UNIT)
			return;
	if (u->was_active && setup_unit_do("start", &err) != OKTA_OK)
		complain(u, err.msg);
}

static void
undo_all(struct undo *u)
{
	const struct setup_entry *e;
	bool pam_is_out = false;
	size_t i;

	u->pam_by_tool = somebody_changed_pam(u);
	for (i = u->journal.n; i > 0; i--) {
		e = &u->journal.entry[i - 1];
		if (e->kind == SETUP_FILE) {
			if (u->pam_by_tool && !pam_is_out && setup_is_pam_file(e->what)) {
				undo_pam_by_tool(u);
				pam_is_out = true;
			}
			undo_file(u, e);
		} else if (e->kind == SETUP_MADE) {
			undo_made(u, e);
		} else {
			undo_tool(u, e);
		}
	}
}

int
setup_undo(void)
{
	struct undo u = { .has_failed = false };
	struct okta_err err = { 0 };
	struct stat st;
	const bool had_lock = lstat(OKTA_STATE_DIR "/lock", &st) == 0;
	int lock = -1, status = 0;

	if (setup_journal_open(false, &u.journal, &err) != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	if (!u.journal.is_there) {
		if (u.journal.lock >= 0 &&
		    setup_journal_remove(&u.journal, &err) != OKTA_OK)
			status = ctl_fail(1, "%s", err.msg);
		setup_journal_close(&u.journal);
		(void)printf("There is nothing to put back: setup has changed nothing "
			     "here.\n");
		return status;
	}
	lock = hold_off_sync(&u, &err);
	if (lock < 0) {
		setup_journal_close(&u.journal);
		return ctl_fail(1, "%s", err.msg);
	}
	undo_all(&u);
	if (u.has_sshd)
		setup_sshd_reload();
	if (!had_lock)
		(void)unlink(OKTA_STATE_DIR "/lock");
	sync(); /* before what knows of it goes */
	if (u.has_failed)
		status = ctl_fail(1, "not everything could be put back: see above, then: "
				     "oktactl setup --undo");
	else if (setup_journal_remove(&u.journal, &err) != OKTA_OK)
		status = ctl_fail(1, "%s", err.msg);
	else
		(void)printf(
		    "Everything is as it was before oktactl setup.  The registry "
		    "stays, so that everybody keeps his uid.\n");
	(void)close(lock);
	let_sync_go(&u);
	setup_journal_close(&u.journal);
	return status;
}
