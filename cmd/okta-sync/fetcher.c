/* SPDX-License-Identifier: BSD-2-Clause */
#include "fetcher.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <malloc.h>
#include <signal.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account.h"
#include "base/paths.h"
#include "base/wipe.h"
#include "fetch.h"
#include "handover.h"
#include "net/http.h"
#include "source.h"

#define CHILD_FD   3
#define KEEP_BYTES 33554432

static enum okta_rc
limit(struct okta_err *err)
{
	const struct rlimit none = { 0, 0 }, files = { 256, 256 };

	if (setrlimit(RLIMIT_CORE, &none) < 0 || setrlimit(RLIMIT_FSIZE, &none) < 0 ||
	    setrlimit(RLIMIT_NOFILE, &files) < 0)
		return okta_err_sys(err, errno, "fetcher: setrlimit");
	return OKTA_OK;
}

static enum okta_rc
drop(uid_t uid, gid_t gid, struct okta_err *err)
{
	if (geteuid() == 0) {
		if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
		    setresuid(uid, uid, uid) < 0)
			return okta_err_sys(
			    err, errno, "fetcher: become %s", OKTA_SYSTEM_USER);
		if (geteuid() == 0 || getuid() == 0)
			return okta_err_set(
			    err, OKTA_E_INTERNAL, "fetcher: is still root");
	}
	if (prctl(PR_SET_NO_NEW_PRIVS, 1L, 0L, 0L, 0L) < 0 ||
	    prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0)
		return okta_err_sys(err, errno, "fetcher: prctl");
	return OKTA_OK;
}

/* FD becomes descriptor 3; 0 to 2 are /dev/null; nothing else stays. */
static enum okta_rc
descriptors(int fd, struct okta_err *err)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC), i;

	if (null < 0)
		return okta_err_sys(err, errno, "/dev/null: cannot open");
	for (i = 0; i < 3; i++)
		if (dup2(null, i) < 0)
			return okta_err_sys(err, errno, "fetcher: dup2");
	if (fd != CHILD_FD && dup3(fd, CHILD_FD, O_CLOEXEC) < 0)
		return okta_err_sys(err, errno, "fetcher: dup3");
	if (close_range(CHILD_FD + 1, ~0U, 0) < 0)
		return okta_err_sys(err, errno, "fetcher: close_range");
	return OKTA_OK;
}

static enum okta_rc
work(const struct okta_conf *conf, struct okta_view secret, struct sync_sink *sink,
    struct okta_err *err)
{
	struct sync_source *source = NULL;
	enum okta_rc r;

	/* pages of some hundred kilobytes come and go: without this each is mapped,
	 * faulted in and unmapped again */
	(void)mallopt(M_MMAP_THRESHOLD, KEEP_BYTES);
	(void)mallopt(M_TRIM_THRESHOLD, KEEP_BYTES);
	r = okta_http_global_init(err);
	if (r != OKTA_OK)
		return r;
	r = conf->source == OKTA_SOURCE_FILE
		? sync_source_file(conf, &source, err)
		: sync_source_okta(conf, secret, sink, &source, err);
	if (secret.len > 0) /* our copy; the source keeps what it needs */
		okta_wipe((char *)(uintptr_t)secret.p, secret.len);
	if (r == OKTA_OK)
		r = sync_fetch(conf, source, sink, err);
	if (source != NULL)
		source->free(&source);
	return r;
}

static void __attribute__((noreturn)) child(const struct okta_conf *conf,
    struct okta_view secret, int fd, uid_t uid, gid_t gid, pid_t parent)
{
	struct okta_err err = { 0 };
	struct sync_sink sink;
	enum okta_rc r;

	(void)umask(077);
	r = descriptors(fd, &err);
	sync_sink_init(&sink, r == OKTA_OK ? CHILD_FD : fd, &okta_clock_system);
	if (r == OKTA_OK && chdir("/") < 0)
		r = okta_err_sys(&err, errno, "fetcher: chdir /");
	if (r == OKTA_OK)
		r = limit(&err);
	if (r == OKTA_OK)
		r = drop(uid, gid, &err);
	/* after the change of identity, which clears it */
	if (r == OKTA_OK &&
	    prctl(PR_SET_PDEATHSIG, (unsigned long)SIGKILL, 0L, 0L, 0L) < 0)
		r = okta_err_sys(&err, errno, "fetcher: pdeathsig");
	if (getppid() != parent)
		_exit(1); /* orphaned in between */
	if (r == OKTA_OK)
		r = work(conf, secret, &sink, &err);
	if (r == OKTA_OK)
		r = sync_sink_end(&sink);
	else
		r = sync_sink_fail(&sink, r, err.msg);
	sync_sink_clear(&sink);
	_exit(r == OKTA_OK ? 0 : 1);
}

enum okta_rc
sync_fetcher_open(const struct okta_conf *conf, struct okta_view secret,
    struct sync_fetcher *ret, struct okta_err *err)
{
	uid_t uid = geteuid();
	gid_t gid = getegid();
	pid_t pid, parent = getpid();
	int fds[2];
	enum okta_rc r;

	if (uid == 0) {
		r = sync_account_find("/etc/passwd", OKTA_SYSTEM_USER, &uid, &gid, err);
		if (r != OKTA_OK)
			return r;
	}
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds) < 0)
		return okta_err_sys(err, errno, "socketpair");
	pid = fork();
	if (pid == 0)
		child(conf, secret, fds[1], uid, gid, parent);
	(void)close(fds[1]);
	if (pid < 0) {
		r = okta_err_sys(err, errno, "fork");
		(void)close(fds[0]);
		return r;
	}
	ret->pid = pid;
	ret->fd = fds[0];
	return OKTA_OK;
}

void
sync_fetcher_close(struct sync_fetcher *fetcher)
{
	if (fetcher->fd >= 0)
		(void)close(fetcher->fd);
	fetcher->fd = -1;
	if (fetcher->pid > 0) {
		if (waitpid(fetcher->pid, NULL, WNOHANG) == 0) {
			(void)kill(fetcher->pid, SIGKILL);
			while (waitpid(fetcher->pid, NULL, 0) < 0 && errno == EINTR)
				;
		}
		fetcher->pid = -1;
	}
}
