/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync snap net host model base; libs: libcrypto json-c inih */
/*
 * sync-spool, with which a full synchronisation goes on after a kill: whatever stands in
 * it, whole pages are taken that are sealed one behind the other, as a second reader
 * finds them here, and nothing else; what is added then is found behind them.
 */
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../cmd/okta-sync/spool.h"
#include "base/frame.h"
#include "fuzz.h"
#include "snap/format.h"
#include "snap/le.h"

#define HEAD_BYTES  40
#define FRAME_BYTES 16
#define NOW_S	    1000
#define ADDED	    "more"

static const struct sync_spool_key key = { 5, 100 };

/* --- the file, which has no name --- */

static struct {
	int fd;
	int n_open;
} file = { -1, 0 };

int __wrap_open(const char *path, int flags, ...);
int __wrap_close(int fd);
int __wrap_unlink(const char *path);

int __real_close(int fd);

int
__wrap_open(const char *path, int flags, ...)
{
	int fd = dup(file.fd);

	(void)path;
	FUZZ_CHECK((flags & O_NOFOLLOW) != 0);
	FUZZ_CHECK(fd >= 0 && lseek(fd, 0, SEEK_SET) == 0);
	file.n_open++;
	return fd;
}

int
__wrap_close(int fd)
{
	file.n_open--;
	return __real_close(fd);
}

int
__wrap_unlink(const char *path)
{
	(void)path;
	return ftruncate(file.fd, 0);
}

static void
put_file(struct okta_view v)
{
	if (file.fd < 0)
		file.fd = memfd_create("spool", MFD_CLOEXEC);
	FUZZ_CHECK(file.fd >= 0 && fchmod(file.fd, 0600) == 0);
	FUZZ_CHECK(ftruncate(file.fd, 0) == 0);
	FUZZ_CHECK(pwrite(file.fd, v.p, v.len, 0) == (ssize_t)v.len);
}

/* --- the oracle: what a second reader, which has all of it in memory, finds --- */

struct found {
	bool head_is_good, damaged;
	size_t end, frames, bytes; /* of whole pages */
	uint64_t sum;
};

static uint64_t
seal_of(uint64_t before, const uint8_t *frame, uint32_t len, uint32_t flag)
{
	const uint64_t parts[] = { before, len, flag, okta_snap_sum64(frame, len) };

	return okta_snap_sum64(parts, sizeof(parts));
}

static bool
head_is_good(const uint8_t *p, size_t size)
{
	return size >= HEAD_BYTES && memcmp(p, "OKTAPAGE", 8) == 0 &&
	       okta_le64(p + 8) == 2 && okta_le64(p + 16) == key.conf_sum &&
	       okta_le64(p + 24) <= NOW_S &&
	       okta_le64(p + 24) + (uint64_t)key.max_s >= NOW_S &&
	       okta_le64(p + 32) == okta_snap_sum64(p, 32);
}

static void
find(const uint8_t *p, size_t size, struct found *ret)
{
	size_t at = HEAD_BYTES, frames = 0, bytes = 0;
	uint32_t len, flag;
	uint64_t sum = 0;

	memset(ret, 0, sizeof(*ret));
	ret->head_is_good = head_is_good(p, size);
	while (ret->head_is_good && size - at >= FRAME_BYTES) {
		len = okta_le32(p + at);
		flag = okta_le32(p + at + 4);
		ret->damaged = len == 0 || len > OKTA_FRAME_MAX_BYTES || flag > 1;
		if (ret->damaged || len > size - at - FRAME_BYTES)
			return;
		sum = seal_of(sum, p + at + FRAME_BYTES, len, flag);
		ret->damaged = sum != okta_le64(p + at + 8);
		if (ret->damaged)
			return;
		at += FRAME_BYTES + len;
		frames++;
		bytes += len;
		if (flag == 1) {
			ret->end = at;
			ret->frames = frames;
			ret->bytes = bytes;
			ret->sum = sum;
		}
	}
}

struct taken {
	size_t frames, bytes, refuse_at;
	bool has_added;
};

static enum okta_rc
take(void *ctx, struct okta_view frame)
{
	struct taken *t = ctx;

	FUZZ_CHECK(frame.len > 0 && frame.len <= OKTA_FRAME_MAX_BYTES);
	t->has_added = frame.len == strlen(ADDED) &&
		       memcmp(frame.p, ADDED, strlen(ADDED)) == 0;
	t->frames++;
	t->bytes += frame.len;
	return t->frames == t->refuse_at ? OKTA_E_CONFLICT : OKTA_OK;
}

