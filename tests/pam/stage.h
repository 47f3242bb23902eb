/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * tests/pam/stage.h - a mount namespace of one's own in which the module's fixed paths
 * hold what a test put there, so that the shipped file has no switch for tests; a
 * scripted conversation; and the lines that went to the system log.
 */
#ifndef TESTS_PAM_STAGE_H
#define TESTS_PAM_STAGE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <fcntl.h>
#include <sched.h>
#include <security/pam_appl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "../proc_self.h"
#include "base/paths.h"
#include "snap/write.h"

#define ADA_UID	 1879050001u
#define ERIN_UID 1879050006u
#define ENG_GID	 1879060001u
#define OPS_GID	 1879060002u
#define ADM_GID	 1879060003u
#define SUDO_GID 27u

#define GOOD_CONF                                                                        \
	"[okta]\norg_url = https://acme.okta.com\n"                                      \
	"[login]\nclient_id = %s\nallow_groups = linux-users\n"

/* Of conf/pam. */
#define AUTH_WORDS                                                                       \
	"[success=done user_unknown=ignore ignore=ignore module_unknown=ignore "         \
	"default=die]"

/* --- what the module wrote to the log --- */

static char stage_log[8192];

/* libpam calls this one; the program's comes first. */
__attribute__((visibility("default"))) void __syslog_chk(
    int priority, int flag, const char *fmt, ...);
void
__syslog_chk(int priority, int flag, const char *fmt, ...)
{
	size_t n = strlen(stage_log);
	va_list ap;

	(void)priority;
	(void)flag;
	va_start(ap, fmt);
	(void)vsnprintf(stage_log + n, sizeof(stage_log) - n - 1, fmt, ap);
	va_end(ap);
	n = strlen(stage_log);
	(void)snprintf(stage_log + n, sizeof(stage_log) - n, "\n");
}

static inline void
logged(const char *part)
{
	if (strstr(stage_log, part) == NULL)
		fail_msg("\"%s\" is not in the log: %s", part, stage_log);
}

/* --- files --- */

static inline void
put_file(const char *path, const char *text, mode_t mode)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(path, mode), 0);
}

static inline void
copy_program(const char *from, const char *to)
{
	char block[65536];
	int in, copy;
	ssize_t n;

	(void)unlink(to); /* it may still be running, which forbids writing into it */
	in = open(from, O_RDONLY | O_CLOEXEC);
	copy = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0755);
	if (in < 0 || copy < 0)
		fail_msg("cannot copy %s", from);
	while ((n = read(in, block, sizeof(block))) > 0)
		assert_int_equal(write(copy, block, (size_t)n), n);
	(void)close(in);
	assert_int_equal(fchmod(copy, 0755), 0);
	(void)close(copy);
}

static inline void
put_conf(const char *script, const char *more)
{
	char text[2048];
	int n = snprintf(text, sizeof(text), GOOD_CONF, script);

	(void)snprintf(text + n, sizeof(text) - (size_t)n, "%s", more);
	put_file(OKTA_CONF_FILE, text, 0644);
}

static inline struct okta_view
sv(const char *s)
{
	return okta_view_str(s);
}

struct stage_user {
	const char *name, *okta_id;
	uint32_t uid, gid;
	enum okta_snap_status status;
	bool eng;
};

/*
 * ada (linux-users, eng, linux-admins which joins sudo), bob (linux-users), carol
 * SUSPENDED, mallory in nothing, clash whose uid a local account has, erin whose primary
 * group is eng; SOURCE_S: as of when.
 */
