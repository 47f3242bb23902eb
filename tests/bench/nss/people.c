/* SPDX-License-Identifier: BSD-2-Clause */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "people.h"

#define COUNT(a)  (sizeof(a) / sizeof((a)[0]))
#define FIRST_UID 1879048192u
#define FIRST_GID 1900000000u
#define UID_SPAN  16777216u
#define USUAL	  10
#define FACTOR	  7919u

static const char *const first[] = { "Ada", "Bruno", "Chioma", "Dmitri", "Esther",
	"Farid", "Grace", "Hiro", "Ines", "Jamal", "Keiko", "Lars", "Mina", "Nadia",
	"Omar", "Petra", "Quentin", "Rosa", "Sven", "Tala", "Uma", "Viktor", "Wanda",
	"Xenia", "Yusuf", "Zoe" };
static const char *const last[] = { "abara", "adler", "baker", "blanc", "bianchi",
	"carter", "chen", "costa", "danso", "diaz", "dubois", "eriksen", "evans", "farah",
	"fischer", "garcia", "gupta", "haddad", "hansen", "horvat", "ito", "ivanov",
	"jansen", "jones", "kaya", "khan", "kowalski", "laine", "lopez", "mbeki", "meyer",
	"moreau", "nagy", "nakamura", "novak", "okafor", "olsen", "park", "patel",
	"peters", "quispe", "ramos", "rossi", "rojas", "sato", "schulz", "silva", "singh",
	"tanaka", "torres", "ueda", "usman", "varga", "vega", "weber", "wong", "xu",
	"yang", "yilmaz", "zhou" };

static uint64_t
scramble(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

struct people
people_of(uint32_t users, uint32_t groups)
{
	struct people p = { users, groups, users / BIG_MEMBERS, 0 };

	if (p.big == 0)
		p.big = 1;
	if (groups > MANY_GROUPS + p.big)
		p.every = users / 20;
	return p;
}

void
people_name(uint32_t user, char name[NAME_SIZE])
{
	uint32_t pair = user % (uint32_t)(COUNT(first) * COUNT(last));

	(void)snprintf(name, NAME_SIZE, "%c%s%u", first[pair % COUNT(first)][0] | 0x20,
	    last[pair / COUNT(first)], user / (uint32_t)(COUNT(first) * COUNT(last)));
}

void
people_gecos(uint32_t user, char gecos[64])
{
	uint32_t pair = user % (uint32_t)(COUNT(first) * COUNT(last));

	(void)snprintf(
	    gecos, 64, "%s %s", first[pair % COUNT(first)], last[pair / COUNT(first)]);
}

/* An odd factor: no two users below UID_SPAN have one uid, and neighbours are apart. */
uint32_t
people_uid(uint32_t user)
{
	return FIRST_UID + (uint32_t)((uint64_t)user * 40503u % UID_SPAN);
}

bool
people_in_many(const struct people *p, uint32_t user)
{
	return p->every != 0 && user % p->every == 7;
}

static int
ascending(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static bool
has(const uint32_t *numbers, uint32_t n, uint32_t number)
{
	uint32_t i;

	for (i = 0; i < n; i++) {
		if (numbers[i] == number)
			return true;
	}
	return false;
}

uint32_t
people_groups(const struct people *p, uint32_t user, uint32_t numbers[GROUPS_SIZE])
{
	uint32_t n = 0, g, usual = p->groups - p->big, want = USUAL, i;
	uint64_t random = scramble(user);

	/* each product is a permutation of 10^n users: exactly BIG_MEMBERS of them pass
	 */
	for (g = 0; g < p->big; g++) {
		if (((uint64_t)user * (FACTOR + 130 * g)) % p->users < BIG_MEMBERS)
			numbers[n++] = g;
	}
	if (people_in_many(p, user)) {
		for (i = 0; i < MANY_GROUPS && n < GROUPS_SIZE; i++)
			numbers[n++] = p->big +
				       (uint32_t)((uint64_t)i * usual / MANY_GROUPS);
		return n;
	}
	if (random % 5 == 0) /* one in five is in some more or fewer */
		want = 5 + (uint32_t)(random >> 32) % 11;
	while (n < want) {
		random = scramble(random);
		g = p->big + (uint32_t)(random % usual);
		if (!has(numbers, n, g))
			numbers[n++] = g;
	}
	qsort(numbers, n, sizeof(numbers[0]), ascending);
	return n;
}

void
people_group_name(uint32_t group, char name[NAME_SIZE])
{
	(void)snprintf(name, NAME_SIZE, "team-%05u", group);
}

uint32_t
people_gid(uint32_t group)
{
	return FIRST_GID + group * 3;
}
