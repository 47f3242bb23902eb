/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/page_size.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#define LIMIT_MAX 1000000

/* The digits behind limit= in the query, or { NULL, 0 }. */
static struct okta_view
digits_of(struct okta_view url)
{
	static const char name[] = "limit=";
	struct okta_view rest = url, item;

	(void)okta_view_split(&rest, '?');
	while (rest.len > 0) {
		item = okta_view_split(&rest, '&');
		if (item.len >= sizeof(name) - 1 &&
		    memcmp(item.p, name, sizeof(name) - 1) == 0)
			return (struct okta_view){ item.p + sizeof(name) - 1,
				item.len - (sizeof(name) - 1) };
	}
	return (struct okta_view){ NULL, 0 };
}

size_t
okta_page_size_of(struct okta_view url)
{
	uint64_t n = 0;

	if (okta_view_u64(digits_of(url), LIMIT_MAX, &n) != OKTA_OK)
		return 0;
	return (size_t)n;
}

enum okta_rc
okta_page_size_put(struct okta_buf *url, size_t n)
{
	const struct okta_view digits = digits_of(okta_buf_view(url));
	struct okta_buf changed;
	size_t before, after;
	enum okta_rc r;

	if (digits.p == NULL)
		return OKTA_OK;
	before = (size_t)(digits.p - url->data);
	after = before + digits.len;
	okta_buf_init(&changed, url->max);
	r = okta_buf_append(&changed, url->data, before);
	if (r == OKTA_OK)
		r = okta_buf_printf(&changed, "%zu", n);
	if (r == OKTA_OK)
		r = okta_buf_append(&changed, url->data + after, url->len - after);
	if (r != OKTA_OK) {
		okta_buf_clear(&changed);
		return r;
	}
	okta_buf_clear(url);
	*url = changed; /* the bytes move */
	return OKTA_OK;
}

void
okta_page_size_shrink(struct okta_page_size *size, struct okta_view url)
{
	size_t now = size->now != 0 ? size->now : okta_page_size_of(url);

	size->good = 0;
	if (now <= OKTA_PAGE_SIZE_MIN)
		return;
	if (size->now == 0)
		size->full = now;
	size->now = now / 2 > OKTA_PAGE_SIZE_MIN ? now / 2 : OKTA_PAGE_SIZE_MIN;
}

void
okta_page_size_grow(struct okta_page_size *size)
{
	if (size->now == 0 || size->now == size->full ||
	    ++size->good < OKTA_PAGE_SIZE_GOOD)
		return;
	size->good = 0;
	size->now = size->now < size->full / 2 ? size->now * 2 : size->full;
}
