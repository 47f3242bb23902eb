/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "snap_fixture.h"

/* --- what may go in
 * ------------------------------------------------------------------------- */

static char text_256[257], text_65[66], name_33[34], url_256[257];

static enum okta_rc
try_user(const struct okta_snapw_user *u, struct okta_err *err)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_group g = fx_group(FX_ENG);
	uint32_t n;
	enum okta_rc r;

	assert_int_equal(okta_snapw_add_group(w, &g, &n, NULL), OKTA_OK);
	r = okta_snapw_add_user(w, u, err);
	okta_snapw_free(&w);
	assert_null(w);
	return r;
}

static void
add_user_refuses_every_field_that_readers_would(void **state)
{
	struct okta_snapw_user u;
	struct okta_err err;
	const uint32_t no_such_group = 1;
	const struct okta_view bad_names[] = { V(""), V("Ada"), V("0x0"), V("a b"),
		V("a:b"), V("a\nb"), V("-a"), V("a/b"), V("\xc3\xa4"), V(name_33),
		{ "a\0b", 3 } };
	const struct okta_view bad_texts[] = { V("a:b"), V("a\nb"), V("a\x7f"),
		V("\x1b[2J"), V("\xff"), V(text_256), { "a\0b", 3 } };
	size_t i, f;

	(void)state;
#define REFUSED(field)                                                                   \
	do {                                                                             \
		memset(&err, 0, sizeof(err));                                            \
		assert_int_equal(try_user(&u, &err), OKTA_E_INPUT);                      \
		assert_non_null(strstr(err.msg, field)); /* names the field */           \
	} while (0)
	u = fx_user(FX_ADA);
	assert_int_equal(try_user(&u, &err), OKTA_OK);
	for (i = 0; i < sizeof(bad_names) / sizeof(bad_names[0]); i++) {
		u = fx_user(FX_ADA);
		u.name = bad_names[i];
		REFUSED("name");
	}
	for (i = 0; i < sizeof(bad_texts) / sizeof(bad_texts[0]); i++) {
		for (f = 0; f < 5; f++) {
			u = fx_user(FX_ADA);
			*(f == 0     ? &u.gecos
			    : f == 1 ? &u.home
			    : f == 2 ? &u.shell
			    : f == 3 ? &u.okta_id
				     : &u.okta_login) = bad_texts[i];
			REFUSED("ada");
		}
	}
	u = fx_user(FX_ADA);
	u.okta_id = V("");
	REFUSED("Okta id");
	u.okta_id = V(text_65);
	REFUSED("Okta id");
	for (i = 0; i < 4; i++) {
		u = fx_user(FX_CY);
		u.uid = (const uint32_t[]){ 0, ID_MIN - 1, ID_MAX + 1, UINT32_MAX }[i];
		REFUSED("uid");
		u = fx_user(FX_CY);
		u.gid = (const uint32_t[]){ 0, ID_MIN - 1, ID_MAX + 1, FX_SUDO }[i];
		REFUSED("gid");
	}
	u = fx_user(FX_ADA);
	u.gid = 5001; /* private, but somebody else's */
	REFUSED("gid");
	u = fx_user(FX_ADA);
	u.status = OKTA_STATUS_NONE;
	REFUSED("status");
	u.status = OKTA_STATUS_COUNT;
	REFUSED("status");
	u = fx_user(FX_ADA);
	u.flags |= 2;
	REFUSED("flags");
	u = fx_user(FX_ADA);
	u.groups = &no_such_group;
	u.n_groups = 1;
	REFUSED("groups");
}

static void
add_group_refuses_every_field_that_readers_would(void **state)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_group g;
	struct okta_err err;
	uint32_t n = 77, many[OKTA_SNAP_JOIN_MAX + 1] = { 0 };
	const uint32_t zero = 0, huge = UINT32_MAX;
	size_t i;

	(void)state;
