/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: anybody who reaches sshd can start logins, and anybody on this host su;
 * each costs memory here and questions to Okta, of which an app may ask only so many a
 * minute.  MUST: no cap is exceeded by logins that come at once.  MUST: a login that is
 * killed frees its place.  MUST NOT: wait for another login: its process belongs to
 * somebody who may have stopped it.  MUST: who stops his own logins on this host, which
 * then keep their places, leaves the other half.
 *
 * Why there is no lock around the counting: each first takes a place by a lock on its
 * first byte, then writes whose it is, then says so by a lock on its second byte, then
 * counts those that said so.  Of any two, whoever says so last sees the other, so the
 * caps hold; and who was stopped before that is not counted by what the last holder of
 * his place wrote.
 *
 * The first builds locked all bytes of a place at once.  Beside a login of theirs, as
 * while a package is upgraded, no cap is exceeded either: each takes the other's lock for
 * a place that is taken, and counts it; theirs by what is there, as they do.
 *
 * Why open file description locks: they belong to this open file and not to the process,
 * so that a host which handles several logins in one process is counted right, and no
 * close() elsewhere in it drops them.
 */
#include "host/waiting.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "host/run_dir.h"

#define UID_BYTES   7
#define IS_LOCAL_AT UID_BYTES
#define ADDRESS_AT  (IS_LOCAL_AT + 1)
#define PLACE_BYTES (ADDRESS_AT + OKTA_WAITING_ADDRESS_BYTES)

#define OKTAS_POLL_S 5

/* The first places poll as Okta wants it, the next ones slower, the rest so that a long
 * queue stays affordable. */
static const struct {
	uint32_t places, poll_s;
} pace[] = { { 10, 0 }, { 20, 15 }, { UINT32_MAX, 40 } };

struct counted {
	uint32_t user, user_local, address, both;
};

void
okta_waiting_init(struct okta_waiting *waiting)
{
	memset(waiting, 0, sizeof(*waiting));
	waiting->fd = -1;
}

uint32_t
okta_waiting_poll_s(uint32_t place)
{
	size_t i;

	for (i = 0; place >= pace[i].places; i++)
		place -= pace[i].places;
	return pace[i].poll_s;
}

uint32_t
okta_waiting_polls_per_minute(uint32_t total)
{
	uint32_t sum = 0, here;
	size_t i;

	for (i = 0; total > 0; i++) {
		here = total < pace[i].places ? total : pace[i].places;
		sum += here * 60 / (pace[i].poll_s == 0 ? OKTAS_POLL_S : pace[i].poll_s);
		total -= here;
	}
	return sum;
}

void
okta_waiting_address(const char *rhost, char ret[OKTA_WAITING_ADDRESS_BYTES])
{
	char text[OKTA_WAITING_ADDRESS_BYTES];
	struct in6_addr six;

	(void)snprintf(text, sizeof(text), "%s", rhost);
	text[strcspn(text, "%")] = '\0'; /* an interface is no part of who it is */
	memset(ret, 0, OKTA_WAITING_ADDRESS_BYTES);
	if (inet_pton(AF_INET6, text, &six) != 1) {
		(void)snprintf(ret, OKTA_WAITING_ADDRESS_BYTES, "%s", rhost);
	} else if (IN6_IS_ADDR_V4MAPPED(&six)) {
		(void)inet_ntop(
		    AF_INET, &six.s6_addr[12], ret, OKTA_WAITING_ADDRESS_BYTES);
	} else {
		memset(&six.s6_addr[8], 0, 8);
		(void)inet_ntop(AF_INET6, &six, ret, OKTA_WAITING_ADDRESS_BYTES);
	}
}

/* The bytes of a place that are locked, for what. */
enum { HAVE_AT = 0, SAID_AT = 1 };

static struct flock
lock_of(uint32_t place, off_t at)
{
	return (struct flock){ .l_type = F_WRLCK,
		.l_whence = SEEK_SET,
		.l_start = (off_t)place * PLACE_BYTES + at,
		.l_len = 1 };
}

static bool
counts(int fd, uint32_t place)
{
	struct flock lock = lock_of(place, SAID_AT);

	/* what cannot be known counts */
	return fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type != F_UNLCK;
}

/*
 * The lowest free place: the low ones poll faster.  Half of them is every other one, so
 * that who has that half has a half of the fast ones too.
 */
static enum okta_rc
take_place(int fd, uint32_t total, bool half, uint32_t *ret, struct okta_err *err)
{
	struct flock lock;
	uint32_t place;

	for (place = 0; place < total; place += half ? 2 : 1) {
		lock = lock_of(place, HAVE_AT);
		if (fcntl(fd, F_OFD_SETLK, &lock) == 0) {
			*ret = place;
			return OKTA_OK;
		}
		if (errno != EAGAIN && errno != EACCES)
			return okta_err_sys(err, errno, "a place cannot be locked");
	}
	if (half)
		return okta_err_set(err, OKTA_E_REFUSED,
		    "no place of those for logins from this host itself is free, half "
		    "of %u: [login] max_waiting",
		    total);
	return okta_err_set(err, OKTA_E_REFUSED,
	    "%u logins wait for approval on this host: [login] max_waiting", total);
}

