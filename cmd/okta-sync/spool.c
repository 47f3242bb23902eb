/* SPDX-License-Identifier: BSD-2-Clause */
#include "spool.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base.h"
#include "base/frame.h"
#include "snap/format.h"
#include "snap/le.h"

#define MAGIC	    "OKTAPAGE"
#define VERSION	    2
#define HEAD_BYTES  40
#define FRAME_BYTES 16 /* in front of each frame */

/* --- its key --------------------------------------------------------------------- */

static uint64_t
mix(uint64_t sum, const char *s)
{
	const uint64_t parts[] = { sum, s != NULL,
		s == NULL ? 0 : okta_snap_sum64(s, strlen(s)) };

	return okta_snap_sum64(parts, sizeof(parts));
}

struct sync_spool_key
sync_spool_key_of(const struct okta_conf *conf)
{
	const uint64_t parts[] = { sync_base_conf_sum(conf), (uint64_t)conf->auth };
	/* pages must not be much older than a snapshot is when it is made anew */
	const int64_t fresh_s = (int64_t)conf->snapshot_max_age_s / 4;
	struct sync_spool_key key = { 0 };

	key.conf_sum = okta_snap_sum64(parts, sizeof(parts));
	key.conf_sum = mix(key.conf_sum, OKTA_VERSION);
	key.conf_sum = mix(key.conf_sum, conf->sync_client_id);
	key.conf_sum = mix(key.conf_sum, conf->key_id);
	key.max_s = fresh_s < SYNC_SPOOL_MAX_S ? fresh_s : SYNC_SPOOL_MAX_S;
	return key;
}

/* --- its head -------------------------------------------------------------------- */

static void
put_head(unsigned char head[HEAD_BYTES], const struct sync_spool_key *key, int64_t now_s)
{
	memcpy(head, MAGIC, 8);
	okta_le64_put(head + 8, VERSION);
	okta_le64_put(head + 16, key->conf_sum);
	okta_le64_put(head + 24, (uint64_t)now_s);
	okta_le64_put(head + 32, okta_snap_sum64(head, 32));
}

static bool
is_ours(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_uid == geteuid() &&
	       (st.st_mode & (S_IRWXG | S_IRWXO)) == 0;
}

/* Its descriptor, behind the head; -1: there is nothing to go on with. */
static int
open_old(
    const char *path, const struct sync_spool_key *key, int64_t now_s, int64_t *ret_began)
{
	unsigned char head[HEAD_BYTES];
	int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	int64_t began;

	if (fd < 0)
		return -1;
	if (!is_ours(fd) || read(fd, head, sizeof(head)) != (ssize_t)sizeof(head) ||
	    memcmp(head, MAGIC, 8) != 0 || okta_le64(head + 8) != VERSION ||
	    okta_le64(head + 32) != okta_snap_sum64(head, 32))
		goto none;
	began = (int64_t)okta_le64(head + 24);
	if (okta_le64(head + 16) != key->conf_sum)
		goto none;
	if (began > now_s || began < now_s - key->max_s)
		goto none;
	*ret_began = began;
	return fd;
none:
	(void)close(fd);
	return -1;
}

bool
sync_spool_look(const char *path, const struct sync_spool_key *key, int64_t now_s)
{
	int64_t began;
	int fd = open_old(path, key, now_s, &began);

	if (fd < 0)
		return false;
	(void)close(fd);
	return true;
}

/* --- its frames ------------------------------------------------------------------ */

static uint64_t
sum_frame(uint64_t before, struct okta_view frame, bool ends_page)
{
	const uint64_t parts[] = { before, (uint64_t)frame.len, ends_page,
		okta_snap_sum64(frame.p, frame.len) };

	return okta_snap_sum64(parts, sizeof(parts));
}

struct walk {
	int fd;
	off_t at;
	uint64_t sum;
	bool ends_page;
	struct okta_view frame; /* into bytes */
	char bytes[OKTA_FRAME_MAX_BYTES];
};

/*
 * OKTA_OK; OKTA_E_NOTFOUND: the end, or a frame that was not written to its end: whoever
 * wrote was killed; OKTA_E_INPUT: damaged.
 */
