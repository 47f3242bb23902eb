/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync snap model base; libs: */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../cmd/okta-sync/base.h"
#include "../../cmd/okta-sync/marks.h"
#include "../../cmd/okta-sync/stale.h"
#include "base/file.h"
#include "snap/format.h"
#include "snap/le.h"
#include "tmp_file.h"

static struct okta_view
v(const char *s)
{
	return okta_view_str(s);
}

static void
fill(struct sync_records *rec)
{
	const struct okta_directory_user ada = { v("00u1"), v("ACTIVE"), v("ada@x"),
		v("ada@x"), v("Ada"), v("7"), v(""), 20260131120000000 };

	rec->keep_strays = true;
	assert_int_equal(sync_records_add_group(rec, v("00g1"), v("eng")), OKTA_OK);
	assert_int_equal(sync_records_add_user(rec, &ada), OKTA_OK);
	assert_int_equal(sync_records_add_member(rec, 0, v("00u1")), OKTA_OK);
	assert_int_equal(sync_records_add_member(rec, 0, v("00u2")), OKTA_OK);
	assert_int_equal(sync_records_finish(rec), OKTA_OK);
}

static uint64_t
content_sum(const struct sync_records *rec)
{
	struct okta_err err = { 0 };
	uint64_t sum = 0;

	assert_int_equal(sync_base_content_sum(rec, &sum, &err), OKTA_OK);
	return sum;
}

static void
write_one(void)
{
	struct sync_base_head head = { .conf_sum = 5,
		.clock_s = 11,
		.full_s = 12,
		.published_s = 13,
		.generation = 14,
		.people = 15,
		.groups = 16,
		.memberships = 17,
		.full_people = 18,
		.full_memberships = 19,
		.marks_s = 21,
		.log_s = 20 };
	struct sync_records rec = { 0 };
	struct okta_err err = { 0 };

	fill(&rec);
	head.content_sum = content_sum(&rec);
	(void)snprintf(head.link, sizeof(head.link), "https://x/next");
	assert_int_equal(sync_base_write(path, &head, &rec, &err), OKTA_OK);
	sync_records_clear(&rec);
}

static void
base_gives_back_what_was_written(void **state)
{
	struct sync_base base = { 0 };
	struct okta_err err = { 0 };
	struct sync_base_walk walk = { 0 };
	uint32_t person, group;

	(void)state;
	write_one();
	assert_int_equal(sync_base_load(path, 5, &base, &err), OKTA_OK);
	assert_int_equal(base.head.clock_s, 11);
	assert_int_equal(base.head.full_s, 12);
	assert_int_equal(base.head.published_s, 13);
	assert_int_equal(base.head.generation, 14);
	assert_int_equal(base.head.people, 15);
	assert_int_equal(base.head.groups, 16);
	assert_int_equal(base.head.memberships, 17);
	assert_int_equal(base.head.full_people, 18);
	assert_int_equal(base.head.full_memberships, 19);
	assert_int_equal(base.head.marks_s, 21);
	assert_int_equal(base.head.log_s, 20);
	assert_string_equal(base.head.link, "https://x/next");
	assert_int_equal(base.n_users, 1);
	assert_true(okta_view_eq_str(base.users[0].display_name, "Ada"));
	assert_true(okta_view_eq_str(base.users[0].uid, "7"));
	assert_int_equal(base.n_strays, 1);
	assert_true(okta_view_eq_str(base.strays[0], "00u2"));
	assert_true(okta_view_eq_str(base.users[0].name, "ada@x"));
	assert_true(sync_base_next_member(&base, &walk, &person, &group));
	assert_int_equal(person, 0);
	assert_int_equal(group, 0);
	assert_true(sync_base_next_member(&base, &walk, &person, &group));
	assert_int_equal(person, 1); /* the stray */
	assert_int_equal(group, 0);
	assert_false(sync_base_next_member(&base, &walk, &person, &group));
	sync_base_clear(&base);
}

