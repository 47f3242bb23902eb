/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync snapw snap net host model base; libs: libcrypto json-c inih */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "../../cmd/okta-sync/meanwhile.h"
#include "../../cmd/okta-sync/merge.h"
#include "tmp_file.h"

#define PEOPLE_N 9
#define GROUPS_N 5
#define STEPS	 5 /* changes while everything is read */
#define TRIALS	 400

/* What Okta has at a moment.  Group 0 is the one in scope, where groups are. */
struct moment {
	bool user[PEOPLE_N], was[PEOPLE_N], in[PEOPLE_N]; /* was: never again */
	bool group[GROUPS_N], had[GROUPS_N];
	uint64_t updated[PEOPLE_N], name[GROUPS_N];
	bool member[PEOPLE_N][GROUPS_N];
};

/* What is not as it was a moment before. */
struct touched {
	bool user[PEOPLE_N], group[GROUPS_N], pair[PEOPLE_N][GROUPS_N];
};

struct trial {
	struct okta_conf conf;
	struct sync_state state;
	uint64_t rng, conf_sum;
	bool has_log;
	struct moment at[STEPS + 1];
};

static unsigned
dice(struct trial *t, unsigned n)
{
	t->rng = t->rng * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return (unsigned)((t->rng >> 33) % n);
}

static const char *
id_of(char kind, size_t i)
{
	static char ids[2][PEOPLE_N][8];
	char *id = ids[kind == 'g'][i];

	(void)snprintf(id, sizeof(ids[0][0]), "00%c%zu", kind, i);
	return id;
}

/* --- records of a moment --------------------------------------------------------- */

static bool
is_in_scope(const struct trial *t, const struct moment *m, size_t p)
{
	return t->conf.scope == OKTA_SCOPE_ALL	 ? m->user[p]
	       : t->conf.scope == OKTA_SCOPE_APP ? m->user[p] && m->in[p]
						 : m->member[p][0];
}

static void
add_user(struct sync_records *rec, const struct moment *m, size_t p)
{
	struct okta_directory_user u = { .id = okta_view_str(id_of('u', p)) };
	char login[32];

	(void)snprintf(login, sizeof(login), "u%zu-%llu", p,
	    (unsigned long long)(m->updated[p] / 2)); /* a change may change nothing */
	u.status = okta_view_str("ACTIVE");
	u.login = u.name = u.display_name = okta_view_str(login);
	u.updated = m->updated[p] + 1;
	assert_int_equal(sync_records_add_user(rec, &u), OKTA_OK);
}

static uint64_t
add_group(struct sync_records *rec, const struct moment *m, size_t g)
{
	const uint64_t number = rec->n_groups;
	char name[32];

	(void)snprintf(
	    name, sizeof(name), "g%zu-%llu", g, (unsigned long long)m->name[g]);
	assert_int_equal(sync_records_add_group(
			     rec, okta_view_str(id_of('g', g)), okta_view_str(name)),
	    OKTA_OK);
	return number;
}

static void
add_members(struct sync_records *rec, const struct moment *m, size_t g, uint64_t number)
{
	size_t p;

	for (p = 0; p < PEOPLE_N; p++)
		if (m->member[p][g])
			assert_int_equal(sync_records_add_member(
					     rec, number, okta_view_str(id_of('u', p))),
			    OKTA_OK);
}

static void
all_of(const struct trial *t, const struct moment *m, struct sync_records *ret)
{
	size_t p, g;

	*ret = (struct sync_records){ .keep_strays = true };
	for (g = 0; g < GROUPS_N; g++)
		if (m->group[g])
			add_members(ret, m, g, add_group(ret, m, g));
	for (p = 0; p < PEOPLE_N; p++)
		if (is_in_scope(t, m, p))
			add_user(ret, m, p);
	assert_int_equal(sync_records_finish(ret), OKTA_OK);
}

static uint64_t
sum_of(const struct sync_records *rec)
{
	uint64_t sum = 0;

	assert_int_equal(sync_base_content_sum(rec, &sum, NULL), OKTA_OK);
	return sum;
}

/* --- what happens ---------------------------------------------------------------- */

static void
leave(struct moment *m, struct touched *what, size_t p, size_t g)
{
	what->pair[p][g] = what->pair[p][g] || m->member[p][g];
	m->member[p][g] = false;
}