static enum okta_rc
next_frame(struct walk *w)
{
	unsigned char head[FRAME_BYTES];
	uint32_t len, flag;
	ssize_t n;

	n = pread(w->fd, head, sizeof(head), w->at);
	if (n < 0)
		return OKTA_E_INPUT;
	if (n < (ssize_t)sizeof(head))
		return OKTA_E_NOTFOUND;
	len = okta_le32(head);
	flag = okta_le32(head + 4);
	if (len == 0 || len > OKTA_FRAME_MAX_BYTES || flag > 1)
		return OKTA_E_INPUT;
	n = pread(w->fd, w->bytes, len, w->at + FRAME_BYTES);
	if (n < 0)
		return OKTA_E_INPUT;
	if (n < (ssize_t)len)
		return OKTA_E_NOTFOUND;
	w->frame = (struct okta_view){ w->bytes, len };
	w->ends_page = flag == 1;
	w->sum = sum_frame(w->sum, w->frame, w->ends_page);
	if (w->sum != okta_le64(head + 8))
		return OKTA_E_INPUT;
	w->at += FRAME_BYTES + (off_t)len;
	return OKTA_OK;
}

/* The end of the last whole page, when nothing before it is damaged. */
static enum okta_rc
find_end(int fd, off_t *ret_end, uint64_t *ret_sum)
{
	struct walk w = { .fd = fd, .at = HEAD_BYTES };
	off_t end = HEAD_BYTES;
	uint64_t sum = 0;
	enum okta_rc r;

	while ((r = next_frame(&w)) == OKTA_OK)
		if (w.ends_page) {
			end = w.at;
			sum = w.sum;
		}
	if (r != OKTA_E_NOTFOUND)
		return r;
	*ret_end = end;
	*ret_sum = sum;
	return end == HEAD_BYTES ? OKTA_E_NOTFOUND : OKTA_OK;
}

enum okta_rc
sync_spool_resume(const char *path, const struct sync_spool_key *key, int64_t now_s,
    enum okta_rc (*take)(void *ctx, struct okta_view frame), void *ctx,
    struct sync_spool *ret)
{
	struct walk w = { .at = HEAD_BYTES };
	int64_t began = 0;
	off_t end = 0;
	uint64_t sum = 0;
	enum okta_rc r;

	w.fd = open_old(path, key, now_s, &began);
	if (w.fd < 0)
		return OKTA_E_NOTFOUND;
	r = find_end(w.fd, &end, &sum);
	while (r == OKTA_OK && w.at < end) {
		r = next_frame(&w);
		if (r == OKTA_OK)
			r = take(ctx, w.frame);
	}
	/* behind the last page there may be half a one */
	if (r == OKTA_OK &&
	    (ftruncate(w.fd, end) < 0 || lseek(w.fd, end, SEEK_SET) != end))
		r = OKTA_E_INPUT;
	if (r != OKTA_OK) {
		(void)close(w.fd);
		return r;
	}
	*ret = (struct sync_spool){ path, w.fd, sum, began, (uint64_t)end };
	return OKTA_OK;
}

/* --- keeping --------------------------------------------------------------------- */

void
sync_spool_begin(const char *path, const struct sync_spool_key *key, int64_t now_s,
    struct sync_spool *ret)
{
	unsigned char head[HEAD_BYTES];

	*ret = (struct sync_spool){ path, -1, 0, now_s, HEAD_BYTES };
	if (!sync_spool_drop(path))
		return;
	ret->fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (ret->fd < 0)
		return;
	put_head(head, key, now_s);
	if (write(ret->fd, head, sizeof(head)) != (ssize_t)sizeof(head))
		sync_spool_close(ret); /* what is there has no whole head */
}

void
sync_spool_add(struct sync_spool *spool, struct okta_view frame, bool ends_page)
{
	unsigned char head[FRAME_BYTES];
	struct iovec parts[2] = { { head, sizeof(head) },
		{ (void *)(uintptr_t)frame.p, frame.len } };

	if (spool->fd < 0)
		return;
	spool->sum = sum_frame(spool->sum, frame, ends_page);
	okta_le32_put(head, (uint32_t)frame.len);
	okta_le32_put(head + 4, ends_page);
	okta_le64_put(head + 8, spool->sum);
	spool->bytes += sizeof(head) + frame.len;
	if (spool->bytes <= SYNC_SPOOL_MAX_BYTES &&
	    writev(spool->fd, parts, 2) == (ssize_t)(sizeof(head) + frame.len))
		return;
	sync_spool_close(spool);
	(void)sync_spool_drop(spool->path); /* the disk needs its room */
}

void
sync_spool_close(struct sync_spool *spool)
{
	if (spool->fd >= 0)
		(void)close(spool->fd);
	spool->fd = -1;
}

bool
sync_spool_drop(const char *path)
{
	return unlink(path) == 0 || errno == ENOENT;
}
