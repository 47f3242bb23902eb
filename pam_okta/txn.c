/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: PAM_USER and PAM_RHOST come from whoever connects.  MUST: what reaches
 * the log is printable, and a value cannot pretend to be another field of the line.
 */
#include "txn.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include <security/pam_ext.h>

#include "base/text.h"

#define DETAIL_BYTES 400

/* Item TYPE as text of at most SIZE - 1 bytes; empty if absent. */
static void
copy_item(pam_handle_t *pamh, int type, char *dst, size_t size)
{
	const void *item = NULL;

	if (pam_get_item(pamh, type, &item) != PAM_SUCCESS || item == NULL)
		item = "";
	okta_text_sanitize(dst, size, okta_view_str(item));
}

static void
take_arguments(struct po_txn *t, int argc, const char **argv)
{
	static const char config[] = "config=";
	int i;

	for (i = 0; i < argc; i++) {
		if (strcmp(argv[i], "debug") == 0)
			t->debug = true;
		else if (strncmp(argv[i], config, sizeof(config) - 1) == 0 &&
			 argv[i][sizeof(config) - 1] == '/')
			t->config_file = argv[i] + sizeof(config) - 1;
		else if (t->bad_argument == NULL)
			t->bad_argument = argv[i];
	}
}

enum po_reason
po_txn_init(struct po_txn *t, pam_handle_t *pamh, const struct po_host *host, int argc,
    const char **argv, bool may_ask)
{
	const char *user = NULL;
	const void *item = NULL;
	int r;

	memset(t, 0, sizeof(*t));
	t->pamh = pamh;
	t->host = host;
	t->config_file = host->config_file;
	take_arguments(t, argc, argv);
	if (may_ask) {
		r = pam_get_user(pamh, &user, NULL);
	} else {
		r = pam_get_item(pamh, PAM_USER, &item);
		user = item;
	}
	copy_item(pamh, PAM_SERVICE, t->service, sizeof(t->service));
	copy_item(pamh, PAM_RHOST, t->rhost, sizeof(t->rhost));
	if (t->rhost[0] == '\0')
		(void)snprintf(t->rhost, sizeof(t->rhost), "local");
	if (r != PAM_SUCCESS)
		return r == PAM_CONV_ERR ? PO_CONVERSATION : PO_INTERNAL;
	if (user == NULL)
		return PO_NOT_OURS;
	/* a name that does not fit is none of ours: those have at most 32 bytes */
	if (strlen(user) < sizeof(t->user))
		memcpy(t->user, user, strlen(user) + 1);
	return PO_ALLOWED;
}

bool
po_txn_user_is_unchanged(const struct po_txn *t)
{
	const void *item = NULL;

	return pam_get_item(t->pamh, PAM_USER, &item) == PAM_SUCCESS && item != NULL &&
	       strcmp(item, t->user) == 0;
}

/* A value of the log line: one word. */
static void
copy_word(char *dst, size_t size, const char *value)
{
	size_t i;

	okta_text_sanitize(dst, size, okta_view_str(value));
	for (i = 0; dst[i] != '\0'; i++)
		if (strchr(" \"=\\", dst[i]) != NULL)
			dst[i] = '?';
	if (dst[0] == '\0')
		(void)snprintf(dst, size, "?");
}

void
po_log(const struct po_txn *t, enum po_reason reason, const char *detail)
{
	const struct po_answer *answer = po_answer(reason);
	const bool ours_to_fix = strcmp(answer->result, "unavailable") == 0;
	char user[64], service[64], rhost[64], text[DETAIL_BYTES];
	size_t i;

	copy_word(user, sizeof(user), t->user);
	copy_word(service, sizeof(service), t->service);
	copy_word(rhost, sizeof(rhost), t->rhost);
	okta_text_sanitize(text, sizeof(text), okta_view_str(detail));
	for (i = 0; text[i] != '\0'; i++)
		if (text[i] == '"' || text[i] == '\\')
			text[i] = '\'';
	pam_syslog(t->pamh, ours_to_fix ? LOG_ERR : LOG_NOTICE,
	    "okta: user=%s service=%s rhost=%s result=%s reason=%s detail=\"%s\"", user,
	    service, rhost, answer->result, answer->word, text);
}

void
po_debug(const struct po_txn *t, const char *fmt, ...)
{
	char line[DETAIL_BYTES], text[DETAIL_BYTES];
	va_list ap;

	if (!t->debug)
		return;
	va_start(ap, fmt);
	(void)vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	okta_text_sanitize(text, sizeof(text), okta_view_str(line));
	pam_syslog(t->pamh, LOG_DEBUG, "okta: debug: %s", text);
}
