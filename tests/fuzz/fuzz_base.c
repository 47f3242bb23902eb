/* SPDX-License-Identifier: BSD-2-Clause */
/* links: oktasync snapw snap net host model base; libs: libcrypto json-c inih */
/*
 * sync-base, which okta-sync --watch builds on: whatever stands in it, what is taken lies
 * within it; what is made of it together with a change is as sound as any records; and
 * that, written and read again, is the same.
 */
#include "../../cmd/okta-sync/base.h"
#include "../../cmd/okta-sync/merge.h"
#include "base/file.h"
#include "fuzz.h"
#include "kept_chunks.h"
#include "records_check.h"
#include "snap/format.h"
#include "snap/le.h"

#define CONF_SUM UINT64_C(5)

static struct {
	struct okta_view file;
	char *written; /* what okta_file_replace() got */
	size_t written_len;
} t;

enum okta_rc __wrap_okta_file_read_trusted(const char *path, uid_t owner,
    enum okta_file_kind kind, size_t max_bytes, char **ret_data, size_t *ret_len,
    struct okta_err *err);
enum okta_rc __wrap_okta_file_replace(
    const char *path, mode_t mode, const void *p, size_t len, struct okta_err *err);

void *__real_calloc(size_t n, size_t size);
void *__wrap_calloc(size_t n, size_t size);

/* Room is made for what the file can hold, not for what it says it holds. */
void *
__wrap_calloc(size_t n, size_t size)
{
	FUZZ_CHECK(n <= 65536 + t.file.len && n * size <= (1 << 20) + 64 * t.file.len);
	return __real_calloc(n, size);
}

enum okta_rc
__wrap_okta_file_read_trusted(const char *path, uid_t owner, enum okta_file_kind kind,
    size_t max_bytes, char **ret_data, size_t *ret_len, struct okta_err *err)
{
	(void)path;
	(void)owner;
	(void)max_bytes;
	(void)err;
	FUZZ_CHECK(kind == OKTA_FILE_SECRET);
	*ret_data = malloc(t.file.len + 1);
	FUZZ_CHECK(*ret_data != NULL);
	if (t.file.len > 0)
		memcpy(*ret_data, t.file.p, t.file.len);
	(*ret_data)[t.file.len] = '\0';
	*ret_len = t.file.len;
	return OKTA_OK;
}

enum okta_rc
__wrap_okta_file_replace(
    const char *path, mode_t mode, const void *p, size_t len, struct okta_err *err)
{
	(void)path;
	(void)err;
	FUZZ_CHECK(mode == 0600);
	free(t.written);
	t.written = malloc(len);
	FUZZ_CHECK(t.written != NULL);
	memcpy(t.written, p, len);
	t.written_len = len;
	return OKTA_OK;
}

/* --- the oracle --- */

static void
check_view(const struct sync_base *base, struct okta_view v)
{
	FUZZ_CHECK(v.len == 0 || (v.p >= base->bytes && v.len <= base->len &&
				     v.p <= base->bytes + base->len - v.len));
}

static void
check_base(const struct sync_base *base)
{
	const struct okta_directory_user *u;
	struct sync_base_walk walk = { 0 };
	uint32_t person, group;
	size_t i, n = 0;

	FUZZ_CHECK(memchr(base->head.link, '\0', sizeof(base->head.link)) != NULL);
	for (i = 0; i < base->n_groups; i++) {
		check_view(base, base->groups[i].id);
		check_view(base, base->groups[i].name);
	}
	for (i = 0; i < base->n_users; i++) {
		u = &base->users[i];
		check_view(base, u->id);
		check_view(base, u->status);
		check_view(base, u->login);
		check_view(base, u->name);
		check_view(base, u->display_name);
		check_view(base, u->uid);
		check_view(base, u->shell);
	}
	for (i = 0; i < base->n_strays; i++)
		check_view(base, base->strays[i]);
	while (sync_base_next_member(base, &walk, &person, &group)) {
		FUZZ_CHECK(person < base->n_users + base->n_strays);
		FUZZ_CHECK(group < base->n_groups);
		n++;
	}
	FUZZ_CHECK(n == base->n_members + base->n_stray_members);
}

