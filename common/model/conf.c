/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * libinih splits the text into sections, names and values; this file keeps it from
 * guessing: inih cuts a line at 200 bytes, a value at " ;" and a text at NUL without a
 * word, and takes the same key twice.  Every line is checked before inih sees it.
 */
#include "model/conf.h"

#include <ini.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/text.h"
#include "base/wipe.h"
#include "model/conf_keys.h"
#include "model/groups.h"

#define KEYS_MAX  64
#define FILES_MAX 65

/* What the files said about one key. */
struct given {
	struct okta_buf value;
	size_t file;
	unsigned long line; /* 0: not given */
};

struct okta_conf_parser {
	struct given given[KEYS_MAX];
	char *file[FILES_MAX];
	size_t n_files;

	/* while okta_conf_add() runs */
	struct okta_view rest;
	unsigned long line;
	bool continues; /* the current line begins with a blank */
	bool has_key;	/* a key of this section came before */
	size_t last;	/* its number */
	enum okta_rc rc;
	struct okta_err *err;
};

bool
okta_list_has(const struct okta_list *list, struct okta_view v)
{
	size_t i;

	for (i = 0; i < list->n; i++)
		if (okta_view_eq_str(v, list->item[i]))
			return true;
	return false;
}

bool
okta_list_matches(const struct okta_list *patterns, struct okta_view v)
{
	size_t i;

	for (i = 0; i < patterns->n; i++)
		if (okta_text_glob(okta_view_str(patterns->item[i]), v))
			return true;
	return false;
}

/* --- one file, line by line --- */

static void
line_error(struct okta_conf_parser *p, const char *what)
{
	if (p->rc == OKTA_OK)
		p->rc = okta_err_set(p->err, OKTA_E_CONFIG, "%s: line %lu: %s",
		    p->file[p->n_files - 1], p->line, what);
}

static void
key_error(struct okta_conf_parser *p, size_t key, const char *what)
{
	size_t n;
	const struct okta_conf_key *keys = okta_conf_keys(&n);

	if (p->rc == OKTA_OK)
		p->rc = okta_err_set(p->err, OKTA_E_CONFIG, "%s: line %lu: [%s] %s: %s",
		    p->file[p->n_files - 1], p->line, keys[key].section, keys[key].key,
		    what);
}

static const char *
line_fault(struct okta_view line)
{
	struct okta_view text = okta_view_trim(line);
	size_t i;

	if (line.len > OKTA_CONF_MAX_LINE)
		return "is longer than 198 bytes: break a list after a comma and indent "
		       "the "
		       "next line";
	for (i = 0; i < line.len; i++)
		if (((unsigned char)line.p[i] < 0x20 && line.p[i] != '\t') ||
		    line.p[i] == 0x7f)
			return "has a control byte (a NUL, or line ends of another "
			       "system): "
			       "remove it";
	if (!okta_text_is_utf8(line))
		return "is not UTF-8: save the file as UTF-8";
	if (text.len == 0 || text.p[0] == '#' || text.p[0] == ';')
		return NULL;
	for (i = 1; i < text.len; i++)
		if ((text.p[i] == '#' || text.p[i] == ';') &&
		    (text.p[i - 1] == ' ' || text.p[i - 1] == '\t'))
			return "has a comment behind a value: put it on a line of its "
			       "own (a "
			       "group with such a name is given by its id)";
	return NULL;
}

/* inih would go on after a line it cannot split, and pass over what follows a ']'. */
static const char *
form_fault(const struct okta_conf_parser *p, struct okta_view text)
{
	if (text.len == 0 || text.p[0] == '#' || text.p[0] == ';')
		return NULL;
	if (text.p[0] == '[') {
		if (p->continues)
			return "a section begins at the start of its line: remove the "
			       "blank";
		return text.p[text.len - 1] == ']'
			   ? NULL
			   : "is neither [section] nor key = value";
	}
	if (p->continues)
		return p->has_key
			   ? NULL
			   : "begins with a blank but continues no key: remove the blank";
	return memchr(text.p, '=', text.len) != NULL
		   ? NULL
		   : "is neither [section] nor key = value";
}

