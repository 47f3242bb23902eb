/* SPDX-License-Identifier: BSD-2-Clause */
#include "news.h"

#include <stdlib.h>

#include "base/buf.h"
#include "base/chan.h"
#include "base/text.h"
#include "net/directory.h"

#define COMMAND_SEND_MS 10000
#define WAIT_MS		3600000

/* --- the fetcher's side ---------------------------------------------------------- */

enum okta_rc
sync_sink_news(struct sync_sink *sink, enum sync_news_kind kind, uint64_t number,
    struct okta_view a, struct okta_view b)
{
	okta_frame_put_u64(&sink->writer, (uint64_t)kind);
	okta_frame_put_u64(&sink->writer, number);
	okta_frame_put_text(&sink->writer, a);
	okta_frame_put_text(&sink->writer, b);
	return sync_sink_flush_if_long(sink);
}

static enum okta_rc
take_command(struct okta_view bytes, struct sync_command *ret)
{
	struct okta_frame_reader r;
	struct okta_view link;
	uint64_t errand;
	size_t i;

	if (okta_frame_open(&r, bytes) != SYNC_FRAME_COMMAND)
		return OKTA_E_INPUT;
	errand = okta_frame_get_u64(&r, SYNC_ERRAND_LOG);
	ret->since_s = (int64_t)okta_frame_get_u64(&r, SYNC_SINCE_MAX);
	ret->is_beside = okta_frame_get_u64(&r, 1) == 1;
	link = okta_frame_get_text(&r, SYNC_LINK_MAX);
	if (okta_frame_end(&r) != OKTA_OK || errand == SYNC_ERRAND_NONE)
		return OKTA_E_INPUT;
	ret->errand = (enum sync_errand)errand;
	for (i = 0; i < link.len; i++)
		ret->link[i] = link.p[i];
	ret->link[link.len] = '\0';
	return OKTA_OK;
}

enum okta_rc
sync_command_wait(int fd, const struct okta_clock *clock, struct sync_command *ret,
    struct sync_resume *ret_resume)
{
	struct okta_frame_reader peek;
	struct okta_buf buf;
	bool is_command = false;
	enum okta_rc r = OKTA_OK;

	okta_buf_init(&buf, OKTA_FRAME_MAX_BYTES);
	while (r == OKTA_OK && !is_command) {
		do
			r = okta_chan_recv(
			    fd, &buf, clock, okta_clock_mono_ms(clock) + WAIT_MS);
		while (r == OKTA_E_TIMEOUT);
		if (r != OKTA_OK)
			break;
		is_command = okta_frame_open(&peek, okta_buf_view(&buf)) !=
			     SYNC_FRAME_RESUME;
		r = is_command ? take_command(okta_buf_view(&buf), ret)
			       : sync_resume_take(ret_resume, okta_buf_view(&buf));
	}
	okta_buf_clear(&buf);
	return r;
}

/* --- the writer's side ----------------------------------------------------------- */

enum okta_rc
sync_command_send(
    int fd, const struct okta_clock *clock, const struct sync_command *command)
{
	struct okta_frame_writer w;
	struct okta_buf buf;
	enum okta_rc r;

	okta_buf_init(&buf, OKTA_FRAME_MAX_BYTES);
	okta_frame_start(&w, &buf, SYNC_FRAME_COMMAND);
	okta_frame_put_u64(&w, (uint64_t)command->errand);
	okta_frame_put_u64(&w, command->since_s < 0 ? 0 : (uint64_t)command->since_s);
	okta_frame_put_u64(&w, command->is_beside);
	okta_frame_put_text(&w, okta_view_str(command->link));
	r = w.rc;
	if (r == OKTA_OK)
		r = okta_chan_send(fd, okta_buf_view(&buf), clock,
		    okta_clock_mono_ms(clock) + COMMAND_SEND_MS);
	okta_buf_clear(&buf);
	return r;
}

void
sync_news_clear(struct sync_news *news)
{
	size_t i;

	for (i = 0; i < news->n_text; i++)
		free(news->text[i]);
	free(news->text);
	free(news->joined);
	free(news->left);
	sync_idmap_clear(&news->gone_users);
	sync_idmap_clear(&news->gone_groups);
	sync_idmap_clear(&news->listed);
	sync_idmap_clear(&news->in);
	sync_idmap_clear(&news->out);
	sync_points_clear(&news->points);
	*news = (struct sync_news){ 0 };
}

static bool
grow(void **array, size_t n, size_t *max, size_t element)
{
	size_t bigger = *max == 0 ? 64 : *max * 2;
	void *more;

	if (n < *max)
		return true;
	more = reallocarray(*array, bigger, element);
	if (more == NULL)
		return false;
	*array = more;
	*max = bigger;
	return true;
}