#define BAD_GROUP(field)                                                                 \
	do {                                                                             \
		memset(&err, 0, sizeof(err));                                            \
		assert_int_equal(okta_snapw_add_group(w, &g, &n, &err), OKTA_E_INPUT);   \
		assert_non_null(strstr(err.msg, field));                                 \
		assert_int_equal(n, 77);                                                 \
	} while (0)
	for (i = 0; i < 3; i++) {
		g = fx_group(FX_ENG);
		g.gid = (const uint32_t[]){ 0, ID_MIN - 1, ID_MAX + 1 }[i];
		BAD_GROUP("gid");
	}
	g = fx_group(FX_ENG);
	g.name = V("Eng");
	BAD_GROUP("name");
	g = fx_group(FX_ENG);
	g.okta_id = V("");
	BAD_GROUP("Okta id");
	g = fx_group(FX_ENG);
	g.okta_name = V("");
	BAD_GROUP("Okta name");
	g.okta_name = V("\xff");
	BAD_GROUP("Okta name");
	g = fx_group(FX_ENG);
	g.joins = &zero;
	g.n_joins = 1;
	BAD_GROUP("joins");
	g.joins = &huge;
	BAD_GROUP("joins");
	g.joins = many;
	g.n_joins = OKTA_SNAP_JOIN_MAX + 1;
	BAD_GROUP("joins");
	g = fx_group(FX_SUDO_GROUP);
	g.gid = 0; /* nobody ever joins root */
	BAD_GROUP("gid");
	g.gid = UINT32_MAX;
	BAD_GROUP("gid");
	g = fx_group(FX_SUDO_GROUP);
	g.okta_id = V("00g");
	BAD_GROUP("Okta id");
	g = fx_group(FX_SUDO_GROUP);
	g.okta_name = V("Sudo");
	BAD_GROUP("Okta name");
	g = fx_group(FX_SUDO_GROUP);
	g.joins = fx_join_sudo;
	g.n_joins = 1;
	BAD_GROUP("joins");
	g = fx_group(FX_ALL);
	g.gid = 6000;
	BAD_GROUP("gid");
	g = fx_group(FX_ALL);
	g.name = V("all");
	BAD_GROUP("name");
	g = fx_group(FX_ALL);
	g.kind = (enum okta_snap_group_kind)4;
	BAD_GROUP("kind");
	okta_snapw_free(&w);
}

static void
new_refuses_an_id_range_that_reaches_system_accounts(void **state)
{
	struct okta_snapw_head head = { .id_min = 999, .id_max = 2000 };
	struct okta_snapw *w = (struct okta_snapw *)0x1;
	struct okta_err err = { 0 };

	(void)state;
	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "range"));
	head.id_min = 3000;
	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_E_INPUT);
	head.id_min = 1000;
	head.id_max = 2147483647;
	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_E_INPUT);
	head.id_max = 2147483646;
	head.org_url = V(url_256);
	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_E_INPUT);
	head.org_url = V("https://acme\n.okta.com");
	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_E_INPUT);
	assert_ptr_equal(w, (struct okta_snapw *)0x1);
}

static void
joined_gid_without_local_group_is_refused(void **state)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_group g = fx_group(FX_OPS);
	struct okta_view bytes;
	struct okta_err err = { 0 };
	uint32_t n;

	(void)state;
	assert_int_equal(okta_snapw_add_group(w, &g, &n, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, &err), OKTA_E_INPUT);
	assert_non_null(strstr(err.msg, "27"));
	okta_snapw_free(&w);
}

static void
order_of_calls_is_enforced(void **state)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_user u = fx_user(FX_ADA);
	struct okta_snapw_group g = fx_group(FX_ENG);
	struct okta_view bytes;
	uint32_t n;

	(void)state;
	assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_group(w, &g, &n, NULL), OKTA_E_INTERNAL);
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_E_INTERNAL);
	assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_E_INTERNAL);
	okta_snapw_free(&w);
	okta_snapw_free(&w); /* NULL is fine */
}

/* --- conflicts
 * ------------------------------------------------------------------------------ */

