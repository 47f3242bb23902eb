/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/json_scan.h - is this text exactly one RFC 8259 value?  Runs before json-c,
 * which takes more than that.  Floor 2: base; no allocation.
 */
#ifndef OKTA_NET_JSON_SCAN_H
#define OKTA_NET_JSON_SCAN_H

#include <stddef.h>

#include "base/view.h"

struct okta_json_scan {
	size_t n_values;
	size_t n_members;  /* of all objects together */
	size_t at;	   /* where it went wrong */
	const char *wrong; /* what is wrong, or NULL: well-formed */
};

/* Never fails; the verdict is in `wrong`.  MAX_DEPTH counts arrays and objects inside
 * each other. */
struct okta_json_scan okta_json_scan(struct okta_view text, size_t max_depth);

#endif /* OKTA_NET_JSON_SCAN_H */