/* inih's reader: the next line with its newline, NULL at the end or after an error. */
static char *
next_line(char *out, int size, void *stream)
{
	struct okta_conf_parser *p = stream;
	struct okta_view line, text;
	const char *fault;

	if (p->rc != OKTA_OK || p->rest.len == 0)
		return NULL;
	line = okta_view_split(&p->rest, '\n');
	p->line++;
	fault = line_fault(line);
	if (fault == NULL && line.len + 2 > (size_t)size)
		fault = "is too long for the parser";
	if (fault != NULL) {
		line_error(p, fault);
		return NULL;
	}
	text = okta_view_trim(line);
	p->continues = text.len > 0 && text.p != line.p;
	if (text.len > 0 && text.p[0] == '[')
		p->has_key = false;
	fault = form_fault(p, text);
	if (fault != NULL) {
		line_error(p, fault);
		return NULL;
	}
	if (line.len > 0)
		memcpy(out, line.p, line.len);
	out[line.len] = '\n';
	out[line.len + 1] = '\0';
	return out;
}

static size_t
smallest(size_t a, size_t b, size_t c)
{
	size_t n = a < b ? a : b;

	return n < c ? n : c;
}

/* Edits that make A of B; texts longer than a key ever is are far from everything. */
static size_t
distance(const char *a, const char *b)
{
	size_t row[33], la = strlen(a), lb = strlen(b), i, j, diagonal, above;

	if (la > 32 || lb > 32)
		return 99;
	for (j = 0; j <= lb; j++)
		row[j] = j;
	for (i = 1; i <= la; i++) {
		diagonal = row[0];
		row[0] = i;
		for (j = 1; j <= lb; j++) {
			above = row[j];
			row[j] = smallest(row[j] + 1, row[j - 1] + 1,
			    diagonal + (a[i - 1] != b[j - 1]));
			diagonal = above;
		}
	}
	return row[lb];
}

static bool
section_is_known(const char *section)
{
	size_t i, n;
	const struct okta_conf_key *keys = okta_conf_keys(&n);

	for (i = 0; i < n; i++)
		if (strcmp(keys[i].section, section) == 0)
			return true;
	return false;
}

static void
unknown_error(struct okta_conf_parser *p, const char *section, const char *name)
{
	size_t i, n, d, best = 4, at = 0;
	const struct okta_conf_key *keys = okta_conf_keys(&n);
	bool known = section_is_known(section);
	char what[200], shown[40], shown_section[40];

	okta_text_sanitize(shown, sizeof(shown), okta_view_str(name));
	okta_text_sanitize(shown_section, sizeof(shown_section), okta_view_str(section));
	if (section[0] == '\0') {
		(void)snprintf(what, sizeof(what),
		    "%s: stands before the first section: put [okta], [login], [sync], "
		    "[users] "
		    "or [groups] above it",
		    shown);
		line_error(p, what);
		return;
	}
	for (i = 0; i < n; i++) {
		if (known && strcmp(keys[i].section, section) != 0)
			d = strcmp(keys[i].key, name) == 0 ? 3 : 99;
		else
			d = distance(known ? name : section,
			    known ? keys[i].key : keys[i].section);
		if (d < best) {
			best = d;
			at = i;
		}
	}
	if (known && best < 4)
		(void)snprintf(what, sizeof(what),
		    "[%s] %s: unknown key, did you mean [%s] %s?", shown_section, shown,
		    keys[at].section, keys[at].key);
	else if (known)
		(void)snprintf(what, sizeof(what), "[%s] %s: unknown key: remove it",
		    shown_section, shown);
	else if (best < 4)
		(void)snprintf(what, sizeof(what),
		    "[%s] %s: unknown section, did you mean [%s]?", shown_section, shown,
		    keys[at].section);
	else
		(void)snprintf(what, sizeof(what),
		    "[%s] %s: unknown section: the sections are okta, login, sync, "
		    "users, groups",
		    shown_section, shown);
	line_error(p, what);
}

static void
continue_list(struct okta_conf_parser *p, const char *value)
{
	struct given *g = &p->given[p->last];
	struct okta_view so_far = okta_view_trim(okta_buf_view(&g->value));
	enum okta_rc r = OKTA_OK;

	if (okta_conf_fields[p->last].type != OKTA_CONF_LIST) {
		key_error(p, p->last,
		    "only a list may go on in the next line: remove the blank before it");
		return;
	}
	if (so_far.len > 0 && so_far.p[so_far.len - 1] != ',')
		r = okta_buf_append_str(&g->value, ",");
	if (r == OKTA_OK)
		r = okta_buf_append_str(&g->value, value);
	if (r != OKTA_OK)
		p->rc = okta_err_set(
		    p->err, r, "%s: out of memory", p->file[p->n_files - 1]);
}