/* Add ada and cy, changed by CHANGE, and eng; the message must name WORD. */
static void
conflict(void (*change)(struct okta_snapw_user *cy, struct okta_snapw_group *eng),
    const char *word)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_user ada = fx_user(FX_ADA), cy = fx_user(FX_CY);
	struct okta_snapw_group eng = fx_group(FX_ENG), ops = fx_group(FX_OPS);
	struct okta_view bytes = { NULL, 7 };
	struct okta_err err = { 0 };
	uint32_t n;

	change(&cy, &eng);
	ops.n_joins = 0;
	assert_int_equal(okta_snapw_add_group(w, &ops, &n, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_group(w, &eng, &n, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_user(w, &ada, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_user(w, &cy, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, &err), OKTA_E_CONFLICT);
	assert_non_null(strstr(err.msg, word));
	assert_int_equal(bytes.len, 7);
	okta_snapw_free(&w);
}

#define CHANGE(name, what)                                                               \
	static void name(struct okta_snapw_user *cy, struct okta_snapw_group *eng)       \
	{                                                                                \
		(void)cy;                                                                \
		(void)eng;                                                               \
		what;                                                                    \
	}
CHANGE(same_name, cy->name = V("ada"))
CHANGE(same_uid, cy->uid = 5000)
CHANGE(same_okta_id, cy->okta_id = V("00uada"))
CHANGE(same_group_name, eng->name = V("ops"))
CHANGE(same_gid, eng->gid = 6001)
CHANGE(same_group_okta_id, eng->okta_id = V("00gops"))
CHANGE(same_group_okta_name, eng->okta_name = V("Ops \xc3\x84"))
CHANGE(group_named_like_private, eng->name = V("ada"))
CHANGE(group_gid_of_private, eng->gid = 5000)

static void
every_conflict_is_refused_and_named(void **state)
{
	(void)state;
	conflict(same_name, "ada");
	conflict(same_uid, "5000");
	conflict(same_okta_id, "00uada");
	conflict(same_group_name, "ops");
	conflict(same_gid, "6001");
	conflict(same_group_okta_id, "00gops");
	conflict(same_group_okta_name, "Ops");
	conflict(group_named_like_private, "private group of user \"ada\"");
	conflict(group_gid_of_private, "private group of user \"ada\"");
}

/* --- what comes out
 * ------------------------------------------------------------------------- */

static void
same_input_in_any_order_gives_the_same_bytes(void **state)
{
	const enum fx_group groups[][FX_GROUPS] = {
		{ FX_ALL, FX_ADMINS, FX_SUDO_GROUP, FX_OPS, FX_ENG },
		{ FX_OPS, FX_ALL, FX_ENG, FX_SUDO_GROUP, FX_ADMINS },
		{ FX_SUDO_GROUP, FX_ENG, FX_ADMINS, FX_ALL, FX_OPS },
	};
	const enum fx_user users[][FX_USERS] = {
		{ FX_DEE, FX_CY, FX_BOB, FX_ADA },
		{ FX_BOB, FX_DEE, FX_ADA, FX_CY },
		{ FX_ADA, FX_CY, FX_DEE, FX_BOB },
	};
	struct okta_snapw *w;
	struct okta_view bytes;
	unsigned char *p;
	size_t len, i, j;

	(void)state;
	p = fx_bytes(&len);
	for (i = 0; i < 3; i++) {
		for (j = 0; j < 3; j++) {
			w = fx_new(42);
			fx_add_all(w, groups[i], users[j]);
			assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
			assert_int_equal(bytes.len, len);
			assert_memory_equal(bytes.p, p, len);
			okta_snapw_free(&w);
		}
	}
	free(p);
}

static void
written_snapshot_verifies(void **state)
{
	struct okta_snap snap;
	struct okta_err err = { 0 };
	unsigned char *p;
	size_t len;

	(void)state;
	p = fx_bytes(&len);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	if (okta_snap_verify(&snap, &err) != OKTA_OK)
		fail_msg("%s", err.msg);
	free(p);
}

static void
empty_snapshot_is_valid_and_holds_nobody(void **state)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snap snap;
	struct okta_snap_user u;
	struct okta_view bytes;
	uint64_t cursor = 0;

	(void)state;
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open_bytes(bytes.p, bytes.len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_int_equal(okta_snap_user_by_name(&snap, V("ada"), &u), OKTA_E_NOTFOUND);
	assert_int_equal(okta_snap_next_user(&snap, &cursor, &u), OKTA_E_NOTFOUND);
	okta_snapw_free(&w);
}

/* In a group twice, and in a local group by two ways, is in it once. */
static void
memberships_are_counted_once(void **state)
{
	struct okta_snapw *w = fx_new(1);
	struct okta_snapw_group g;
	struct okta_snapw_user u = fx_user(FX_ADA);
	struct okta_snap snap;
	struct okta_snap_user user;
	struct okta_snap_group group;
	struct okta_view bytes;
	uint32_t n[4], list[6];

	(void)state;
	g = fx_group(FX_OPS);
	assert_int_equal(okta_snapw_add_group(w, &g, &n[0], NULL), OKTA_OK);
	g = fx_group(FX_ADMINS);
	assert_int_equal(okta_snapw_add_group(w, &g, &n[1], NULL), OKTA_OK);
	g = fx_group(FX_SUDO_GROUP);
	assert_int_equal(okta_snapw_add_group(w, &g, &n[2], NULL), OKTA_OK);
	list[0] = list[3] = n[0];
	list[1] = list[4] = n[1];
	list[2] = list[5] = n[2];
	u.groups = list;
	u.n_groups = 6;
	assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open_bytes(bytes.p, bytes.len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_int_equal(okta_snap_user_by_name(&snap, V("ada"), &user), OKTA_OK);
	assert_int_equal(user.n_gids, 2);
	assert_int_equal(user.n_refs, 1);
	assert_int_equal(okta_snap_group_by_name(&snap, V("sudo"), &group), OKTA_OK);
	assert_int_equal(group.n_members, 1);
	okta_snapw_free(&w);
}

/* Thousands of people in one group: all there, or, past one answer's limit, none and
 * said. */
static void
big_group(size_t n_users, bool omitted)
{
	struct okta_snapw_head head = { .id_min = 1000, .id_max = OKTA_SNAP_ID_CEIL };
	struct okta_snapw *w = NULL;
	struct okta_snapw_group g = fx_group(FX_ENG);
	struct okta_snapw_user u = fx_user(FX_ADA);
	struct okta_snap snap;
	struct okta_snap_group group;
	struct okta_snap_user user;
	struct okta_view bytes;
	char name[40], id[40];
	uint32_t n;
	size_t i;

	assert_int_equal(okta_snapw_new(&head, &w, NULL), OKTA_OK);
	g.gid = 1000;
	assert_int_equal(okta_snapw_add_group(w, &g, &n, NULL), OKTA_OK);
	u.groups = &n;
	u.n_groups = 1;
	for (i = 0; i < n_users; i++) {
		(void)snprintf(name, sizeof(name), "u%031zu", i); /* the longest */
		(void)snprintf(id, sizeof(id), "00u%zu", i);
		u.name = V(name);
		u.okta_id = V(id);
		u.uid = u.gid = (uint32_t)(100000 + i);
		assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	}
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open_bytes(bytes.p, bytes.len, &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_int_equal(okta_snap_group_by_gid(&snap, 1000, &group), OKTA_OK);
	assert_int_equal(group.n_members, omitted ? 0 : n_users);
	assert_int_equal(group.flags,
	    omitted ? OKTA_SNAP_GROUP_MEMBERS_OMITTED : OKTA_SNAP_GROUP_NAMES_LISTED);
	assert_int_equal(okta_snapw_omitted(w).len, omitted ? 4 : 0);
	if (omitted)
		assert_memory_equal(okta_snapw_omitted(w).p, "eng", 4);
	/* who is in it still has its gid */
	assert_int_equal(okta_snap_user_by_uid(&snap, 100000, &user), OKTA_OK);
	assert_int_equal(user.n_gids, 1);
	okta_snapw_free(&w);
}

static void
group_up_to_the_answer_limit_lists_all_members(void **state)
{
	(void)state;
	big_group(25500, false); /* 8 for the pointer, 33 for the name: under 1 MiB */
}

/* Processes that run since before an upgrade read version 2. */
static void
file_is_of_the_version_before_unless_it_needs_the_new_one(void **state)
{
	struct okta_snapw *w = fx_new(9);
	struct okta_snapw_user u = fx_user(FX_ADA);
	struct okta_view bytes;

	(void)state;
	assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	assert_int_equal(
	    okta_le32((const unsigned char *)bytes.p + 8), OKTA_SNAP_VERSION_BEFORE);
	okta_snapw_free(&w);
}

static void
group_beyond_the_answer_limit_is_written_without_members_and_reported(void **state)
{
	(void)state;
	big_group(25600, true);
}

/* Whoever may choose names could fill one place of the index; another seed undoes that.
 */
static void
chosen_names_cannot_make_the_index_unusable(void **state)
{
	enum { N = 400 };
	struct okta_snapw *w = fx_new(9);
	struct okta_snapw_user u = fx_user(FX_ADA);
	struct okta_snap snap;
	struct okta_snap_user user;
	struct okta_view bytes;
	char name[40], id[40];
	uint64_t tag, buckets = N / 6 + 1;
	unsigned i, made = 0;

	(void)state;
	for (i = 0; made < N; i++) {
		(void)snprintf(name, sizeof(name), "a%u", i);
		tag = okta_snap_hash_name(9, name, strlen(name)) >> 32;
		if (tag * buckets >> 32 != 20) /* all want bucket 20 */
			continue;
		(void)snprintf(id, sizeof(id), "00u%u", i);
		u.name = V(name);
		u.okta_id = V(id);
		u.uid = u.gid = ID_MIN + made++;
		assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	}
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open_bytes(bytes.p, bytes.len, &snap), OKTA_OK);
	assert_int_equal(snap.seed, 10);
	assert_true(snap.index[OKTA_SNAP_INDEX_USER_NAME].probe < 8);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_int_equal(okta_snap_user_by_uid(&snap, ID_MIN, &user), OKTA_OK);
	okta_snapw_free(&w);
}

/* --- publish
 * -------------------------------------------------------------------------------- */

struct dir {
	char path[64], file[80], tmp[120];
	unsigned char *p;
	size_t len;
	struct okta_view bytes;
};

static int
dir_setup(void **state)
{
	struct dir *d = calloc(1, sizeof(*d));

	assert_non_null(d);
	(void)snprintf(d->path, sizeof(d->path), "/tmp/okta-publish-XXXXXX");
	assert_non_null(mkdtemp(d->path));
	(void)snprintf(d->file, sizeof(d->file), "%s/s", d->path);
	(void)snprintf(d->tmp, sizeof(d->tmp), "%s/s.%ld.tmp", d->path, (long)getpid());
	d->p = fx_bytes(&d->len);
	d->bytes.p = (const char *)d->p;
	d->bytes.len = d->len;
	*state = d;
	return 0;
}

/* How many names there are in the directory; removes them if told to. */
static unsigned
entries(const struct dir *d, bool and_remove)
{
	DIR *list = opendir(d->path);
	struct dirent *e;
	unsigned n = 0;

	assert_non_null(list);
	while ((e = readdir(list)) != NULL) {
		if (e->d_name[0] == '.')
			continue;
		n++;
		if (and_remove && unlinkat(dirfd(list), e->d_name, 0) < 0)
			(void)unlinkat(dirfd(list), e->d_name, AT_REMOVEDIR);
	}
	(void)closedir(list);
	return n;
}

static int
dir_teardown(void **state)
{
	struct dir *d = *state;

	(void)chmod(d->path, 0755);
	(void)entries(d, true);
	assert_int_equal(rmdir(d->path), 0);
	free(d->p);
	free(d);
	return 0;
}

static void
publish_puts_a_readable_file_in_place(void **state)
{
	const struct dir *d = *state;
	struct okta_snap snap;
	struct okta_err err = { 0 };
	struct stat st;
	mode_t old = umask(0077); /* everybody has to read it, whatever the umask */

	if (okta_snapw_publish(d->file, geteuid(), d->bytes, &err) != OKTA_OK)
		fail_msg("%s", err.msg);
	(void)umask(old);
	assert_int_equal(stat(d->file, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0644);
	assert_int_equal(st.st_size, d->len);
	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_OK);
	assert_int_equal(okta_snap_verify(&snap, NULL), OKTA_OK);
	assert_false(okta_snap_is_superseded(&snap));
	okta_snap_close(&snap);
	assert_int_equal(entries(d, false), 1);
}

static void
publish_marks_the_file_it_replaced_and_changes_nothing_else_in_it(void **state)
{
	const struct dir *d = *state;
	struct okta_snap old, new;

	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open(d->file, geteuid(), &old), OKTA_OK);
	assert_false(okta_snap_is_superseded(&old));
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_true(okta_snap_is_superseded(&old));
	assert_memory_equal(old.base, d->p, 20);
	assert_int_equal(okta_le32(old.base + 20), 1);
	assert_memory_equal(old.base + 24, d->p + 24, d->len - 24);
	assert_int_equal(
	    okta_snap_verify(&old, NULL), OKTA_OK); /* who has it may go on */
	assert_int_equal(okta_snap_open(d->file, geteuid(), &new), OKTA_OK);
	assert_int_not_equal(new.ino, old.ino);
	assert_false(okta_snap_is_superseded(&new));
	okta_snap_close(&old);
	okta_snap_close(&new);
	assert_int_equal(entries(d, false), 2); /* it and the previous one */
}

static ino_t
inode_of(const char *path)
{
	struct stat st;

	assert_int_equal(lstat(path, &st), 0);
	return st.st_ino;
}

/* So that no reader is the last user of a file, and has to wait for its deletion. */
static void
publish_keeps_the_file_it_replaced_until_the_next(void **state)
{
	const struct dir *d = *state;
	ino_t first, second;
	char previous[100];

	(void)snprintf(previous, sizeof(previous), "%s.previous", d->file);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	first = inode_of(d->file);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	second = inode_of(d->file);
	assert_int_equal(inode_of(previous), first);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(inode_of(previous), second);
	assert_int_equal(entries(d, false), 2);
}

/* As on a file system without links. */
static void
publish_succeeds_where_the_replaced_file_cannot_be_kept(void **state)
{
	const struct dir *d = *state;
	char previous[100];
	ino_t first;

	(void)snprintf(previous, sizeof(previous), "%s.previous", d->file);
	assert_int_equal(mkdir(previous, 0755), 0);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	first = inode_of(d->file);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_not_equal(inode_of(d->file), first);
}

/* Who still has an old file of an older format mapped learns that a new one is there. */
static void
publish_replaces_and_marks_a_snapshot_of_an_older_format(void **state)
{
	const struct dir *d = *state;
	unsigned char head[OKTA_SNAP_HEADER_BYTES], word[4];
	struct okta_snap snap;
	int fd;

	memcpy(head, d->p, sizeof(head));
	okta_le32_put(head + 8, OKTA_SNAP_VERSION - 1);
	fx_seal_header(head);
	fd = open(d->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, head, sizeof(head)), sizeof(head));
	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_E_INPUT);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(pread(fd, word, sizeof(word), 20), sizeof(word));
	assert_int_equal(okta_le32(word), 1);
	(void)close(fd);
	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_OK);
	okta_snap_close(&snap);
}