static void
add_person(struct sync_records *rec, const char *id, const char *name)
{
	const struct okta_view v = okta_view_str(name);
	const struct okta_directory_user u = { okta_view_str(id), okta_view_str("ACTIVE"),
		v, v, v, { "", 0 }, { "", 0 }, 0 };

	FUZZ_CHECK(sync_records_add_user(rec, &u) == OKTA_OK);
}

/* Written and read again, nothing is lost and nothing is added. */
static void
check_again(const struct sync_base_head *head, const struct sync_records *made)
{
	struct sync_base again = { 0 };
	struct okta_err err = { 0 };

	FUZZ_CHECK(sync_base_write("base", head, made, &err) == OKTA_OK);
	t.file = (struct okta_view){ t.written, t.written_len };
	FUZZ_CHECK(sync_base_load("base", CONF_SUM, &again, &err) == OKTA_OK);
	FUZZ_CHECK(again.n_users == made->n_users && again.n_groups == made->n_groups);
	FUZZ_CHECK(again.n_members == made->n_members &&
		   again.n_stray_members == made->n_strays);
	FUZZ_CHECK(strcmp(again.head.link, head->link) == 0);
	check_base(&again);
	sync_base_clear(&again);
}

static void
check_merged(const struct sync_base *base, uint8_t op)
{
	static char scope[] = "eng";
	static char *scopes[] = { scope };
	struct sync_records fresh = { .keep_strays = true },
			    made = { .keep_strays = true };
	struct sync_news news = { 0 };
	struct okta_conf conf = { .scope = op % 3 == 0	 ? OKTA_SCOPE_ALL
					   : op % 3 == 1 ? OKTA_SCOPE_APP
							 : OKTA_SCOPE_GROUPS,
		.scope_groups = { scopes, 1 } };
	const struct sync_merge what = { &conf, base, &fresh, &news, false };
	struct sync_pair joined = { okta_view_str("00u1"), okta_view_str("00g1") },
			 left = { okta_view_str("00u2"), okta_view_str("00g1") };
	struct okta_err err = { 0 };

	add_person(&fresh, "00u1", "ada");
	FUZZ_CHECK(sync_records_add_group(
		       &fresh, okta_view_str("00g2"), okta_view_str("new")) == OKTA_OK);
	FUZZ_CHECK(sync_records_add_member(&fresh, 0, okta_view_str("00u9")) == OKTA_OK);
	FUZZ_CHECK(sync_records_finish(&fresh) == OKTA_OK);
	if ((op & 8) != 0) {
		news.joined = &joined;
		news.left = &left;
		news.n_joined = news.n_left = 1;
	}
	if ((op & 16) != 0)
		FUZZ_CHECK(
		    sync_idmap_add(&news.gone_users, okta_view_str("00u3")) == OKTA_OK);
	if (sync_merge(&what, &made, &err) == OKTA_OK) {
		fuzz_check_records(&made);
		FUZZ_CHECK(made.n_users == 0 || (op & 16) == 0 ||
			   sync_idmap_find(&made.user_ids, okta_view_str("00u3")) < 0);
		check_again(&base->head, &made);
	} else {
		FUZZ_CHECK(err.msg[0] != '\0');
	}
	sync_idmap_clear(&news.gone_users);
	sync_records_clear(&fresh);
	sync_records_clear(&made);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_in in = { data, size };
	uint8_t op = fuzz_u8(&in);
	struct sync_base base = { 0 };
	struct sync_base_head head;
	struct okta_err err = { 0 };
	enum okta_rc looked, r;

	t.file = fuzz_take(&in, in.left);
	looked = sync_base_look("base", CONF_SUM, &head);
	r = sync_base_load("base", CONF_SUM, &base, &err);
	FUZZ_CHECK(r == OKTA_OK || (r == OKTA_E_INPUT && err.msg[0] != '\0'));
	FUZZ_CHECK(r != OKTA_OK || looked == OKTA_OK);
	if (r == OKTA_OK) {
		FUZZ_CHECK(head.generation == base.head.generation);
		check_base(&base);
		check_merged(&base, op);
	}
	sync_base_clear(&base);
	return 0;
}

