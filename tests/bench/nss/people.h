/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/bench/nss/people.h - the made-up directory that every peer serves.
 *
 * A function of its size alone: the same names, ids and memberships on every machine.
 * Users have a private group (gid = uid), most are in ten other groups, a few in a
 * thousand; some groups have 50,000 members.
 */
#ifndef BENCH_PEOPLE_H
#define BENCH_PEOPLE_H

#include <stdbool.h>
#include <stdint.h>

#define BIG_MEMBERS 50000
#define MANY_GROUPS 1000
#define NAME_SIZE   33
#define GROUPS_SIZE 1100 /* no user is in more */

struct people {
	uint32_t users, groups;
	uint32_t big;	/* groups 0 to big - 1 have BIG_MEMBERS members, or everybody */
	uint32_t every; /* every so manyth user is in MANY_GROUPS groups; 0: nobody is */
};

struct people people_of(uint32_t users, uint32_t groups);

void people_name(uint32_t user, char name[NAME_SIZE]);
void people_gecos(uint32_t user, char gecos[64]);
uint32_t people_uid(uint32_t user);
bool people_in_many(const struct people *p, uint32_t user);

/* The user's groups, ascending and distinct; returns how many. */
uint32_t people_groups(
    const struct people *p, uint32_t user, uint32_t numbers[GROUPS_SIZE]);

void people_group_name(uint32_t group, char name[NAME_SIZE]);
uint32_t people_gid(uint32_t group);

#endif /* BENCH_PEOPLE_H */