static void
happen_to_person(struct trial *t, struct moment *m, struct touched *what, size_t p)
{
	size_t g;

	if (!m->user[p] && m->was[p])
		return;
	what->user[p] = true;
	m->updated[p]++;
	if (m->user[p] && t->has_log && dice(t, 4) == 0) {
		m->user[p] = m->in[p] = false;
		for (g = 0; g < GROUPS_N; g++)
			m->member[p][g] = what->pair[p][g] = false;
		return;
	}
	m->user[p] = m->was[p] = true;
	m->in[p] = dice(t, 2) == 0;
}

static void
happen_to_group(struct trial *t, struct moment *m, struct touched *what, size_t g)
{
	size_t p;

	if (g == 0 || (!m->group[g] && m->had[g]))
		return; /* another one in scope needs everything read */
	what->group[g] = true;
	m->name[g]++;
	if (m->group[g] && t->has_log && dice(t, 4) == 0) {
		m->group[g] = false;
		for (p = 0; p < PEOPLE_N; p++)
			m->member[p][g] = what->pair[p][g] = false;
		return;
	}
	m->group[g] = m->had[g] = true;
}

static void
happen(struct trial *t, struct moment *m, struct touched *what)
{
	const size_t p = dice(t, PEOPLE_N), g = dice(t, GROUPS_N);

	switch (dice(t, 4)) {
	case 0:
		happen_to_person(t, m, what, p);
		break;
	case 1:
		happen_to_group(t, m, what, g);
		break;
	case 2:
		leave(m, what, p, g);
		break;
	default:
		if (!m->user[p] || !m->group[g] || m->member[p][g])
			break;
		m->member[p][g] = what->pair[p][g] = true;
	}
}

/* --- as the fetcher says it ------------------------------------------------------ */

static void
name(struct sync_idmap *map, char kind, size_t i)
{
	if (sync_idmap_find(map, okta_view_str(id_of(kind, i))) < 0)
		assert_int_equal(
		    sync_idmap_add(map, okta_view_str(id_of(kind, i))), OKTA_OK);
}

static void
say_person(const struct trial *t, const struct moment *m, size_t p,
    struct sync_records *fresh, struct sync_news *news)
{
	if (!m->user[p])
		name(&news->gone_users, 'u', p);
	else if (t->conf.scope == OKTA_SCOPE_APP && !news->scope)
		name(m->in[p] ? &news->in : &news->out, 'u', p);
	if (m->user[p] && (t->conf.scope != OKTA_SCOPE_APP || m->in[p]))
		add_user(fresh, m, p);
}

static void
say_group(const struct trial *t, const struct moment *m, size_t g,
    struct sync_records *fresh, struct sync_news *news)
{
	size_t p;

	if (!m->group[g]) {
		name(&news->gone_groups, 'g', g);
		return;
	}
	add_members(fresh, m, g, add_group(fresh, m, g));
	name(&news->listed, 'g', g);
	for (p = 0; t->conf.scope == OKTA_SCOPE_GROUPS && g == 0 && p < PEOPLE_N; p++)
		if (m->member[p][0])
			add_user(fresh, m, p);
}

static void
say_pair(const struct moment *m, size_t p, size_t g, struct sync_news *news)
{
	const struct sync_pair pair = { okta_view_str(id_of('u', p)),
		okta_view_str(id_of('g', g)) };

	if (m->member[p][g])
		news->joined[news->n_joined++] = pair;
	else
		news->left[news->n_left++] = pair;
}

static void
say(struct trial *t, const struct moment *m, const struct touched *what,
    struct sync_records *fresh, struct sync_news *news)
{
	const bool lists = !t->has_log || dice(t, 3) == 0;
	bool is_listed, is_named;
	size_t p, g;

	*fresh = (struct sync_records){ .keep_strays = true };
	*news = (struct sync_news){ .scope = t->conf.scope == OKTA_SCOPE_APP && lists };
	news->joined = calloc(PEOPLE_N * GROUPS_N, sizeof(*news->joined));
	news->left = calloc(PEOPLE_N * GROUPS_N, sizeof(*news->left));
	assert_true(news->joined != NULL && news->left != NULL);
	for (g = 0; g < GROUPS_N; g++) {
		is_listed = what->group[g];
		for (p = 0; p < PEOPLE_N; p++)
			is_listed = is_listed || (lists && what->pair[p][g]);
		if (is_listed)
			say_group(t, m, g, fresh, news);
		for (p = 0; !is_listed && p < PEOPLE_N; p++)
			if (what->pair[p][g])
				say_pair(m, p, g, news);
	}
	for (p = 0; p < PEOPLE_N; p++) {
		is_named = what->user[p] || what->pair[p][0] ||
			   (news->scope && m->user[p]);
		if (is_named)
			say_person(t, m, p, fresh, news);
	}
	assert_int_equal(sync_records_finish(fresh), OKTA_OK);
}

