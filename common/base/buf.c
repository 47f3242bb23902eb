/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"

#define FIRST_BYTES 256

void
okta_buf_init(struct okta_buf *b, size_t max_bytes)
{
	memset(b, 0, sizeof(*b));
	b->max = max_bytes;
}

void
okta_buf_clear(struct okta_buf *b)
{
	okta_free_wiped(b->data, b->size);
	okta_buf_init(b, b->max);
}

/* Make room for MORE bytes and the NUL.  Never realloc(): it would leave a copy unwiped.
 */
static enum okta_rc
reserve(struct okta_buf *b, size_t more)
{
	size_t need, size;
	char *data;

	if (more > b->max - b->len)
		return OKTA_E_TOOBIG;
	need = b->len + more + 1;
	if (need <= b->size)
		return OKTA_OK;
	size = b->size > 0 ? b->size : FIRST_BYTES;
	while (size < need)
		size = size > (size_t)-1 / 2 ? need : size * 2;
	if (size > b->max + 1)
		size = b->max + 1;
	data = malloc(size);
	if (data == NULL)
		return OKTA_E_NOMEM;
	if (b->len > 0)
		memcpy(data, b->data, b->len);
	data[b->len] = '\0';
	okta_free_wiped(b->data, b->size);
	b->data = data;
	b->size = size;
	return OKTA_OK;
}

enum okta_rc
okta_buf_reserve(struct okta_buf *b, size_t bytes)
{
	return reserve(b, bytes);
}

enum okta_rc
okta_buf_append(struct okta_buf *b, const void *p, size_t len)
{
	enum okta_rc r = reserve(b, len);

	if (r != OKTA_OK)
		return r;
	if (len > 0)
		memcpy(b->data + b->len, p, len);
	b->len += len;
	b->data[b->len] = '\0';
	return OKTA_OK;
}

enum okta_rc
okta_buf_append_str(struct okta_buf *b, const char *s)
{
	return okta_buf_append(b, s, strlen(s));
}

enum okta_rc
okta_buf_printf(struct okta_buf *b, const char *fmt, ...)
{
	enum okta_rc r;
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return OKTA_E_INTERNAL;
	r = reserve(b, (size_t)n);
	if (r != OKTA_OK)
		return r;
	va_start(ap, fmt);
	(void)vsnprintf(b->data + b->len, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->len += (size_t)n;
	return OKTA_OK;
}

enum okta_rc
okta_buf_take(struct okta_buf *b, char **ret, size_t *ret_len)
{
	enum okta_rc r = reserve(b, 0);

	if (r != OKTA_OK)
		return r;
	*ret = b->data;
	*ret_len = b->len;
	b->data = NULL;
	okta_buf_init(b, b->max);
	return OKTA_OK;
}

struct okta_view
okta_buf_view(const struct okta_buf *b)
{
	struct okta_view v = { b->data, b->len };

	return v;
}
