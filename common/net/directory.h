/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/directory.h - pages of the management API as people, groups and memberships.
 * Floor 2: base, model.
 *
 * MUST: refuse a whole page when one item has no usable id or status: leaving the item
 * out would drop a person without a word.  Everything else about a person may be odd; it
 * is judged later, by name, where it can be reported.
 */
#ifndef OKTA_NET_DIRECTORY_H
#define OKTA_NET_DIRECTORY_H

#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "model/conf.h"
#include "net/json.h"

#define OKTA_DIRECTORY_ID_MAX	  64
#define OKTA_DIRECTORY_STATUS_MAX 32
#define OKTA_DIRECTORY_TEXT_MAX	  1024 /* longer texts are cut to it, and refused later */

/* Texts are empty when absent.  Views are valid during the callback. */
struct okta_directory_user {
	struct okta_view id, status;
	struct okta_view login;	       /* profile.login */
	struct okta_view name;	       /* the attribute [users] name_from */
	struct okta_view display_name; /* displayName, else firstName and lastName */
	struct okta_view uid, shell;   /* the attributes uid_from and shell_from */
	/* lastUpdated, 2026-01-31T12:00:00.000Z as 20260131120000000: the higher the
	 * newer; 0 when it has another form or is absent */
	uint64_t updated;
};

struct okta_directory_sink {
	enum okta_rc (*user)(void *ctx, const struct okta_directory_user *user);
	enum okta_rc (*group)(void *ctx, struct okta_view id, struct okta_view name);
	enum okta_rc (*member)(void *ctx, struct okta_view user_id);
	void *ctx;
};

/* Each reads one page; *err says what is wrong with it.  OKTA_E_INPUT, _TOOBIG, _NOMEM,
 * or what the sink answered. */
OKTA_MUST_CHECK enum okta_rc okta_directory_users(struct okta_view page,
    const struct okta_conf *conf, const struct okta_directory_sink *sink,
    struct okta_err *err);
/* /apps/{id}/users?expand=user: the embedded people, whose status is Okta's own. */
OKTA_MUST_CHECK enum okta_rc okta_directory_app_users(struct okta_view page,
    const struct okta_conf *conf, const struct okta_directory_sink *sink,
    struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc okta_directory_groups(
    struct okta_view page, const struct okta_directory_sink *sink, struct okta_err *err);
/* The name of one group as okta_directory_groups() gives it; empty: it has none. */
struct okta_view okta_directory_group_name(const struct okta_json_value *group);
/* /groups/{id}/users, ids alone: ten times as many objects as people, so it is fast. */
OKTA_MUST_CHECK enum okta_rc okta_directory_members(
    struct okta_view page, const struct okta_directory_sink *sink, struct okta_err *err);

#endif /* OKTA_NET_DIRECTORY_H */
