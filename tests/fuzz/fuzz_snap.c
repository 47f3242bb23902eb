/* SPDX-License-Identifier: BSD-2-Clause */
/* links: host snapw snap model base; libs: cmocka inih */
/*
 * The snapshot, through the entry points glibc calls (S26, S30).  The module's own map.c
 * is compiled with three functions of the system replaced by those below, so that the
 * input is the file.  One file in eight is read as a login and oktactl read it, too.
 */
#include <errno.h>
#include <grp.h>
#include <nss.h>
#include <pwd.h>
#include <sys/stat.h>
#include <time.h>

#include "../unit/snap_fixture.h"
#include "base/text.h"
#include "fuzz.h"
#include "host/person.h"
#include "snap_poison.h"
#include "snap_seal.h"

#define ROOM	  OKTA_SNAP_GROUP_ANSWER_MAX
#define USER_ROOM 65536 /* what is promised for a user */
#define PROBES	  5	/* records looked up by name and id */
#define FILLER	  '\xa5'
#define FILLED	  2048 /* of longer answers the exact length is not looked for */

enum nss_status _nss_okta_getpwnam_r(
    const char *name, struct passwd *pw, char *buffer, size_t buflen, int *errnop);
enum nss_status _nss_okta_getpwuid_r(
    uid_t uid, struct passwd *pw, char *buffer, size_t buflen, int *errnop);
enum nss_status _nss_okta_getgrnam_r(
    const char *name, struct group *gr, char *buffer, size_t buflen, int *errnop);
enum nss_status _nss_okta_getgrgid_r(
    gid_t gid, struct group *gr, char *buffer, size_t buflen, int *errnop);
enum nss_status _nss_okta_setpwent(int stayopen);
enum nss_status _nss_okta_endpwent(void);
enum nss_status _nss_okta_getpwent_r(
    struct passwd *pw, char *buffer, size_t buflen, int *errnop);
enum nss_status _nss_okta_setgrent(int stayopen);
enum nss_status _nss_okta_endgrent(void);
enum nss_status _nss_okta_getgrent_r(
    struct group *gr, char *buffer, size_t buflen, int *errnop);
enum nss_status _nss_okta_initgroups_dyn(const char *user, gid_t group, long *start,
    long *size, gid_t **groups, long limit, int *errnop);

/* --- what map.c sees of the system --- */

static struct {
	const uint8_t *p;
	size_t len;
	ino_t number;
} file;

enum okta_rc fuzz_snap_open(const char *path, uid_t owner, struct okta_snap *ret);
int fuzz_fstatat(int dir, const char *path, struct stat *st, int flags);
int fuzz_clock_gettime(clockid_t clock, struct timespec *ts);
time_t __wrap_time(time_t *ret);

enum okta_rc
fuzz_snap_open(const char *path, uid_t owner, struct okta_snap *ret)
{
	enum okta_rc r;

	(void)path;
	(void)owner;
	r = okta_snap_open_bytes(file.p, file.len, ret);
	if (r == OKTA_OK)
		ret->ino = file.number;
	return r;
}

int
fuzz_fstatat(int dir, const char *path, struct stat *st, int flags)
{
	(void)dir;
	(void)path;
	(void)flags;
	memset(st, 0, sizeof(*st));
	st->st_ino = file.number;
	st->st_size = (off_t)file.len;
	return 0;
}

/* Each file comes a second after the last one. */
int
fuzz_clock_gettime(clockid_t clock, struct timespec *ts)
{
	(void)clock;
	ts->tv_sec = (time_t)file.number + 1000;
	ts->tv_nsec = 0;
	return 0;
}

time_t
__wrap_time(time_t *ret)
{
	(void)ret; /* the module passes NULL */
	return (time_t)file.number + 1000;
}

/* --- the oracle --- */

static char buffer[ROOM + REDZONE] __attribute__((aligned(16)));

static bool
is_name(const char *s)
{
	size_t i;

	if (strlen(s) == 0 || strlen(s) > 32 || !((*s >= 'a' && *s <= 'z') || *s == '_'))
		return false;
	for (i = 0; s[i] != '\0'; i++)
		if (!((s[i] >= 'a' && s[i] <= 'z') || (s[i] >= '0' && s[i] <= '9') ||
			strchr("_.-", s[i]) != NULL))
			return false;
	return true;
}

/* S ends within the first LEN bytes of the buffer. */
static void
check_text(const char *s, size_t len)
{
	FUZZ_CHECK(s >= buffer && s < buffer + len);
	FUZZ_CHECK(memchr(s, '\0', len - (size_t)(s - buffer)) != NULL);
}