static void
base_refuses_every_flipped_byte_and_every_shorter_file(void **state)
{
	struct sync_base base = { 0 };
	struct okta_err err = { 0 };
	struct stat st;
	unsigned char byte;
	off_t i;
	int fd;

	(void)state;
	write_one();
	fd = open(path, O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	assert_true(st.st_size > 200);
	for (i = 0; i < st.st_size; i++) {
		assert_int_equal(pread(fd, &byte, 1, i), 1);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
		assert_int_not_equal(sync_base_load(path, 5, &base, &err), OKTA_OK);
		sync_base_clear(&base);
		byte ^= 0x10;
		assert_int_equal(pwrite(fd, &byte, 1, i), 1);
	}
	assert_int_equal(sync_base_load(path, 5, &base, &err), OKTA_OK);
	sync_base_clear(&base);
	for (i = st.st_size - 1; i >= 0; i--) {
		assert_int_equal(ftruncate(fd, i), 0);
		assert_int_not_equal(sync_base_load(path, 5, &base, &err), OKTA_OK);
		sync_base_clear(&base);
	}
	(void)close(fd);
}

/* Where N u32 from the end stand: how many groups Ada has, which; the stray, his group.
 */
static void
change_and_seal(long from_end, uint32_t value)
{
	struct okta_err err = { 0 };
	unsigned char *p;
	char *bytes;
	size_t len;

	write_one();
	assert_int_equal(okta_file_read_trusted(
			     path, geteuid(), OKTA_FILE_SECRET, 4096, &bytes, &len, &err),
	    OKTA_OK);
	p = (unsigned char *)bytes;
	okta_le32_put(p + len - 4 * (size_t)from_end, value);
	okta_le64_put(p + 8, okta_snap_sum64(p + 16, len - 16));
	assert_int_equal(okta_file_replace(path, 0600, p, len, &err), OKTA_OK);
	free(bytes);
}

/* What the sum does not cover is what was summed: a defect of ours, or of the memory. */
static void
base_refuses_memberships_that_do_not_add_up_though_they_are_sealed(void **state)
{
	static const struct {
		long from_end;
		uint32_t value;
	} wrong[] = { { 4, 0 }, { 4, 2 }, { 4, UINT32_MAX }, { 3, 1 }, { 2, 1 },
		{ 1, 1 } };
	struct sync_base base = { 0 };
	struct okta_err err = { 0 };
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		change_and_seal(wrong[i].from_end, wrong[i].value);
		assert_int_equal(sync_base_load(path, 5, &base, &err), OKTA_E_INPUT);
		sync_base_clear(&base);
	}
	change_and_seal(4, 1); /* as it was */
	assert_int_equal(sync_base_load(path, 5, &base, &err), OKTA_OK);
	sync_base_clear(&base);
}

static void
write_person(const char *id, const char *login, const char *name)
{
	const struct okta_directory_user user = { v(id), v("ACTIVE"), v(login), v(name),
		v("Ada"), v(""), v(""), 0 };
	const struct sync_base_head head = { .conf_sum = 5 };
	struct okta_directory_user users[1] = { user };
	struct sync_records rec = { .users = users, .n_users = 1 };
	struct okta_err err = { 0 };

	assert_int_equal(sync_base_write(path, &head, &rec, &err), OKTA_OK);
}

/* Nobody checks it again: it becomes one of records as it is. */
static void
base_refuses_somebody_who_could_be_none_of_records(void **state)
{
	struct sync_base base = { 0 };
	struct okta_err err = { 0 };
	char long_text[OKTA_DIRECTORY_TEXT_MAX + 2];

	(void)state;
	memset(long_text, 'x', sizeof(long_text) - 1);
	long_text[sizeof(long_text) - 1] = '\0';
	write_person("", "ada@x", "ada@x");
	assert_int_equal(sync_base_load(path, 5, &base, &err), OKTA_E_INPUT);
	sync_base_clear(&base);
	write_person("00u\n", "ada@x", "ada@x");
	assert_int_equal(sync_base_load(path, 5, &base, &err), OKTA_E_INPUT);
	sync_base_clear(&base);
	write_person("00u1", long_text, "ada@x");
	assert_int_equal(sync_base_load(path, 5, &base, &err), OKTA_E_INPUT);
	sync_base_clear(&base);
}