/* Whose it is, and then that it is written. */
static enum okta_rc
say_whose(int fd, uint32_t place, const unsigned char record[PLACE_BYTES],
    const char *path, struct okta_err *err)
{
	struct flock said = lock_of(place, SAID_AT);
	const ssize_t n = pwrite(fd, record, PLACE_BYTES, (off_t)place * PLACE_BYTES);

	if (n != PLACE_BYTES)
		return okta_err_sys(
		    err, n < 0 ? errno : ENOSPC, "%s: cannot be written", path);
	if (fcntl(fd, F_OFD_SETLK, &said) < 0)
		return okta_err_sys(err, errno, "a place cannot be locked");
	return OKTA_OK;
}

static void
fill(unsigned char record[PLACE_BYTES], uint32_t uid, bool is_local, const char *address)
{
	size_t i;

	memset(record, 0, PLACE_BYTES);
	for (i = 0; i < UID_BYTES; i++)
		record[i] = (unsigned char)((uint64_t)uid >> (8 * i));
	record[IS_LOCAL_AT] = is_local;
	(void)snprintf(
	    (char *)record + ADDRESS_AT, OKTA_WAITING_ADDRESS_BYTES, "%s", address);
}

/* All the places the file has, also those beyond a cap that was higher before. */
static enum okta_rc
count_others(int fd, uint32_t mine, const unsigned char record[PLACE_BYTES],
    struct counted *ret, struct okta_err *err)
{
	const size_t size = (size_t)OKTA_WAITING_MAX * PLACE_BYTES;
	unsigned char *all = malloc(size);
	bool same_user, same_address;
	const unsigned char *other;
	uint32_t place;
	ssize_t n;

	if (all == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	n = pread(fd, all, size, 0);
	if (n < 0) {
		free(all);
		return okta_err_sys(err, errno, "the places cannot be read");
	}
	memset(ret, 0, sizeof(*ret));
	for (place = 0; ((size_t)place + 1) * PLACE_BYTES <= (size_t)n; place++) {
		other = all + (size_t)place * PLACE_BYTES;
		same_user = memcmp(other, record, UID_BYTES) == 0;
		same_address = memcmp(other + ADDRESS_AT, record + ADDRESS_AT,
				   OKTA_WAITING_ADDRESS_BYTES) == 0;
		if (place == mine || (!same_user && !same_address) || !counts(fd, place))
			continue;
		ret->user += same_user ? 1 : 0;
		ret->user_local += same_user && other[IS_LOCAL_AT] != 0 ? 1 : 0;
		ret->address += same_address ? 1 : 0;
		ret->both += same_user && same_address ? 1 : 0;
	}
	free(all);
	return OKTA_OK;
}

static enum okta_rc
check_caps(const struct okta_waiting_caps *caps, const struct counted *others,
    struct okta_err *err)
{
	if (others->user >= caps->per_user)
		return okta_err_set(err, OKTA_E_REFUSED,
		    "%u logins of this person wait for approval: [login] "
		    "max_waiting_user",
		    others->user);
	if (caps->per_user > 1 && others->both >= caps->per_user - 1)
		return okta_err_set(err, OKTA_E_REFUSED,
		    "%u logins of this person wait for approval from this address, the "
		    "last place is for another one: [login] max_waiting_user",
		    others->both);
	if (caps->half && others->user_local >= (caps->per_user + 1) / 2)
		return okta_err_set(err, OKTA_E_REFUSED,
		    "%u logins of this person from this host itself wait for approval, "
		    "the other places are for logins from elsewhere: [login] "
		    "max_waiting_user",
		    others->user_local);
	if (others->address >= caps->per_address)
		return okta_err_set(err, OKTA_E_REFUSED,
		    "%u logins from this address wait for approval: [login] "
		    "max_waiting_address",
		    others->address);
	return OKTA_OK;
}

enum okta_rc
okta_waiting_enter(const char *run_dir, uid_t owner, const struct okta_waiting_caps *caps,
    uint32_t uid, const char *address, struct okta_waiting *ret, struct okta_err *err)
{
	const uint32_t total = caps->total < OKTA_WAITING_MAX ? caps->total
							      : OKTA_WAITING_MAX;
	struct okta_waiting mine;
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	unsigned char record[PLACE_BYTES];
	struct counted others = { 0 };
	char path[PATH_MAX];
	int n;

	okta_waiting_init(&mine);
	n = snprintf(path, sizeof(path), "%s/waiting", run_dir);
	if (n < 0 || (size_t)n >= sizeof(path)) {
		rc = okta_err_set(err, OKTA_E_TOOBIG, "%s: path is too long", run_dir);
		goto out;
	}
	r = okta_run_dir_make(run_dir, 0755, owner, err);
	if (r == OKTA_OK)
		r = okta_run_file_open(path, owner, &mine.fd, &mine.mark, err);
	if (r == OKTA_OK)
		r = take_place(mine.fd, total, caps->half, &mine.place, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	fill(record, uid, caps->half, address);
	r = say_whose(mine.fd, mine.place, record, path, err);
	if (r == OKTA_OK)
		r = count_others(mine.fd, mine.place, record, &others, err);
	if (r == OKTA_OK)
		r = check_caps(caps, &others, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	*ret = mine;
	mine.fd = -1;
	rc = OKTA_OK;
out:
	okta_waiting_leave(&mine);
	return rc;
}

void
okta_waiting_leave(struct okta_waiting *waiting)
{
	/* the lock goes with the last descriptor of this open file, which is ours */
	okta_fd_close(waiting->fd, &waiting->mark);
	okta_waiting_init(waiting);
}
