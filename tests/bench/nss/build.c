/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * build USERS GROUPS SNAPSHOT: write the directory of people.h as a snapshot, and say
 * what that cost: "build SECONDS-OF-CPU PEAK-KIB BYTES MEMBERSHIPS SECONDS-TO-PUBLISH".
 *
 * People are made up as they are added, so nearly all of the time and of the memory is
 * the writer's.  Each has what Okta has: an id of 20 characters and a login.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "people.h"
#include "snap/write.h"

#define ID_MIN	1879048192u
#define ID_MAX	2147483646u
#define ID_SIZE 21

static void
die(const char *what)
{
	(void)fprintf(stderr, "build: %s\n", what);
	exit(1);
}

static double
cpu_s(struct rusage *used)
{
	if (getrusage(RUSAGE_SELF, used) < 0)
		die("no times");
	return (double)(used->ru_utime.tv_sec + used->ru_stime.tv_sec) +
	       (double)(used->ru_utime.tv_usec + used->ru_stime.tv_usec) / 1e6;
}

/* As Okta's look: no order in them. */
static void
okta_id(char id[ID_SIZE], char kind, uint64_t number)
{
	static const char digits[] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmn"
				     "opqrstuvwxyz";
	uint64_t x = (number + 1) * UINT64_C(0x9e3779b97f4a7c15);
	size_t i;

	id[0] = id[1] = '0';
	id[2] = kind;
	for (i = 3; i < ID_SIZE - 1; i++) {
		if (i == 12)
			x = (number + 7) * UINT64_C(0xbf58476d1ce4e5b9);
		id[i] = digits[x % 62];
		x /= 62;
	}
	id[ID_SIZE - 1] = '\0';
}

static void
add_groups(struct okta_snapw *w, const struct people *p, uint32_t *numbers)
{
	struct okta_snapw_group group;
	struct okta_err err = { 0 };
	char id[ID_SIZE], name[NAME_SIZE];
	uint32_t i;

	for (i = 0; i < p->groups; i++) {
		memset(&group, 0, sizeof(group));
		okta_id(id, 'g', i);
		people_group_name(i, name);
		group.kind = OKTA_SNAP_GROUP_SERVED;
		group.gid = people_gid(i);
		group.name = group.okta_name = okta_view_str(name);
		group.okta_id = okta_view_str(id);
		if (okta_snapw_add_group(w, &group, &numbers[i], &err) != OKTA_OK)
			die(err.msg);
	}
}

static uint64_t
add_users(struct okta_snapw *w, const struct people *p, const uint32_t *numbers)
{
	struct okta_snapw_user user;
	struct okta_err err = { 0 };
	char id[ID_SIZE], name[NAME_SIZE], gecos[64], home[64], login[64];
	uint32_t groups[GROUPS_SIZE], i, k;
	uint64_t memberships = 0;

	for (i = 0; i < p->users; i++) {
		memset(&user, 0, sizeof(user));
		okta_id(id, 'u', i);
		people_name(i, name);
		people_gecos(i, gecos);
		(void)snprintf(home, sizeof(home), "/home/%s", name);
		(void)snprintf(login, sizeof(login), "%s@corp.example", name);
		user.uid = user.gid = people_uid(i);
		user.flags = OKTA_SNAP_USER_PRIVATE_GROUP;
		user.status = OKTA_STATUS_ACTIVE;
		user.name = okta_view_str(name);
		user.gecos = okta_view_str(gecos);
		user.home = okta_view_str(home);
		user.shell = okta_view_str("/bin/bash");
		user.okta_id = okta_view_str(id);
		user.okta_login = okta_view_str(login);
		user.n_groups = people_groups(p, i, groups);
		for (k = 0; k < user.n_groups; k++)
			groups[k] = numbers[groups[k]];
		user.groups = groups;
		memberships += user.n_groups;
		if (okta_snapw_add_user(w, &user, &err) != OKTA_OK)
			die(err.msg);
	}
	return memberships;
}

int
main(int argc, char **argv)
{
	struct okta_snapw_head head = {
		.generation = 1, .seed = 1, .id_min = ID_MIN, .id_max = ID_MAX
	};
	struct okta_snapw *w = NULL;
	struct okta_view bytes;
	struct okta_err err = { 0 };
	struct rusage used;
	struct people p;
	double built, published;
	uint64_t memberships;
	uint32_t *numbers;

	if (argc != 4)
		die("usage: build USERS GROUPS SNAPSHOT");
	p = people_of(
	    (uint32_t)strtoul(argv[1], NULL, 10), (uint32_t)strtoul(argv[2], NULL, 10));
	if (p.users < 100 || p.groups < 50)
		die("USERS: 100 or more; GROUPS: 50 or more");
	numbers = calloc(p.groups, sizeof(*numbers));
	head.org_url = okta_view_str("https://example.okta.com");
	head.published_s = head.source_s = time(NULL);
	if (numbers == NULL || okta_snapw_new(&head, &w, &err) != OKTA_OK)
		die("out of memory");
	add_groups(w, &p, numbers);
	memberships = add_users(w, &p, numbers);
	if (okta_snapw_finish(w, &bytes, &err) != OKTA_OK)
		die(err.msg);
	built = cpu_s(&used);
	if (okta_snapw_publish(argv[3], geteuid(), bytes, &err) != OKTA_OK)
		die(err.msg);
	published = cpu_s(&used);
	(void)printf("build\t%.3f\t%ld\t%zu\t%llu\t%.3f\n", built, used.ru_maxrss,
	    bytes.len, (unsigned long long)memberships, published - built);
	okta_snapw_free(&w);
	free(numbers);
	return 0;
}