/* It mostly is, and is written once then. */
static void
base_keeps_a_name_that_is_not_the_login(void **state)
{
	struct sync_base base = { 0 };
	struct okta_err err = { 0 };

	(void)state;
	write_person("00u1", "ada@x", "lovelace");
	assert_int_equal(sync_base_load(path, 5, &base, &err), OKTA_OK);
	assert_true(okta_view_eq_str(base.users[0].login, "ada@x"));
	assert_true(okta_view_eq_str(base.users[0].name, "lovelace"));
	sync_base_clear(&base);
	write_person("00u1", "ada@x", "");
	assert_int_equal(sync_base_load(path, 5, &base, &err), OKTA_OK);
	assert_true(okta_view_eq_str(base.users[0].name, ""));
	sync_base_clear(&base);
}

static void
base_refuses_another_configuration_and_a_file_others_can_read(void **state)
{
	struct sync_base_head head = { .full_s = 99 };
	struct sync_base base = { 0 };
	struct okta_err err = { 0 };

	(void)state;
	write_one();
	assert_int_equal(sync_base_look(path, 5, &head), OKTA_OK);
	assert_int_equal(head.full_s, 12);
	assert_int_equal(sync_base_look(path, 6, &head), OKTA_E_NOTFOUND);
	assert_int_equal(sync_base_load(path, 6, &base, &err), OKTA_E_INPUT);
	sync_base_clear(&base);
	assert_int_equal(chmod(path, 0640), 0);
	assert_int_equal(sync_base_look(path, 5, &head), OKTA_E_NOTFOUND);
	(void)unlink(path);
	assert_int_equal(sync_base_look(path, 5, &head), OKTA_E_NOTFOUND);
}

static void
base_of_marks_alone_gives_them_back_and_is_nothing_to_build_on(void **state)
{
	struct sync_base_head head = { .people = 4 };
	struct sync_base base = { 0 };
	struct okta_err err = { 0 };
	char longer[300] = "";

	(void)state;
	write_one();
	assert_int_equal(sync_base_look_marks(path, 6, &head, &err), OKTA_OK);
	assert_int_equal(head.full_people, 0);
	assert_int_equal(sync_base_look_marks(path, 5, &head, &err), OKTA_OK);
	assert_int_equal(head.full_people, 18);
	assert_int_equal(head.full_memberships, 19);
	assert_int_equal(head.marks_s, 21);
	assert_int_equal(head.people, 4);

	head.full_people = 28;
	assert_int_equal(sync_base_write_marks(path, 5, &head, &err), OKTA_OK);
	head = (struct sync_base_head){ 0 };
	assert_int_equal(sync_base_look(path, 5, &head), OKTA_E_NOTFOUND);
	assert_int_equal(sync_base_load(path, 5, &base, &err), OKTA_E_INPUT);
	sync_base_clear(&base);
	assert_int_equal(sync_base_look_marks(path, 6, &head, &err), OKTA_OK);
	assert_int_equal(head.full_people, 0);
	assert_int_equal(sync_base_look_marks(path, 5, &head, &err), OKTA_OK);
	assert_int_equal(head.full_people, 28);
	assert_int_equal(head.full_memberships, 19);
	assert_int_equal(head.marks_s, 21);
	head = (struct sync_base_head){ 0 };
	(void)unlink(path);
	assert_int_equal(sync_base_look_marks(path, 5, &head, &err), OKTA_OK);
	assert_int_equal(head.marks_s, 0);
	/* what may be there and cannot be read: a name that is too long for that */
	memset(longer, 'x', sizeof(longer) - 1);
	assert_int_equal(sync_base_look_marks(longer, 5, &head, &err), OKTA_E_SYS);
}

