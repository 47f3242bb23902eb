/* SPDX-License-Identifier: BSD-2-Clause */
/* links: snapw snap base; libs: cmocka */
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../proc_self.h"
#include "snap_forge.h"

static void
header_fields_are_read(void **state)
{
	const struct fixture *fx = *state;

	assert_int_equal(fx->snap.generation, 7);
	assert_int_equal(fx->snap.published_s, 1700000100);
	assert_int_equal(fx->snap.source_s, 1700000000);
	assert_int_equal(fx->snap.n_users, 4);
	assert_int_equal(fx->snap.n_groups, 5);
	assert_view(fx->snap.org_url, "https://acme.okta.com");
	assert_false(okta_snap_is_superseded(&fx->snap));
	okta_le32_put(fx->p + 20, 1);
	assert_true(okta_snap_is_superseded(&fx->snap));
	assert_int_equal(
	    okta_snap_verify(&fx->snap, NULL), OKTA_OK); /* outside every sum */
}

static void
every_truncation_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap;
	unsigned char *p;
	size_t len;

	for (len = 0; len < fx->len; len++) {
		p = malloc(len + (len == 0));
		assert_non_null(p);
		memcpy(p, fx->p, len);
		assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_E_INPUT);
		free(p);
	}
}

/* A header that agrees with the shorter file: its sections still do not fit. */
static void
every_truncation_with_a_forged_length_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap;
	unsigned char *p;
	size_t len;

	for (len = OKTA_SNAP_HEADER_BYTES; len < fx->len; len++) {
		p = fx_copy(fx->p, len);
		okta_le64_put(p + 24, len);
		fx_seal_body(p, len);
		assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_E_INPUT);
		free(p);
	}
}

static void
bytes_behind_the_end_are_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap;
	unsigned char *p = calloc(1, fx->len + 8);

	assert_non_null(p);
	memcpy(p, fx->p, fx->len);
	assert_int_equal(okta_snap_open_bytes(p, fx->len + 8, &snap), OKTA_E_INPUT);
	okta_le64_put(p + 24, fx->len + 8);
	fx_seal_body(p, fx->len + 8);
	assert_int_equal(okta_snap_open_bytes(p, fx->len + 8, &snap), OKTA_E_INPUT);
	free(p);
}

/* A checksum stops accidents; what the numbers mean must hold all the same. */
static void
every_impossible_header_field_is_refused(void **state)
{
	struct fixture *fx = *state;
	const uint64_t users_len = fx->snap.users_len, groups_len = fx->snap.groups_len;
	const struct mutation m[] = {
		{ "version to come", 8, 4, OKTA_SNAP_VERSION + 1 },
		{ "version of old", 8, 4, OKTA_SNAP_VERSION_BEFORE - 1 },
		{ "header length", 12, 4, 264 },
		{ "file length", 24, 8, fx->len - 8 },
		{ "id floor", 72, 4, 999 },
		{ "id floor zero", 72, 4, 0 },
		{ "id ceiling", 76, 4, 2147483647 },
		{ "id range upside down", 76, 4, ID_MIN - 1 },
		{ "users", 80, 4, 1000000 },
		{ "groups", 84, 4, 1000000 },
		{ "users offset", 88, 8, 264 },
		{ "users offset in the header", 88, 8, 0 },
		{ "users length", 96, 8, users_len + 8 },
		{ "users length huge", 96, 8, UINT64_MAX - 7 },
		{ "users length odd", 96, 8, users_len + 1 },
		{ "groups offset", 104, 8, 256 },
		{ "groups offset beyond", 104, 8, UINT64_MAX - 7 },
		{ "groups length", 112, 8, groups_len + 8 },
		{ "groups length wraps", 112, 8, UINT64_MAX - 255 },
		{ "members offset", 120, 8, 0 },
		{ "members length", 128, 8, UINT64_C(1) << 40 },
		{ "name table length", 136, 8, fx->snap.names_len + 64 },
		{ "name table length odd", 136, 8, fx->snap.names_len + 1 },
		{ "name table length huge", 136, 8, UINT64_MAX - 7 },
		{ "index offset", 144, 8, 0 },
		{ "index offset beyond", 144, 8, fx->len },
		{ "index offset off by 64", 144, 8, fx->snap.index[0].off + 64 },
		{ "index offset between lines", 144, 8, fx->snap.index[0].off - 8 },
		{ "index buckets none", 152, 4, 0 },
		{ "index buckets all", 152, 4, UINT32_MAX },
		{ "index probe none", 156, 4, 0 },
		{ "index probe endless", 156, 4, UINT32_MAX },
		{ "index probe beyond the limit", 156, 4, OKTA_SNAP_PROBE_MAX + 1 },
		{ "last index buckets", 216, 4, 1000 },
		{ "org URL offset", 224, 8, 0 },
		{ "org URL length", 232, 4, 256 },
		{ "org URL length short", 232, 4, 3 },
		{ "reserved 236", 236, 4, 1 },
		{ "reserved 240", 240, 8, 1 },
		{ "reserved 248", 248, 8, 1 },
	};
	struct okta_snap snap;
	size_t i;

	for (i = 0; i < sizeof(m) / sizeof(m[0]); i++) {
		memcpy(fx->q, fx->p, fx->len);
		put(fx->q + m[i].at, m[i].width, m[i].value);
		fx_seal_header(fx->q);
		if (okta_snap_open_bytes(fx->q, fx->len, &snap) != OKTA_E_INPUT)
			fail_msg("accepted: %s", m[i].what);
	}
}