/* --- seeds, and a mutator that makes the sum right again --- */

static void
seal(uint8_t *p, size_t size)
{
	memcpy(p, "OKTABASE", 8);
	okta_le64_put(p + 24, CONF_SUM);
	okta_le64_put(p + 8, okta_snap_sum64(p + 16, size - 16));
}

/* A base with one group, three people, a stray and two memberships; or an empty one. */
static void
write_seed(bool empty)
{
	struct sync_records rec = { .keep_strays = true };
	struct sync_base_head head = { .conf_sum = CONF_SUM, .generation = 14 };
	struct okta_err err = { 0 };

	if (!empty) {
		FUZZ_CHECK(sync_records_add_group(&rec, okta_view_str("00g1"),
			       okta_view_str("eng")) == OKTA_OK);
		add_person(&rec, "00u1", "ada");
		add_person(&rec, "00u2", "bob");
		add_person(&rec, "00u3", "cy");
		FUZZ_CHECK(
		    sync_records_add_member(&rec, 0, okta_view_str("00u2")) == OKTA_OK);
		FUZZ_CHECK(
		    sync_records_add_member(&rec, 0, okta_view_str("00u8")) == OKTA_OK);
		(void)snprintf(head.link, sizeof(head.link), "https://x/next");
	}
	FUZZ_CHECK(sync_records_finish(&rec) == OKTA_OK);
	FUZZ_CHECK(sync_base_write("base", &head, &rec, &err) == OKTA_OK);
	sync_records_clear(&rec);
}

/* Where groups, people, strays and memberships are counted; the link comes behind. */
static size_t
counts_at(void)
{
	static size_t at;
	const uint8_t *p;

	if (at != 0)
		return at;
	write_seed(false);
	for (at = 16; at + 40 < t.written_len; at += 8) {
		p = (const uint8_t *)t.written + at;
		if (okta_le64(p) == 1 && okta_le64(p + 8) == 3 &&
		    okta_le64(p + 16) == 1 && okta_le64(p + 24) == 1 &&
		    okta_le64(p + 32) == 1)
			return at;
	}
	FUZZ_CHECK(false);
	return 0;
}

size_t
fuzz_seed(unsigned i, uint8_t *out, size_t max)
{
	size_t counts = counts_at();

	if (i > 6)
		return 0;
	write_seed(i == 0);
	FUZZ_CHECK(t.written_len + 1 <= max);
	out[0] = (uint8_t)(i * 9);
	memcpy(out + 1, t.written, t.written_len);
	if (i > 3) { /* a hundred million of groups, of people, or of strays */
		okta_le32_put(out + 1 + counts + 8 * (i - 4), 100000000);
		seal(out + 1, t.written_len);
	}
	return t.written_len + 1;
}

/* Counts and lengths are little numbers: one more, one less, or very many. */
static void
change_number(uint8_t *p, size_t size, uint32_t *rng)
{
	static const uint32_t odd[] = { 0, 1, 8, 0x7f, 0xffff, 0x7fffffff, 0xffffffff };
	size_t at = fuzz_random(rng) % 2 == 0 ? counts_at() + 8 * (fuzz_random(rng) % 5)
					      : fuzz_random(rng) % size;
	uint32_t n;

	if (size < 4 || at > size - 4)
		return;
	n = okta_le32(p + at);
	okta_le32_put(p + at, fuzz_random(rng) % 2 == 0
				  ? n + 1 - 2 * (fuzz_random(rng) % 2)
				  : odd[fuzz_random(rng) % 7]);
}

size_t
LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned seed)
{
	uint32_t rng = seed * 2654435761U + 1;

	if (size <= counts_at() + 44 || fuzz_random(&rng) % 2 == 0)
		size = LLVMFuzzerMutate(data, size, max);
	else
		change_number(data + 1, size - 1, &rng);
	if (size > counts_at() + 44 && fuzz_random(&rng) % 16 != 0)
		seal(data + 1, size - 1);
	return size;
}
