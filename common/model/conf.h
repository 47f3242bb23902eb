/* SPDX-License-Identifier: BSD-2-Clause */
/* common/model/conf.h - okta-login.conf as data: parsed, complete, checked.
 * Floor 1: base only, no I/O; the files are read by host/config.h.
 *
 * MUST: refuse a missing mandatory key, an empty value, a key given twice, an unknown
 * section or key (with the nearest known one), a value of the wrong type or out of range;
 * name file, line, key and remedy.  MUST NOT: have a default that lets anybody in.
 */
#ifndef OKTA_MODEL_CONF_H
#define OKTA_MODEL_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"

#define OKTA_CONF_MAX_BYTES 65536 /* one file */
#define OKTA_CONF_MAX_LINE                                                               \
	198 /* longer lines are refused; lists may go on in the next line */
#define OKTA_CONF_MAX_LIST 256 /* items of one list */

/* Comma-separated items without the blanks around them; none is empty. */
struct okta_list {
	char **item;
	size_t n;
};

bool okta_list_has(const struct okta_list *list, struct okta_view v);	    /* exactly */
bool okta_list_matches(const struct okta_list *patterns, struct okta_view); /* any glob */

enum okta_qr { OKTA_QR_NO, OKTA_QR_UTF8 };
enum okta_source { OKTA_SOURCE_OKTA, OKTA_SOURCE_FILE };
enum okta_sync_auth {
	OKTA_AUTH_PRIVATE_KEY_JWT,
	OKTA_AUTH_CLIENT_SECRET,
	OKTA_AUTH_SSWS
};
enum okta_scope { OKTA_SCOPE_ALL, OKTA_SCOPE_GROUPS, OKTA_SCOPE_APP };

/*
 * Every key of the file, in the order of okta-login.conf(5).  Texts are never NULL unless
 * marked "or NULL".  [M] mandatory for login, [S] mandatory for sync.
 */
struct okta_conf {
	/* [okta] */
	char *org_url; /* [M][S] https://HOST[:PORT], no path, no trailing slash */
	char *authorization_server; /* "org" (default) or the id of a custom one,
				       "default"... */
	char *issuer;		    /* not a key: made of the two above, FACTS 1.1 */
	char *ca_file;		    /* PEM bundle, absolute, or NULL: the system's */
	char *proxy; /* http://HOST:PORT, or NULL: none, whatever the environment */

	/* [login] */
	char *client_id;	  /* [M] of the native app */
	char *client_secret_file; /* absolute, or NULL: public client */
	struct okta_list scopes;  /* default openid, profile, groups */
	char *groups_claim; /* default "groups"; "none": the snapshot decides alone */
	struct okta_list
	    claim_groups; /* globs: Okta groups the claim's filter lets through (*) */
	struct okta_list
	    allow_groups;	      /* [M] Okta names or ids; "*" alone: all in scope */
	struct okta_list deny_groups; /* Okta names or ids; wins over allow */
	struct okta_list require_amr; /* each must be in the token's amr; default none */
	uint32_t max_auth_age_s;   /* 0 (default): any; else auth_time must be younger */
	uint32_t clock_skew_s;	   /* default 300, 0..300 */
	uint32_t grace_s;	   /* default 120: sshd's LoginGraceTime; 20..3600 */
	uint32_t max_waiting;	   /* logins that wait for approval, default 80 */
	uint32_t max_waiting_user; /* of one person, default 5 */
	uint32_t max_waiting_address; /* from one client address, default 20 */
	uint32_t snapshot_max_age_s;  /* default 3 days; older: account phase refuses */
	enum okta_qr qr;	      /* default no */
	struct okta_list
	    enter_services; /* PAM services that show text only with a prompt (sshd) */

	/* [sync] */
	enum okta_source source;  /* default okta */
	char *source_dir;	  /* absolute; [S] when source = file; else NULL */
	enum okta_sync_auth auth; /* default private_key_jwt */
	char *sync_client_id;	/* key "client_id"; [S] unless ssws or file; else NULL */
	char *private_key_file; /* [S] with private_key_jwt; else NULL */
	char *key_id;		/* [S] with private_key_jwt; else NULL */
	char *sync_client_secret_file; /* key "client_secret_file"; [S] with client_secret
					*/
	char *token_file;	       /* [S] with ssws; else NULL */
	enum okta_scope scope;	       /* default all */
	struct okta_list scope_groups; /* [S] with scope = groups: Okta names or ids */
	char *app_id;		       /* [S] with scope = app */
	uint32_t max_removal_percent;  /* brake, default 20, 0..100 */
	uint32_t interval_s;	  /* --watch: what changed is asked for so often (60) */
	uint32_t full_interval_s; /* --watch: everything is read so often (a day) */

	/* [users] */
	struct okta_list
	    strip_domains; /* of name_from; a value on another domain is refused */
	char *name_from;   /* profile attribute, default "login" */
	uint32_t id_min,
	    id_max;	  /* key "id_range" MIN-MAX, default 1879048192-2147483646 */
	char *uid_from;	  /* profile attribute, or NULL: the registry allocates */
	char *home;	  /* absolute pattern with %u, default /home/%u */
	char *shell;	  /* default /bin/bash; must be in shells */
	char *shell_from; /* profile attribute, or NULL */
	struct okta_list shells; /* allowed shells; default /bin/bash, /bin/sh */
	char *primary_group; /* Okta group name or id, or NULL: a private group each */
	struct okta_list
	    reserved_names; /* added to the built-in list, users and groups */

	/* [groups] */
	struct okta_list
	    match;    /* globs on Okta names, or ids: these become Unix groups */
	char *prefix; /* put before the Unix name, default "" */
	struct okta_list rename; /* OKTA:UNIX (name or id : exact Unix name, no prefix) */
	struct okta_list local;	 /* OKTA:LOCAL (name or id : existing local group) */
};

/* What a program is about to do decides which keys are mandatory. */
enum okta_conf_use { OKTA_CONF_FOR_LOGIN = 1, OKTA_CONF_FOR_SYNC = 2 };

/*
 * Parsing is begin, one add for each file in order (a key may appear once over all of
 * them), end.  USE is a bit mask of enum okta_conf_use.  On any failure the whole
 * configuration is refused: OKTA_E_CONFIG with "FILE: line N: [section] key: what is
 * wrong: remedy", or OKTA_E_NOMEM.  okta_conf_free() is safe at any time; texts are
 * wiped.
 */
struct okta_conf_parser;
OKTA_MUST_CHECK enum okta_rc okta_conf_begin(
    struct okta_conf_parser **ret, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc okta_conf_add(struct okta_conf_parser *parser,
    const char *file_name, struct okta_view text, struct okta_err *err);
OKTA_MUST_CHECK enum okta_rc okta_conf_end(struct okta_conf_parser **parser, unsigned use,
    struct okta_conf **ret, struct okta_err *err);
void okta_conf_parser_free(struct okta_conf_parser **parser);
void okta_conf_free(struct okta_conf **conf);

/* Every key, for `oktactl config check` and for the check against the man page. */
struct okta_conf_key {
	const char *section, *key;
	const char *type; /* "url", "text", "list", "number", "path", "choice"... */
	const char *default_value; /* NULL: none */
};
const struct okta_conf_key *okta_conf_keys(size_t *ret_n);

#endif /* OKTA_MODEL_CONF_H */
