/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * The list of system calls.
 *
 * It was taken from traces of every login and sync of the tests, then widened by reading:
 * other versions of glibc, OpenSSL, libcurl and of the name service modules a host may
 * have (dns, files, resolve, mymachines, mdns, nscd's client) use what is close to what
 * was traced.  Names a libseccomp does not know are passed over.
 *
 * Three answers: allowed; refused with an error, where a library asks first and has
 * another way; the end of the process, for everything else.  The last is what an attacker
 * meets.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "sandbox/sandbox.h"

#define PR_SET_VMA_NAME 0x53564d41 /* glibc names its heaps by it */

/* Memory, time, threads' own business, and descriptors that are open already. */
static const char *const always[] = { "brk", "clock_getres", "clock_gettime",
	"clock_gettime64", "clock_nanosleep", "clock_nanosleep_time64", "close", "dup",
	"epoll_create1", "epoll_ctl", "epoll_pwait", "epoll_pwait2", "epoll_wait",
	"eventfd2", "exit", "exit_group", "fstat", "fstat64", "futex", "futex_time64",
	"get_robust_list", "getcpu", "getegid", "getegid32", "geteuid", "geteuid32",
	"getgid", "getgid32", "getpid", "getppid", "getrandom", "getresgid", "getresuid",
	"getrlimit", "getsockname", "getsockopt", "gettid", "gettimeofday", "getuid",
	"getuid32", "lseek", "_llseek", "madvise", "membarrier", "mremap", "munmap",
	"nanosleep", "pipe2", "poll", "ppoll", "ppoll_time64", "pread64", "preadv",
	"pselect6", "pselect6_time64", "read", "readv", "recv", "recvfrom", "recvmmsg",
	"recvmmsg_time64", "recvmsg", "restart_syscall", "rseq", "rt_sigaction",
	"rt_sigpending", "rt_sigprocmask", "rt_sigreturn", "rt_sigtimedwait",
	"sched_getaffinity", "sched_getparam", "sched_getscheduler", "sched_yield",
	"select", "_newselect", "send", "sendmmsg", "sendmsg", "sendto",
	"set_robust_list", "shutdown", "sigaltstack", "sigreturn", "sysinfo", "time",
	"timerfd_create", "timerfd_gettime", "timerfd_settime", "ugetrlimit", "uname",
	"write", "writev" };

/* What libraries ask of descriptors.  MUST NOT: name an owner or a signal: then a byte
 * into one's own socket would kill any process of the same user, F_SETSIG. */
static const int descriptor_commands[] = { F_DUPFD, F_DUPFD_CLOEXEC, F_GETFD, F_SETFD,
	F_GETFL, F_SETFL };

/* Paths, read only; openat and open have a rule of their own. */
static const char *const reading[] = { "access", "faccessat", "faccessat2", "fstatat64",
	"fstatfs", "fstatfs64", "getcwd", "getdents", "getdents64", "lstat", "lstat64",
	"newfstatat", "readlink", "readlinkat", "stat", "stat64", "statfs", "statfs64",
	"statx" };

/* Which sockets may be made has a rule of its own. */
static const char *const networking[] = { "bind", "connect", "getpeername",
	"setsockopt" };

/* For who forks: and for what it forks, on the way into its own, narrower sandbox. */
static const char *const forking[] = { "close_range", "dup2", "dup3",
	"landlock_create_ruleset", "landlock_restrict_self", "seccomp", "setrlimit",
	"socketpair", "wait4", "waitid" };

/* Libraries ask for these and do without. */
static const char *const missing[] = { "cachestat", "clone3", "futex_requeue",
	"futex_wait", "futex_waitv", "futex_wake", "io_uring_setup", "map_shadow_stack",
	"mseal", "openat2", "pidfd_open", "userfaultfd" };

struct filter {
	scmp_filter_ctx ctx;
	int failed; /* the first error of libseccomp, negative */
};

static void
rule(struct filter *f, uint32_t action, const char *name, unsigned n,
    const struct scmp_arg_cmp *args)
{
	int number = seccomp_syscall_resolve_name(name);
	int r;

	if (number == __NR_SCMP_ERROR)
		return;
	r = seccomp_rule_add_array(f->ctx, action, number, n, args);
	if (r < 0 && f->failed == 0)
		f->failed = r;
}

static void
rules(struct filter *f, uint32_t action, const char *const *names, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++)
		rule(f, action, names[i], 0, NULL);
}

