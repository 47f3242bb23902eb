/* SPDX-License-Identifier: BSD-2-Clause */
#include "doctor_child.h"

#include <errno.h>
#include <grp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/chan.h"
#include "base/clock.h"
#include "base/frame.h"
#include "base/paths.h"
#include "base/text.h"
#include "host/local.h"

#define NOBODY 65534

enum { FRAME_FINDING = 1, FRAME_DONE = 2 };

/* --- in the check's process --- */

static void
send_frame(int fd, uint8_t type, enum doctor_level level, const char *id,
    const char *reason, const char *cure)
{
	const int64_t until_ms = okta_clock_mono_ms(&okta_clock_system) +
				 DOCTOR_SILENCE_MS;
	struct okta_frame_writer w;
	struct okta_buf frame;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	okta_frame_start(&w, &frame, type);
	okta_frame_put_u64(&w, (uint64_t)level);
	okta_frame_put_text(&w, okta_view_str(id));
	okta_frame_put_text(&w, okta_view_str(reason));
	okta_frame_put_text(&w, okta_view_str(cure));
	/* whoever waits takes silence for a failure */
	if (w.rc != OKTA_OK || okta_chan_send(fd, okta_buf_view(&frame),
				   &okta_clock_system, until_ms) != OKTA_OK)
		_exit(1);
	okta_buf_clear(&frame);
}

static void __attribute__((format(printf, 5, 0)))
say(const struct doctor *d, enum doctor_level level, const char *id, const char *cure,
    const char *fmt, va_list ap)
{
	char reason[DOCTOR_TEXT_BYTES], shown[DOCTOR_TEXT_BYTES];

	(void)vsnprintf(reason, sizeof(reason), fmt, ap);
	(void)snprintf(shown, sizeof(shown), "%s", cure);
	send_frame(d->fd, FRAME_FINDING, level, id, reason, shown);
}

void
doctor_pass(const struct doctor *d, const char *id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(d, DOCTOR_PASS, id, "", fmt, ap);
	va_end(ap);
}

void
doctor_skip(const struct doctor *d, const char *id, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(d, DOCTOR_SKIPPED, id, "", fmt, ap);
	va_end(ap);
}

void
doctor_warn(
    const struct doctor *d, const char *id, const char *cure, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(d, DOCTOR_WARNING, id, cure, fmt, ap);
	va_end(ap);
}

void
doctor_fail(
    const struct doctor *d, const char *id, const char *cure, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	say(d, DOCTOR_FAILURE, id, cure, fmt, ap);
	va_end(ap);
}

enum okta_rc
doctor_drop_root(struct okta_err *err)
{
	uint32_t uid = 0, gid = 0;

	if (geteuid() == 0) {
		if (okta_local_ids_of("/etc/passwd", okta_view_str(OKTA_SYSTEM_USER),
			&uid, &gid, NULL) != OKTA_OK ||
		    uid == 0 || gid == 0)
			uid = gid = NOBODY;
		if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
		    setresuid(uid, uid, uid) < 0)
			return okta_err_sys(err, errno, "cannot stop being root");
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0 ||
	    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L) < 0)
		return okta_err_sys(err, errno, "prctl");
	return OKTA_OK;
}

static void __attribute__((noreturn)) check(const struct doctor *parent,
    const char *(*run)(const struct doctor *d), int fd, pid_t parent_pid)
{
	const struct rlimit none = { 0, 0 };
	struct doctor d = *parent;
	const char *why;

	/* what it starts ends with it */
	if (setpgid(0, 0) < 0 || setrlimit(RLIMIT_CORE, &none) < 0 ||
	    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L) < 0 ||
	    getppid() != parent_pid)
		_exit(1);
	d.fd = fd;
	why = run(&d);
	send_frame(fd, FRAME_DONE, DOCTOR_PASS, "", why == NULL ? "" : why, "");
	_exit(0); /* not exit(): standard output's buffer is not ours */
}

/* --- in the process that asked --- */

enum okta_rc
doctor_child_open(const struct doctor *d, const char *(*run)(const struct doctor *d),
    struct doctor_child *ret, struct okta_err *err)
{
	pid_t pid, parent = getpid();
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return okta_err_sys(err, errno, "socketpair");
	pid = fork();
	if (pid == 0) {
		(void)close(fds[0]);
		check(d, run, fds[1], parent);
	}
	(void)close(fds[1]);
	if (pid < 0) {
		(void)close(fds[0]);
		return okta_err_sys(err, errno, "fork");
	}
	ret->pid = pid;
	ret->fd = fds[0];
	okta_buf_init(&ret->frame, OKTA_FRAME_MAX_BYTES);
	return OKTA_OK;
}

static bool
read_frame(struct okta_view bytes, uint8_t *ret_type, struct doctor_finding *ret)
{
	struct okta_frame_reader r;
	struct okta_view id, reason, cure;

	*ret_type = okta_frame_open(&r, bytes);
	ret->level = (enum doctor_level)okta_frame_get_u64(&r, DOCTOR_FAILURE);
	id = okta_frame_get_text(&r, DOCTOR_ID_BYTES - 1);
	reason = okta_frame_get_text(&r, DOCTOR_TEXT_BYTES - 1);
	cure = okta_frame_get_text(&r, DOCTOR_TEXT_BYTES - 1);
	if (okta_frame_end(&r) != OKTA_OK)
		return false;
	okta_text_sanitize(ret->id, sizeof(ret->id), id);
	okta_text_sanitize(ret->reason, sizeof(ret->reason), reason);
	okta_text_sanitize(ret->cure, sizeof(ret->cure), cure);
	return true;
}

enum doctor_child_says
doctor_child_next(struct doctor_child *child, struct doctor_finding *ret)
{
	uint8_t type;
	enum okta_rc r;

	r = okta_chan_recv(child->fd, &child->frame, &okta_clock_system,
	    okta_clock_mono_ms(&okta_clock_system) + DOCTOR_SILENCE_MS);
	if (r == OKTA_E_TIMEOUT)
		return DOCTOR_CHILD_SILENT;
	if (r != OKTA_OK || !read_frame(okta_buf_view(&child->frame), &type, ret))
		return DOCTOR_CHILD_GONE;
	return type == FRAME_FINDING ? DOCTOR_CHILD_FINDING
	       : type == FRAME_DONE  ? DOCTOR_CHILD_DONE
				     : DOCTOR_CHILD_GONE;
}

void
doctor_child_close(struct doctor_child *child)
{
	(void)close(child->fd);
	okta_buf_clear(&child->frame);
	/* not reaped yet: the numbers are still the check's own */
	(void)kill(-child->pid, SIGKILL);
	(void)kill(child->pid, SIGKILL);
	while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
		;
}
