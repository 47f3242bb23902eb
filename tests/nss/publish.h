/* SPDX-License-Identifier: BSD-2-Clause */
/* tests/nss/publish.h - snapshots that say in each answer which one it is out of. */
#ifndef TESTS_NSS_PUBLISH_H
#define TESTS_NSS_PUBLISH_H

#include "module.h"

#include <fcntl.h>
#include <sys/file.h>

#include "../nap.h"
#include "snap/write.h"

#define N_USERS 200
#define FIRST	100000 /* uid of u0 */
#define ENG	90000
#define SUDO	27

/*
 * Users u0... with private groups, all in eng and every third in sudo; each third of them
 * carries GENERATION in his gecos.  Users below SKIP are left out.
 */
static inline void
publish(unsigned generation, unsigned skip, unsigned n_users)
{
	struct okta_snapw_head head = { .generation = generation,
		.seed = generation,
		.id_min = 1000,
		.id_max = OKTA_SNAP_ID_CEIL };
	struct okta_snapw_group eng = { .kind = OKTA_SNAP_GROUP_SERVED,
		.gid = ENG,
		.name = okta_view_str("eng"),
		.okta_id = okta_view_str("00geng"),
		.okta_name = okta_view_str("Eng") };
	struct okta_snapw_group sudo = {
		.kind = OKTA_SNAP_GROUP_LOCAL, .gid = SUDO, .name = okta_view_str("sudo")
	};
	struct okta_snapw_user u;
	struct okta_snapw *w = NULL;
	struct okta_view bytes;
	struct okta_err err = { 0 };
	char name[32], id[32], gecos[64];
	uint32_t numbers[2];
	unsigned i;
	int lock;

	assert_int_equal(okta_snapw_new(&head, &w, NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_group(w, &eng, &numbers[0], NULL), OKTA_OK);
	assert_int_equal(okta_snapw_add_group(w, &sudo, &numbers[1], NULL), OKTA_OK);
	for (i = skip; i < n_users; i++) {
		memset(&u, 0, sizeof(u));
		(void)snprintf(name, sizeof(name), "u%u", i);
		(void)snprintf(id, sizeof(id), "00u%u", i);
		(void)snprintf(gecos, sizeof(gecos), "User %u of %u", i, generation);
		u.uid = u.gid = FIRST + i;
		u.status = OKTA_STATUS_ACTIVE;
		u.flags = OKTA_SNAP_USER_PRIVATE_GROUP;
		u.name = okta_view_str(name);
		u.gecos = okta_view_str(gecos);
		u.home = okta_view_str("/home/x");
		u.shell = okta_view_str("/bin/sh");
		u.okta_id = okta_view_str(id);
		u.groups = numbers;
		u.n_groups = i % 3 == 0 ? 2 : 1;
		assert_int_equal(okta_snapw_add_user(w, &u, NULL), OKTA_OK);
	}
	assert_int_equal(okta_snapw_finish(w, &bytes, NULL), OKTA_OK);
	/* one writer at a time, as okta-sync's lock sees to: of two at once, one replaces
	 * a file that the other's word never reaches */
	lock = open(OKTA_STATE_DIR, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	assert_true(lock >= 0);
	assert_int_equal(flock(lock, LOCK_EX), 0);
	if (okta_snapw_publish(OKTA_SNAPSHOT_PATH, 0, bytes, &err) != OKTA_OK)
		fail_msg("%s", err.msg);
	(void)close(lock);
	okta_snapw_free(&w);
}

static inline enum nss_status
lookup(const char *name, struct passwd *pw)
{
	static _Thread_local char buffer[1024];
	int e = 0;

	return getpwnam_f(name, pw, buffer, sizeof(buffer), &e);
}

/* A good file in place and the module knowing it. */
static inline int
fresh(void **state)
{
	bool was_there = access(OKTA_SNAPSHOT_PATH, F_OK) == 0;
	struct passwd pw;

	(void)state;
	publish(1, 0, N_USERS);
	if (!was_there)
		nap_ms(1000); /* nothing tells the module but the next look */
	return lookup("u1", &pw) == NSS_STATUS_SUCCESS ? 0 : -1;
}

#endif /* TESTS_NSS_PUBLISH_H */
