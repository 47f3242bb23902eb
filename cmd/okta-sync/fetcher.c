/* SPDX-License-Identifier: BSD-2-Clause */
#include "fetcher.h"

#include <errno.h>
#include <grp.h>
#include <malloc.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "account.h"
#include "base/paths.h"
#include "base/wipe.h"
#include "errand.h"
#include "fetch.h"
#include "handover.h"
#include "net/http.h"
#include "sandbox/sandbox.h"
#include "source.h"

#define CHILD_FD   3
#define KEEP_BYTES 33554432

static enum okta_rc
drop(uid_t uid, gid_t gid, struct okta_err *err)
{
	if (geteuid() != 0)
		return OKTA_OK;
	if (setgroups(0, NULL) < 0 || setresgid(gid, gid, gid) < 0 ||
	    setresuid(uid, uid, uid) < 0)
		return okta_err_sys(err, errno, "fetcher: become %s", OKTA_SYSTEM_USER);
	if (geteuid() == 0 || getuid() == 0)
		return okta_err_set(err, OKTA_E_INTERNAL, "fetcher: is still root");
	return OKTA_OK;
}

/* Before the first byte of a library that parses network data runs. */
static enum okta_rc
shut_in(const struct okta_conf *conf, uid_t uid, gid_t gid, pid_t parent,
    struct okta_err *err)
{
	/* pages on disk need no network */
	const struct okta_sandbox sandbox = {
		.may = conf->source == OKTA_SOURCE_FILE
			   ? OKTA_MAY_READ
			   : OKTA_MAY_READ | OKTA_MAY_NETWORK,
	};
	enum okta_rc r;

	(void)umask(077);
	if (chdir("/") < 0)
		return okta_err_sys(err, errno, "fetcher: chdir /");
	r = drop(uid, gid, err);
	if (r == OKTA_OK)
		r = okta_sandbox_die_with(parent, err);
	if (r == OKTA_OK)
		r = okta_sandbox_enter(&sandbox, err);
	return r;
}

static enum okta_rc
work(const struct okta_conf *conf, bool stay, struct okta_view secret,
    struct sync_sink *sink, struct okta_err *err)
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
		: sync_source_okta(conf, stay, secret, sink, &source, err);
	if (secret.len > 0) /* our copy; the source keeps what it needs */
		okta_wipe((char *)(uintptr_t)secret.p, secret.len);
	if (r == OKTA_OK)
		r = stay ? sync_errands(conf, source, sink, err)
			 : sync_fetch(conf, source, NULL, sink, err);
	if (source != NULL)
		source->free(&source);
	return r;
}

static void __attribute__((noreturn)) child(const struct okta_conf *conf, bool stay,
    struct okta_view secret, int fd, uid_t uid, gid_t gid, pid_t parent)
{
	struct okta_err err = { 0 };
	struct sync_sink sink;
	enum okta_rc r;

	/* FD becomes descriptor 3; 0 to 2 are /dev/null; nothing else stays */
	r = okta_sandbox_silence(1, &err);
	if (r == OKTA_OK)
		r = okta_sandbox_keep_only(fd, CHILD_FD, &err);
	sync_sink_init(&sink, r == OKTA_OK ? CHILD_FD : fd, &okta_clock_system);
	if (r == OKTA_OK)
		r = shut_in(conf, uid, gid, parent, &err);
	if (r == OKTA_OK)
		r = work(conf, stay, secret, &sink, &err);
	if (r == OKTA_OK)
		r = sync_sink_end(&sink);
	else
		r = sync_sink_fail(&sink, r, err.msg);
	sync_sink_clear(&sink);
	_exit(r == OKTA_OK ? 0 : 1);
}

enum okta_rc
sync_fetcher_open(const struct okta_conf *conf, bool stay, struct okta_view secret,
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
		child(conf, stay, secret, fds[1], uid, gid, parent);
	(void)close(fds[1]);
	if (pid < 0) {
		r = okta_err_sys(err, errno, "fork");
		(void)close(fds[0]);
		return r;
	}
	ret->pid = pid;
	ret->uid = uid;
	ret->fd = fds[0];
	return OKTA_OK;
}

/*
 * The service has no CAP_KILL: root may end the child only in the child's own name.  Real
 * and saved uid stay, so that nobody of that account can signal us meanwhile.
 */
static bool
end(const struct sync_fetcher *fetcher)
{
	bool killed;

	if (kill(fetcher->pid, SIGKILL) == 0)
		return true;
	if (setresuid((uid_t)-1, fetcher->uid, (uid_t)-1) < 0)
		return false;
	killed = kill(fetcher->pid, SIGKILL) == 0;
	return setresuid((uid_t)-1, 0, (uid_t)-1) == 0 && killed;
}

void
sync_fetcher_close(struct sync_fetcher *fetcher)
{
	if (fetcher->fd >= 0)
		(void)close(fetcher->fd);
	fetcher->fd = -1;
	/* wait only behind a signal that went out */
	if (fetcher->pid > 0 && waitpid(fetcher->pid, NULL, WNOHANG) == 0 && end(fetcher))
		while (waitpid(fetcher->pid, NULL, 0) < 0 && errno == EINTR)
			;
	fetcher->pid = -1;
}
