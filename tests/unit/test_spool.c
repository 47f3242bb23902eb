/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync net snap model base; libs: json-c */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../cmd/okta-sync/handover.h"
#include "../../cmd/okta-sync/points.h"
#include "../../cmd/okta-sync/progress.h"
#include "../../cmd/okta-sync/records.h"
#include "../../cmd/okta-sync/source.h"
#include "../../cmd/okta-sync/spool.h"
#include "tmp_file.h"

#define BEGAN 1000000

static const struct sync_spool_key key = { 5, 3600 };

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

struct taken {
	char text[64];
	enum okta_rc answer;
};

static enum okta_rc
take(void *ctx, struct okta_view frame)
{
	struct taken *t = ctx;

	(void)strncat(t->text, frame.p, frame.len);
	return t->answer;
}

/* Two pages, the second of two frames, and half a page. */
static void
write_one(void)
{
	struct sync_spool spool;

	sync_spool_begin(path, &key, BEGAN, &spool);
	assert_true(spool.fd >= 0);
	sync_spool_add(&spool, v("one."), true);
	sync_spool_add(&spool, v("two"), false);
	sync_spool_add(&spool, v("two."), true);
	sync_spool_add(&spool, v("half"), false);
	sync_spool_close(&spool);
}

static enum okta_rc
resume_at(const struct sync_spool_key *with, int64_t now_s, struct taken *t)
{
	struct sync_spool spool = SYNC_SPOOL_NONE;
	enum okta_rc r;

	memset(t->text, 0, sizeof(t->text));
	r = sync_spool_resume(path, with, now_s, take, t, &spool);
	if (r == OKTA_OK)
		assert_int_equal(spool.began_s, BEGAN);
	sync_spool_close(&spool);
	return r;
}

static void
spool_gives_back_whole_pages_and_goes_on_behind_them(void **state)
{
	struct sync_spool spool = SYNC_SPOOL_NONE;
	struct taken t = { .answer = OKTA_OK };

	(void)state;
	write_one();
	assert_true(sync_spool_look(path, &key, BEGAN + 1));
	assert_int_equal(
	    sync_spool_resume(path, &key, BEGAN + 1, take, &t, &spool), OKTA_OK);
	assert_string_equal(t.text, "one.twotwo.");
	assert_int_equal(spool.bytes, lseek(spool.fd, 0, SEEK_END));
	sync_spool_add(&spool, v("three."), true);
	assert_int_equal(spool.bytes, lseek(spool.fd, 0, SEEK_END));
	sync_spool_close(&spool);
	assert_int_equal(resume_at(&key, BEGAN + 2, &t), OKTA_OK);
	assert_string_equal(t.text, "one.twotwo.three.");
}

static void
spool_of_another_configuration_or_time_is_not_gone_on_with(void **state)
{
	const struct sync_spool_key other_conf = { 6, 3600 };
	struct taken t = { .answer = OKTA_OK };

	(void)state;
	write_one();
	assert_int_equal(resume_at(&other_conf, BEGAN, &t), OKTA_E_NOTFOUND);
	assert_int_equal(resume_at(&key, BEGAN + 3601, &t), OKTA_E_NOTFOUND);
	assert_int_equal(resume_at(&key, BEGAN - 1, &t), OKTA_E_NOTFOUND);
	assert_false(sync_spool_look(path, &key, BEGAN - 1));
	assert_string_equal(t.text, "");
	assert_int_equal(resume_at(&key, BEGAN + 3600, &t), OKTA_OK);
}

/* Whoever asks Okta by another account may be shown other people, and so may another
 * release; what was read must not be much older than a snapshot may be. */