/* --- one trial ------------------------------------------------------------------- */

static void
write_base(const struct trial *t, const char *to, const struct sync_records *rec,
    uint64_t generation)
{
	const struct sync_base_head head = { .conf_sum = t->conf_sum,
		.generation = generation,
		.content_sum = sum_of(rec) };

	assert_int_equal(sync_base_write(to, &head, rec, NULL), OKTA_OK);
}

/* Okta is at moment K + 1: the base becomes so too, and it is written down. */
static void
change(struct trial *t, size_t k, const struct touched *what)
{
	struct sync_records fresh, merged = { .keep_strays = true }, wanted;
	struct sync_base base = { 0 };
	struct sync_news news;
	const struct sync_merge merge = { &t->conf, &base, &fresh, &news, false };

	say(t, &t->at[k + 1], what, &fresh, &news);
	assert_int_equal(
	    sync_base_load(t->state.base, t->conf_sum, &base, NULL), OKTA_OK);
	assert_int_equal(sync_merge(&merge, &merged, NULL), OKTA_OK);
	all_of(t, &t->at[k + 1], &wanted);
	assert_true(sum_of(&merged) == sum_of(&wanted));
	write_base(t, t->state.base, &merged, k + 1);
	sync_meanwhile_add(&t->state, k, k + 1, &merge);
	sync_records_clear(&wanted);
	sync_records_clear(&merged);
	sync_records_clear(&fresh);
	sync_news_clear(&news);
	sync_base_clear(&base);
}

/* Each list was read at another moment, and what it says of somebody is of then. */
static void
read_everything(struct trial *t, struct sync_records *ret)
{
	const struct moment *groups = &t->at[0], *then;
	struct moment mixed = { .was = { false } };
	size_t p, g;

	for (g = 0; g < GROUPS_N; g++) {
		mixed.group[g] = groups->group[g];
		mixed.name[g] = groups->name[g];
		then = &t->at[dice(t, STEPS + 1)];
		for (p = 0; p < PEOPLE_N; p++) {
			mixed.member[p][g] = then->member[p][g];
			if (g == 0 && t->conf.scope == OKTA_SCOPE_GROUPS)
				mixed.updated[p] = then->updated[p];
		}
	}
	for (p = 0; t->conf.scope != OKTA_SCOPE_GROUPS && p < PEOPLE_N; p++) {
		then = &t->at[dice(t, STEPS + 1)];
		mixed.user[p] = then->user[p];
		mixed.in[p] = then->in[p];
		mixed.updated[p] = then->updated[p];
	}
	all_of(t, &mixed, ret);
}

static void
publish(struct trial *t)
{
	struct sync_records fresh = { .keep_strays = true },
			    merged = { .keep_strays = true }, read, wanted;
	struct sync_base names = { 0 }, now = { 0 }, base = { 0 };
	struct sync_news news = { 0 };
	bool is_any = false, is_unknown = true;
	const struct sync_merge merge = { &t->conf, &base, &fresh, &news, true };

	read_everything(t, &read);
	write_base(t, t->state.read, &read, 0);
	assert_true(sync_meanwhile_is_of(&t->state, t->conf_sum, STEPS, &is_any));
	assert_int_equal(
	    sync_base_load(t->state.meanwhile, t->conf_sum, &names, NULL), OKTA_OK);
	assert_int_equal(sync_base_load(t->state.base, t->conf_sum, &now, NULL), OKTA_OK);
	assert_int_equal(
	    sync_base_load(t->state.read, t->conf_sum, &base, NULL), OKTA_OK);
	assert_int_equal(sync_meanwhile_change(
			     &names, &now, t->conf.scope, &fresh, &news, &is_unknown),
	    OKTA_OK);
	assert_false(is_unknown);
	sync_base_clear(&now);
	assert_int_equal(sync_merge(&merge, &merged, NULL), OKTA_OK);
	all_of(t, &t->at[STEPS], &wanted);
	assert_true(sum_of(&merged) == sum_of(&wanted));
	sync_records_clear(&wanted);
	sync_records_clear(&merged);
	sync_records_clear(&fresh);
	sync_records_clear(&read);
	sync_news_clear(&news);
	sync_base_clear(&names);
	sync_base_clear(&base);
}

