/* SPDX-License-Identifier: BSD-2-Clause */
#include "base.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/wipe.h"
#include "snap/format.h"
#include "snap/le.h"

#define MAGIC	   "OKTABASE"
#define VERSION	   6
#define SUM_FROM   16
#define BASE_MAX   ((size_t)4 << 30)
#define MAX_OBJECT 100000000 /* of each kind; more is no directory */
#define SAME	   0xffff    /* in place of a length */

/* --- reading --------------------------------------------------------------------- */

struct cursor {
	const unsigned char *p;
	size_t left;
	bool bad;
};

static const unsigned char *
take(struct cursor *c, size_t n)
{
	const unsigned char *p = c->p;

	if (c->bad || c->left < n) {
		c->bad = true;
		return NULL;
	}
	c->p += n;
	c->left -= n;
	return p;
}

static uint64_t
take_u64(struct cursor *c, uint64_t max)
{
	const unsigned char *p = take(c, 8);
	uint64_t n = p == NULL ? 0 : okta_le64(p);

	if (n > max)
		c->bad = true;
	return c->bad ? 0 : n;
}

static struct okta_view
take_text_after(struct cursor *c, struct okta_view before)
{
	const unsigned char *p = take(c, 2);
	size_t len = p == NULL ? 0 : okta_le16(p);

	if (len == SAME)
		return before;
	p = take(c, len);
	return p == NULL ? (struct okta_view){ "", 0 }
			 : (struct okta_view){ (const char *)p, len };
}

static struct okta_view
take_text(struct cursor *c)
{
	return take_text_after(c, (struct okta_view){ "", 0 });
}

void
sync_base_clear(struct sync_base *base)
{
	okta_free_wiped(base->bytes, base->len);
	free(base->groups);
	free(base->users);
	free(base->strays);
	*base = (struct sync_base){ 0 };
}

static void
take_head(struct cursor *c, struct sync_base *base)
{
	struct sync_base_head *h = &base->head;
	struct okta_view link;

	h->conf_sum = take_u64(c, UINT64_MAX);
	h->content_sum = take_u64(c, UINT64_MAX);
	h->clock_s = (int64_t)take_u64(c, SYNC_SINCE_MAX);
	h->full_s = (int64_t)take_u64(c, SYNC_SINCE_MAX);
	h->published_s = (int64_t)take_u64(c, SYNC_SINCE_MAX);
	h->local_sum = take_u64(c, UINT64_MAX);
	h->generation = take_u64(c, UINT64_MAX);
	h->people = take_u64(c, MAX_OBJECT);
	h->groups = take_u64(c, MAX_OBJECT);
	h->memberships = take_u64(c, UINT32_MAX);
	h->full_people = take_u64(c, MAX_OBJECT);
	h->full_memberships = take_u64(c, UINT32_MAX);
	h->marks_s = (int64_t)take_u64(c, SYNC_SINCE_MAX);
	h->log_s = (int64_t)take_u64(c, SYNC_SINCE_MAX);
	base->n_groups = (size_t)take_u64(c, MAX_OBJECT);
	base->n_users = (size_t)take_u64(c, MAX_OBJECT);
	base->n_strays = (size_t)take_u64(c, MAX_OBJECT);
	base->n_members = (size_t)take_u64(c, UINT32_MAX);
	base->n_stray_members = (size_t)take_u64(c, UINT32_MAX);
	link = take_text(c);
	if (link.len > SYNC_LINK_MAX) {
		c->bad = true;
		return;
	}
	memcpy(h->link, link.p, link.len);
	h->link[link.len] = '\0';
}