static void
check_id(uint32_t id, bool of_user)
{
	uint32_t min = okta_le32(file.p + 72), max = okta_le32(file.p + 76);

	FUZZ_CHECK(id != 0 && id <= OKTA_SNAP_ID_CEIL);
	FUZZ_CHECK(!of_user || (id >= 1000 && id >= min && id <= max));
}

static void
check_user(const struct passwd *pw, size_t len)
{
	check_text(pw->pw_name, len);
	check_text(pw->pw_passwd, len);
	check_text(pw->pw_gecos, len);
	check_text(pw->pw_dir, len);
	check_text(pw->pw_shell, len);
	FUZZ_CHECK(is_name(pw->pw_name) && strcmp(pw->pw_passwd, "*") == 0);
	check_id(pw->pw_uid, true);
	check_id(pw->pw_gid, false);
}

static void
check_group(const struct group *gr, size_t len)
{
	const char *list = (const char *)gr->gr_mem;
	size_t i;

	check_text(gr->gr_name, len);
	check_text(gr->gr_passwd, len);
	FUZZ_CHECK(is_name(gr->gr_name) && strcmp(gr->gr_passwd, "*") == 0);
	check_id(gr->gr_gid, false);
	FUZZ_CHECK((uintptr_t)list % sizeof(char *) == 0 && list >= buffer);
	for (i = 0;; i++) {
		FUZZ_CHECK((size_t)(list - buffer) + (i + 1) * sizeof(char *) <= len);
		if (gr->gr_mem[i] == NULL)
			break;
		check_text(gr->gr_mem[i], len);
	}
}

/* The errno that goes with a status; ERANGE only where a larger buffer helps. */
static void
check_status(enum nss_status status, int e, bool had_room)
{
	switch (status) {
	case NSS_STATUS_SUCCESS:
		break;
	case NSS_STATUS_TRYAGAIN:
		FUZZ_CHECK(e == ERANGE && !had_room);
		break;
	default:
		FUZZ_CHECK(status == NSS_STATUS_NOTFOUND || status == NSS_STATUS_UNAVAIL);
		FUZZ_CHECK(e == ENOENT);
	}
}

/* --- each lookup with all the room, with exactly enough, and with a byte less --- */

enum way { BY_USER_NAME, BY_UID, BY_GROUP_NAME, BY_GID };

static enum nss_status
call(enum way way, const char *name, uint32_t id, size_t len)
{
	enum nss_status status;
	struct passwd pw;
	struct group gr;
	int e = 0;

	poison(buffer + len);
	errno = 4711;
	if (way == BY_USER_NAME)
		status = _nss_okta_getpwnam_r(name, &pw, buffer, len, &e);
	else if (way == BY_UID)
		status = _nss_okta_getpwuid_r(id, &pw, buffer, len, &e);
	else if (way == BY_GROUP_NAME)
		status = _nss_okta_getgrnam_r(name, &gr, buffer, len, &e);
	else
		status = _nss_okta_getgrgid_r(id, &gr, buffer, len, &e);
	FUZZ_CHECK(errno == 4711);
	unpoison(buffer + len);
	check_status(status, e,
	    len >= (way == BY_USER_NAME || way == BY_UID ? (size_t)USER_ROOM : ROOM));
	if (status != NSS_STATUS_SUCCESS)
		return status;
	if (way == BY_USER_NAME || way == BY_UID) {
		check_user(&pw, len);
		FUZZ_CHECK(way == BY_UID ? pw.pw_uid == id : !strcmp(pw.pw_name, name));
	} else {
		check_group(&gr, len);
		FUZZ_CHECK(way == BY_GID ? gr.gr_gid == id : !strcmp(gr.gr_name, name));
	}
	return status;
}

static void
look_up(enum way way, const char *name, uint32_t id)
{
	size_t room = way == BY_USER_NAME || way == BY_UID ? USER_ROOM : ROOM;
	size_t used = FILLED;

	memset(buffer, FILLER, FILLED);
	if (call(way, name, id, room) != NSS_STATUS_SUCCESS)
		return;
	/* every answer ends with a NUL */
	while (used > 0 && buffer[used - 1] == FILLER)
		used--;
	if (used == FILLED)
		return;
	FUZZ_CHECK(call(way, name, id, used) == NSS_STATUS_SUCCESS);
	FUZZ_CHECK(call(way, name, id, used - 1) == NSS_STATUS_TRYAGAIN);
}