static inline void
put_snapshot(int64_t source_s, const char *org)
{
	static const struct stage_user users[] = {
		{ "ada", "00u1ada", ADA_UID, ADA_UID, OKTA_STATUS_ACTIVE, true },
		{ "bob", "00u2bob", 1879050002u, 1879050002u, OKTA_STATUS_ACTIVE, false },
		{ "carol", "00u3carol", 1879050003u, 1879050003u, OKTA_STATUS_SUSPENDED,
		    false },
		{ "clash", "00u5clash", 1879050005u, 1879050005u, OKTA_STATUS_ACTIVE,
		    false },
		{ "erin", "00u6erin", ERIN_UID, ENG_GID, OKTA_STATUS_ACTIVE, true },
		{ "mallory", "00u4mallory", 1879050004u, 1879050004u, OKTA_STATUS_ACTIVE,
		    false },
	};
	static const uint32_t sudo[] = { SUDO_GID };
	const struct okta_snapw_head head = { .org_url = sv(org),
		.generation = 1,
		.published_s = source_s,
		.source_s = source_s,
		.seed = 1,
		.id_min = 1879048192u,
		.id_max = 2147483646u };
	const struct okta_snapw_group groups[] = {
		{ OKTA_SNAP_GROUP_LOGIN, 0, sv(""), sv("00g1users"), sv("linux-users"),
		    NULL, 0 },
		{ OKTA_SNAP_GROUP_SERVED, ENG_GID, sv("eng"), sv("00g2eng"), sv("eng"),
		    NULL, 0 },
		{ OKTA_SNAP_GROUP_SERVED, ADM_GID, sv("linux-admins"), sv("00g3admins"),
		    sv("linux-admins"), sudo, 1 },
		{ OKTA_SNAP_GROUP_SERVED, OPS_GID, sv("ops"), sv("00g4ops"), sv("ops"),
		    sudo, 1 },
		{ OKTA_SNAP_GROUP_LOCAL, SUDO_GID, sv("sudo"), sv(""), sv(""), NULL, 0 },
	};
	struct okta_snapw *w = NULL;
	struct okta_err err = { 0 };
	struct okta_view bytes;
	uint32_t number[5], mine[3];
	size_t i;

	assert_int_equal(okta_snapw_new(&head, &w, &err), OKTA_OK);
	for (i = 0; i < 5; i++)
		if (okta_snapw_add_group(w, &groups[i], &number[i], &err) != OKTA_OK)
			fail_msg("%s", err.msg);
	for (i = 0; i < sizeof(users) / sizeof(users[0]); i++) {
		struct okta_snapw_user u = { .uid = users[i].uid,
			.gid = users[i].gid,
			.status = users[i].status,
			.flags = users[i].gid == users[i].uid
				     ? OKTA_SNAP_USER_PRIVATE_GROUP
				     : 0,
			.name = sv(users[i].name),
			.gecos = sv(""),
			.home = sv("/home/x"),
			.shell = sv("/bin/sh"),
			.okta_id = sv(users[i].okta_id),
			.okta_login = sv(users[i].name),
			.groups = mine };

		if (strcmp(users[i].name, "mallory") != 0)
			mine[u.n_groups++] = number[0];
		if (users[i].eng) {
			mine[u.n_groups++] = number[1];
			mine[u.n_groups++] = number[2];
		}
		if (okta_snapw_add_user(w, &u, &err) != OKTA_OK)
			fail_msg("%s", err.msg);
	}
	assert_int_equal(okta_snapw_finish(w, &bytes, &err), OKTA_OK);
	if (okta_snapw_publish(OKTA_SNAPSHOT_PATH, 0, bytes, &err) != OKTA_OK)
		fail_msg("%s", err.msg);
	okta_snapw_free(&w);
}

static inline int
stage_mount(const char *at)
{
	return mount("stage", at, "tmpfs", MS_NOSUID, "mode=755,size=64m");
}

/* Needs root.  BUILD holds pam_okta.so and tests/pam/liar. */
static inline int
stage_enter(const char *build)
{
	char liar[512];

	(void)snprintf(liar, sizeof(liar), "%s/tests/pam/liar", build);
	if (unshare(CLONE_NEWNS) < 0 ||
	    mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
	    stage_mount("/opt") < 0) {
		perror("a mount namespace of our own (root is needed)");
		return -1;
	}
	copy_program(liar, "/opt/liar"); /* before its folder may vanish behind a mount */
	if (stage_mount("/etc") < 0 || stage_mount("/run") < 0 ||
	    stage_mount("/var/lib") < 0 || stage_mount("/usr/libexec") < 0 ||
	    mkdir(OKTA_CONF_DIR, 0755) < 0 || mkdir("/etc/pam.d", 0755) < 0 ||
	    mkdir(OKTA_STATE_DIR, 0755) < 0 || mkdir(OKTA_LIBEXEC_DIR, 0755) < 0) {
		perror("stage");
		return -1;
	}
	return 0;
}