static void
publish_never_writes_into_a_file_that_is_no_snapshot(void **state)
{
	const struct dir *d = *state;
	char text[400], back[400];
	int fd;

	memset(text, 'x', sizeof(text));
	fd = open(d->file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, sizeof(text)), sizeof(text));
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(pread(fd, back, sizeof(back), 0), sizeof(back));
	assert_memory_equal(text, back, sizeof(text));
	(void)close(fd);
	assert_int_equal(entries(d, false), 1); /* and does not keep it either */
}

static void
expect_refusal(
    const struct dir *d, struct okta_view bytes, enum okta_rc rc, const char *word)
{
	struct okta_err err = { 0 };
	struct stat before = { 0 }, after = { 0 };

	(void)lstat(d->file, &before);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), bytes, &err), rc);
	if (strstr(err.msg, word) == NULL)
		fail_msg("\"%s\" is not in: %s", word, err.msg);
	(void)lstat(d->file, &after);
	assert_int_equal(before.st_ino, after.st_ino); /* untouched */
}

static void
publish_refuses_damaged_bytes_and_keeps_the_old_file(void **state)
{
	const struct dir *d = *state;
	struct okta_view cut = { d->bytes.p, d->len - 8 }, none = { "", 0 };

	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	expect_refusal(d, cut, OKTA_E_INPUT, "not a snapshot");
	expect_refusal(d, none, OKTA_E_INPUT, "not a snapshot");
	d->p[300] ^= 1;
	expect_refusal(d, d->bytes, OKTA_E_INPUT, "damaged");
	d->p[300] ^= 1;
	d->p[20] = 1;
	expect_refusal(d, d->bytes, OKTA_E_INPUT, "superseded");
	assert_int_equal(entries(d, false), 1);
}