static enum okta_rc
take_objects(struct cursor *c, struct sync_base *base)
{
	struct okta_directory_user *u;
	size_t i;

	/* no room for what the rest of the file cannot hold */
	if (base->n_groups > c->left / 4 || base->n_users > c->left / 22 ||
	    base->n_strays > c->left / 2)
		return OKTA_E_INPUT;
	base->groups = calloc(base->n_groups + 1, sizeof(*base->groups));
	base->users = calloc(base->n_users + 1, sizeof(*base->users));
	base->strays = calloc(base->n_strays + 1, sizeof(*base->strays));
	if (base->groups == NULL || base->users == NULL || base->strays == NULL)
		return OKTA_E_NOMEM;
	for (i = 0; i < base->n_groups; i++) {
		base->groups[i].id = take_text(c);
		base->groups[i].name = take_text(c);
	}
	for (i = 0; i < base->n_users; i++) {
		u = &base->users[i];
		u->id = take_text(c);
		u->status = take_text(c);
		u->login = take_text(c);
		u->name = take_text_after(c, u->login);
		u->display_name = take_text(c);
		u->uid = take_text(c);
		u->shell = take_text(c);
		u->updated = take_u64(c, UINT64_MAX);
		if (!sync_records_is_user(u))
			return OKTA_E_INPUT;
	}
	for (i = 0; i < base->n_strays; i++)
		base->strays[i] = take_text(c);
	base->members = take(c, (base->n_users + base->n_members) * 4);
	base->stray_members = take(c, base->n_stray_members * 8);
	return c->bad || c->left != 0 ? OKTA_E_INPUT : OKTA_OK;
}

bool
sync_base_next_member(const struct sync_base *base, struct sync_base_walk *walk,
    uint32_t *ret_person, uint32_t *ret_group)
{
	const unsigned char *stray;

	while (walk->left == 0 && walk->user < base->n_users) {
		walk->left = okta_le32(base->members + walk->at);
		walk->at += 4;
		walk->user++;
	}
	if (walk->left > 0) {
		*ret_person = walk->user - 1;
		*ret_group = okta_le32(base->members + walk->at);
		walk->at += 4;
		walk->left--;
		return true;
	}
	if (walk->strays_done == base->n_stray_members)
		return false;
	stray = base->stray_members + 8 * walk->strays_done++;
	*ret_person = (uint32_t)base->n_users + okta_le32(stray);
	*ret_group = okta_le32(stray + 4);
	return true;
}

/* Everybody's groups are as many as there is room for, so that a walk stays in it. */
static bool
members_add_up(const struct sync_base *base)
{
	size_t at = 0, left = base->n_members, i, n;

	for (i = 0; i < base->n_users; i++) {
		n = okta_le32(base->members + at);
		if (n > left)
			return false;
		left -= n;
		at += 4 + 4 * n;
	}
	return left == 0;
}

static bool
members_in_range(const struct sync_base *base)
{
	struct sync_base_walk walk = { 0 };
	uint32_t person, group;

	while (sync_base_next_member(base, &walk, &person, &group))
		if (person >= base->n_users + base->n_strays || group >= base->n_groups)
			return false;
	return true;
}

/* Whole file in memory, head taken; *ret_cursor stands behind it. */
static enum okta_rc
open_file(const char *path, uint64_t conf_sum, struct sync_base *ret,
    struct cursor *ret_cursor, struct okta_err *err)
{
	struct cursor c;
	enum okta_rc r;

	r = okta_file_read_trusted(
	    path, geteuid(), OKTA_FILE_SECRET, BASE_MAX, &ret->bytes, &ret->len, err);
	if (r != OKTA_OK)
		return r;
	c = (struct cursor){ (const unsigned char *)ret->bytes, ret->len, false };
	if (ret->len < SUM_FROM || memcmp(ret->bytes, MAGIC, 8) != 0 ||
	    okta_le64(c.p + 8) != okta_snap_sum64(c.p + SUM_FROM, ret->len - SUM_FROM))
		return okta_err_set(err, OKTA_E_INPUT, "%s: is damaged", path);
	(void)take(&c, SUM_FROM);
	if (take_u64(&c, UINT64_MAX) != VERSION)
		return okta_err_set(err, OKTA_E_INPUT, "%s: is of another release", path);
	take_head(&c, ret);
	if (c.bad)
		return okta_err_set(err, OKTA_E_INPUT, "%s: is damaged", path);
	if (ret->head.conf_sum != conf_sum)
		return okta_err_set(
		    err, OKTA_E_INPUT, "%s: is of another configuration", path);
	*ret_cursor = c;
	return OKTA_OK;
}