static void
init_groups(const char *name, gid_t primary, long limit)
{
	long start = 1, size = 1, i;
	gid_t *groups = malloc(sizeof(*groups));
	enum nss_status status;
	int e = 0;

	FUZZ_CHECK(groups != NULL);
	groups[0] = primary;
	status = _nss_okta_initgroups_dyn(
	    name, primary, &start, &size, &groups, limit, &e);
	check_status(status, e, true);
	FUZZ_CHECK(start >= 1 && start <= size && groups[0] == primary);
	FUZZ_CHECK(limit <= 0 || start <= limit || start == 1);
	for (i = 1; i < start; i++)
		check_id(groups[i], false);
	free(groups);
}

static void
enumerate_users(void)
{
	enum nss_status status, small;
	struct passwd pw;
	size_t n = 0;
	int e = 0;

	(void)_nss_okta_setpwent(0);
	do {
		poison(buffer + 8);
		small = _nss_okta_getpwent_r(&pw, buffer, 8, &e);
		check_status(small, e, false);
		unpoison(buffer + 8);
		FUZZ_CHECK(small != NSS_STATUS_SUCCESS);
		status = _nss_okta_getpwent_r(&pw, buffer, USER_ROOM, &e);
		check_status(status, e, true);
		/* the one there was no room for is still the next one */
		FUZZ_CHECK(
		    (small == NSS_STATUS_TRYAGAIN) == (status == NSS_STATUS_SUCCESS));
		if (status == NSS_STATUS_SUCCESS)
			check_user(&pw, USER_ROOM);
		FUZZ_CHECK(n++ <= file.len);
	} while (status == NSS_STATUS_SUCCESS);
	(void)_nss_okta_endpwent();
}

static void
enumerate_groups(void)
{
	enum nss_status status;
	struct group gr;
	size_t n = 0;
	int e = 0;

	(void)_nss_okta_setgrent(0);
	do {
		status = _nss_okta_getgrent_r(&gr, buffer, ROOM, &e);
		check_status(status, e, true);
		if (status == NSS_STATUS_SUCCESS)
			check_group(&gr, ROOM);
		FUZZ_CHECK(n++ <= file.len);
	} while (status == NSS_STATUS_SUCCESS);
	(void)_nss_okta_endgrent();
}

/* --- what a login, and oktactl, read of it besides --- */

static void
check_view(struct okta_view v)
{
	const char *p = (const char *)file.p;

	FUZZ_CHECK(
	    v.len == 0 || (v.p >= p && v.len <= file.len && v.p <= p + file.len - v.len));
}

static void
check_person(const struct okta_person *person, const char *name)
{
	const struct okta_policy_group *g;
	size_t i;

	FUZZ_CHECK(okta_view_eq_str(person->policy.name, name));
	check_view(person->policy.okta_id);
	check_id(person->uid, true);
	check_id(person->gid, false);
	FUZZ_CHECK(person->policy.n_groups <= OKTA_PERSON_GROUPS_MAX);
	for (i = 0; i < person->policy.n_groups; i++) {
		g = &person->policy.groups[i];
		check_view(g->okta_id);
		check_view(g->okta_name);
		FUZZ_CHECK(g->okta_id.len > 0 && g->n_joins <= OKTA_SNAP_JOIN_MAX);
		if (g->served)
			check_id(g->gid, false);
	}
}

static void
read_known(const struct okta_snap *snap)
{
	static struct okta_claims claims;
	struct okta_known known = { 0 };
	struct okta_err err = { 0 };
	size_t i;

	claims.has_groups = true;
	claims.groups[0] = okta_view_str("Engineering");
	claims.groups[1] = okta_view_str("eng");
	claims.n_groups = 2;
	if (okta_known_init(snap, &claims, &known, &err) != OKTA_OK)
		return;
	for (i = 0; i < known.n_groups; i++) {
		FUZZ_CHECK(okta_view_eq(known.groups[i].okta_name, claims.groups[0]) ||
			   okta_view_eq(known.groups[i].okta_name, claims.groups[1]));
		FUZZ_CHECK(known.groups[i].n_joins == 0);
	}
	okta_known_clear(&known);
}

static void
read_users(const struct okta_snap *snap)
{
	struct okta_snap_user user;
	uint64_t cursor = 0;
	size_t n = 0;
	uint32_t i;

	while (okta_snap_next_user(snap, &cursor, &user) == OKTA_OK) {
		check_view(user.okta_id);
		check_view(user.okta_login);
		for (i = 0; i < user.n_gids; i++)
			check_id(okta_snap_gid(&user, i), false);
		FUZZ_CHECK(n++ <= file.len);
	}
}