/* inih's handler; a result of zero would only be counted by it, p->rc is what stops. */
static int
take_value(void *user, const char *section, const char *name, const char *value)
{
	struct okta_conf_parser *p = user;
	size_t i, n;
	const struct okta_conf_key *keys = okta_conf_keys(&n);
	struct given *g;

	if (p->rc != OKTA_OK)
		return 1;
	if (p->continues) {
		continue_list(p, value);
		return 1;
	}
	for (i = 0; i < n; i++)
		if (strcmp(keys[i].section, section) == 0 &&
		    strcmp(keys[i].key, name) == 0)
			break;
	if (i == n) {
		unknown_error(p, section, name);
		return 1;
	}
	g = &p->given[i];
	if (g->line != 0) {
		char what[160];

		(void)snprintf(what, sizeof(what),
		    "is given twice (first in line %lu of %.80s): remove one", g->line,
		    p->file[g->file]);
		key_error(p, i, what);
		return 1;
	}
	g->file = p->n_files - 1;
	g->line = p->line;
	p->has_key = true;
	p->last = i;
	if (okta_buf_append_str(&g->value, value) != OKTA_OK)
		p->rc = okta_err_set(
		    p->err, OKTA_E_NOMEM, "%s: out of memory", p->file[p->n_files - 1]);
	return 1;
}

enum okta_rc
okta_conf_begin(struct okta_conf_parser **ret, struct okta_err *err)
{
	struct okta_conf_parser *p;
	size_t i, n;

	(void)okta_conf_keys(&n);
	if (n > KEYS_MAX)
		return okta_err_set(
		    err, OKTA_E_INTERNAL, "more keys than the parser has room for");
	p = calloc(1, sizeof(*p));
	if (p == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	for (i = 0; i < KEYS_MAX; i++)
		okta_buf_init(&p->given[i].value, OKTA_CONF_MAX_BYTES);
	*ret = p;
	return OKTA_OK;
}

enum okta_rc
okta_conf_add(struct okta_conf_parser *p, const char *file_name, struct okta_view text,
    struct okta_err *err)
{
	int bad_line;

	if (p->n_files == FILES_MAX)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "%s: more than 64 files in conf.d: put some together", file_name);
	if (text.len > OKTA_CONF_MAX_BYTES)
		return okta_err_set(err, OKTA_E_CONFIG,
		    "%s: is larger than 65536 bytes: shorten it", file_name);
	p->file[p->n_files] = okta_view_dup(okta_view_str(file_name));
	if (p->file[p->n_files] == NULL)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	p->n_files++;
	p->rest = text;
	p->line = 0;
	p->has_key = false;
	p->rc = OKTA_OK;
	p->err = err;
	bad_line = ini_parse_stream(next_line, p, take_value, p);
	if (p->rc == OKTA_OK && bad_line != 0) {
		p->line = bad_line > 0 ? (unsigned long)bad_line : p->line;
		line_error(p, "is neither [section] nor key = value");
	}
	p->err = NULL;
	return p->rc;
}

/* --- all files together --- */

static enum okta_rc
given_error(
    const struct okta_conf_parser *p, size_t key, const char *what, struct okta_err *err)
{
	size_t n;
	const struct okta_conf_key *keys = okta_conf_keys(&n);
	const struct given *g = &p->given[key];
	const char *file = p->n_files > 0 ? p->file[g->file] : "configuration";

	if (g->line == 0)
		return okta_err_set(err, OKTA_E_CONFIG, "%s: [%s] %s: %s", file,
		    keys[key].section, keys[key].key, what);
	return okta_err_set(err, OKTA_E_CONFIG, "%s: line %lu: [%s] %s: %s", file,
	    g->line, keys[key].section, keys[key].key, what);
}

/* Number of the key; the caller's names are constants of this file. */
static size_t
key_number(const char *section, const char *key)
{
	size_t i, n;
	const struct okta_conf_key *keys = okta_conf_keys(&n);

	for (i = 0; i + 1 < n; i++)
		if (strcmp(keys[i].section, section) == 0 &&
		    strcmp(keys[i].key, key) == 0)
			break;
	return i;
}

static enum okta_rc
store_all(const struct okta_conf_parser *p, unsigned use, struct okta_conf *conf,
    struct okta_err *err)
{
	size_t i, n;
	const struct okta_conf_key *keys = okta_conf_keys(&n);
	char why[OKTA_CONF_WHY_BYTES];
	struct okta_view value;
	enum okta_rc r;

