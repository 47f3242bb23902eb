/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * dataset DIR USERS GROUPS: the directory of people.h as text, and the keys to ask for.
 *
 *   DIR/passwd, DIR/group   for the peers
 *   DIR/memberships         "name gid,gid,...", for nss_db
 *   DIR/names, DIR/groups   "name id number" of each, of 200,000 people at most, in an
 *                           order that is not the file's, so that neighbours do not warm
 *                           each other
 *   DIR/ten, DIR/thousand   the users in that many groups, likewise; those in ten are in
 *                           none of the groups of 50,000
 *   DIR/big                 one group of 50,000, or of all if they are fewer
 *   DIR/missing             names and uids that nobody has
 *
 * In names the number is the gid, in groups and big that of the members, in ten and
 * thousand that of the groups.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "people.h"

#define NAMES_MAX   200000
#define WRITE_BYTES (1 << 20)

struct members {
	uint32_t *start; /* of each group, in user; one more than there are groups */
	uint32_t *user;
};

static void
die(const char *what)
{
	(void)fprintf(stderr, "dataset: %s\n", what);
	exit(1);
}

static void *
need(void *p)
{
	if (p == NULL)
		die("out of memory");
	return p;
}

static FILE *
create(const char *dir, const char *name)
{
	char path[4096];
	FILE *f;

	(void)snprintf(path, sizeof(path), "%s/%s", dir, name);
	f = fopen(path, "we");
	if (f == NULL)
		die(path);
	(void)setvbuf(f, NULL, _IOFBF, WRITE_BYTES);
	return f;
}

static void
done(FILE *f)
{
	if (ferror(f) || fclose(f) != 0)
		die("cannot write: is the disk full?");
}

static void
write_passwd(const char *dir, const struct people *p)
{
	FILE *f = create(dir, "passwd");
	char name[NAME_SIZE], gecos[64];
	uint32_t i, uid;

	for (i = 0; i < p->users; i++) {
		people_name(i, name);
		people_gecos(i, gecos);
		uid = people_uid(i);
		(void)fprintf(
		    f, "%s:*:%u:%u:%s:/home/%s:/bin/bash\n", name, uid, uid, gecos, name);
	}
	done(f);
}

static void
write_memberships(const char *dir, const struct people *p)
{
	FILE *f = create(dir, "memberships");
	uint32_t numbers[GROUPS_SIZE], n, i, k;
	char name[NAME_SIZE];

	for (i = 0; i < p->users; i++) {
		n = people_groups(p, i, numbers);
		people_name(i, name);
		(void)fprintf(f, "%s ", name);
		for (k = 0; k < n; k++)
			(void)fprintf(f, k == 0 ? "%u" : ",%u", people_gid(numbers[k]));
		(void)fputc('\n', f);
	}
	done(f);
}

/* Counted first, then put in place: two passes and no lists. */
static struct members
members_of(const struct people *p)
{
	struct members m;
	uint32_t numbers[GROUPS_SIZE], *at, n, i, k;

	m.start = need(calloc(p->groups + 1, sizeof(*m.start)));
	for (i = 0; i < p->users; i++) {
		n = people_groups(p, i, numbers);
		for (k = 0; k < n; k++)
			m.start[numbers[k] + 1]++;
	}
	for (k = 0; k < p->groups; k++)
		m.start[k + 1] += m.start[k];
	m.user = need(calloc(m.start[p->groups] + 1, sizeof(*m.user)));
	at = need(calloc(p->groups, sizeof(*at)));
	memcpy(at, m.start, p->groups * sizeof(*at));
	for (i = 0; i < p->users; i++) {
		n = people_groups(p, i, numbers);
		for (k = 0; k < n; k++)
			m.user[at[numbers[k]]++] = i;
	}
	free(at);
	return m;
}

static void
write_group(const char *dir, const struct people *p, const struct members *m)
{
	FILE *f = create(dir, "group");
	char name[NAME_SIZE];
	uint32_t g, k;

	for (g = 0; g < p->groups; g++) {
		people_group_name(g, name);
		(void)fprintf(f, "%s:*:%u:", name, people_gid(g));
		for (k = m->start[g]; k < m->start[g + 1]; k++) {
			people_name(m->user[k], name);
			(void)fprintf(f, k == m->start[g] ? "%s" : ",%s", name);
		}
		(void)fputc('\n', f);
	}
	done(f);
}

static void
write_key(FILE *f, uint32_t user, uint32_t number)
{
	char name[NAME_SIZE];

	people_name(user, name);
	(void)fprintf(f, "%s %u %u\n", name, people_uid(user), number);
}

static void
write_user_keys(const char *dir, const struct people *p)
{
	FILE *names = create(dir, "names"), *missing = create(dir, "missing"),
	     *ten = create(dir, "ten"), *thousand = create(dir, "thousand");
	uint32_t numbers[GROUPS_SIZE], n, i, user, n_ten = 0;
	char name[NAME_SIZE];

	for (i = 0; i < p->users; i++) {
		user = (uint32_t)((uint64_t)i * 611953 % p->users); /* a prime */
		if (i < NAMES_MAX) {
			write_key(names, user, people_uid(user));
			people_name(user, name);
			(void)fprintf(
			    missing, "%sq %u 0\n", name, people_uid(p->users + user));
		}
		if (people_in_many(p, user)) {
			write_key(thousand, user, people_groups(p, user, numbers));
		} else if (n_ten < NAMES_MAX) {
			n = people_groups(p, user, numbers);
			/* SSSD takes minutes to store one person of a group of 50,000 */
			if (n == 10 &&
			    (numbers[0] >= p->big || p->users <= BIG_MEMBERS)) {
				write_key(ten, user, n);
				n_ten++;
			}
		}
	}
	done(names);
	done(missing);
	done(ten);
	done(thousand);
}

static void
write_group_keys(const char *dir, const struct people *p, const struct members *m)
{
	FILE *groups = create(dir, "groups"), *big = create(dir, "big");
	char name[NAME_SIZE];
	uint32_t i, g;

	for (i = p->big; i < p->groups; i++) {
		g = p->big + (uint32_t)((uint64_t)i * 611953 % (p->groups - p->big));
		people_group_name(g, name);
		(void)fprintf(groups, "%s %u %u\n", name, people_gid(g),
		    m->start[g + 1] - m->start[g]);
	}
	people_group_name(0, name);
	(void)fprintf(big, "%s %u %u\n", name, people_gid(0), m->start[1] - m->start[0]);
	done(groups);
	done(big);
}

int
main(int argc, char **argv)
{
	struct people p;
	struct members m;

	if (argc != 4)
		die("usage: dataset DIR USERS GROUPS");
	p = people_of(
	    (uint32_t)strtoul(argv[2], NULL, 10), (uint32_t)strtoul(argv[3], NULL, 10));
	if (p.users < 100 || p.users > 8000000 || p.groups < 50)
		die("USERS: 100 to 8000000; GROUPS: 50 or more");
	m = members_of(&p);
	write_passwd(argv[1], &p);
	write_memberships(argv[1], &p);
	write_group(argv[1], &p, &m);
	write_user_keys(argv[1], &p);
	write_group_keys(argv[1], &p, &m);
	(void)printf("%u\n", m.start[p.groups]);
	free(m.start);
	free(m.user);
	return 0;
}