static void
read_as_root(const char *name)
{
	struct okta_person person = { 0 };
	struct okta_snap_user user;
	struct okta_err err = { 0 };
	struct okta_snap snap;

	if (okta_snap_open_bytes(file.p, file.len, &snap) != OKTA_OK)
		return;
	if (okta_person_init(&snap, okta_view_str(name), &person, &err) == OKTA_OK) {
		check_person(&person, name);
		if (okta_snap_user_by_uid(&snap, person.uid, &user) == OKTA_OK)
			FUZZ_CHECK(user.uid == person.uid);
		okta_person_clear(&person);
	}
	read_known(&snap);
	read_users(&snap);
	if (okta_snap_verify(&snap, &err) != OKTA_OK)
		FUZZ_CHECK(
		    err.msg[0] != '\0' && okta_text_is_printable(okta_view_str(err.msg)));
}

static void
copy_name(const uint8_t *p, size_t size, size_t off, size_t len, char dst[41])
{
	if (len > 40)
		len = 40;
	if (off > size || len > size - off)
		len = 0;
	memcpy(dst, p + off, len);
	dst[len] = '\0';
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char name[41] = "";
	size_t off, len;
	unsigned i;

	file.p = data;
	file.len = size;
	file.number++;
	for (i = 0; i < PROBES; i++) {
		off = raw_record(data, size, USERS_AT, i, &len);
		if (off == 0)
			break;
		copy_name(data, size, off + 32, data[off + 18], name);
		look_up(BY_USER_NAME, name, 0);
		look_up(BY_UID, NULL, okta_le32(data + off + 8));
		init_groups(name, okta_le32(data + off + 12), i == 0 ? 2 : -1);
	}
	look_up(BY_GROUP_NAME, name, 0); /* a private group, maybe */
	for (i = 0; i < PROBES; i++) {
		off = raw_record(data, size, GROUPS_AT, i, &len);
		if (off == 0)
			break;
		copy_name(data, size, off + 40, data[off + 33], name);
		look_up(BY_GROUP_NAME, name, 0);
		look_up(BY_GID, NULL, okta_le32(data + off + 8));
	}
	look_up(BY_USER_NAME, "ada", 0);
	look_up(BY_GROUP_NAME, "eng", 0);
	/* by the header's sum: as good as chance, and always the same for one file */
	if (size >= OKTA_SNAP_HEADER_BYTES && data[16] % 8 == 0) {
		read_as_root("ada");
		read_as_root(name);
	}
	enumerate_users();
	enumerate_groups();
	return 0;
}

/* --- what it begins with --- */

/* Put the names of the first group that has room behind its list there, over what is. */
static void
list_names(uint8_t *p, size_t size)
{
	const size_t end = (size_t)(okta_le64(p + 120) + okta_le64(p + 128));
	size_t off, len, i, n, at;
	unsigned k;
	const uint8_t *name;

	for (k = 0; (off = raw_record(p, size, GROUPS_AT, k, &len)) != 0; k++) {
		n = okta_le32(p + off + 12);
		at = (size_t)(okta_le64(p + off + 16) + okta_pad(n * 4, 8));
		if (n > 0 && at + n + okta_le32(p + off + 24) <= end)
			break;
	}
	FUZZ_CHECK(off != 0);
	p[off + 38] = OKTA_SNAP_GROUP_NAMES_LISTED;
	for (i = 0, len = at + n; i < n; i++) {
		name = p + end + okta_le32(p + at - okta_pad(n * 4, 8) + i * 4);
		p[at + i] = (uint8_t)(name[0] + 1);
		memcpy(p + len, name + 1, name[0]);
		len += name[0];
		p[len++] = '\0';
	}
}

/* A file as it is written; one as it was before; and one whose list has names behind it.
 */
size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	size_t len = 0;
	uint8_t *p;

	if (i > 2)
		return 0;
	p = fx_bytes(&len);
	FUZZ_CHECK(len <= max);
	if (i == 1)
		okta_le32_put(p + 8, OKTA_SNAP_VERSION_BEFORE);
	if (i == 2)
		list_names(p, len);
	if (i > 0)
		seal(p, len, true);
	memcpy(out, p, len);
	free(p);
	return len;
}

/* --- the mutator: change a field, then make every checksum right again --- */