	for (i = 0; i < n; i++) {
		value = okta_view_trim(okta_buf_view(&p->given[i].value));
		if (p->given[i].line != 0 && value.len == 0)
			return given_error(
			    p, i, "is empty: give it a value or remove the line", err);
		if (p->given[i].line == 0) {
			if ((okta_conf_fields[i].mandatory & use) != 0)
				return given_error(p, i, "is missing: add it", err);
			if (keys[i].default_value == NULL)
				continue;
			value = okta_view_str(keys[i].default_value);
		}
		r = okta_conf_store(conf, &okta_conf_fields[i], value, why);
		if (r == OKTA_E_NOMEM)
			return okta_err_set(err, r, "out of memory");
		if (r != OKTA_OK)
			return given_error(p, i, why, err);
	}
	return OKTA_OK;
}

/* "org" is Okta's own server, whose issuer is the bare URL; FACTS 1.1. */
static enum okta_rc
derive_issuer(struct okta_conf *conf, struct okta_err *err)
{
	struct okta_buf b;
	enum okta_rc r;
	size_t len;

	okta_buf_init(&b, 1024);
	if (strcmp(conf->authorization_server, "org") == 0)
		r = okta_buf_append_str(&b, conf->org_url);
	else
		r = okta_buf_printf(
		    &b, "%s/oauth2/%s", conf->org_url, conf->authorization_server);
	if (r == OKTA_OK)
		r = okta_buf_take(&b, &conf->issuer, &len);
	okta_buf_clear(&b);
	return r == OKTA_OK ? r : okta_err_set(err, r, "out of memory");
}

static const char *
login_fault(const struct okta_conf *conf, const char **ret_key)
{
	size_t i;

	*ret_key = "scopes";
	if (!okta_list_has(&conf->scopes, okta_view_str("openid")))
		return "must hold openid: without it Okta sends no ID token";
	for (i = 0; i < conf->scopes.n; i++)
		if (strchr(conf->scopes.item[i], ' ') != NULL)
			return "has a blank in an item: separate scopes by commas";
	*ret_key = "allow_groups";
	if (conf->allow_groups.n > 1 &&
	    okta_list_has(&conf->allow_groups, okta_view_str("*")))
		return "* means everybody and must stand alone";
	*ret_key = "deny_groups";
	if (okta_list_has(&conf->deny_groups, okta_view_str("*")))
		return "* is no group here: to let nobody in, remove pam_okta from the "
		       "stack";
	*ret_key = "authorization_server";
	for (i = 0; conf->authorization_server[i] != '\0'; i++)
		if (strchr("/?#%:@\\", conf->authorization_server[i]) != NULL)
			return "must be \"org\" or the id of a custom authorization "
			       "server";
	return NULL;
}

static const char *
users_fault(const struct okta_conf *conf, const char **ret_key)
{
	size_t i;

	*ret_key = "strip_domains";
	for (i = 0; i < conf->strip_domains.n; i++)
		if (strpbrk(conf->strip_domains.item[i], "@*? ") != NULL ||
		    conf->strip_domains.item[i][0] == '.')
			return "takes plain domains such as corp.example: no @, no * and "
			       "no leading "
			       "dot";
	*ret_key = "shells";
	for (i = 0; i < conf->shells.n; i++)
		if (conf->shells.item[i][0] != '/' ||
		    strpbrk(conf->shells.item[i], " :%") != NULL ||
		    strstr(conf->shells.item[i], "/../") != NULL)
			return "takes absolute paths without arguments";
	*ret_key = "shell";
	if (!okta_list_has(&conf->shells, okta_view_str(conf->shell)))
		return "is not listed in [users] shells: add it there";
	return NULL;
}

static const char *
groups_fault(const struct okta_conf *conf, const char **ret_key)
{
	struct okta_view okta, name;
	size_t i;

	*ret_key = "rename";
	for (i = 0; i < conf->rename.n; i++) {
		if (!okta_group_pair(okta_view_str(conf->rename.item[i]), &okta, &name))
			return "takes OKTA_GROUP:UNIX_NAME";
		if (okta_name_fault(name) != NULL)
			return "has a Unix name other than a-z 0-9 _ . -, at most 32 "
			       "bytes, "
			       "beginning with a letter or _";
		if (okta_name_is_reserved(name, conf))
			return "has a Unix name that is reserved for the system: use "
			       "another, or "
			       "[groups] local to join the local group";
	}
	*ret_key = "local";
	for (i = 0; i < conf->local.n; i++) {
		if (!okta_group_pair(okta_view_str(conf->local.item[i]), &okta, &name))
			return "takes OKTA_GROUP:LOCAL_GROUP";
		if (okta_name_fault(name) != NULL)
			return "has a local group other than a-z 0-9 _ . -, at most 32 "
			       "bytes";
		if (okta_view_eq_str(name, "root"))
			return "joins the group root: that group is nobody's to give";
	}
	return NULL;
}