static void
spool_belongs_to_who_asks_and_is_old_when_a_snapshot_is(void **state)
{
	char word[] = "eng", other[] = "ops", none[] = "";
	const struct okta_conf a = { .org_url = other,
		.home = none,
		.shell = none,
		.sync_client_id = other,
		.key_id = other,
		.snapshot_max_age_s = 259200 };
	struct okta_conf b = a;
	const struct sync_spool_key want = sync_spool_key_of(&a);

	(void)state;
	assert_int_equal(want.max_s, SYNC_SPOOL_MAX_S);
	assert_true(sync_spool_key_of(&b).conf_sum == want.conf_sum);
	b.org_url = word;
	assert_false(sync_spool_key_of(&b).conf_sum == want.conf_sum);
	b = a;
	b.sync_client_id = word;
	assert_false(sync_spool_key_of(&b).conf_sum == want.conf_sum);
	b.sync_client_id = NULL;
	assert_false(sync_spool_key_of(&b).conf_sum == want.conf_sum);
	b = a;
	b.key_id = word;
	assert_false(sync_spool_key_of(&b).conf_sum == want.conf_sum);
	b = a;
	b.auth = OKTA_AUTH_SSWS;
	assert_false(sync_spool_key_of(&b).conf_sum == want.conf_sum);
	b = a;
	b.snapshot_max_age_s = 4000;
	assert_int_equal(sync_spool_key_of(&b).max_s, 1000);
}

/* Whoever took the fetcher over must not fill the disk. */
static void
spool_has_an_end_and_gives_its_room_back_there(void **state)
{
	struct sync_spool spool;

	(void)state;
	sync_spool_begin(path, &key, BEGAN, &spool);
	assert_true(spool.fd >= 0);
	spool.bytes = SYNC_SPOOL_MAX_BYTES - 2 * (16 + 4);
	sync_spool_add(&spool, v("one."), true);
	sync_spool_add(&spool, v("two."), true);
	assert_true(spool.fd >= 0);
	assert_int_equal(access(path, F_OK), 0);
	sync_spool_add(&spool, v("3"), true);
	assert_int_equal(spool.fd, -1);
	assert_int_not_equal(access(path, F_OK), 0);
	sync_spool_add(&spool, v("4"), true); /* the run goes on */
}

static void
spool_with_any_byte_flipped_gives_nothing_back_or_what_was_there_before_it(void **state)
{
	struct taken t = { .answer = OKTA_OK };
	unsigned char byte;
	struct stat st;
	off_t i;
	int fd, cut = 0;

	(void)state;
	write_one();
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	for (i = 0; i < st.st_size; i++) {
		assert_int_equal(pread(fd, &byte, 1, i), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
		if (resume_at(&key, BEGAN, &t) == OKTA_OK) {
			/* a length that leads beyond the end, as of a frame cut short */
			assert_true(strncmp("one.twotwo.", t.text, strlen(t.text)) == 0);
			write_one();
			(void)close(fd);
			fd = open(path, O_RDWR | O_CLOEXEC);
			cut++;
			continue;
		}
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
	}
	assert_true(cut < 8);
	(void)close(fd);
}

/* Whoever wrote may have been killed anywhere. */
static void
spool_cut_anywhere_gives_back_the_whole_pages_that_are_left(void **state)
{
	struct taken t = { .answer = OKTA_OK };
	struct stat st;
	off_t i;

	(void)state;
	write_one();
	assert_int_equal(stat(path, &st), 0);
	for (i = st.st_size - 1; i >= 0; i--) {
		write_one();
		assert_int_equal(truncate(path, i), 0);
		if (resume_at(&key, BEGAN, &t) == OKTA_OK)
			assert_true(strcmp(t.text, "one.twotwo.") == 0 ||
				    strcmp(t.text, "one.") == 0);
		else
			assert_true(i < 40 + 16 + 4); /* head and the first page */
	}
}

static void
spool_that_others_can_read_or_whose_pages_are_refused_is_not_gone_on_with(void **state)
{
	struct taken t = { .answer = OKTA_E_INPUT };

	(void)state;
	write_one();
	assert_int_equal(resume_at(&key, BEGAN, &t), OKTA_E_INPUT);
	t.answer = OKTA_OK;
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(resume_at(&key, BEGAN, &t), OKTA_E_NOTFOUND);
	assert_true(sync_spool_drop(path));
	assert_true(sync_spool_drop(path));
	assert_int_equal(resume_at(&key, BEGAN, &t), OKTA_E_NOTFOUND);
}

static void
count_frame(void *ctx, struct okta_view frame)
{
	size_t *n = ctx;

	assert_true(frame.len > 0);
	(*n)++;
}

/* They say nothing that could be gone on from, and come without end. */
static void
frames_that_only_tell_how_far_it_is_are_not_kept(void **state)
{
	const struct okta_pace pace = { 0 };
	struct sync_records records = { 0 };
	struct sync_progress nobody = { .fd = -1 };
	struct sync_sink sink;
	struct okta_err err = { 0 };
	size_t kept = 0;
	int fds[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, fds), 0);
	sync_sink_init(&sink, fds[1], &okta_clock_system);
	sync_sink_wait(&sink, "why", 1);
	assert_int_equal(sync_sink_group(&sink, v("00g1"), v("x")), OKTA_OK);
	sync_sink_wait(&sink, "why", 1); /* in one frame with the group */
	sync_sink_pace(&sink, &pace);
	assert_int_equal(sync_sink_group(&sink, v("00g2"), v("y")), OKTA_OK);
	assert_int_equal(sync_sink_flush(&sink), OKTA_OK);
	assert_int_equal(sync_sink_end(&sink), OKTA_OK);
	records.frame = count_frame;
	records.frame_ctx = &kept;
	assert_int_equal(
	    sync_records_read(&records, fds[0], &okta_clock_system, &nobody, &err),
	    OKTA_OK);
	assert_int_equal(records.n_groups, 2);
	assert_int_equal(kept, 2);
	sync_records_clear(&records);
	sync_sink_clear(&sink);
	(void)close(fds[0]);
	(void)close(fds[1]);
}

