/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/view.h"

#include <stdlib.h>
#include <string.h>

struct okta_view
okta_view_str(const char *nul_terminated)
{
	struct okta_view v = { nul_terminated, strlen(nul_terminated) };

	return v;
}

bool
okta_view_eq(struct okta_view a, struct okta_view b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.p, b.p, a.len) == 0);
}

bool
okta_view_eq_str(struct okta_view a, const char *nul_terminated)
{
	return okta_view_eq(a, okta_view_str(nul_terminated));
}

static bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct okta_view
okta_view_trim(struct okta_view v)
{
	while (v.len > 0 && is_blank(v.p[0])) {
		v.p++;
		v.len--;
	}
	while (v.len > 0 && is_blank(v.p[v.len - 1]))
		v.len--;
	return v;
}

struct okta_view
okta_view_split(struct okta_view *rest, char sep)
{
	struct okta_view first = *rest;
	const char *at = rest->len > 0 ? memchr(rest->p, sep, rest->len) : NULL;

	if (at == NULL) {
		rest->p = NULL;
		rest->len = 0;
		return first;
	}
	first.len = (size_t)(at - rest->p);
	rest->len -= first.len + 1;
	rest->p = at + 1;
	return first;
}

enum okta_rc
okta_view_u64(struct okta_view v, uint64_t max, uint64_t *ret_n)
{
	uint64_t n = 0, digit;
	size_t i;

	if (v.len == 0 || (v.len > 1 && v.p[0] == '0'))
		return OKTA_E_INPUT;
	for (i = 0; i < v.len; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return OKTA_E_INPUT;
		digit = (uint64_t)(v.p[i] - '0');
		if (n > (UINT64_MAX - digit) / 10)
			return OKTA_E_INPUT;
		n = n * 10 + digit;
	}
	if (n > max)
		return OKTA_E_INPUT;
	*ret_n = n;
	return OKTA_OK;
}

char *
okta_view_dup(struct okta_view v)
{
	char *s;

	if (v.len > 0 && memchr(v.p, '\0', v.len) != NULL)
		return NULL;
	s = malloc(v.len + 1);
	if (s == NULL)
		return NULL;
	if (v.len > 0)
		memcpy(s, v.p, v.len);
	s[v.len] = '\0';
	return s;
}
