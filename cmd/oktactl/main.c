/* SPDX-License-Identifier: BSD-2-Clause */
/* oktactl - look at and look after Okta login on this host. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/paths.h"
#include "ctl.h"
#include "host/config.h"
#include "token.h"

static const char help[] =
    "usage: oktactl [--config FILE] [--state DIR] [--json] COMMAND\n"
    "  config check             is the configuration complete and right?\n"
    "  config keys              every key, its type and default\n"
    "  status                   age and size of the snapshot, last sync, problems\n"
    "  setup [--yes] [--undo]   set this host up step by step, or take it all back\n"
    "  doctor [--offline]       check everything a login needs, and say what cures it\n"
    "  sync [--accept-shrink]   run okta-sync --once\n"
    "  user NAME                what this host knows of a person\n"
    "  group NAME               what this host knows of a group\n"
    "  explain NAME             may this person log in here, by which rule?\n"
    "  snapshot verify|dump [FILE]\n"
    "  registry list            who owns which id, for ever\n"
    "  registry import FILE     put ids back as a snapshot has them, or keep those of\n"
    "                           passwd, group or \"login, uid[, gid]\" lines for their "
    "people\n"
    "  registry forget NAME     take such an id back while nobody has it\n"
    "  token verify --jwks FILE --issuer URL --client-id ID [--now EPOCH] [--skew S]\n"
    "               [--signature-only]   one ID token on standard input\n"
    "  --version, --help\n";

int
ctl_fail(int status, const char *fmt, ...)
{
	va_list ap;

	(void)fflush(stdout);
	(void)fputs("oktactl: ", stderr);
	va_start(ap, fmt);
	(void)vfprintf(stderr, fmt, ap);
	va_end(ap);
	(void)fputc('\n', stderr);
	return status;
}

int
ctl_usage(const char *text)
{
	(void)fprintf(stderr, "usage: oktactl %s\n", text);
	return EX_USAGE;
}

uid_t
ctl_owner_of(const char *path)
{
	char dir[PATH_MAX];
	const char *slash = strrchr(path, '/');
	struct stat st;

	if (stat(path, &st) == 0)
		return st.st_uid == geteuid() ? geteuid() : 0;
	/* a file that is not there would be ours in a directory of ours */
	if (slash == NULL || slash == path || (size_t)(slash - path) >= sizeof(dir))
		return 0;
	memcpy(dir, path, (size_t)(slash - path));
	dir[slash - path] = '\0';
	return stat(dir, &st) == 0 && st.st_uid == geteuid() ? geteuid() : 0;
}

bool
ctl_state_path(const struct ctl *ctl, const char *name, char ret[PATH_MAX])
{
	int n = snprintf(ret, PATH_MAX, "%s/%s", ctl->state, name);

	return n > 0 && n < PATH_MAX;
}

int
ctl_load_conf(const struct ctl *ctl, unsigned use, struct okta_conf **ret)
{
	struct okta_err err = { 0 };

	if (okta_config_load(ctl->config, ctl_owner_of(ctl->config), use, ret, &err) !=
	    OKTA_OK)
		return ctl_fail(EX_CONFIG, "%s", err.msg);
	return 0;
}

int
ctl_open_snapshot(const struct ctl *ctl, struct okta_snap *ret)
{
	char path[PATH_MAX];
	enum okta_rc r;

	if (!ctl_state_path(ctl, OKTA_SNAPSHOT_FILE, path))
		return ctl_fail(EX_USAGE, "--state: path is too long");
	r = okta_snap_open(path, ctl_owner_of(path), ret);
	switch (r) {
	case OKTA_OK:
		return 0;
	case OKTA_E_NOTFOUND:
		return ctl_fail(1, "%s: there is none yet: run okta-sync --once", path);
	case OKTA_E_UNTRUSTED:
		return ctl_fail(1,
		    "%s: it or a directory above it belongs to somebody else or others "
		    "can write "
		    "it: chown and chmod go-w it",
		    path);
	default:
		return ctl_fail(1, "%s: cannot be used (%s): run okta-sync --once", path,
		    okta_rc_name(r));
	}
}

static int
ctl_token_command(const struct ctl *ctl, int argc, char **argv)
{
	if (argc < 2 || strcmp(argv[1], "verify") != 0)
		return ctl_usage("token verify --jwks FILE --issuer URL --client-id ID "
				 "[--now EPOCH] [--skew S] [--signature-only]");
	return ctl_token(argc - 1, argv + 1, ctl->json);
}

static const struct {
	const char *name;
	int (*run)(const struct ctl *ctl, int argc, char **argv);
} commands[] = {
	{ "config", ctl_config },
	{ "status", ctl_status },
	{ "sync", ctl_sync },
	{ "user", ctl_user },
	{ "group", ctl_group },
	{ "explain", ctl_explain },
	{ "snapshot", ctl_snapshot },
	{ "registry", ctl_registry },
	{ "doctor", ctl_doctor },
	{ "setup", ctl_setup },
	{ "token", ctl_token_command },
};

/* Take our own options out of ARGV, wherever they stand; the new argc, or -1. */
static int
take_options(int argc, char **argv, struct ctl *ctl)
{
	const char **value;
	int i, n = 0;

	for (i = 0; i < argc; i++) {
		value = NULL;
		if (strcmp(argv[i], "--json") == 0) {
			ctl->json = true;
			continue;
		}
		if (strcmp(argv[i], "--config") == 0)
			value = &ctl->config;
		else if (strcmp(argv[i], "--state") == 0)
			value = &ctl->state;
		if (value == NULL) {
			argv[n++] = argv[i];
			continue;
		}
		if (i + 1 == argc)
			return -1;
		*value = argv[++i];
	}
	argv[n] = NULL;
	return n;
}

/* What nobody can read must not pass for an answer: a yes least of all. */
static int
after_writing(int status)
{
	const bool is_written = fflush(stdout) == 0 && ferror(stdout) == 0;

	return is_written || status != 0 ? status : ctl_fail(EX_IOERR, "cannot write");
}

int
main(int argc, char **argv)
{
	struct ctl ctl = { OKTA_CONF_FILE, OKTA_STATE_DIR, false };
	size_t i;

	if (clearenv() != 0 || prctl(PR_SET_DUMPABLE, 0L, 0L, 0L, 0L) < 0)
		return ctl_fail(EX_OSERR, "cannot empty the environment");
	(void)umask(077);
	argc = take_options(argc, argv, &ctl);
	if (argc < 2) {
		(void)fputs(help, stderr);
		return EX_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0) {
		(void)fputs(help, stdout);
		return after_writing(0);
	}
	if (strcmp(argv[1], "--version") == 0) {
		(void)printf("oktactl %s\n", OKTA_VERSION);
		return after_writing(0);
	}
	for (i = 0; i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(argv[1], commands[i].name) == 0)
			return after_writing(commands[i].run(&ctl, argc - 1, argv + 1));
	(void)fprintf(stderr, "oktactl: no command \"%.40s\"\n", argv[1]);
	(void)fputs(help, stderr);
	return EX_USAGE;
}