#define ALL(table) (table), sizeof(table) / sizeof((table)[0])

static void
allow_if(struct filter *f, const char *name, struct scmp_arg_cmp arg)
{
	rule(f, SCMP_ACT_ALLOW, name, 1, &arg);
}

/* REFUSED is what a call gets that ARG does not fit. */
static void
allow_only(struct filter *f, const char *name, struct scmp_arg_cmp arg,
    struct scmp_arg_cmp unless, uint32_t refused)
{
	rule(f, SCMP_ACT_ALLOW, name, 1, &arg);
	rule(f, refused, name, 1, &unless);
}

/* Never for writing; a name that would have to be made is not there. */
static void
file_rules(struct filter *f, unsigned may)
{
	const uint32_t refused = SCMP_ACT_ERRNO(EACCES);
	const uint64_t writing[] = { O_WRONLY, O_RDWR, O_CREAT, O_TRUNC, O_APPEND };
	const uint64_t all = O_ACCMODE | O_CREAT | O_TRUNC | O_APPEND;
	struct scmp_arg_cmp a;
	size_t i;

	if ((may & OKTA_MAY_READ) == 0) {
		rules(f, refused, ALL(reading));
		rule(f, refused, "open", 0, NULL);
		rule(f, refused, "openat", 0, NULL);
		return;
	}
	rules(f, SCMP_ACT_ALLOW, ALL(reading));
	allow_if(f, "open", SCMP_A1(SCMP_CMP_MASKED_EQ, all, O_RDONLY));
	allow_if(f, "openat", SCMP_A2(SCMP_CMP_MASKED_EQ, all, O_RDONLY));
	for (i = 0; i < sizeof(writing) / sizeof(writing[0]); i++) {
		a = SCMP_A1(SCMP_CMP_MASKED_EQ, writing[i], writing[i]);
		rule(f, refused, "open", 1, &a);
		a = SCMP_A2(SCMP_CMP_MASKED_EQ, writing[i], writing[i]);
		rule(f, refused, "openat", 1, &a);
	}
}

/* Writable or executable, never both, and never one after the other. */
static void
memory_rules(struct filter *f, unsigned may)
{
	const char *const maps[] = { "mmap", "mmap2" };
	const struct scmp_arg_cmp data = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0);
	const struct scmp_arg_cmp code = SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_WRITE, 0);
	size_t i;

	for (i = 0; i < 2; i++) {
		allow_if(f, maps[i], data);
		/* a name service module is a library */
		if ((may & OKTA_MAY_READ) != 0)
			allow_if(f, maps[i], code);
	}
	allow_only(f, "mprotect", data, SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, PROT_EXEC),
	    SCMP_ACT_ERRNO(EACCES));
}