static void
points_keep_the_last_place_of_each_list_and_refuse_what_is_none(void **state)
{
	struct sync_points p = { 0 };
	struct okta_view id, link;
	uint64_t kind;

	(void)state;
	assert_null(sync_points_find(&p, SYNC_LIST_USERS, v("")));
	assert_int_equal(sync_points_put(&p, SYNC_LIST_USERS, v(""), v("u1")), OKTA_OK);
	assert_int_equal(
	    sync_points_put(&p, SYNC_LIST_MEMBERS, v("00g1"), v("m1")), OKTA_OK);
	assert_int_equal(sync_points_put(&p, SYNC_LIST_USERS, v(""), v("u2")), OKTA_OK);
	assert_int_equal(
	    sync_points_put(&p, SYNC_LIST_MEMBERS, v("00g1"), v("")), OKTA_OK);
	assert_string_equal(sync_points_find(&p, SYNC_LIST_USERS, v("")), "u2");
	assert_string_equal(sync_points_find(&p, SYNC_LIST_MEMBERS, v("00g1")), "");
	assert_null(sync_points_find(&p, SYNC_LIST_APP, v("00g1")));
	assert_int_equal(p.lists.n, 2);
	sync_points_at(&p, 1, &kind, &id, &link);
	assert_int_equal(kind, SYNC_LIST_MEMBERS);
	assert_true(okta_view_eq_str(id, "00g1"));
	assert_int_equal(
	    sync_points_put(&p, SYNC_LIST_MEMBERS + 1, v(""), v("x")), OKTA_E_INPUT);
	assert_int_equal(
	    sync_points_put(&p, SYNC_LIST_USERS, v("a\n"), v("x")), OKTA_E_INPUT);
	assert_int_equal(
	    sync_points_put(&p, SYNC_LIST_USERS, v(""), v("x\n")), OKTA_E_INPUT);
	sync_points_clear(&p);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(spool_gives_back_whole_pages_and_goes_on_behind_them),
		cmocka_unit_test(
		    spool_of_another_configuration_or_time_is_not_gone_on_with),
		cmocka_unit_test(spool_belongs_to_who_asks_and_is_old_when_a_snapshot_is),
		cmocka_unit_test(spool_has_an_end_and_gives_its_room_back_there),
		cmocka_unit_test(
		    spool_with_any_byte_flipped_gives_nothing_back_or_what_was_there_before_it),
		cmocka_unit_test(
		    spool_cut_anywhere_gives_back_the_whole_pages_that_are_left),
		cmocka_unit_test(
		    spool_that_others_can_read_or_whose_pages_are_refused_is_not_gone_on_with),
		cmocka_unit_test(frames_that_only_tell_how_far_it_is_are_not_kept),
		cmocka_unit_test(
		    points_keep_the_last_place_of_each_list_and_refuse_what_is_none),
	};

	return cmocka_run_group_tests(tests, make_path, drop_path);
}
