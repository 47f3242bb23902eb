/* SPDX-License-Identifier: BSD-2-Clause */
/* The configuration: there, nobody else's to change, complete, its secrets secret. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/text.h"
#include "base/wipe.h"
#include "doctor.h"
#include "host/config.h"

#define PEM_MAX_BYTES 4194304

/* Whoever is not root may not always look. */
static const char hidden[] = "cannot be looked at";

static const char *
why_not(int errnum)
{
	return errnum == EACCES ? hidden : strerror(errnum);
}

static const char *
fault_of(const char *path, uid_t owner, mode_t type)
{
	struct stat st;

	if (lstat(path, &st) < 0)
		return why_not(errno);
	if ((st.st_mode & S_IFMT) != type)
		return type == S_IFDIR ? "is not a directory" : "is not a regular file";
	if (st.st_uid != owner)
		return "belongs to somebody else: he could let in whom he likes";
	if ((st.st_mode & (S_IWGRP | S_IWOTH)) != 0)
		return "can be written by others, who could let in whom they like";
	return NULL;
}

/* The first fault of the drop-ins, their path in PATH; NULL: none. */
static const char *
fault_of_drop_ins(char path[PATH_MAX], uid_t owner)
{
	const size_t len = strlen(path);
	const char *fault = NULL;
	struct dirent *entry;
	struct okta_view name;
	DIR *dir = opendir(path);

	if (dir == NULL)
		return errno == ENOENT ? NULL : why_not(errno);
	fault = fault_of(path, owner, S_IFDIR);
	while (fault == NULL && (entry = readdir(dir)) != NULL) {
		name = okta_view_str(entry->d_name);
		if (entry->d_name[0] == '.' ||
		    !okta_text_glob(okta_view_str("*.conf"), name))
			continue;
		if (snprintf(path + len, PATH_MAX - len, "/%s", entry->d_name) >=
		    (int)(PATH_MAX - len))
			continue;
		fault = fault_of(path, owner, S_IFREG);
	}
	(void)closedir(dir);
	return fault;
}

/* Configuration file, the directory it lies in, conf.d and what is in that. */
static bool
check_file(const struct doctor *d)
{
	static const char id[] = "config.file";
	const char *file = d->ctl->config, *slash = strrchr(file, '/'), *fault;
	const uid_t owner = ctl_owner_of(file);
	char path[PATH_MAX];
	int dir_len = slash == NULL ? 1 : slash == file ? 1 : (int)(slash - file);

	if (access(file, F_OK) < 0 && errno == ENOENT) {
		doctor_fail(d, id,
		    "cp /usr/share/doc/okta-login/okta-login.conf.example there and fill "
		    "it in",
		    "%s: does not exist: nobody from Okta can log in", file);
		return false;
	}
	(void)snprintf(path, sizeof(path), "%s", file);
	fault = fault_of(path, owner, S_IFREG);
	if (fault == NULL) {
		(void)snprintf(
		    path, sizeof(path), "%.*s", dir_len, slash == NULL ? "." : file);
		fault = fault_of(path, owner, S_IFDIR);
	}
	if (fault == NULL && snprintf(path, sizeof(path), "%.*s/conf.d", dir_len,
				 slash == NULL ? "." : file) < (int)sizeof(path))
		fault = fault_of_drop_ins(path, owner);
	if (fault == NULL) {
		doctor_pass(d, id, "%s: nobody but its owner can change it", file);
		return true;
	}
	if (fault == hidden && !d->is_root)
		doctor_skip(d, id, "%s: only root may look at it", path);
	else
		doctor_fail(d, id, "chown root: and chmod go-w what is named", "%s: %s",
		    path, fault);
	return false;
}

static bool
is_hidden(const struct doctor *d, const char *path)
{
	return !d->is_root && access(path, R_OK) < 0 && errno == EACCES;
}

static bool
check_keys(const struct doctor *d, struct okta_conf **ret)
{
	static const char id[] = "config.keys";
	struct okta_err err = { 0 };

	if (okta_config_load(d->ctl->config, ctl_owner_of(d->ctl->config),
		OKTA_CONF_FOR_LOGIN | OKTA_CONF_FOR_SYNC, ret, &err) != OKTA_OK) {
		if (!d->is_root && err.sys_errno == EACCES)
			doctor_skip(d, id, "%s", err.msg);
		else
			doctor_fail(d, id, "correct it, then: oktactl config check", "%s",
			    err.msg);
		return false;
	}
	doctor_pass(d, id, "complete for logins and for okta-sync");
	return true;
}

static void
check_secrets(const struct doctor *d, const struct okta_conf *conf)
{
	static const char id[] = "config.secrets";
	const struct {
		const char *key, *path;
	} secrets[] = {
		{ "[login] client_secret_file", conf->client_secret_file },
		{ "[sync] private_key_file", conf->private_key_file },
		{ "[sync] client_secret_file", conf->sync_client_secret_file },
		{ "[sync] token_file", conf->token_file },
	};
	struct okta_err err = { 0 };
	unsigned count = 0;
	char *secret;
	size_t len, i;

	for (i = 0; i < sizeof(secrets) / sizeof(secrets[0]); i++) {
		if (secrets[i].path == NULL)
			continue;
		if (is_hidden(d, secrets[i].path)) {
			doctor_skip(d, id, "%s: only root may read it, as it should be",
			    secrets[i].key);
			return;
		}
		if (okta_config_secret(secrets[i].key, secrets[i].path,
			ctl_owner_of(d->ctl->config), &secret, &len, &err) != OKTA_OK) {
			doctor_fail(
			    d, id, "chown root: and chmod 600 the file", "%s", err.msg);
			return;
		}
		okta_free_wiped(secret, len);
		count++;
	}
	doctor_pass(d, id, "%u files, each root's alone", count);
}

static void
check_ca(const struct doctor *d, const struct okta_conf *conf)
{
	static const char id[] = "config.ca",
			  cure[] = "put the CA's certificates there as PEM, owned by "
				   "root, mode 644";
	const char *path = conf->ca_file, *fault;
	struct okta_buf text;
	struct stat st;

	if (path == NULL) {
		doctor_pass(d, id, "no ca_file: the system's certificates are trusted");
		return;
	}
	fault = fault_of(path, ctl_owner_of(path), S_IFREG);
	if (fault != NULL) {
		doctor_fail(d, id, cure, "[okta] ca_file: %s: %s", path, fault);
		return;
	}
	if (stat(path, &st) < 0 || (st.st_mode & S_IROTH) == 0) {
		doctor_fail(d, id, cure,
		    "[okta] ca_file: %s: the helper, which is not root, cannot read it",
		    path);
		return;
	}
	okta_buf_init(&text, PEM_MAX_BYTES);
	if (!doctor_read(path, false, &text) || text.len == 0 ||
	    strstr(text.data, "-----BEGIN CERTIFICATE-----") == NULL)
		doctor_fail(
		    d, id, cure, "[okta] ca_file: %s: holds no PEM certificate", path);
	else
		doctor_pass(d, id, "%s: certificates everybody can read", path);
	okta_buf_clear(&text);
}

const char *
doctor_conf(const struct doctor *d)
{
	struct okta_conf *conf = NULL;

	if (!check_file(d))
		return "see config.file";
	if (!check_keys(d, &conf))
		return "see config.keys";
	check_secrets(d, conf);
	check_ca(d, conf);
	okta_conf_free(&conf);
	return NULL;
}