static void
socket_rules(struct filter *f, unsigned may)
{
	const struct scmp_arg_cmp routes[] = { SCMP_A0(SCMP_CMP_EQ, AF_NETLINK),
		SCMP_A2(SCMP_CMP_EQ, 0) };

	if ((may & OKTA_MAY_NETWORK) == 0)
		return;
	rules(f, SCMP_ACT_ALLOW, ALL(networking));
	allow_if(f, "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET));
	allow_if(f, "socket", SCMP_A0(SCMP_CMP_EQ, AF_INET6));
	allow_if(f, "socket", SCMP_A0(SCMP_CMP_EQ, AF_UNIX));
	rule(f, SCMP_ACT_ALLOW, "socket", 2, routes);
	allow_if(
	    f, "socketpair", SCMP_A0(SCMP_CMP_EQ, AF_UNIX)); /* libcurl wakes itself */
}

static void
process_rules(struct filter *f, unsigned may)
{
	const uint64_t thread = CLONE_THREAD | CLONE_VM | CLONE_SIGHAND;
	const uint64_t fork = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID | SIGCHLD;
	/* reading limits is harmless, and so is lowering one's own */
	const struct scmp_arg_cmp own = SCMP_A0(SCMP_CMP_EQ, 0);
	const struct scmp_arg_cmp get = SCMP_A2(SCMP_CMP_EQ, 0);

	allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_NAME));
	allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_GET_NAME));
	rule(f, SCMP_ACT_ERRNO(EINVAL), "prctl", 1,
	    &(struct scmp_arg_cmp){ 0, SCMP_CMP_EQ, PR_SET_VMA_NAME, 0 });
	if ((may & OKTA_MAY_NETWORK) != 0)
		allow_if(f, "clone", SCMP_A0(SCMP_CMP_MASKED_EQ, thread, thread));
	if ((may & OKTA_MAY_FORK) == 0) {
		allow_if(f, "prlimit64", get);
		return;
	}
	rules(f, SCMP_ACT_ALLOW, ALL(forking));
	allow_if(f, "clone", SCMP_A0(SCMP_CMP_EQ, fork));
	allow_if(f, "prlimit64", own);
	allow_if(f, "kill", SCMP_A1(SCMP_CMP_EQ, SIGKILL));
	allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_PDEATHSIG));
	allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_DUMPABLE));
	allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_NO_NEW_PRIVS));
	allow_if(f, "prctl", SCMP_A0(SCMP_CMP_EQ, PR_SET_SECCOMP));
}

static void
descriptor_rules(struct filter *f, unsigned may)
{
	struct scmp_arg_cmp command = SCMP_A1(SCMP_CMP_EQ, 0);
	size_t i;

	for (i = 0; i < sizeof(descriptor_commands) / sizeof(int); i++) {
		command.datum_a = (scmp_datum_t)descriptor_commands[i];
		allow_if(f, "fcntl", command);
		allow_if(f, "fcntl64", command);
	}
	/* is it a terminal, how much is there to read, do not block: no device is asked
	 * for more */
	allow_if(f, "ioctl", SCMP_A1(SCMP_CMP_EQ, TCGETS));
	allow_if(f, "ioctl", SCMP_A1(SCMP_CMP_EQ, FIONREAD));
	allow_if(f, "ioctl", SCMP_A1(SCMP_CMP_EQ, FIONBIO));
	if ((may & OKTA_MAY_NETWORK) == 0)
		return;
	/* a name server's address may name its interface: fe80::1%eth0 */
	allow_if(f, "ioctl", SCMP_A1(SCMP_CMP_EQ, SIOCGIFINDEX));
	allow_if(f, "ioctl", SCMP_A1(SCMP_CMP_EQ, SIOCGIFNAME));
}

enum okta_rc
okta_sandbox_seccomp(unsigned may, struct okta_err *err)
{
	struct filter f = { .ctx = seccomp_init(SCMP_ACT_KILL_PROCESS) };
	int r;

	if (f.ctx == NULL)
		return okta_err_set(err, OKTA_E_SYS, "sandbox: seccomp: out of memory");
	/* a call by another architecture's numbers, too */
	r = seccomp_attr_set(f.ctx, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
	rules(&f, SCMP_ACT_ALLOW, ALL(always));
	rules(&f, SCMP_ACT_ERRNO(ENOSYS), ALL(missing));
	file_rules(&f, may);
	memory_rules(&f, may);
	socket_rules(&f, may);
	process_rules(&f, may);
	descriptor_rules(&f, may);
	if (r == 0)
		r = f.failed;
	if (r == 0)
		r = seccomp_load(f.ctx);
	seccomp_release(f.ctx);
	if (r != 0)
		return okta_err_sys(err, -r, "sandbox: seccomp");
	return OKTA_OK;
}
