/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base */
/*
 * mksnap [-g GENERATION] [-r MIN-MAX] PASSWD GROUP SNAPSHOT: write a snapshot from text.
 *
 * PASSWD: lines of passwd(5); the first group is private if gid = uid.  An eighth field
 * is the Okta status (ACTIVE if there is none). GROUP: lines of group(5).  gid 0: a group
 * for login rules only; a gid below the id range: a local group that is joined; others
 * are served.  A fifth field lists gids its members join.
 *
 * For tests and benchmarks: Okta ids are made up from the names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "snap/read.h"
#include "snap/write.h"

struct text {
	char *data;
	size_t n_lines;
};

/* Who is in which groups: linked pairs, newest first. */
struct pair {
	uint32_t group, next;
};

struct maker {
	struct okta_snapw *w;
	struct okta_snapw_head head;
	uint32_t *table,
	    *first; /* line number + 1 by name; first pair + 1 by line number */
	struct okta_view *names;
	size_t table_size, n_users;
	struct pair *pairs;
	size_t n_pairs, pairs_size;
};

static void
die(const char *what)
{
	(void)fprintf(stderr, "mksnap: %s\n", what);
	exit(1);
}

static void *
need(void *p)
{
	if (p == NULL)
		die("out of memory");
	return p;
}

static struct text
read_text(const char *path)
{
	struct text t = { NULL, 0 };
	FILE *f = fopen(path, "re");
	size_t size = 0, len = 0, n;
	const char *p;

	if (f == NULL)
		die(path);
	do {
		if (size - len < 65536) {
			size = size == 0 ? 1 << 20 : size * 2;
			t.data = need(realloc(t.data, size));
		}
		n = fread(t.data + len, 1, size - len - 1, f);
		len += n;
	} while (n > 0);
	(void)fclose(f);
	t.data[len] = '\0';
	for (p = t.data; (p = strchr(p, '\n')) != NULL; p++)
		t.n_lines++;
	return t;
}

/* The next line of *rest in fields; false at the end. */
static bool
next_line(struct okta_view *rest, struct okta_view *fields, size_t n)
{
	struct okta_view line;
	size_t i;

	do {
		if (rest->len == 0)
			return false;
		line = okta_view_split(rest, '\n');
	} while (line.len == 0);
	for (i = 0; i < n; i++)
		fields[i] = okta_view_split(&line, ':');
	return true;
}

static uint32_t
number(struct okta_view v)
{
	uint64_t n;

	if (okta_view_u64(v, UINT32_MAX, &n) != OKTA_OK)
		die("not a number");
	return (uint32_t)n;
}

static uint32_t *
place_of(struct maker *m, struct okta_view name)
{
	size_t i = okta_snap_hash_name(1, name.p, name.len) & (m->table_size - 1);

	while (m->table[i] != 0 && !okta_view_eq(m->names[m->table[i] - 1], name))
		i = (i + 1) & (m->table_size - 1);
	return &m->table[i];
}

static void
index_users(struct maker *m, const struct text *t)
{
	struct okta_view fields[1], rest = okta_view_str(t->data);

	for (m->table_size = 64; m->table_size < t->n_lines * 2; m->table_size *= 2)
		;
	m->table = need(calloc(m->table_size, sizeof(*m->table)));
	m->names = need(calloc(t->n_lines + 1, sizeof(*m->names)));
	m->first = need(calloc(t->n_lines + 1, sizeof(*m->first)));
	while (next_line(&rest, fields, 1)) {
		m->names[m->n_users++] = fields[0];
		*place_of(m, fields[0]) = (uint32_t)m->n_users;
	}
}

static void
add_member(struct maker *m, struct okta_view name, uint32_t group)
{
	uint32_t user = *place_of(m, name);

	if (user == 0)
		return;
	if (m->n_pairs == m->pairs_size) {
		m->pairs_size = m->pairs_size == 0 ? 4096 : m->pairs_size * 2;
		m->pairs = need(reallocarray(m->pairs, m->pairs_size, sizeof(*m->pairs)));
	}
	m->pairs[m->n_pairs].group = group;
	m->pairs[m->n_pairs].next = m->first[user - 1];
	m->first[user - 1] = (uint32_t)++m->n_pairs;
}