static void
header_without_its_checksum_is_refused(void **state)
{
	struct fixture *fx = *state;
	struct okta_snap snap = { .len = 99 };

	okta_le64_put(fx->q + 32, 8); /* a later generation than it is */
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_E_INPUT);
	assert_int_equal(snap.len, 99); /* untouched */
	fx_seal_header(fx->q);
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_OK);
	fx->q[0] = 'o';
	assert_int_equal(okta_snap_open_bytes(fx->q, fx->len, &snap), OKTA_E_INPUT);
}

/* Fewer buckets and as many more to probe fill the same room, and make a lookup a walk.
 */
static void
header_that_allows_a_long_walk_is_refused(void **state)
{
	struct okta_snap snap;
	uint32_t all;
	unsigned char *p;
	size_t len;

	(void)state;
	p = many_users(400, "u0", NULL, &len);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	all = snap.index[0].buckets + snap.index[0].probe - 1;
	okta_le32_put(p + 152, all - OKTA_SNAP_PROBE_MAX + 1);
	okta_le32_put(p + 156, OKTA_SNAP_PROBE_MAX);
	fx_seal_header(p);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_OK);
	okta_le32_put(p + 152, all - OKTA_SNAP_PROBE_MAX);
	okta_le32_put(p + 156, OKTA_SNAP_PROBE_MAX + 1);
	fx_seal_header(p);
	assert_int_equal(okta_snap_open_bytes(p, len, &snap), OKTA_E_INPUT);
	free(p);
}

/* --- the file --- */

struct dir {
	char path[64], file[80], other[80];
};