/* Keys of [sync] that only some sources and ways to authenticate need. */
static const char *
sync_missing(const struct okta_conf *conf)
{
	if (conf->source == OKTA_SOURCE_FILE && conf->source_dir == NULL)
		return "source_dir";
	if (conf->source == OKTA_SOURCE_OKTA) {
		if (conf->auth == OKTA_AUTH_SSWS && conf->token_file == NULL)
			return "token_file";
		if (conf->auth != OKTA_AUTH_SSWS && conf->sync_client_id == NULL)
			return "client_id";
		if (conf->auth == OKTA_AUTH_PRIVATE_KEY_JWT &&
		    conf->private_key_file == NULL)
			return "private_key_file";
		if (conf->auth == OKTA_AUTH_PRIVATE_KEY_JWT && conf->key_id == NULL)
			return "key_id";
		if (conf->auth == OKTA_AUTH_CLIENT_SECRET &&
		    conf->sync_client_secret_file == NULL)
			return "client_secret_file";
	}
	if (conf->scope == OKTA_SCOPE_GROUPS && conf->scope_groups.n == 0)
		return "scope_groups";
	if (conf->scope == OKTA_SCOPE_APP && conf->app_id == NULL)
		return "app_id";
	return NULL;
}

static enum okta_rc
check_all(const struct okta_conf_parser *p, unsigned use, const struct okta_conf *conf,
    struct okta_err *err)
{
	const char *fault, *key, *section = "login";

	fault = login_fault(conf, &key);
	if (fault != NULL && strcmp(key, "authorization_server") == 0)
		section = "okta";
	if (fault == NULL) {
		section = "users";
		fault = users_fault(conf, &key);
	}
	if (fault == NULL) {
		section = "groups";
		fault = groups_fault(conf, &key);
	}
	if (fault != NULL)
		return given_error(p, key_number(section, key), fault, err);
	key = (use & OKTA_CONF_FOR_SYNC) != 0 ? sync_missing(conf) : NULL;
	if (key != NULL)
		return given_error(p, key_number("sync", key),
		    "is missing: the chosen source, auth or scope needs it", err);
	return OKTA_OK;
}

enum okta_rc
okta_conf_end(struct okta_conf_parser **parser, unsigned use, struct okta_conf **ret,
    struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_conf *conf;

	conf = calloc(1, sizeof(*conf));
	if (conf == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "out of memory");
		goto out;
	}
	r = (*parser)
		->rc; /* of an okta_conf_add() whose failure the caller did not heed */
	if (r == OKTA_OK)
		r = store_all(*parser, use, conf, err);
	if (r == OKTA_OK)
		r = check_all(*parser, use, conf, err);
	if (r == OKTA_OK && conf->org_url != NULL)
		r = derive_issuer(conf, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	*ret = conf;
	conf = NULL;
	rc = OKTA_OK;
out:
	okta_conf_free(&conf);
	okta_conf_parser_free(parser);
	return rc;
}

void
okta_conf_parser_free(struct okta_conf_parser **parser)
{
	struct okta_conf_parser *p = *parser;
	size_t i;

	if (p == NULL)
		return;
	for (i = 0; i < KEYS_MAX; i++)
		okta_buf_clear(&p->given[i].value);
	for (i = 0; i < p->n_files; i++)
		okta_str_free(&p->file[i]);
	okta_free_wiped(p, sizeof(*p));
	*parser = NULL;
}

void
okta_conf_free(struct okta_conf **conf)
{
	size_t i, n;

	if (*conf == NULL)
		return;
	(void)okta_conf_keys(&n);
	for (i = 0; i < n; i++)
		okta_conf_release(*conf, &okta_conf_fields[i]);
	okta_str_free(&(*conf)->issuer);
	okta_free_wiped(*conf, sizeof(**conf));
	*conf = NULL;
}
