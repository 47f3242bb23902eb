/* SPDX-License-Identifier: BSD-2-Clause */
/* common/model/names.h - from what Okta says to what Unix may be told.
 * Floor 1: base only, no I/O.  Every refusal has a reason a person can read.
 */
#ifndef OKTA_MODEL_NAMES_H
#define OKTA_MODEL_NAMES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "base/view.h"
#include "model/conf.h"

#define OKTA_NAME_BYTES 33 /* [a-z_][a-z0-9_.-]{0,31} and a NUL */

/* NULL if V may be a Unix name of ours, else why not ("is empty", "has a space"...). */
const char *okta_name_fault(struct okta_view v);

/*
 * True for names no directory may claim: root, the system accounts and groups of Debian
 * and Fedora, privileged groups (sudo, wheel, docker, lxd, disk, shadow, ...), every name
 * that starts with "systemd-", ours ("_okta"), and CONF's reserved_names.  Case does not
 * count.
 */
bool okta_name_is_reserved(struct okta_view v, const struct okta_conf *conf);

/*
 * Unix user name of a person whose name attribute is RAW: an allow-listed domain
 * stripped, folded to lower case ASCII, checked.  OKTA_OK, or OKTA_E_REFUSED with the
 * reason in *err (no part of RAW in it but sanitised text); ret is untouched then.
 */
OKTA_MUST_CHECK enum okta_rc okta_name_of_user(const struct okta_conf *conf,
    struct okta_view raw, char ret[OKTA_NAME_BYTES], struct okta_err *err);

/* Home directory from CONF's pattern; checked: absolute, normalised, below a directory
 * that is not one of the system's, no ':' or control byte, at most 255 bytes.
 * NUL-terminated. */
OKTA_MUST_CHECK enum okta_rc okta_home_of_user(const struct okta_conf *conf,
    struct okta_view name, char ret[256], struct okta_err *err);
/* NULL if V may be a home directory, else why not. */
const char *okta_home_fault(struct okta_view v);

/* RAW if it is on CONF's list of shells, else (RAW empty) CONF's shell; REFUSED
 * otherwise. */
OKTA_MUST_CHECK enum okta_rc okta_shell_of_user(const struct okta_conf *conf,
    struct okta_view raw, char ret[256], struct okta_err *err);

/* Printable UTF-8 without ':' ',' '\n' or control bytes, at most 255 bytes; what does not
 * fit is replaced by a blank or cut at a character.  Never fails. */
void okta_gecos_of_user(struct okta_view display_name, char ret[256]);

/*
 * An id from the directory, as JSON number text or string of digits: 64-bit parse, then
 * the configured range, then the ranges nobody may use (below 1000, 61184..65535, 2^31-1
 * up). OKTA_OK or OKTA_E_REFUSED.
 */
OKTA_MUST_CHECK enum okta_rc okta_id_parse(const struct okta_conf *conf,
    struct okta_view text, uint32_t *ret_id, struct okta_err *err);

/* NULL if ID may be given to anybody, else why not; range of CONF included. */
const char *okta_id_fault(const struct okta_conf *conf, uint64_t id);

/* True if V has the form of an Okta id with this prefix ("00u", "00g", "0oa"): 20 bytes
 * of [A-Za-z0-9]. */
bool okta_id_has_form(struct okta_view v, const char *prefix);

#endif /* OKTA_MODEL_NAMES_H */
