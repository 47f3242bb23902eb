/* SPDX-License-Identifier: BSD-2-Clause */
/* The name service switch, and whether glibc really gets people from Okta. */
#include <ctype.h>
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/paths.h"
#include "doctor.h"
#include "host/local.h"
#include "snap/read.h"

#define NSSWITCH       "/etc/nsswitch.conf"
#define FILE_MAX_BYTES 65536
#define SERVICES_MAX   16
#define PASSWD_BYTES   65536
#define TRIED_MAX      10000

/* A service of one line, and what its actions do. */
struct service {
	struct okta_view name;
	bool stops_at_notfound, merges;
};

struct line {
	struct service service[SERVICES_MAX];
	size_t n;
	int okta, files; /* positions, -1: not there */
};

static bool
is_word(struct okta_view v, const char *word)
{
	return v.len == strlen(word) && strncasecmp(v.p, word, v.len) == 0;
}

/* "[NOTFOUND=return SUCCESS=merge]", "!UNAVAIL=return": what of it concerns us. */
static void
read_action(struct okta_view word, struct service *service)
{
	struct okta_view action = word, status = okta_view_split(&action, '=');
	bool negated = status.len > 0 && status.p[0] == '!', notfound;

	if (negated) {
		status.p++;
		status.len--;
	}
	notfound = is_word(status, "NOTFOUND") != negated;
	if (notfound)
		service->stops_at_notfound = is_word(action, "return");
	if (is_word(status, "SUCCESS") && !negated)
		service->merges = is_word(action, "merge");
}

static void
add_service(struct line *line, struct okta_view name)
{
	if (line->n == SERVICES_MAX)
		return;
	if (is_word(name, "okta") && line->okta < 0)
		line->okta = (int)line->n;
	if ((is_word(name, "files") || is_word(name, "compat")) && line->files < 0)
		line->files = (int)line->n;
	line->service[line->n++] = (struct service){ .name = name };
}

static void
read_services(struct okta_view text, struct line *line)
{
	bool in_action = false;
	size_t i = 0, start;
	struct okta_view word;

	*line = (struct line){ .okta = -1, .files = -1 };
	while (i < text.len) {
		if (isspace((unsigned char)text.p[i]) || text.p[i] == '[' ||
		    text.p[i] == ']') {
			in_action = text.p[i] == '['   ? true
				    : text.p[i] == ']' ? false
						       : in_action;
			i++;
			continue;
		}
		for (start = i; i < text.len && !isspace((unsigned char)text.p[i]) &&
				text.p[i] != '[' && text.p[i] != ']';
		     i++)
			;
		word = (struct okta_view){ text.p + start, i - start };
		if (!in_action)
			add_service(line, word);
		else if (line->n > 0)
			read_action(word, &line->service[line->n - 1]);
	}
}

/* The last line of a database counts, as for glibc.  False: there is none. */
static bool
find_line(struct okta_view file, const char *database, struct line *ret)
{
	struct okta_view rest = file, text, name;
	bool found = false;

	while (rest.p != NULL) {
		text = okta_view_split(&rest, '\n');
		text = okta_view_split(&text, '#');
		name = okta_view_split(&text, ':');
		if (text.p == NULL || !is_word(okta_view_trim(name), database))
			continue;
		read_services(text, ret);
		found = true;
	}
	return found;
}

/* NULL, or what is wrong with the way from the local files to okta. */
static const char *
order_fault(const struct line *line)
{
	int i;

	if (line->okta < 0)
		return "okta is not in it: no program knows people from Okta";
	if (line->files < 0 || line->files > line->okta)
		return "the local files must be asked before okta";
	for (i = 0; i < line->okta; i++)
		if (line->service[i].stops_at_notfound)
			return "an action before okta ends the search: okta is never "
			       "asked";
	return NULL;
}

static const struct service *
slow_before_okta(const struct line *line)
{
	static const char *const fast[] = { "files", "compat", "systemd", "db", "cache" };
	bool is_fast;
	size_t k;
	int i;

	for (i = 0; i < line->okta; i++) {
		is_fast = false;
		for (k = 0; k < sizeof(fast) / sizeof(fast[0]); k++)
			is_fast = is_fast || is_word(line->service[i].name, fast[k]);
		if (!is_fast)
			return &line->service[i];
	}
	return NULL;
}

static bool
check_line(const struct doctor *d, const char *id, const char *cure, const char *database,
    struct okta_view file, struct line *line)
{
	const struct service *slow;
	const char *fault;

	fault = find_line(file, database, line) ? order_fault(line) : "is missing";
	if (fault != NULL) {
		doctor_fail(d, id, cure, NSSWITCH ": %s: %s", database, fault);
		return false;
	}
	slow = slow_before_okta(line);
	if (slow != NULL) {
		doctor_warn(d, id, cure,
		    NSSWITCH ": %s: %.*s is asked before okta: when it is slow, every "
			     "lookup is",
		    database, (int)slow->name.len, slow->name.p);
		return false;
	}
	return true;
}

