/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration as it would be, beside the one that is. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/file.h"
#include "base/wipe.h"
#include "host/config.h"
#include "setup.h"
#include "setup_conf.h"

static const char header[] = "# Okta login for this host, see okta-login.conf(5).  "
			     "Written by oktactl setup; yours to "
			     "edit.\n";

/* *ret stays NULL if there is no such file. */
static int
load(const char *path, struct okta_conf **ret)
{
	struct okta_err err = { 0 };

	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (okta_config_load(path, 0, 0, ret, &err) != OKTA_OK)
		return ctl_fail(EX_CONFIG, "%s", err.msg);
	return 0;
}

static const char *
default_of(enum setup_key key)
{
	static char host[65];

	switch (key) {
	case SETUP_AUTHORIZATION_SERVER:
		return "org";
	case SETUP_PRIVATE_KEY_FILE:
		return OKTA_CONF_DIR "/service.key";
	case SETUP_KEY_ID:
		if (gethostname(host, sizeof(host) - 1) < 0 || host[0] == '\0')
			return "hosts-1";
		host[strcspn(host, ".")] = '\0';
		return host;
	case SETUP_SCOPE:
		return "all";
	case SETUP_CLAIM_GROUPS:
		return "*";
	default:
		return setup_keys[key].may_be_empty ? "" : NULL;
	}
}

int
setup_candidate_defaults(struct setup *s)
{
	struct okta_conf *conf = NULL;
	const char *value;
	char *text;
	int status;
	bool good = true;
	size_t k;

	/* an interrupted run's answers are newer */
	status = load(SETUP_CANDIDATE, &conf);
	if (status == 0 && conf == NULL)
		status = load(OKTA_CONF_FILE, &conf);
	if (status != 0)
		return status;
	for (k = 0; k < SETUP_KEYS && good; k++) {
		if (s->answers.by_flag[k])
			continue;
		text = conf == NULL ? strdup("") : setup_answers_of_conf(conf, k);
		value = text != NULL && text[0] != '\0' ? text : default_of(k);
		good = text != NULL &&
		       (value == NULL || setup_answers_set(&s->answers, k, value));
		free(text);
	}
	s->answers.needs_no_key = conf != NULL &&
				  (conf->source != OKTA_SOURCE_OKTA ||
				      conf->auth != OKTA_AUTH_PRIVATE_KEY_JWT);
	okta_conf_free(&conf);
	return good ? 0 : ctl_fail(1, "out of memory");
}

/* The value that counts without our doing. */
static bool
counts_already(
    const struct okta_conf *conf, enum setup_key key, const char *value, bool *ret)
{
	char *now;

	if (conf == NULL) {
		/* the parser's own defaults need no line */
		*ret = value[0] == '\0' ||
		       (default_of(key) != NULL && strcmp(value, default_of(key)) == 0 &&
			   key != SETUP_PRIVATE_KEY_FILE && key != SETUP_KEY_ID);
		return true;
	}
	now = setup_answers_of_conf(conf, key);
	*ret = now != NULL && strcmp(now, value) == 0;
	free(now);
	return now != NULL;
}

static enum okta_rc
edit(const struct setup *s, const struct okta_conf *conf, struct okta_buf *text,
    struct okta_err *err)
{
	struct okta_buf next;
	enum okta_rc r = OKTA_OK;
	const char *value;
	bool same = false;
	size_t k;

	okta_buf_init(&next, OKTA_CONF_MAX_BYTES);
	for (k = 0; k < SETUP_KEYS && r == OKTA_OK; k++) {
		value = s->answers.value[k];
		if (value == NULL || !setup_answers_matters(&s->answers, k))
			continue;
		if (!counts_already(conf, k, value, &same))
			r = OKTA_E_NOMEM;
		if (r != OKTA_OK || same)
			continue;
		r = setup_conf_put(okta_buf_view(text), setup_keys[k].section,
		    setup_keys[k].key, value, &next);
		okta_buf_clear(text);
		if (r == OKTA_OK)
			r = okta_buf_append(text, next.data, next.len);
		okta_buf_clear(&next);
	}
	return r == OKTA_OK ? r : okta_err_set(err, r, "the configuration is too long");
}

static mode_t
mode_of(const char *path)
{
	struct stat st;

	return stat(path, &st) == 0 ? st.st_mode & 0777 : 0644;
}