#define DAY 86400

static struct sync_base_head
moved(uint64_t people, uint64_t memberships, bool accept_shrink, int64_t now_s)
{
	struct sync_base_head head = { .people = people,
		.memberships = memberships,
		.full_people = 100,
		.full_memberships = 200,
		.marks_s = 10 * DAY };

	sync_marks_move(&head, accept_shrink, DAY, now_s);
	return head;
}

static void
assert_marks(
    struct sync_base_head head, uint64_t people, uint64_t memberships, int64_t set_s)
{
	assert_int_equal(head.full_people, people);
	assert_int_equal(head.full_memberships, memberships);
	assert_int_equal(head.marks_s, set_s);
}

static void
marks_go_up_at_once_and_down_when_told_or_half_an_interval_old(void **state)
{
	const int64_t soon = 10 * DAY + DAY / 2 - 1;

	(void)state;
	assert_marks(moved(90, 190, false, soon), 100, 200, 10 * DAY);
	/* whoever comes does not make the rest younger */
	assert_marks(moved(110, 190, false, soon), 110, 200, 10 * DAY);
	assert_marks(moved(90, 210, false, soon), 100, 210, 10 * DAY);
	assert_marks(moved(90, 190, true, soon), 90, 190, soon);
	assert_marks(moved(90, 190, false, soon + 1), 90, 190, soon + 1);
	/* the clock was set back */
	assert_marks(moved(90, 190, false, 10 * DAY - 1), 90, 190, 10 * DAY - 1);
}

/* Equal content, equal sum: whatever came first. */
static void
base_sums_content_whatever_its_order_and_sees_each_difference(void **state)
{
	const struct okta_directory_user a = { v("00u1"), v("ACTIVE"), v("a"), v("a"),
		v(""), v(""), v(""), 0 },
					 b = { v("00u2"), v("ACTIVE"), v("b"), v("b"),
						 v(""), v(""), v(""), 0 };
	struct sync_records one = { 0 }, two = { 0 }, three = { 0 };

	(void)state;
	assert_int_equal(sync_records_add_group(&one, v("00g1"), v("x")), OKTA_OK);
	assert_int_equal(sync_records_add_group(&one, v("00g2"), v("y")), OKTA_OK);
	assert_int_equal(sync_records_add_user(&one, &a), OKTA_OK);
	assert_int_equal(sync_records_add_user(&one, &b), OKTA_OK);
	assert_int_equal(sync_records_add_member(&one, 0, v("00u1")), OKTA_OK);
	assert_int_equal(sync_records_finish(&one), OKTA_OK);

	assert_int_equal(sync_records_add_group(&two, v("00g2"), v("y")), OKTA_OK);
	assert_int_equal(sync_records_add_group(&two, v("00g1"), v("x")), OKTA_OK);
	assert_int_equal(sync_records_add_user(&two, &b), OKTA_OK);
	assert_int_equal(sync_records_add_user(&two, &a), OKTA_OK);
	assert_int_equal(sync_records_add_member(&two, 1, v("00u1")), OKTA_OK);
	assert_int_equal(sync_records_finish(&two), OKTA_OK);
	assert_true(content_sum(&one) == content_sum(&two));

	assert_int_equal(sync_records_add_group(&three, v("00g1"), v("x")), OKTA_OK);
	assert_int_equal(sync_records_add_group(&three, v("00g2"), v("y")), OKTA_OK);
	assert_int_equal(sync_records_add_user(&three, &a), OKTA_OK);
	assert_int_equal(sync_records_add_user(&three, &b), OKTA_OK);
	assert_int_equal(sync_records_add_member(&three, 1, v("00u1")), OKTA_OK);
	assert_int_equal(sync_records_finish(&three), OKTA_OK);
	assert_false(content_sum(&one) == content_sum(&three));
	sync_records_clear(&one);
	sync_records_clear(&two);
	sync_records_clear(&three);
}