enum okta_rc
sync_base_look(const char *path, uint64_t conf_sum, struct sync_base_head *ret)
{
	struct sync_base base = { 0 };
	struct cursor c;
	enum okta_rc r;

	r = open_file(path, conf_sum, &base, &c, NULL);
	if (r == OKTA_OK)
		*ret = base.head;
	sync_base_clear(&base);
	return r == OKTA_OK ? r : OKTA_E_NOTFOUND;
}

/* What cannot be read just now may be sound: then the brake must have it. */
enum okta_rc
sync_base_look_marks(const char *path, uint64_t conf_sum, struct sync_base_head *head,
    struct okta_err *err)
{
	const uint64_t sums[2] = { conf_sum, ~conf_sum };
	enum okta_rc r = OKTA_E_INPUT;
	struct sync_base base = { 0 };
	struct okta_err why = { 0 };
	struct cursor c;
	size_t i;

	for (i = 0; i < 2 && r == OKTA_E_INPUT; i++) {
		r = open_file(path, sums[i], &base, &c, &why);
		if (r == OKTA_OK) {
			head->full_people = base.head.full_people;
			head->full_memberships = base.head.full_memberships;
			head->marks_s = base.head.marks_s;
		}
		sync_base_clear(&base);
	}
	if (r == OKTA_E_SYS || r == OKTA_E_NOMEM)
		return okta_err_set(err, r, "%s", why.msg);
	return OKTA_OK;
}

enum okta_rc
sync_base_load(
    const char *path, uint64_t conf_sum, struct sync_base *ret, struct okta_err *err)
{
	struct cursor c;
	enum okta_rc r;

	r = open_file(path, conf_sum, ret, &c, err);
	if (r != OKTA_OK)
		return r;
	r = take_objects(&c, ret);
	if (r == OKTA_OK && !(members_add_up(ret) && members_in_range(ret)))
		r = OKTA_E_INPUT;
	return r == OKTA_OK ? r
			    : okta_err_set(err, r, "%s: %s", path,
				  r == OKTA_E_NOMEM ? "out of memory" : "is damaged");
}

/* --- writing --------------------------------------------------------------------- */

/* Counts when P is NULL, writes otherwise: the same walk does both. */
struct pen {
	unsigned char *p;
	size_t len;
};

static void
put_bytes(struct pen *pen, const void *bytes, size_t len)
{
	if (pen->p != NULL && len > 0)
		memcpy(pen->p + pen->len, bytes, len);
	pen->len += len;
}

static void
put_u32(struct pen *pen, uint32_t n)
{
	unsigned char b[4];

	okta_le32_put(b, n);
	put_bytes(pen, b, sizeof(b));
}

static void
put_u64(struct pen *pen, uint64_t n)
{
	unsigned char b[8];

	okta_le64_put(b, n);
	put_bytes(pen, b, sizeof(b));
}

static void
put_u16(struct pen *pen, uint16_t n)
{
	unsigned char b[2];

	okta_le16_put(b, n);
	put_bytes(pen, b, sizeof(b));
}

/* No text of records is as long as 0xffff. */
static void
put_text(struct pen *pen, struct okta_view v)
{
	put_u16(pen, (uint16_t)v.len);
	put_bytes(pen, v.p, v.len);
}

static void
put_text_after(struct pen *pen, struct okta_view before, struct okta_view v)
{
	if (okta_view_eq(before, v))
		put_u16(pen, SAME);
	else
		put_text(pen, v);
}

