/* SPDX-License-Identifier: BSD-2-Clause */
#include "request.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/text.h"
#include "base/wipe.h"
#include "net/json.h"

#define REQUEST_MAX_BYTES 128
#define STATUS_MAX_BYTES  1048576
#define LOOK_MS		  1000 /* so often it is checked that the watcher still lives */

static const char accept_word[] = " accept-shrink";

/* --- the watcher's side ---------------------------------------------------------- */

static bool
is_token(struct okta_view v)
{
	size_t i;

	for (i = 0; i < v.len; i++)
		if ((v.p[i] < '0' || v.p[i] > '9') && v.p[i] != '-')
			return false;
	return v.len > 0 && v.len < SYNC_TOKEN_BYTES;
}

static bool
is_awaited(const struct sync_state *state)
{
	int fd = open(
	    state->request_lock, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	bool is;

	if (fd < 0)
		return false;
	is = flock(fd, LOCK_SH | LOCK_NB) < 0 && errno == EWOULDBLOCK;
	(void)close(fd);
	return is;
}

void
sync_request_give_up(const struct sync_state *state, const struct sync_request *request)
{
	if (request->token[0] != '\0')
		(void)unlink(state->request_lock);
}

void
sync_request_take(const struct sync_state *state, struct sync_request *ret)
{
	struct okta_view text, token;
	char *data = NULL;
	size_t len = 0;
	enum okta_rc r;

	r = okta_file_read_trusted(state->request, geteuid(), OKTA_FILE_PUBLIC,
	    REQUEST_MAX_BYTES, &data, &len, NULL);
	if (r == OKTA_E_NOTFOUND)
		return;
	(void)unlink(state->request);
	text = (struct okta_view){ r == OKTA_OK ? data : "", r == OKTA_OK ? len : 0 };
	token = okta_view_split(&text, ' ');
	if (!is_token(token) || !is_awaited(state)) {
		(void)unlink(state->request_lock); /* should somebody wait all the same */
	} else {
		(void)snprintf(
		    ret->token, sizeof(ret->token), "%.*s", (int)token.len, token.p);
		ret->is_asked = true;
		/* of whoever asked before and was not served yet, too */
		ret->accept_shrink |= okta_view_eq_str(text, accept_word + 1);
	}
	okta_free_wiped(data, len);
}

/* --- the asker's side ------------------------------------------------------------ */

/* True if the status file answers TOKEN; then its line is printed. */
static bool
is_answered(const struct sync_state *state, const char *token, int *ret_status)
{
	struct okta_json *doc = NULL;
	const struct okta_json_value *root;
	struct okta_view answer, message;
	char *data = NULL, line[400];
	int64_t status = 0;
	size_t len = 0;
	bool is = false;
	enum okta_rc r;

	r = okta_file_read_trusted(state->status, geteuid(), OKTA_FILE_PUBLIC,
	    STATUS_MAX_BYTES, &data, &len, NULL);
	if (r == OKTA_OK)
		r = okta_json_new(
		    (struct okta_view){ data, len }, STATUS_MAX_BYTES, &doc, NULL);
	okta_free_wiped(data, len);
	if (r != OKTA_OK)
		return false;
	root = okta_json_root(doc);
	if (okta_json_str(root, "request", &answer) == OKTA_OK &&
	    okta_view_eq_str(answer, token) &&
	    okta_json_str(root, "request_message", &message) == OKTA_OK &&
	    okta_json_int(root, "request_exit", 0, 255, &status) == OKTA_OK) {
		okta_text_sanitize(line, sizeof(line), message);
		(void)fprintf(status == 0 ? stdout : stderr, "okta-sync: %s\n", line);
		*ret_status = (int)status;
		is = true;
	}
	okta_json_free(&doc);
	return is;
}

static bool
is_removed(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink == 0;
}

/* What is asked by a file is known to the one watcher that took it: another one, which
 * may stand in its place at once, does not answer. */
static enum okta_rc
check_watcher(
    const struct sync_state *state, const struct timespec *since, struct okta_err *err)
{
	struct timespec now;

	if (!sync_state_is_watched(state, &now) || now.tv_sec != since->tv_sec ||
	    now.tv_nsec != since->tv_nsec)
		return okta_err_set(err, OKTA_E_UNAVAIL,
		    "okta-sync --watch ended before it answered: try again");
	return OKTA_OK;
}

static enum okta_rc
wait_for_answer(const struct sync_state *state, const struct timespec *since,
    const char *token, int fd, int lock, int *ret_status, struct okta_err *err)
{
	struct pollfd p = { .fd = fd, .events = POLLIN };
	char events[4096];
	enum okta_rc r;

	while (!is_answered(state, token, ret_status)) {
		r = check_watcher(state, since, err);
		if (r != OKTA_OK)
			return r;
		if (is_removed(lock))
			return okta_err_set(err, OKTA_E_UNAVAIL,
			    "okta-sync --watch could not write how its run ended: see "
			    "its log, is the disk full? Then try again");
		if (poll(&p, 1, LOOK_MS) > 0 && read(fd, events, sizeof(events)) < 0 &&
		    errno != EAGAIN && errno != EINTR)
			return okta_err_sys(err, errno, "inotify");
	}
	return OKTA_OK;
}

/* One asks at a time: a second request would take the place of the first, which nobody
 * would answer then.  The lock goes with the descriptor. */
static enum okta_rc
wait_for_my_turn(const struct sync_state *state, int *ret, struct okta_err *err)
{
	const char *path = state->request_lock;
	int fd = -1;

	do {
		if (fd >= 0)
			(void)close(
			    fd); /* the one before was given up: that is no lock */
		fd = open(
		    path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
		if (fd < 0)
			return okta_err_sys(err, errno, "%s: cannot open", path);
		while (flock(fd, LOCK_EX) < 0)
			if (errno != EINTR) {
				(void)okta_err_sys(err, errno, "%s: cannot lock", path);
				(void)close(fd);
				return OKTA_E_SYS;
			}
	} while (is_removed(fd));
	*ret = fd;
	return OKTA_OK;
}

/* With the lock.  What is not answered is asked no more: the next watcher would take it.
 */
static enum okta_rc
ask_and_wait(const struct sync_state *state, bool accept_shrink, int fd, int lock,
    int *ret_status, struct okta_err *err)
{
	char text[REQUEST_MAX_BYTES], token[SYNC_TOKEN_BYTES];
	struct timespec since = { 0 };
	enum okta_rc r;

	(void)snprintf(token, sizeof(token), "%ld-%lld", (long)getpid(),
	    (long long)okta_clock_mono_ms(&okta_clock_system));
	(void)snprintf(
	    text, sizeof(text), "%s%s", token, accept_shrink ? accept_word : "");
	(void)sync_state_is_watched(state, &since); /* not: then it never is that one */
	r = okta_file_replace(state->request, 0600, text, strlen(text), err);
	if (r == OKTA_OK)
		r = wait_for_answer(state, &since, token, fd, lock, ret_status, err);
	/* without the lock it may be the next one's */
	if (r != OKTA_OK && !is_removed(lock))
		(void)unlink(state->request);
	return r;
}

enum okta_rc
sync_request_ask(const struct sync_state *state, bool accept_shrink, int *ret_status,
    struct okta_err *err)
{
	enum okta_rc r;
	int fd, lock = -1;

	fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (fd < 0 || inotify_add_watch(fd, state->dir, IN_MOVED_TO) < 0) {
		r = okta_err_sys(err, errno, "%s: inotify", state->dir);
		if (fd >= 0)
			(void)close(fd);
		return r;
	}
	(void)puts("okta-sync: okta-sync --watch is at work here: it is asked for a full "
		   "sync");
	(void)fflush(stdout);
	r = wait_for_my_turn(state, &lock, err);
	if (r == OKTA_OK)
		r = ask_and_wait(state, accept_shrink, fd, lock, ret_status, err);
	if (lock >= 0)
		(void)close(lock);
	(void)close(fd);
	return r;
}