int
setup_candidate_write(struct setup *s)
{
	static const char *const paths[] = { SETUP_CANDIDATE };
	struct okta_conf *conf = NULL;
	struct okta_err err = { 0 };
	struct okta_buf text;
	char *now = NULL;
	size_t len = 0;
	enum okta_rc r;
	int status;

	status = load(OKTA_CONF_FILE, &conf);
	if (status != 0)
		return status;
	okta_buf_init(&text, OKTA_CONF_MAX_BYTES);
	r = okta_file_read_trusted(
	    OKTA_CONF_FILE, 0, OKTA_FILE_PUBLIC, OKTA_CONF_MAX_BYTES, &now, &len, &err);
	if (r == OKTA_OK)
		r = okta_buf_append(&text, now, len);
	else if (r == OKTA_E_NOTFOUND)
		r = okta_buf_append_str(&text, header);
	if (r == OKTA_OK)
		r = edit(s, conf, &text, &err);
	if (r == OKTA_OK)
		r = setup_journal_made(&s->journal, paths, 1, &err);
	if (r == OKTA_OK)
		r = okta_file_replace(
		    SETUP_CANDIDATE, mode_of(OKTA_CONF_FILE), text.data, text.len, &err);
	if (r == OKTA_OK) {
		okta_conf_free(&s->conf);
		r = okta_config_load(SETUP_CANDIDATE, 0,
		    OKTA_CONF_FOR_LOGIN | OKTA_CONF_FOR_SYNC, &s->conf, &err);
	}
	okta_free_wiped(now, len);
	okta_buf_clear(&text);
	okta_conf_free(&conf);
	return r == OKTA_OK ? 0 : ctl_fail(EX_CONFIG, "%s", err.msg);
}

/* Somebody's edit since the last setup: never lost, not even by --undo. */
static enum okta_rc
keep_edited(const struct setup *s, struct okta_err *err)
{
	const struct setup_entry *e = setup_journal_find(&s->journal, OKTA_CONF_FILE);
	char now[SETUP_SUM_BYTES];
	char *data = NULL;
	size_t len = 0;
	enum okta_rc r;

	if (e == NULL || e->left[0] == '\0')
		return OKTA_OK;
	r = setup_journal_sum(OKTA_CONF_FILE, now, err);
	if (r != OKTA_OK || strcmp(now, e->left) == 0)
		return r;
	r = okta_file_read_trusted(
	    OKTA_CONF_FILE, 0, OKTA_FILE_PUBLIC, OKTA_CONF_MAX_BYTES, &data, &len, err);
	if (r == OKTA_OK)
		r = okta_file_replace(
		    OKTA_CONF_FILE ".bak", mode_of(OKTA_CONF_FILE), data, len, err);
	okta_free_wiped(data, len);
	return r == OKTA_E_NOTFOUND ? OKTA_OK : r;
}

int
setup_candidate_commit(struct setup *s)
{
	static const char *const paths[] = { OKTA_CONF_FILE };
	char old[SETUP_SUM_BYTES], new[SETUP_SUM_BYTES];
	const bool was_open = setup_journal_is_open(&s->journal, OKTA_CONF_FILE);
	struct okta_err err = { 0 };
	enum okta_rc r;

	r = setup_journal_sum(OKTA_CONF_FILE, old, &err);
	if (r == OKTA_OK)
		r = setup_journal_sum(SETUP_CANDIDATE, new, &err);
	if (r == OKTA_OK && strcmp(old, new) == 0) {
		if (was_open)
			r = setup_journal_left(&s->journal, paths, 1, &err);
		if (r == OKTA_OK && unlink(SETUP_CANDIDATE) < 0)
			r = okta_err_sys(&err, errno, SETUP_CANDIDATE ": cannot remove");
		if (r == OKTA_OK) {
			(void)printf("%s: stays as it is\n", OKTA_CONF_FILE);
			return 0;
		}
	}
	if (r == OKTA_OK)
		r = keep_edited(s, &err);
	if (r == OKTA_OK)
		r = setup_journal_save(&s->journal, paths, 1, &err);
	if (r == OKTA_OK && rename(SETUP_CANDIDATE, OKTA_CONF_FILE) < 0)
		r = okta_err_sys(&err, errno, OKTA_CONF_FILE ": cannot replace");
	if (r == OKTA_OK)
		r = setup_journal_left(&s->journal, paths, 1, &err);
	if (r != OKTA_OK)
		return ctl_fail(1, "%s", err.msg);
	(void)printf("%s: written\n", OKTA_CONF_FILE);
	return 0;
}