static void
put_head(struct pen *pen, const struct sync_base_head *h, const struct sync_records *rec)
{
	put_u64(pen, VERSION);
	put_u64(pen, h->conf_sum);
	put_u64(pen, h->content_sum);
	put_u64(pen, (uint64_t)h->clock_s);
	put_u64(pen, (uint64_t)h->full_s);
	put_u64(pen, (uint64_t)h->published_s);
	put_u64(pen, h->local_sum);
	put_u64(pen, h->generation);
	put_u64(pen, h->people);
	put_u64(pen, h->groups);
	put_u64(pen, h->memberships);
	put_u64(pen, h->full_people);
	put_u64(pen, h->full_memberships);
	put_u64(pen, (uint64_t)h->marks_s);
	put_u64(pen, (uint64_t)h->log_s);
	put_u64(pen, rec->n_groups);
	put_u64(pen, rec->n_users);
	put_u64(pen, rec->stray_ids.n);
	put_u64(pen, rec->n_members);
	put_u64(pen, rec->n_strays);
	put_text(pen, okta_view_str(h->link));
}

/* They are sorted by user. */
static void
put_members(struct pen *pen, const struct sync_records *rec)
{
	size_t i, first, k = 0;

	if (pen->p == NULL) {
		pen->len += 4 * (rec->n_users + rec->n_members);
		return;
	}
	for (i = 0; i < rec->n_users; i++) {
		for (first = k; k < rec->n_members && rec->members[k].user == i; k++)
			;
		put_u32(pen, (uint32_t)(k - first));
		for (; first < k; first++)
			put_u32(pen, rec->members[first].group);
	}
}

static void
put_all(struct pen *pen, const struct sync_base_head *h, const struct sync_records *rec)
{
	const struct okta_directory_user *u;
	size_t i;

	put_head(pen, h, rec);
	for (i = 0; i < rec->n_groups; i++) {
		put_text(pen, rec->groups[i].id);
		put_text(pen, rec->groups[i].name);
	}
	for (i = 0; i < rec->n_users; i++) {
		u = &rec->users[i];
		put_text(pen, u->id);
		put_text(pen, u->status);
		put_text(pen, u->login);
		put_text_after(pen, u->login, u->name);
		put_text(pen, u->display_name);
		put_text(pen, u->uid);
		put_text(pen, u->shell);
		put_u64(pen, u->updated);
	}
	for (i = 0; i < rec->stray_ids.n; i++)
		put_text(pen, rec->stray_ids.text[i]);
	put_members(pen, rec);
	for (i = 0; i < rec->n_strays; i++) {
		put_u32(pen, rec->strays[i].user);
		put_u32(pen, rec->strays[i].group);
	}
}

enum okta_rc
sync_base_write(const char *path, const struct sync_base_head *head,
    const struct sync_records *records, struct okta_err *err)
{
	struct pen pen = { NULL, SUM_FROM };
	size_t size;
	enum okta_rc r;

	put_all(&pen, head, records);
	size = pen.len;
	pen = (struct pen){ malloc(size), SUM_FROM };
	if (pen.p == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "%s: out of memory", path);
	put_all(&pen, head, records);
	memcpy(pen.p, MAGIC, 8);
	okta_le64_put(pen.p + 8, okta_snap_sum64(pen.p + SUM_FROM, size - SUM_FROM));
	r = okta_file_replace(path, 0600, pen.p, size, err);
	free(pen.p);
	return r;
}

enum okta_rc
sync_base_write_marks(const char *path, uint64_t conf_sum,
    const struct sync_base_head *head, struct okta_err *err)
{
	const struct sync_records nobody = { 0 };
	const struct sync_base_head marks = { .conf_sum = ~conf_sum,
		.full_people = head->full_people,
		.full_memberships = head->full_memberships,
		.marks_s = head->marks_s };

	return sync_base_write(path, &marks, &nobody, err);
}
