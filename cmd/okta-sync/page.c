/* SPDX-License-Identifier: BSD-2-Clause */
#include "page.h"

#include "net/directory.h"

struct page {
	struct sync_sink *sink;
	const struct sync_list *list;
};

static enum okta_rc
on_user(void *ctx, const struct okta_directory_user *user)
{
	const struct page *page = ctx;
	enum okta_rc r = sync_sink_user(page->sink, user);

	if (r == OKTA_OK && page->list->kind == SYNC_LIST_MEMBERS)
		r = sync_sink_member(page->sink, page->list->group, user->id);
	return r;
}

static enum okta_rc
on_member(void *ctx, struct okta_view user_id)
{
	const struct page *page = ctx;

	return sync_sink_member(page->sink, page->list->group, user_id);
}

enum okta_rc
sync_page_people(const struct okta_conf *conf, struct sync_sink *sink,
    const struct sync_list *list, struct okta_view body, struct okta_err *err)
{
	struct page page = { sink, list };
	const struct okta_directory_sink to = {
		.user = on_user, .member = on_member, .ctx = &page
	};

	if (list->may_be_gone && body.len == 0)
		return OKTA_OK;
	switch (list->kind) {
	case SYNC_LIST_USERS:
		return okta_directory_users(body, conf, &to, err);
	case SYNC_LIST_APP:
		return okta_directory_app_users(body, conf, &to, err);
	case SYNC_LIST_MEMBERS:
		return list->with_persons ? okta_directory_users(body, conf, &to, err)
					  : okta_directory_members(body, &to, err);
	default:
		return OKTA_E_INTERNAL;
	}
}

void
sync_page_blame(enum okta_rc r, struct okta_err *err)
{
	if (r != OKTA_OK && err->rc == OKTA_OK)
		(void)okta_err_set(
		    err, r, "handing over a page failed (%s)", okta_rc_name(r));
}