static void
begin(struct trial *t)
{
	struct moment *m = &t->at[0];
	struct sync_records rec;
	size_t p, g;

	*m = (struct moment){ .was = { false } };
	for (g = 0; g < GROUPS_N; g++)
		m->group[g] = m->had[g] = g == 0 || dice(t, 2) == 0;
	for (p = 0; p < PEOPLE_N; p++) {
		m->user[p] = m->was[p] = dice(t, 3) > 0;
		m->in[p] = m->user[p] && dice(t, 2) == 0;
		for (g = 0; g < GROUPS_N; g++)
			m->member[p][g] = m->user[p] && m->group[g] && dice(t, 2) == 0;
	}
	all_of(t, m, &rec);
	write_base(t, t->state.base, &rec, 0);
	sync_records_clear(&rec);
	assert_int_equal(sync_meanwhile_begin(&t->state, t->conf_sum, 0, NULL), OKTA_OK);
}

static void
set_paths(struct trial *t)
{
	struct sync_state *s = &t->state;

	(void)snprintf(s->base, sizeof(s->base), "%s.base", path);
	(void)snprintf(s->read, sizeof(s->read), "%s.read", path);
	(void)snprintf(s->spool, sizeof(s->spool), "%s.spool", path);
	(void)snprintf(s->meanwhile, sizeof(s->meanwhile), "%s.names", path);
	t->conf_sum = sync_base_conf_sum(&t->conf);
	assert_int_equal(sync_meanwhile_begin(s, t->conf_sum, 0, NULL), OKTA_OK);
}

static void
meanwhile_whatever_was_read_when_what_changes_named_is_as_they_left_it(void **state)
{
	static char scope_group[] = "g0-0";
	static char *scope_groups[] = { scope_group };
	struct trial t = { .rng = 1 };
	struct touched what;
	size_t trial, k, n;

	(void)state;
	set_paths(&t);
	for (trial = 0; trial < TRIALS; trial++) {
		t.conf = (struct okta_conf){ .scope = (enum okta_scope)(trial % 3) };
		t.conf.scope_groups.item = scope_groups;
		t.conf.scope_groups.n = 1;
		t.conf_sum = sync_base_conf_sum(&t.conf);
		t.has_log = trial / 3 % 2 == 0;
		begin(&t);
		for (k = 0; k < STEPS; k++) {
			t.at[k + 1] = t.at[k];
			memset(&what, 0, sizeof(what));
			for (n = dice(&t, 4); n > 0; n--)
				happen(&t, &t.at[k + 1], &what);
			change(&t, k, &what);
		}
		publish(&t);
	}
	sync_meanwhile_drop(&t.state);
	assert_int_equal(unlink(t.state.base), 0);
}

/* One change of these on top of BASE, and what becomes of it. */
static bool
is_unknown_after(struct trial *t, struct sync_records *base, struct sync_records *fresh,
    struct sync_news *news, struct sync_records *ret_fresh, struct sync_news *ret_news)
{
	struct sync_base names = { 0 }, now = { 0 };
	const struct sync_merge merge = { &t->conf, &now, fresh, news, false };
	bool is_unknown = false;

	assert_int_equal(sync_records_finish(base), OKTA_OK);
	assert_int_equal(sync_records_finish(fresh), OKTA_OK);
	write_base(t, t->state.base, base, 1);
	assert_int_equal(sync_base_load(t->state.base, t->conf_sum, &now, NULL), OKTA_OK);
	sync_meanwhile_add(&t->state, 0, 1, &merge);
	assert_int_equal(
	    sync_base_load(t->state.meanwhile, t->conf_sum, &names, NULL), OKTA_OK);
	*ret_fresh = (struct sync_records){ .keep_strays = true };
	*ret_news = (struct sync_news){ .scope = false };
	assert_int_equal(sync_meanwhile_change(&names, &now, t->conf.scope, ret_fresh,
			     ret_news, &is_unknown),
	    OKTA_OK);
	assert_int_equal(ret_news->n_joined, 0);
	assert_int_equal(ret_news->gone_groups.n, 0);
	assert_int_equal(unlink(t->state.base), 0);
	sync_meanwhile_drop(&t->state);
	/* what is tested is counts: they do not point into it */
	sync_base_clear(&names);
	sync_base_clear(&now);
	sync_records_clear(base);
	sync_records_clear(fresh);
	return is_unknown;
}