static void
publish_refuses_directories_that_readers_would(void **state)
{
	const struct dir *d = *state;
	struct okta_err err = { 0 };
	char path[160];

	assert_int_equal(chmod(d->path, 0777), 0);
	expect_refusal(d, d->bytes, OKTA_E_SYS, "chmod go-w");
	assert_int_equal(chmod(d->path, 0755), 0);
	assert_int_equal(entries(d, false), 0);

	(void)snprintf(path, sizeof(path), "%s/none/s", d->path);
	assert_int_equal(okta_snapw_publish(path, geteuid(), d->bytes, &err), OKTA_E_SYS);
	assert_non_null(strstr(err.msg, "created first"));

	(void)snprintf(path, sizeof(path), "%s/link", d->path);
	assert_int_equal(symlink(d->path, path), 0);
	(void)snprintf(path, sizeof(path), "%s/link/s", d->path);
	assert_int_equal(okta_snapw_publish(path, geteuid(), d->bytes, &err), OKTA_E_SYS);
	assert_non_null(strstr(err.msg, "symlink"));
	assert_int_equal(entries(d, false), 1);
	(void)snprintf(path, sizeof(path), "%s/", d->path);
	assert_int_equal(okta_snapw_publish(path, geteuid(), d->bytes, &err), OKTA_E_SYS);
	assert_non_null(strstr(err.msg, "names no file"));
}