static bool
check_passwd(const struct doctor *d, struct okta_view file)
{
	static const char id[] = "nss.passwd", cure[] = "in " NSSWITCH ": passwd: files "
							"okta";
	struct line line = { .okta = -1, .files = -1 };

	if (check_line(d, id, cure, "passwd", file, &line))
		doctor_pass(d, id, NSSWITCH ": passwd: okta comes after the local files");
	return line.okta >= 0 && order_fault(&line) == NULL;
}

static void
check_group(const struct doctor *d, struct okta_view file)
{
	static const char id[] = "nss.group",
			  cure[] = "in " NSSWITCH ": group: files [SUCCESS=merge] okta";
	struct line line = { .okta = -1, .files = -1 }, initgroups;
	bool merges = true;
	int i;

	if (!check_line(d, id, cure, "group", file, &line))
		return;
	if (find_line(file, "initgroups", &initgroups) && initgroups.okta < 0) {
		doctor_fail(d, id, "in " NSSWITCH ": add okta to initgroups, or drop it",
		    NSSWITCH ": initgroups: okta is not in it: sessions get no group "
			     "from Okta");
		return;
	}
	for (i = 0; i < line.okta; i++)
		merges = merges && line.service[i].merges;
	if (!merges && d->conf != NULL && d->conf->local.n > 0)
		doctor_warn(d, id, cure,
		    NSSWITCH ": group: without [SUCCESS=merge] \"getent group\" does not "
			     "show who joins local groups by [groups] local");
	else
		doctor_pass(d, id, NSSWITCH ": group: okta comes after the local files");
}

/* Somebody of the snapshot whom nothing local hides. */
static bool
find_person(const struct okta_snap *snap, struct okta_snap_user *ret)
{
	struct okta_local *local = NULL;
	uint64_t cursor = 0;
	bool found = false;
	unsigned i;

	if (okta_local_new("/etc", &local, NULL) != OKTA_OK)
		return false;
	for (i = 0; !found && i < TRIED_MAX; i++) {
		if (okta_snap_next_user(snap, &cursor, ret) != OKTA_OK)
			break;
		found = !okta_local_has_user(local, ret->name) &&
			!okta_local_has_uid(local, ret->uid);
	}
	okta_local_free(&local);
	return found;
}

static void
ask_glibc(const struct doctor *d, const struct okta_snap_user *user)
{
	static const char id[] = "nss.lookup",
			  cure[] = "oktactl user NAME; getent passwd NAME; restart nscd "
				   "if it runs";
	static char buf[PASSWD_BYTES];
	struct passwd pw, *by_name = NULL, *by_uid = NULL;
	uint32_t uid = 0;

	if (getpwnam_r(user->name.p, &pw, buf, sizeof(buf), &by_name) == 0 &&
	    by_name != NULL)
		uid = pw.pw_uid;
	if (by_name == NULL)
		doctor_fail(d, id, cure,
		    "this process does not get \"%s\" through glibc: is the module "
		    "installed "
		    "for this architecture?",
		    user->name.p);
	else if (uid != user->uid)
		doctor_fail(d, id, cure,
		    "\"%s\" has uid %u through glibc, %u in the snapshot: something else "
		    "answers first",
		    user->name.p, uid, user->uid);
	else if (getpwuid_r(user->uid, &pw, buf, sizeof(buf), &by_uid) != 0 ||
		 by_uid == NULL || strcmp(pw.pw_name, user->name.p) != 0)
		doctor_fail(d, id, cure,
		    "uid %u is not \"%s\" through glibc: something else answers first",
		    user->uid, user->name.p);
	else
		doctor_pass(
		    d, id, "glibc gets \"%s\" with uid %u", user->name.p, user->uid);
}

static void
check_lookup(const struct doctor *d)
{
	static const char id[] = "nss.lookup";
	struct okta_snap snap = { 0 };
	struct okta_snap_user user;

	/* the module knows no other file, whatever --state says */
	if (okta_snap_open(OKTA_SNAPSHOT_PATH, 0, &snap) != OKTA_OK)
		doctor_skip(d, id, "no snapshot: see snapshot.file");
	else if (!find_person(&snap, &user))
		doctor_skip(d, id, "nobody in the snapshot to look up");
	else
		ask_glibc(d, &user);
	okta_snap_close(&snap);
}

const char *
doctor_nss(const struct doctor *d)
{
	struct okta_buf file;
	bool passwd_is_right;

	okta_buf_init(&file, FILE_MAX_BYTES);
	if (!doctor_read(NSSWITCH, false, &file)) {
		doctor_fail(d, "nss.passwd", "put the file back", NSSWITCH ": %s",
		    strerror(errno));
		okta_buf_clear(&file);
		return "see nss.passwd";
	}
	passwd_is_right = check_passwd(d, okta_buf_view(&file));
	check_group(d, okta_buf_view(&file));
	okta_buf_clear(&file);
	if (!passwd_is_right)
		return "see nss.passwd";
	check_lookup(d);
	return NULL;
}