/* Everything as it should be; a test then breaks one thing. */
static inline void
stage_reset(void)
{
	put_file("/etc/passwd",
	    "root:x:0:0:root:/root:/bin/bash\n"
	    "_okta:x:990:990::/nonexistent:/usr/sbin/nologin\n"
	    "local:x:1000:1000::/home/local:/bin/bash\n"
	    "other:x:1879050005:1000::/home/other:/bin/bash\n",
	    0644);
	put_file("/etc/group", "root:x:0:\nsudo:x:27:\nlocal:x:1000:\n", 0644);
	copy_program("/opt/liar", OKTA_HELPER_PATH);
	put_conf("ok", "");
	put_snapshot(time(NULL) - 60, "https://acme.okta.com");
	(void)unlink(OKTA_RUN_DIR "/claims/1879050001");
	(void)unlink(OKTA_RUN_DIR "/used/1879050001");
	stage_log[0] = '\0';
}

/* --- a conversation --- */

enum talk_mode {
	TALK_ANSWER,
	TALK_ERROR,
	TALK_NULL_RESPONSE,
	TALK_NULL_TEXT,
	TALK_HUGE,
	TALK_PASSWORD_ONLY
};

struct talk {
	enum talk_mode mode;
	int prompts, infos, errors;
	char first_prompt[8192], last_prompt[8192], info[8192], error[512];
	void (*on_prompt)(struct talk *talk); /* may be NULL, as on_info */
	void (*on_info)(struct talk *talk);
	void *ctx;
};

static inline int
talk_fn(int n, const struct pam_message **msg, struct pam_response **resp, void *ptr)
{
	struct talk *t = ptr;
	struct pam_response *r;

	assert_int_equal(n, 1);
	if (msg[0]->msg_style == PAM_ERROR_MSG) {
		t->errors++;
		(void)snprintf(t->error, sizeof(t->error), "%s", msg[0]->msg);
	} else if (msg[0]->msg_style == PAM_TEXT_INFO) {
		t->infos++;
		(void)snprintf(t->info, sizeof(t->info), "%s", msg[0]->msg);
		if (t->on_info != NULL)
			t->on_info(t);
	} else {
		(void)snprintf(t->prompts++ == 0 ? t->first_prompt : t->last_prompt,
		    sizeof(t->last_prompt), "%s", msg[0]->msg);
		if (t->on_prompt != NULL)
			t->on_prompt(t);
	}
	if (t->mode == TALK_ERROR ||
	    (t->mode == TALK_PASSWORD_ONLY && msg[0]->msg_style == PAM_PROMPT_ECHO_ON))
		return PAM_CONV_ERR;
	if (t->mode == TALK_NULL_RESPONSE) {
		*resp = NULL;
		return PAM_SUCCESS;
	}
	r = calloc(1, sizeof(*r));
	if (r == NULL)
		return PAM_BUF_ERR;
	if (t->mode == TALK_HUGE) {
		r->resp = malloc(65537);
		if (r->resp != NULL) {
			memset(r->resp, 'x', 65536);
			r->resp[65536] = '\0';
		}
	} else if (t->mode != TALK_NULL_TEXT) {
		r->resp = strdup("");
	}
	*resp = r;
	return PAM_SUCCESS;
}

static inline pam_handle_t *
stage_start(const char *service, const char *user, struct talk *t)
{
	struct pam_conv conv = { talk_fn, t };
	pam_handle_t *pamh = NULL;

	assert_int_equal(
	    pam_start_confdir(service, user, &conv, "/etc/pam.d", &pamh), PAM_SUCCESS);
	assert_int_equal(pam_set_item(pamh, PAM_RHOST, "203.0.113.7"), PAM_SUCCESS);
	return pamh;
}

#endif /* TESTS_PAM_STAGE_H */