/* A key that is forgotten here changes nothing for hours after a reload. */
static void
base_belongs_to_each_key_that_decides_what_is_read_or_published(void **state)
{
	char word[] = "eng", other[] = "ops", none[] = "";
	char *list[] = { word };
	struct okta_conf a = { .org_url = other, .home = none, .shell = none }, b = a;
	char **const texts[] = { &b.org_url, &b.source_dir, &b.app_id, &b.name_from,
		&b.uid_from, &b.shell_from, &b.primary_group, &b.home, &b.shell,
		&b.prefix };
	struct okta_list *const lists[] = { &b.scope_groups, &b.match, &b.rename,
		&b.local, &b.allow_groups, &b.deny_groups, &b.strip_domains,
		&b.reserved_names, &b.shells };
	uint64_t sums[24] = { sync_base_conf_sum(&a) };
	size_t i, k, n = 1;

	(void)state;
	b.max_removal_percent = b.interval_s = 7;
	assert_true(sync_base_conf_sum(&b) == sums[0]);
	for (i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		b = a;
		*texts[i] = word;
		sums[n++] = sync_base_conf_sum(&b);
	}
	for (i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		b = a;
		*lists[i] = (struct okta_list){ list, 1 };
		sums[n++] = sync_base_conf_sum(&b);
	}
	b = a;
	b.scope = OKTA_SCOPE_APP;
	sums[n++] = sync_base_conf_sum(&b);
	b = a;
	b.source = OKTA_SOURCE_FILE;
	sums[n++] = sync_base_conf_sum(&b);
	b = a;
	b.id_min = 7;
	sums[n++] = sync_base_conf_sum(&b);
	b = a;
	b.id_max = 7;
	sums[n++] = sync_base_conf_sum(&b);
	assert_int_equal(n, sizeof(sums) / sizeof(sums[0]));
	for (i = 0; i < n; i++)
		for (k = 0; k < i; k++)
			assert_false(sums[i] == sums[k]);
}

/* An idle org's snapshot must not grow so old that hosts refuse it. */
static void
base_is_stale_by_age_by_a_clock_set_back_and_by_local_accounts(void **state)
{
	const struct okta_conf conf = { .snapshot_max_age_s = 4000 };
	const struct sync_base_head head = { .published_s = 100000, .local_sum = 3 };

	(void)state;
	assert_false(sync_is_stale(&head, &conf, 3, 100000));
	assert_false(sync_is_stale(&head, &conf, 3, 101000));
	assert_true(sync_is_stale(&head, &conf, 3, 101001));
	assert_true(sync_is_stale(&head, &conf, 3, 99999));
	assert_true(sync_is_stale(&head, &conf, 4, 100000));
	assert_true(sync_local_sum() == sync_local_sum());
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(base_gives_back_what_was_written),
		cmocka_unit_test(base_refuses_every_flipped_byte_and_every_shorter_file),
		cmocka_unit_test(
		    base_refuses_memberships_that_do_not_add_up_though_they_are_sealed),
		cmocka_unit_test(base_refuses_somebody_who_could_be_none_of_records),
		cmocka_unit_test(base_keeps_a_name_that_is_not_the_login),
		cmocka_unit_test(
		    base_refuses_another_configuration_and_a_file_others_can_read),
		cmocka_unit_test(
		    base_of_marks_alone_gives_them_back_and_is_nothing_to_build_on),
		cmocka_unit_test(
		    marks_go_up_at_once_and_down_when_told_or_half_an_interval_old),
		cmocka_unit_test(
		    base_sums_content_whatever_its_order_and_sees_each_difference),
		cmocka_unit_test(
		    base_belongs_to_each_key_that_decides_what_is_read_or_published),
		cmocka_unit_test(
		    base_is_stale_by_age_by_a_clock_set_back_and_by_local_accounts),
	};

	return cmocka_run_group_tests(tests, make_path, drop_path);
}
