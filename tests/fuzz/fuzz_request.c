/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync snapw snap net host model base; libs: libcrypto json-c inih */
/*
 * Who asks okta-sync --watch for a run, and what is answered; and the errands the writer
 * gives the fetcher.  First byte: the watcher reads a request, the asker a status file,
 * the fetcher a command.  In the status file '@' stands for the asker's token.  From 128
 * on nobody waits for the request any more.
 */
#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "../../cmd/okta-sync/news.h"
#include "../../cmd/okta-sync/request.h"
#include "../../cmd/okta-sync/resume.h"
#include "base/chan.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/text.h"
#include "capture.h"
#include "net/json.h"
#include "seen_by_json_c.h"

#define FD    1000
#define LINE  "okta-sync: okta-sync --watch is at work here: it is asked for a full sync\n"
#define ROOMY 16384

static struct {
	struct okta_view file;
	struct fuzz_in frames; /* each with its length before it */
	char token[64];
	char status[ROOMY]; /* the file with the token in it */
	size_t status_len;
	bool asked, removed, answers, awaited;
} t;

enum okta_rc __wrap_okta_file_read_trusted(const char *path, uid_t owner,
    enum okta_file_kind kind, size_t max_bytes, char **ret_data, size_t *ret_len,
    struct okta_err *err);
enum okta_rc __wrap_okta_file_replace(
    const char *path, mode_t mode, const void *p, size_t len, struct okta_err *err);
enum okta_rc __wrap_okta_chan_recv(
    int fd, struct okta_buf *buf, const struct okta_clock *clock, int64_t deadline_ms);
bool __wrap_sync_state_is_watched(
    const struct sync_state *state, struct timespec *ret_since);
int __wrap_unlink(const char *path);
int __wrap_inotify_init1(int flags);
int __wrap_inotify_add_watch(int fd, const char *path, uint32_t mask);
int __wrap_open(const char *path, int flags, ...);
int __wrap_flock(int fd, int operation);
int __wrap_fstat(int fd, struct stat *st);
int __wrap_close(int fd);

enum okta_rc
__wrap_okta_file_read_trusted(const char *path, uid_t owner, enum okta_file_kind kind,
    size_t max_bytes, char **ret_data, size_t *ret_len, struct okta_err *err)
{
	struct okta_view v = t.answers ? (struct okta_view){ t.status, t.status_len }
				       : t.file;

	(void)path;
	(void)owner;
	(void)kind;
	(void)err;
	if (v.len > max_bytes)
		return OKTA_E_TOOBIG;
	*ret_data = malloc(v.len + 1);
	FUZZ_CHECK(*ret_data != NULL);
	if (v.len > 0)
		memcpy(*ret_data, v.p, v.len);
	(*ret_data)[v.len] = '\0';
	*ret_len = v.len;
	return OKTA_OK;
}

/* The request of the asker: his token goes where the status file has a '@'. */
enum okta_rc
__wrap_okta_file_replace(
    const char *path, mode_t mode, const void *p, size_t len, struct okta_err *err)
{
	struct okta_view text = { p, len }, token = okta_view_split(&text, ' ');
	size_t i, n;

	(void)path;
	(void)err;
	FUZZ_CHECK(mode == 0600 && token.len > 0 && token.len < sizeof(t.token));
	memcpy(t.token, token.p, token.len);
	t.token[token.len] = '\0';
	for (i = 0; i < t.file.len && t.status_len + token.len < ROOMY; i++) {
		n = t.file.p[i] == '@' ? token.len : 1;
		memcpy(t.status + t.status_len, n == 1 ? t.file.p + i : token.p, n);
		t.status_len += n;
	}
	t.asked = true;
	return OKTA_OK;
}

enum okta_rc
__wrap_okta_chan_recv(
    int fd, struct okta_buf *buf, const struct okta_clock *clock, int64_t deadline_ms)
{
	struct okta_view frame;

	(void)fd;
	(void)clock;
	(void)deadline_ms;
	okta_buf_clear(buf);
	if (t.frames.left == 0)
		return OKTA_E_UNAVAIL;
	frame = fuzz_take(&t.frames, fuzz_u8(&t.frames));
	return okta_buf_append(buf, frame.p, frame.len);
}