static int
dir_setup(void **state)
{
	struct dir *d = calloc(1, sizeof(*d));
	unsigned char *p;
	size_t len;
	FILE *f;

	assert_non_null(d);
	(void)snprintf(d->path, sizeof(d->path), "/tmp/okta-snap-XXXXXX");
	assert_non_null(mkdtemp(d->path));
	(void)snprintf(d->file, sizeof(d->file), "%s/s", d->path);
	(void)snprintf(d->other, sizeof(d->other), "%s/t", d->path);
	p = fx_bytes(&len);
	f = fopen(d->file, "we");
	assert_non_null(f);
	assert_int_equal(fwrite(p, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
	assert_int_equal(chmod(d->file, 0644), 0);
	free(p);
	*state = d;
	return 0;
}

static int
dir_teardown(void **state)
{
	struct dir *d = *state;

	(void)chmod(d->path, 0755);
	(void)unlink(d->file);
	(void)unlink(d->other);
	(void)rmdir(d->other);
	assert_int_equal(rmdir(d->path), 0);
	free(d);
	return 0;
}

static enum okta_rc
try_open(const char *path, uid_t owner)
{
	struct okta_snap snap = { .len = 99 };
	enum okta_rc r = okta_snap_open(path, owner, &snap);

	if (r == OKTA_OK)
		okta_snap_close(&snap);
	else
		assert_int_equal(snap.len, 99); /* untouched */
	return r;
}

static void
open_maps_a_trusted_file_and_keeps_no_descriptor(void **state)
{
	const struct dir *d = *state;
	struct okta_snap snap;
	struct okta_snap_user u;
	struct stat st;
	int before = count_descriptors();

	assert_int_equal(okta_snap_open(d->file, geteuid(), &snap), OKTA_OK);
	assert_int_equal(count_descriptors(), before);
	assert_int_equal(stat(d->file, &st), 0);
	assert_int_equal(snap.ino, st.st_ino);
	assert_int_equal(okta_snap_user_by_uid(&snap, 5000, &u), OKTA_OK);
	okta_snap_close(&snap);
	okta_snap_close(&snap); /* twice is fine */
	assert_null(snap.base);
}

static void
open_tells_missing_from_bad(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(try_open(d->other, geteuid()), OKTA_E_NOTFOUND);
	assert_int_equal(try_open("/nonexistent/x/y", geteuid()), OKTA_E_NOTFOUND);
	assert_int_equal(truncate(d->file, 255), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_INPUT);
	assert_int_equal(truncate(d->file, 1000), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_INPUT);
	assert_int_equal(truncate(d->file, (off_t)OKTA_SNAP_MAX_BYTES + 1), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_TOOBIG);
}

static void
open_refuses_a_symlink(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(symlink(d->file, d->other), 0);
	assert_int_equal(try_open(d->other, geteuid()), OKTA_E_UNTRUSTED);
}

static void
open_refuses_a_symlinked_directory(void **state)
{
	const struct dir *d = *state;
	char path[100];

	assert_int_equal(symlink(d->path, d->other), 0);
	(void)snprintf(path, sizeof(path), "%s/s", d->other);
	assert_int_equal(try_open(path, geteuid()), OKTA_E_UNTRUSTED);
}

static void
open_refuses_what_is_no_regular_file(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(mkfifo(d->other, 0644), 0);
	assert_int_equal(
	    try_open(d->other, geteuid()), OKTA_E_UNTRUSTED); /* and does not block */
	assert_int_equal(unlink(d->other), 0);
	assert_int_equal(mkdir(d->other, 0755), 0);
	assert_int_equal(try_open(d->other, geteuid()), OKTA_E_UNTRUSTED);
	assert_int_equal(try_open("/dev/null", 0), OKTA_E_UNTRUSTED);
}

static void
open_refuses_a_file_others_can_write(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(chmod(d->file, 0664), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_UNTRUSTED);
	assert_int_equal(chmod(d->file, 0646), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_UNTRUSTED);
}

static void
open_refuses_a_file_of_another_owner(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(try_open(d->file, geteuid() + 1), OKTA_E_UNTRUSTED);
}

/* A second name is harmless to a file only its owner can write; refusing it would let
 * anybody who can link it switch the service off. */
static void
open_accepts_a_file_with_two_names(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(link(d->file, d->other), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_OK);
}

static void
open_refuses_a_directory_others_can_write(void **state)
{
	const struct dir *d = *state;

	assert_int_equal(chmod(d->path, 0775), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_UNTRUSTED);
	assert_int_equal(chmod(d->path, 0757), 0);
	assert_int_equal(try_open(d->file, geteuid()), OKTA_E_UNTRUSTED);
	assert_int_equal(
	    chmod(d->path, 01777), 0); /* like /tmp: nobody can swap our entry */
	assert_int_equal(try_open(d->file, geteuid()), OKTA_OK);
}

static void
open_refuses_a_directory_of_a_stranger(void **state)
{
	const struct dir *d = *state;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chown(d->path, 12345, 0), 0);
	assert_int_equal(try_open(d->file, 0), OKTA_E_UNTRUSTED);
	assert_int_equal(chown(d->path, 0, 0), 0);
	assert_int_equal(try_open(d->file, 0), OKTA_OK);
}

static void
open_checks_a_relative_path_from_here_on(void **state)
{
	const struct dir *d = *state;
	char here[4096];

	assert_non_null(getcwd(here, sizeof(here)));
	assert_int_equal(chdir(d->path), 0);
	assert_int_equal(try_open("s", geteuid()), OKTA_OK);
	assert_int_equal(try_open("./s", geteuid()), OKTA_OK);
	assert_int_equal(chmod(d->path, 0777), 0);
	assert_int_equal(try_open("s", geteuid()), OKTA_E_UNTRUSTED);
	assert_int_equal(chdir(here), 0);
}

int
main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, forge_setup, forge_teardown)
#define D(f) cmocka_unit_test_setup_teardown(f, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
		T(header_fields_are_read),
		T(every_truncation_is_refused),
		T(every_truncation_with_a_forged_length_is_refused),
		T(bytes_behind_the_end_are_refused),
		T(every_impossible_header_field_is_refused),
		T(header_without_its_checksum_is_refused),
		cmocka_unit_test(header_that_allows_a_long_walk_is_refused),
		D(open_maps_a_trusted_file_and_keeps_no_descriptor),
		D(open_tells_missing_from_bad),
		D(open_refuses_a_symlink),
		D(open_refuses_a_symlinked_directory),
		D(open_refuses_what_is_no_regular_file),
		D(open_refuses_a_file_others_can_write),
		D(open_refuses_a_file_of_another_owner),
		D(open_accepts_a_file_with_two_names),
		D(open_refuses_a_directory_others_can_write),
		D(open_refuses_a_directory_of_a_stranger),
		D(open_checks_a_relative_path_from_here_on),
	};

	return cmocka_run_group_tests_name("snap_open", tests, NULL, NULL);
}