/* The link goes, what it points at stays as it is. */
static void
publish_replaces_a_symlink_instead_of_following_it(void **state)
{
	const struct dir *d = *state;
	struct stat st;
	char other[100];

	(void)snprintf(other, sizeof(other), "%s/other", d->path);
	assert_int_equal(symlink(other, d->file), 0);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(lstat(d->file, &st), 0);
	assert_true(S_ISREG(st.st_mode));
	assert_int_equal(lstat(other, &st), -1);
}

static void
publish_over_a_directory_fails_and_leaves_nothing(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(mkdir(d->file, 0755), 0);
	expect_refusal(d, d->bytes, OKTA_E_SYS, "cannot replace");
	assert_int_equal(entries(d, false), 1);
}

static void
publish_as_another_owner_than_readers_expect_is_refused(void **state)
{
	const struct dir *d = *state;
	struct okta_err err = { 0 };

	assert_int_equal(okta_snapw_publish(d->file, geteuid() + 1, d->bytes, &err),
	    geteuid() == 0 ? OKTA_E_INPUT : OKTA_E_SYS);
	assert_non_null(strstr(err.msg, geteuid() == 0 ? "untrusted" : "chown"));
	assert_int_equal(entries(d, false), 0);
}

/* A writer that was killed leaves its file; one that lives holds a lock on it. */
static void
publish_removes_what_dead_writers_left_and_nothing_else(void **state)
{
	const struct dir *d = *state;
	char dead[100], alive[100], mine[100];
	int fd;

	(void)snprintf(dead, sizeof(dead), "%s/s.1.tmp", d->path);
	(void)snprintf(alive, sizeof(alive), "%s/s.2.tmp", d->path);
	(void)snprintf(mine, sizeof(mine), "%s/sx.tmp", d->path);
	(void)close(open(dead, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	(void)close(open(mine, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	(void)close(open(d->tmp, O_RDWR | O_CREAT | O_CLOEXEC, 0600));
	fd = open(alive, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	assert_int_equal(flock(fd, LOCK_EX), 0);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(access(dead, F_OK), -1);
	assert_int_equal(access(d->tmp, F_OK), -1);
	assert_int_equal(access(alive, F_OK), 0);
	assert_int_equal(access(mine, F_OK), 0);
	(void)close(fd);
}

/* In a child: publish under file size limit LIMIT; 0 if that failed cleanly. */
static int
publish_with_limit(const struct dir *d, rlim_t limit)
{
	const struct rlimit r = { limit, limit };
	struct okta_err err = { 0 };
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		(void)signal(SIGXFSZ, SIG_IGN);
		(void)setrlimit(RLIMIT_FSIZE, &r);
		if (okta_snapw_publish(d->file, geteuid(), d->bytes, &err) !=
			OKTA_E_SYS ||
		    err.sys_errno != EFBIG || strstr(err.msg, "cannot write") == NULL)
			_exit(1);
		_exit(0);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	return status;
}

static void
publish_that_cannot_write_keeps_the_old_file_and_leaves_nothing(void **state)
{
	const struct dir *d = *state;
	struct okta_snap snap;
	rlim_t limit;

	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_publish(d->file, geteuid(), d->bytes, NULL), OKTA_OK);
	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_OK);
	/* the one before makes room first: entries() */
	for (limit = 0; limit < d->len; limit += 97) {
		assert_int_equal(publish_with_limit(d, limit), 0);
		assert_int_equal(entries(d, false), 1);
	}
	assert_false(okta_snap_is_superseded(&snap));
	okta_snap_close(&snap);
	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_OK);
	okta_snap_close(&snap);
}

static void
publish_on_a_full_disk_keeps_the_old_file_and_leaves_nothing(void **state)
{
	const struct dir *d = *state;
	struct okta_err err = { 0 };
	char fill[100];
	static char zeros[65536];
	int status, fd;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	pid = fork();
	if (pid == 0) {
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("none", d->path, "tmpfs", 0, "size=64k,mode=755") < 0)
			_exit(77);
		if (okta_snapw_publish(d->file, 0, d->bytes, NULL) != OKTA_OK)
			_exit(1);
		(void)snprintf(fill, sizeof(fill), "%s/fill", d->path);
		fd = open(fill, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
		if (fd < 0 || write(fd, zeros, sizeof(zeros)) <= 0)
			_exit(2);
		if (okta_snapw_publish(d->file, 0, d->bytes, &err) != OKTA_E_SYS ||
		    err.sys_errno != ENOSPC)
			_exit(3);
		_exit(entries(d, false) == 2 && access(d->tmp, F_OK) < 0 ? 0 : 4);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
		skip();
	assert_int_equal(status, 0);
}

int
main(void)
{
#define D(f) cmocka_unit_test_setup_teardown(f, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(add_user_refuses_every_field_that_readers_would),
		cmocka_unit_test(add_group_refuses_every_field_that_readers_would),
		cmocka_unit_test(new_refuses_an_id_range_that_reaches_system_accounts),
		cmocka_unit_test(joined_gid_without_local_group_is_refused),
		cmocka_unit_test(order_of_calls_is_enforced),
		cmocka_unit_test(every_conflict_is_refused_and_named),
		cmocka_unit_test(same_input_in_any_order_gives_the_same_bytes),
		cmocka_unit_test(written_snapshot_verifies),
		cmocka_unit_test(empty_snapshot_is_valid_and_holds_nobody),
		cmocka_unit_test(memberships_are_counted_once),
		cmocka_unit_test(group_up_to_the_answer_limit_lists_all_members),
		cmocka_unit_test(
		    file_is_of_the_version_before_unless_it_needs_the_new_one),
		cmocka_unit_test(
		    group_beyond_the_answer_limit_is_written_without_members_and_reported),
		cmocka_unit_test(chosen_names_cannot_make_the_index_unusable),
		D(publish_puts_a_readable_file_in_place),
		D(publish_marks_the_file_it_replaced_and_changes_nothing_else_in_it),
		D(publish_keeps_the_file_it_replaced_until_the_next),
		D(publish_succeeds_where_the_replaced_file_cannot_be_kept),
		D(publish_replaces_and_marks_a_snapshot_of_an_older_format),
		D(publish_never_writes_into_a_file_that_is_no_snapshot),
		D(publish_refuses_damaged_bytes_and_keeps_the_old_file),
		D(publish_refuses_directories_that_readers_would),
		D(publish_replaces_a_symlink_instead_of_following_it),
		D(publish_over_a_directory_fails_and_leaves_nothing),
		D(publish_as_another_owner_than_readers_expect_is_refused),
		D(publish_removes_what_dead_writers_left_and_nothing_else),
		D(publish_that_cannot_write_keeps_the_old_file_and_leaves_nothing),
		D(publish_on_a_full_disk_keeps_the_old_file_and_leaves_nothing),
	};

	memset(text_256, 'a', 256);
	memset(text_65, 'a', 65);
	memset(name_33, 'a', 33);
	memset(url_256, 'a', 256);
	return cmocka_run_group_tests_name("snap_write", tests, NULL, NULL);
}