bool
__wrap_sync_state_is_watched(const struct sync_state *state, struct timespec *ret_since)
{
	(void)state;
	ret_since->tv_sec = 1;
	return !t.asked; /* who was not answered is told that nobody is there */
}

int
__wrap_unlink(const char *path)
{
	(void)path;
	t.removed = true;
	return 0;
}

int
__wrap_inotify_init1(int flags)
{
	(void)flags;
	return FD;
}

int
__wrap_inotify_add_watch(int fd, const char *path, uint32_t mask)
{
	(void)fd;
	(void)path;
	(void)mask;
	return 1;
}

int
__wrap_open(const char *path, int flags, ...)
{
	(void)path;
	(void)flags;
	return FD + 1;
}

int
__wrap_flock(int fd, int operation)
{
	FUZZ_CHECK(
	    fd == FD + 1 && operation == (t.answers ? LOCK_EX : LOCK_SH | LOCK_NB));
	errno = EWOULDBLOCK;
	return !t.answers && t.awaited ? -1 : 0;
}

int
__wrap_fstat(int fd, struct stat *st)
{
	FUZZ_CHECK(fd == FD + 1);
	*st = (struct stat){ .st_nlink = 1 };
	return 0;
}

int
__wrap_close(int fd)
{
	FUZZ_CHECK(fd == FD || fd == FD + 1);
	return 0;
}

/* --- the oracle --- */

static void
watcher_reads(void)
{
	struct sync_request request = { 0 };
	const struct sync_state state = { .request = "request" };
	struct okta_view rest = t.file, token = okta_view_split(&rest, ' ');
	bool good = t.file.len <= 128 && token.len > 0 && token.len < SYNC_TOKEN_BYTES &&
		    t.awaited;
	size_t i;

	for (i = 0; i < token.len; i++)
		good = good && token.p[i] != '\0' &&
		       strchr("0123456789-", token.p[i]) != NULL;
	sync_request_take(&state, &request);
	FUZZ_CHECK(t.removed && request.is_asked == good);
	if (good)
		FUZZ_CHECK(okta_view_eq_str(token, request.token));
	else
		FUZZ_CHECK(request.token[0] == '\0');
	FUZZ_CHECK(
	    request.accept_shrink == (good && okta_view_eq_str(rest, "accept-shrink")));
}

static bool
is_answer(int *ret_status)
{
	const struct okta_view text = { t.status, t.status_len };
	struct okta_json *strict = NULL;
	struct json_object *o, *m = NULL;
	bool is;

	if (okta_json_new(text, 1048576, &strict, NULL) != OKTA_OK)
		return false;
	okta_json_free(&strict);
	o = seen_new(text);
	is = okta_view_eq_str(seen_text(o, "request"), t.token) &&
	     seen_text(o, "request_message").p != NULL &&
	     json_object_object_get_ex(o, "request_exit", &m) &&
	     json_object_is_type(m, json_type_int) && json_object_get_int64(m) >= 0 &&
	     json_object_get_int64(m) <= 255;
	if (is)
		*ret_status = json_object_get_int(m);
	json_object_put(o);
	return is;
}

static void
asker_reads(bool accept)
{
	const struct sync_state state = { .dir = "dir", .request = "request" };
	struct okta_err err = { 0 };
	struct okta_view printed;
	int status = -1, expected = -1;
	enum okta_rc r;

	t.answers = true;
	fuzz_capture();
	r = sync_request_ask(&state, accept, &status, &err);
	printed = fuzz_captured();
	FUZZ_CHECK(t.asked && (r == OKTA_OK) == is_answer(&expected));
	FUZZ_CHECK(status == expected);
	FUZZ_CHECK(
	    printed.len >= strlen(LINE) && memcmp(printed.p, LINE, strlen(LINE)) == 0);
	printed.p += strlen(LINE);
	printed.len -= strlen(LINE);
	if (r == OKTA_OK) { /* one line, whatever the message holds */
		FUZZ_CHECK(printed.len > 0 && printed.p[printed.len - 1] == '\n');
		printed.len--;
		FUZZ_CHECK(okta_text_is_printable(printed));
	} else {
		FUZZ_CHECK(r == OKTA_E_UNAVAIL && printed.len == 0);
	}
}