/* A number that is likely to matter. */
static uint64_t
odd_number(uint32_t *rng, uint64_t old, size_t size)
{
	static const uint64_t odd[] = { 0, 1, 7, 8, 33, 0x7f, 0x80, 0xff, 0x100, 0xffff,
		0x7fffffff, 0x80000000, 0xffffffff, UINT64_MAX, UINT64_MAX - 7,
		UINT64_C(1) << 63 };

	switch (fuzz_random(rng) % 6) {
	case 0:
		return odd[fuzz_random(rng) % (sizeof(odd) / sizeof(odd[0]))];
	case 1:
		return old + 8 * (fuzz_random(rng) % 17) - 64;
	case 2:
		return old + fuzz_random(rng) % 5 - 2;
	case 3:
		return size - fuzz_random(rng) % 9;
	case 4:
		return fuzz_random(rng) % (size + 1);
	default:
		return fuzz_random(rng);
	}
}

static void
change_number(uint8_t *p, size_t at, unsigned width, size_t size, uint32_t *rng)
{
	uint64_t n;

	if (at > size || width > size - at)
		return;
	n = width == 8 ? okta_le64(p + at) : width == 4 ? okta_le32(p + at) : p[at];
	n = odd_number(rng, n, size);
	if (width == 8)
		okta_le64_put(p + at, n);
	else if (width == 4)
		okta_le32_put(p + at, (uint32_t)n);
	else
		p[at] = (uint8_t)n;
}

static void
change_index(uint8_t *p, size_t size, uint32_t *rng)
{
	size_t index = 144 + 16 * (fuzz_random(rng) % 5), at, off, len;
	uint64_t start = okta_le64(p + index), buckets = okta_le32(p + index + 8);

	if (start >= size || buckets == 0)
		return;
	at = (size_t)(start + 64 * (fuzz_random(rng) % buckets) +
		      4 * (fuzz_random(rng) % 8));
	if (at > size || size - at < 64)
		return;
	if (fuzz_random(rng) % 2 == 0) {
		change_number(p, at + (fuzz_random(rng) % 2) * 32, 4, size, rng);
		return;
	}
	off = raw_record(p, size, fuzz_random(rng) % 2 == 0 ? USERS_AT : GROUPS_AT,
	    fuzz_random(rng) % 5, &len);
	okta_le32_put(p + at + 32, (uint32_t)(off / 8));
}

static void
change_record(uint8_t *p, size_t size, uint32_t *rng)
{
	static const uint8_t user_fields[] = { 4, 8, 12, 24, 28 };
	static const uint8_t group_fields[] = { 4, 8, 12, 16, 20, 24, 28, 36 };
	bool user = fuzz_random(rng) % 2 == 0;
	size_t len = 0, off, at;

	off = raw_record(
	    p, size, user ? USERS_AT : GROUPS_AT, fuzz_random(rng) % 5, &len);
	if (off == 0)
		return;
	switch (fuzz_random(rng) % 4) {
	case 0:
		at = user ? user_fields[fuzz_random(rng) % sizeof(user_fields)]
			  : group_fields[fuzz_random(rng) % sizeof(group_fields)];
		change_number(p, off + at, 4, size, rng);
		break;
	case 1:
		change_number(p, off + 16 + fuzz_random(rng) % 24, 1, size, rng);
		break;
	case 2:
		change_number(p, off + fuzz_random(rng) % len, 4, size, rng);
		break;
	default:
		at = 4 + fuzz_random(rng) % (len - 4);
		(void)LLVMFuzzerMutate(p + off + at, len - at, len - at);
	}
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	uint32_t rng = seed * 2654435761U + 1;

	if (size < OKTA_SNAP_HEADER_BYTES)
		return LLVMFuzzerMutate(data, size, max);
	switch (fuzz_random(&rng) % 8) {
	case 0:
		size = LLVMFuzzerMutate(data, size, max);
		break;
	case 1:
		change_number(data, 64 + 8 * (fuzz_random(&rng) % 22), 8, size, &rng);
		break;
	case 2:
		change_number(data, 64 + 4 * (fuzz_random(&rng) % 43), 4, size, &rng);
		break;
	case 3:
		change_index(data, size, &rng);
		break;
	case 4: /* member lists and names */
		change_number(data,
		    (size_t)okta_le64(data + 120) % size + fuzz_random(&rng) % 128, 4,
		    size, &rng);
		break;
	case 5:
		change_number(data, fuzz_random(&rng) % size, 1, size, &rng);
		break;
	default:
		change_record(data, size, &rng);
	}
	if (size >= OKTA_SNAP_HEADER_BYTES && fuzz_random(&rng) % 16 != 0)
		seal(data, size, fuzz_random(&rng) % 2 == 0);
	return size;
}