static void
add_groups(struct maker *m, const struct text *t)
{
	struct okta_view f[5], rest = okta_view_str(t->data);
	struct okta_snapw_group group;
	struct okta_err err = { 0 };
	uint32_t joins[OKTA_SNAP_JOIN_MAX], n;
	char id[OKTA_SNAP_OKTA_ID_MAX + 1];

	while (next_line(&rest, f, 5)) {
		memset(&group, 0, sizeof(group));
		group.gid = number(f[2]);
		group.kind = group.gid == 0		  ? OKTA_SNAP_GROUP_LOGIN
			     : group.gid < m->head.id_min ? OKTA_SNAP_GROUP_LOCAL
							  : OKTA_SNAP_GROUP_SERVED;
		if (group.kind != OKTA_SNAP_GROUP_LOGIN)
			group.name = f[0];
		if (group.kind != OKTA_SNAP_GROUP_LOCAL) {
			(void)snprintf(id, sizeof(id), "00g%.*s", (int)f[0].len, f[0].p);
			group.okta_id = okta_view_str(id);
			group.okta_name = f[0];
		}
		group.joins = joins;
		while (f[4].len > 0 && group.n_joins < OKTA_SNAP_JOIN_MAX)
			joins[group.n_joins++] = number(okta_view_split(&f[4], ','));
		if (okta_snapw_add_group(m->w, &group, &n, &err) != OKTA_OK)
			die(err.msg);
		while (f[3].len > 0)
			add_member(m, okta_view_split(&f[3], ','), n);
	}
}

static void
add_users(struct maker *m, const struct text *t)
{
	struct okta_view f[8], rest = okta_view_str(t->data);
	struct okta_snapw_user user;
	struct okta_err err = { 0 };
	static uint32_t groups[OKTA_SNAP_GIDS_MAX];
	char id[OKTA_SNAP_OKTA_ID_MAX + 1], login[OKTA_SNAP_LOGIN_MAX + 1];
	uint32_t line = 0, at;

	while (next_line(&rest, f, 8)) {
		memset(&user, 0, sizeof(user));
		user.name = f[0];
		user.uid = number(f[2]);
		user.gid = number(f[3]);
		user.gecos = f[4];
		user.home = f[5];
		user.shell = f[6];
		user.flags = user.uid == user.gid ? OKTA_SNAP_USER_PRIVATE_GROUP : 0;
		user.status = f[7].len == 0 ? OKTA_STATUS_ACTIVE
					    : okta_snap_status_parse(f[7]);
		(void)snprintf(id, sizeof(id), "00u%.*s", (int)f[0].len, f[0].p);
		user.okta_id = okta_view_str(id);
		(void)snprintf(
		    login, sizeof(login), "%.*s@corp.example", (int)f[0].len, f[0].p);
		user.okta_login = okta_view_str(login);
		for (at = m->first[line++]; at != 0 && user.n_groups < OKTA_SNAP_GIDS_MAX;
		     at = m->pairs[at - 1].next)
			groups[user.n_groups++] = m->pairs[at - 1].group;
		user.groups = groups;
		if (okta_snapw_add_user(m->w, &user, &err) != OKTA_OK)
			die(err.msg);
	}
}

int
main(int argc, char **argv)
{
	struct maker m = { .head = { .generation = 1,
			       .seed = 1,
			       .id_min = OKTA_SNAP_ID_FLOOR,
			       .id_max = OKTA_SNAP_ID_CEIL } };
	struct okta_view bytes, range;
	struct okta_err err = { 0 };
	struct text passwd, group;
	int c;

	while ((c = getopt(argc, argv, "g:r:")) != -1) {
		if (c == 'g') {
			m.head.generation = number(okta_view_str(optarg));
		} else if (c == 'r') {
			range = okta_view_str(optarg);
			m.head.id_min = number(okta_view_split(&range, '-'));
			m.head.id_max = number(range);
		} else {
			return 2;
		}
	}
	if (argc - optind != 3)
		die("[-g GENERATION] [-r MIN-MAX] PASSWD GROUP SNAPSHOT");
	m.head.org_url = okta_view_str("https://example.okta.com");
	m.head.published_s = m.head.source_s = time(NULL);
	if (okta_snapw_new(&m.head, &m.w, &err) != OKTA_OK)
		die(err.msg);
	passwd = read_text(argv[optind]);
	group = read_text(argv[optind + 1]);
	index_users(&m, &passwd);
	add_groups(&m, &group);
	add_users(&m, &passwd);
	free(m.pairs);
	free(m.table);
	free(m.names);
	free(m.first);
	free(passwd.data);
	free(group.data);
	if (okta_snapw_finish(m.w, &bytes, &err) != OKTA_OK ||
	    okta_snapw_publish(argv[optind + 2], geteuid(), bytes, &err) != OKTA_OK)
		die(err.msg);
	okta_snapw_free(&m.w);
	return 0;
}