static void
add_named_group(struct sync_records *rec, const char *id)
{
	assert_int_equal(
	    sync_records_add_group(rec, okta_view_str(id), okta_view_str("eng")),
	    OKTA_OK);
}

/* Pages that moved while they were read. */
static void
meanwhile_takes_a_group_that_is_there_twice_for_one(void **state)
{
	struct trial t = { .rng = 1 };
	struct sync_records base = { .keep_strays = true },
			    fresh = { .keep_strays = true }, ret;
	struct sync_news news = { .scope = false }, ret_news;

	(void)state;
	set_paths(&t);
	add_named_group(&base, "00g0");
	add_named_group(&base, "00g0");
	assert_int_equal(
	    sync_records_add_member(&base, 0, okta_view_str("00u0")), OKTA_OK);
	assert_int_equal(
	    sync_records_add_member(&base, 1, okta_view_str("00u1")), OKTA_OK);
	add_named_group(&fresh, "00g0");
	assert_int_equal(sync_idmap_add(&news.listed, okta_view_str("00g0")), OKTA_OK);
	assert_false(is_unknown_after(&t, &base, &fresh, &news, &ret, &ret_news));
	assert_int_equal(ret.n_groups, 1);
	assert_int_equal(ret.n_strays, 2);
	assert_int_equal(ret_news.listed.n, 1);
	sync_records_clear(&ret);
	sync_news_clear(&ret_news);
	sync_news_clear(&news);
}

static void
meanwhile_says_nothing_of_who_left_a_group_that_is_not_known_but_that_it_was_so(
    void **state)
{
	struct trial t = { .rng = 1 };
	struct sync_records base = { .keep_strays = true },
			    fresh = { .keep_strays = true }, ret;
	struct sync_news news = { .scope = false }, ret_news;

	(void)state;
	set_paths(&t);
	news.left = calloc(1, sizeof(*news.left));
	assert_non_null(news.left);
	news.left[0] = (struct sync_pair){ okta_view_str("00u0"), okta_view_str("00g0") };
	news.n_left = 1;
	assert_true(is_unknown_after(&t, &base, &fresh, &news, &ret, &ret_news));
	assert_int_equal(ret_news.n_left, 0);
	sync_records_clear(&ret);
	sync_news_clear(&ret_news);
	sync_news_clear(&news);
}

/* Without them an older page would undo a change; pages of no use only take room. */
static void
meanwhile_is_dropped_with_the_pages_where_a_change_was_not_written_down(void **state)
{
	struct trial t = { .rng = 1 };
	struct sync_records fresh = { .keep_strays = true };
	struct sync_news news = { .scope = false };
	struct sync_base base = { 0 };
	const struct sync_merge merge = { &t.conf, &base, &fresh, &news, false };
	bool is_any = true;
	FILE *f;

	(void)state;
	set_paths(&t);
	assert_true(sync_meanwhile_is_of(&t.state, t.conf_sum, 0, &is_any));
	assert_false(is_any);
	assert_false(sync_meanwhile_is_of(&t.state, t.conf_sum, 1, &is_any));
	assert_false(sync_meanwhile_is_of(&t.state, t.conf_sum + 1, 0, &is_any));
	sync_meanwhile_add(&t.state, 0, 1, &merge);
	assert_true(sync_meanwhile_is_of(&t.state, t.conf_sum, 1, &is_any));
	assert_false(is_any);
	news.scope = true;
	sync_meanwhile_add(&t.state, 1, 1, &merge);
	assert_true(sync_meanwhile_is_of(&t.state, t.conf_sum, 1, &is_any));
	assert_true(is_any);
	f = fopen(t.state.spool, "w");
	assert_non_null(f);
	assert_int_equal(fclose(f), 0);
	sync_meanwhile_add(&t.state, 2, 3, &merge); /* nobody knows how 1 became 2 */
	assert_int_equal(access(t.state.meanwhile, F_OK), -1);
	assert_int_equal(access(t.state.spool, F_OK), -1);
	sync_news_clear(&news);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(
		    meanwhile_whatever_was_read_when_what_changes_named_is_as_they_left_it),
		cmocka_unit_test(meanwhile_takes_a_group_that_is_there_twice_for_one),
		cmocka_unit_test(
		    meanwhile_says_nothing_of_who_left_a_group_that_is_not_known_but_that_it_was_so),
		cmocka_unit_test(
		    meanwhile_is_dropped_with_the_pages_where_a_change_was_not_written_down),
	};

	return cmocka_run_group_tests(tests, make_path, drop_path);
}