/* A copy of *v that lives as long as the news, in its place. */
static enum okta_rc
keep(struct sync_news *news, struct okta_view *v)
{
	char *copy;

	if (!grow((void **)&news->text, news->n_text, &news->max_text, sizeof(char *)))
		return OKTA_E_NOMEM;
	copy = okta_view_dup(*v);
	if (copy == NULL)
		return OKTA_E_NOMEM;
	news->text[news->n_text++] = copy;
	v->p = copy;
	return OKTA_OK;
}

static bool
is_id(struct okta_view v)
{
	return v.len > 0 && v.len <= OKTA_DIRECTORY_ID_MAX && okta_text_is_printable(v);
}

static enum okta_rc
add_id(struct sync_news *news, struct sync_idmap *map, struct okta_view id)
{
	enum okta_rc r;

	if (!is_id(id))
		return OKTA_E_INPUT;
	if (sync_idmap_find(map, id) >= 0)
		return OKTA_OK;
	r = keep(news, &id);
	return r == OKTA_OK ? sync_idmap_add(map, id) : r;
}

static enum okta_rc
add_pair(struct sync_news *news, struct sync_pair **array, size_t *n, size_t *max,
    struct sync_pair pair)
{
	enum okta_rc r;

	if (!is_id(pair.user) || !is_id(pair.group))
		return OKTA_E_INPUT;
	if (!grow((void **)array, *n, max, sizeof(**array)))
		return OKTA_E_NOMEM;
	r = keep(news, &pair.user);
	if (r == OKTA_OK)
		r = keep(news, &pair.group);
	if (r == OKTA_OK)
		(*array)[(*n)++] = pair;
	return r;
}

static enum okta_rc
take_link(struct sync_news *news, struct okta_view link)
{
	enum okta_rc r;

	if (!okta_text_is_printable(link))
		return OKTA_E_INPUT;
	r = keep(news, &link);
	if (r == OKTA_OK)
		news->link = news->text[news->n_text - 1];
	return r;
}

enum okta_rc
sync_news_take(void *ctx, uint64_t kind, struct okta_frame_reader *r)
{
	struct sync_news *news = ctx;
	uint64_t number = okta_frame_get_u64(r, UINT64_MAX);
	struct okta_view a = okta_frame_get_text(r, SYNC_LINK_MAX);
	struct okta_view b = okta_frame_get_text(r, OKTA_DIRECTORY_ID_MAX);

	if (r->rc != OKTA_OK)
		return OKTA_E_INPUT;
	switch (kind) {
	case SYNC_NEWS_CLOCK:
		if (number > (uint64_t)SYNC_SINCE_MAX)
			return OKTA_E_INPUT;
		if (news->clock_s == 0) /* when the first page came counts */
			news->clock_s = (int64_t)number;
		return OKTA_OK;
	case SYNC_NEWS_LINK:
		news->searched = number != 0;
		return take_link(news, a);
	case SYNC_NEWS_GONE_USER:
		return add_id(news, &news->gone_users, a);
	case SYNC_NEWS_GONE_GROUP:
		return add_id(news, &news->gone_groups, a);
	case SYNC_NEWS_LISTED:
		return add_id(news, &news->listed, a);
	case SYNC_NEWS_IN:
		return add_id(news, &news->in, a);
	case SYNC_NEWS_OUT:
		return add_id(news, &news->out, a);
	case SYNC_NEWS_SCOPE:
		news->scope = true;
		return OKTA_OK;
	case SYNC_NEWS_JOINED:
		return add_pair(news, &news->joined, &news->n_joined, &news->max_joined,
		    (struct sync_pair){ a, b });
	case SYNC_NEWS_LEFT:
		return add_pair(news, &news->left, &news->n_left, &news->max_left,
		    (struct sync_pair){ a, b });
	case SYNC_NEWS_NO_LOG:
	case SYNC_NEWS_NO_SEARCH:
		*(kind == SYNC_NEWS_NO_LOG ? &news->no_log : &news->no_search) = true;
		okta_text_sanitize(news->why, sizeof(news->why), a);
		return OKTA_OK;
	case SYNC_NEWS_REQUESTS:
		news->requests = number;
		return OKTA_OK;
	case SYNC_NEWS_PAGE:
		news->pages++;
		return sync_points_put(&news->points, number, b, a);
	default:
		return OKTA_E_INPUT;
	}
}

bool
sync_news_is_empty(const struct sync_news *news)
{
	return !news->scope && news->gone_users.n == 0 && news->gone_groups.n == 0 &&
	       news->listed.n == 0 && news->in.n == 0 && news->out.n == 0 &&
	       news->n_joined == 0 && news->n_left == 0;
}