/* A page more, and half a one: the page is found behind what was there. */
static void
check_more(struct sync_spool *spool, const struct found *found)
{
	struct taken t = { 0 };

	sync_spool_add(spool, okta_view_str("first"), false);
	sync_spool_add(spool, okta_view_str(ADDED), true);
	sync_spool_add(spool, okta_view_str("half"), false);
	sync_spool_close(spool);
	FUZZ_CHECK(sync_spool_resume("spool", &key, NOW_S, take, &t, spool) == OKTA_OK);
	FUZZ_CHECK(t.frames == found->frames + 2 && t.has_added);
	sync_spool_close(spool);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	struct taken t = { .refuse_at = fuzz_u8(&in) };
	struct sync_spool spool = SYNC_SPOOL_NONE;
	struct found found;
	enum okta_rc r;

	put_file((struct okta_view){ (const char *)in.p, in.left });
	find(in.p, in.left, &found);
	FUZZ_CHECK(sync_spool_look("spool", &key, NOW_S) == found.head_is_good);
	r = sync_spool_resume("spool", &key, NOW_S, take, &t, &spool);
	if (found.damaged) {
		FUZZ_CHECK(r == OKTA_E_INPUT && t.frames == 0);
	} else if (found.frames == 0) {
		FUZZ_CHECK(r == OKTA_E_NOTFOUND && t.frames == 0);
	} else if (t.refuse_at > 0 && t.refuse_at <= found.frames) {
		FUZZ_CHECK(r == OKTA_E_CONFLICT && t.frames == t.refuse_at);
	} else {
		FUZZ_CHECK(r == OKTA_OK && t.frames == found.frames);
		FUZZ_CHECK(t.bytes == found.bytes && spool.bytes == found.end);
		FUZZ_CHECK(spool.sum == found.sum);
		FUZZ_CHECK(spool.began_s == (int64_t)okta_le64(in.p + 24));
		check_more(&spool, &found);
	}
	FUZZ_CHECK(file.n_open == 0);
	return 0;
}

/* --- seeds, and a mutator that seals what it changed --- */

static void
seal(uint8_t *p, size_t size)
{
	size_t at = HEAD_BYTES;
	uint64_t sum = 0;
	uint32_t len;

	if (size < HEAD_BYTES)
		return;
	okta_le64_put(p + 32, okta_snap_sum64(p, 32));
	while (size - at >= FRAME_BYTES) {
		len = okta_le32(p + at);
		if (len > size - at - FRAME_BYTES)
			return;
		sum = seal_of(sum, p + at + FRAME_BYTES, len, okta_le32(p + at + 4));
		okta_le64_put(p + at + 8, sum);
		at += FRAME_BYTES + len;
	}
}

static size_t
put_frame(uint8_t *p, const char *text, uint32_t flag)
{
	okta_le32_put(p, (uint32_t)strlen(text));
	okta_le32_put(p + 4, flag);
	memset(p + 8, 0, 8);
	memcpy(p + FRAME_BYTES, text, strlen(text));
	return FRAME_BYTES + strlen(text);
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	size_t at = 1 + HEAD_BYTES;

	(void)max;
	if (i > 4)
		return 0;
	out[0] = i == 4 ? 2 : 0; /* the second frame is refused */
	memcpy(out + 1, "OKTAPAGE", 8);
	okta_le64_put(out + 9, 2);
	okta_le64_put(out + 17, key.conf_sum);
	okta_le64_put(out + 25, NOW_S - 10);
	if (i > 0)
		at += put_frame(out + at, "one.", 1);
	if (i > 1) {
		at += put_frame(out + at, "two", 0);
		at += put_frame(out + at, "two.", 1);
	}
	if (i > 2)
		at += put_frame(out + at, "half", 0);
	seal(out + 1, at - 1);
	return at;
}

/* A frame more. */
static size_t
add_frame(uint8_t *data, size_t size, size_t max, uint32_t *rng)
{
	if (max - size < FRAME_BYTES + 8)
		return size;
	return size + put_frame(data + size, &"another"[fuzz_random(rng) % 7],
			  fuzz_random(rng) % 2);
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	uint32_t rng = seed * 2654435761U + 1;

	if (fuzz_random(&rng) % 4 != 0)
		size = LLVMFuzzerMutate(data, size, max);
	else
		size = add_frame(data, size, max, &rng);
	if (size > 1 && fuzz_random(&rng) % 8 != 0)
		seal(data + 1, size - 1);
	return size;
}