static void
fetcher_reads(void)
{
	static struct sync_command command;
	struct sync_resume resume = { 0 };
	size_t i;

	if (sync_command_wait(FD, &okta_clock_system, &command, &resume) == OKTA_OK) {
		FUZZ_CHECK(command.since_s >= 0 && command.since_s <= SYNC_SINCE_MAX);
		FUZZ_CHECK(command.errand != SYNC_ERRAND_NONE);
		FUZZ_CHECK(memchr(command.link, '\0', sizeof(command.link)) != NULL);
		for (i = 0; i < resume.groups.n; i++)
			FUZZ_CHECK(strlen(resume.groups.group[i].id) <= 64);
	}
	sync_resume_clear(&resume);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	uint8_t op = fuzz_u8(&in);

	t.frames = in;
	t.file = fuzz_take(&in, in.left);
	t.status_len = 0;
	t.asked = t.removed = t.answers = false;
	t.awaited = op < 128;
	if (op % 4 == 0)
		watcher_reads();
	else if (op % 4 == 3)
		fetcher_reads();
	else
		asker_reads(op % 4 == 1);
	return 0;
}

#define ANSWER(exit)                                                                     \
	"{\"version\":1,\"request_exit\":" exit                                          \
	",\"request_message\":\"3 people\",\"request\":\"@\",\"problems\":[]}"

/* One command, of I=1 after a frame that says what was read already. */
static size_t
put_frames(unsigned i, uint8_t *out)
{
	struct okta_frame_writer w;
	struct okta_buf b;
	size_t len = 1, n;

	out[0] = 3;
	okta_buf_init(&b, 255);
	for (n = 1 - i; n < 2; n++) {
		okta_frame_start(&w, &b, n == 0 ? SYNC_FRAME_RESUME : SYNC_FRAME_COMMAND);
		okta_frame_put_u64(&w, n);
		if (n == 1)
			okta_frame_put_u64(&w, 1800000000);
		else
			okta_frame_put_text(&w, okta_view_str("00g1"));
		okta_frame_put_text(&w, okta_view_str("https://acme.okta.com/api/v1/x"));
		FUZZ_CHECK(w.rc == OKTA_OK);
		out[len++] = (uint8_t)b.len;
		memcpy(out + len, b.data, b.len);
		len += b.len;
		okta_buf_clear(&b);
	}
	return len;
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	static const struct {
		const char *text;
		size_t len;
	} seeds[] = {
#define SEED(t) { t, sizeof(t) - 1 }
		SEED("\0"
		     "123-456"),
		SEED("\0"
		     "123-456 accept-shrink"),
		SEED("\0"
		     "12\"-456 accept"),
		SEED("\200"
		     "123-456 accept-shrink"),
		SEED("\1" ANSWER("0")),
		SEED("\2" ANSWER("75")),
		SEED("\1" ANSWER("256")),
		SEED("\1"
		     "{\"request_exit\":0,\"request_message\":\"\\u001b[31m\\nx\","
		     "\"request\":\"@\"}"),
		SEED(
		    "\1"
		    "{\"request_exit\":0,\"request_message\":\"x\",\"request\":\"1-2\"}"),
	};

	if (i < 2)
		return put_frames(i, out);
	i -= 2;
	if (i >= sizeof(seeds) / sizeof(seeds[0]))
		return 0;
	FUZZ_CHECK(seeds[i].len <= max);
	memcpy(out, seeds[i].text, seeds[i].len);
	return seeds[i].len;
}
