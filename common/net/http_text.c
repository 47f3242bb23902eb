/* SPDX-License-Identifier: BSD-2-Clause */
/* The parts of HTTP that need no connection: reading answers, writing forms. */
#include <curl/curl.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "net/http.h"

#define RETRY_AFTER_MAX 3600

void
okta_http_answer_clear(struct okta_http_answer *answer)
{
	okta_buf_clear(&answer->body);
	okta_buf_clear(&answer->headers);
}

bool
okta_http_header(const struct okta_http_answer *answer, const char *name, size_t nth,
    struct okta_view *ret)
{
	struct okta_view rest = okta_buf_view(&answer->headers), line;
	size_t n = strlen(name);

	while (rest.len > 0) {
		line = okta_view_split(&rest, '\n');
		if (line.len > 0 && line.p[line.len - 1] == '\r')
			line.len--;
		if (line.len <= n || line.p[n] != ':' ||
		    strncasecmp(line.p, name, n) != 0)
			continue;
		if (nth-- > 0)
			continue;
		line.p += n + 1;
		line.len -= n + 1;
		*ret = okta_view_trim(line);
		return true;
	}
	return false;
}

static bool
is_unreserved(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
	       (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_' || c == '~';
}

enum okta_rc
okta_http_escape(struct okta_view text, struct okta_buf *out)
{
	enum okta_rc r;
	size_t i;

	for (i = 0; i < text.len; i++) {
		if (is_unreserved(text.p[i]))
			r = okta_buf_append(out, text.p + i, 1);
		else
			r = okta_buf_printf(out, "%%%02X", (unsigned char)text.p[i]);
		if (r != OKTA_OK)
			return r;
	}
	return OKTA_OK;
}

enum okta_rc
okta_http_form_add(struct okta_buf *out, const char *name, struct okta_view value)
{
	enum okta_rc r = okta_buf_printf(out, "%s%s=", out->len > 0 ? "&" : "", name);

	if (r != OKTA_OK)
		return r;
	return okta_http_escape(value, out);
}

static int64_t
header_number(const struct okta_http_answer *answer, const char *name)
{
	struct okta_view v;
	uint64_t n;

	if (!okta_http_header(answer, name, 0, &v) ||
	    okta_view_u64(v, INT32_MAX * (uint64_t)16, &n) != OKTA_OK)
		return -1;
	return (int64_t)n;
}

static int64_t
header_date(const struct okta_http_answer *answer)
{
	struct okta_view v;
	char text[64];

	if (!okta_http_header(answer, "date", 0, &v) || v.len >= sizeof(text))
		return -1;
	okta_text_sanitize(text, sizeof(text), v);
	return (int64_t)curl_getdate(text, NULL);
}

bool
okta_http_retry_after(const struct okta_http_answer *answer, int64_t *ret_s)
{
	int64_t wait = header_number(answer, "retry-after"), reset, date;

	if (wait < 0) {
		reset = header_number(answer, "x-rate-limit-reset");
		date = header_date(answer);
		if (reset < 0 || date < 0)
			return false;
		wait = reset - date + 1;
	}
	if (wait < 1)
		wait = 1;
	*ret_s = wait < RETRY_AFTER_MAX ? wait : RETRY_AFTER_MAX;
	return true;
}
