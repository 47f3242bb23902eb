/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: whoever could write here could give himself groups.  MUST: directory and
 * file are root's alone, checked on each use.  A record that cannot be read is an error,
 * not an absent one: it may hold that somebody left a group.
 */
#include "host/record.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/file.h"
#include "base/frame.h"
#include "base/wipe.h"
#include "host/run_dir.h"

#define MAGIC	     "OKTACLM1"
#define HEADER_BYTES 16
/* how far the clocks of one host may disagree with themselves */
#define FUTURE_MAX_S 300
#define FILE_BYTES   (HEADER_BYTES + OKTA_FRAME_MAX_BYTES)

static enum okta_rc
record_path(const char *run_dir, uint32_t uid, char ret[PATH_MAX], struct okta_err *err)
{
	int n = snprintf(ret, PATH_MAX, "%s/claims/%lu", run_dir, (unsigned long)uid);

	if (n < 0 || n >= PATH_MAX)
		return okta_err_set(err, OKTA_E_TOOBIG, "%s: path is too long", run_dir);
	return OKTA_OK;
}

enum okta_rc
okta_record_store(const char *run_dir, uid_t owner, uint32_t uid,
    const struct okta_claims *claims, int64_t verified_s, struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_claims *kept;
	struct okta_buf frame, file;
	char path[PATH_MAX];
	unsigned char header[HEADER_BYTES];
	size_t i;

	okta_buf_init(&frame, OKTA_FRAME_MAX_BYTES);
	okta_buf_init(&file, FILE_BYTES);
	kept = malloc(sizeof(*kept));
	if (kept == NULL) {
		rc = okta_err_set(err, OKTA_E_NOMEM, "out of memory");
		goto out;
	}
	*kept = *claims;
	kept->preferred_username = okta_view_str("");
	memcpy(header, MAGIC, 8);
	for (i = 0; i < 8; i++)
		header[8 + i] = (unsigned char)((uint64_t)verified_s >> (8 * i));
	r = okta_wire_put_claims(&frame, kept);
	if (r == OKTA_OK)
		r = okta_buf_append(&file, header, sizeof(header));
	if (r == OKTA_OK)
		r = okta_buf_append(&file, frame.data, frame.len);
	if (r != OKTA_OK) {
		rc = okta_err_set(
		    err, r, "the claims cannot be recorded: %s", okta_rc_name(r));
		goto out;
	}
	r = record_path(run_dir, uid, path, err);
	if (r == OKTA_OK)
		r = okta_run_dir_make(run_dir, 0755, owner, err);
	if (r == OKTA_OK) {
		*strrchr(path, '/') = '\0';
		r = okta_run_dir_make(path, 0700, owner, err);
		path[strlen(path)] = '/';
	}
	if (r == OKTA_OK)
		r = okta_file_replace(path, 0600, file.data, file.len, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	okta_free_wiped(kept, sizeof(*kept));
	okta_buf_clear(&frame);
	okta_buf_clear(&file);
	return rc;
}

enum okta_rc
okta_record_load(const char *run_dir, uid_t owner, uint32_t uid, struct okta_record *ret,
    struct okta_err *err)
{
	enum okta_rc r, rc = OKTA_E_INTERNAL;
	struct okta_err cause = { 0 };
	char path[PATH_MAX];
	char *bytes = NULL;
	uint64_t verified = 0;
	size_t i, len = 0;

	r = record_path(run_dir, uid, path, err);
	if (r == OKTA_OK)
		r = okta_file_read_trusted(
		    path, owner, OKTA_FILE_SECRET, FILE_BYTES, &bytes, &len, err);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	if (len < HEADER_BYTES || memcmp(bytes, MAGIC, 8) != 0) {
		rc = okta_err_set(
		    err, OKTA_E_INPUT, "%s: is no login record: remove it", path);
		goto out;
	}
	for (i = 0; i < 8; i++)
		verified |= (uint64_t)(unsigned char)bytes[8 + i] << (8 * i);
	r = okta_wire_get_claims(
	    (struct okta_view){ bytes + HEADER_BYTES, len - HEADER_BYTES }, &ret->claims,
	    &cause);
	if (r != OKTA_OK || verified > INT64_MAX) {
		rc = okta_err_set(err, OKTA_E_INPUT, "%s: is damaged: remove it (%.120s)",
		    path, cause.msg);
		goto out;
	}
	ret->verified_s = (int64_t)verified;
	ret->bytes = bytes;
	ret->len = len;
	bytes = NULL;
	rc = OKTA_OK;
out:
	okta_free_wiped(bytes, len);
	return rc;
}

void
okta_record_clear(struct okta_record *record)
{
	okta_free_wiped(record->bytes, record->len);
	memset(record, 0, sizeof(*record));
}

bool
okta_record_counts(const struct okta_record *record, struct okta_view sub,
    struct okta_view issuer, int64_t source_s, int64_t now_s)
{
	return okta_view_eq(record->claims.sub, sub) &&
	       okta_view_eq(record->claims.iss, issuer) &&
	       record->verified_s > source_s &&
	       record->verified_s <= now_s + FUTURE_MAX_S;
}
