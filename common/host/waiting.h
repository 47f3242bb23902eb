/* SPDX-License-Identifier: BSD-2-Clause */
/* common/host/waiting.h - how many logins of this host wait for an approval, and whose.
 * Floor 2: base.
 *
 * RUN_DIR/waiting holds one place for each login that waits.  A place is taken while
 * somebody holds a lock on it: however a login ends, also by SIGKILL, the kernel
 * gives its place back, and nothing ever has to be tidied up.
 */
#ifndef OKTA_HOST_WAITING_H
#define OKTA_HOST_WAITING_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"
#include "base/fd.h"

#define OKTA_WAITING_MAX	   1000 /* places */
#define OKTA_WAITING_ADDRESS_BYTES 64

struct okta_waiting_caps {
	uint32_t total, per_user, per_address; /* 1..OKTA_WAITING_MAX */
	bool half; /* of the places only every other one, and half of a person's: for
		    * logins whose processes belong to people on this host, who can stop
		    * them for ever */
};

struct okta_waiting {
	int fd;			  /* holds the lock; -1: no place */
	struct okta_fd_mark mark; /* of fd */
	uint32_t place;
};

void okta_waiting_init(struct okta_waiting *waiting);

/*
 * Take a place for the person UID, who comes from ADDRESS (okta_waiting_address()).
 * OKTA_OK; OKTA_E_REFUSED when that would exceed a cap, naming it: one person never
 * fills all of his places from one address, so that a stranger who asks for codes in
 * his name does not keep him out.  OKTA_E_SYS, _UNTRUSTED, _TOOBIG or _NOMEM.
 *
 * No cap is ever exceeded; of two that come for the last place in the same instant both
 * may be refused.
 */
OKTA_MUST_CHECK enum okta_rc okta_waiting_enter(const char *run_dir, uid_t owner,
    const struct okta_waiting_caps *caps, uint32_t uid, const char *address,
    struct okta_waiting *ret, struct okta_err *err);
/* Give the place back.  Safe without one and twice. */
void okta_waiting_leave(struct okta_waiting *waiting);

/*
 * What counts as one address: an IPv6 network of 64 bits, which is what one customer
 * gets, an IPv4 address, else RHOST as it is.
 */
void okta_waiting_address(const char *rhost, char ret[OKTA_WAITING_ADDRESS_BYTES]);

/*
 * How many seconds whoever has PLACE waits at least between two questions to Okta; 0: as
 * Okta wants it.  The rate belongs to the place and not to the moment, so that all
 * places together never ask more than okta_waiting_polls_per_minute(), whoever comes and
 * goes.
 */
uint32_t okta_waiting_poll_s(uint32_t place);
/* Of TOTAL places when Okta's interval is its usual 5 s. */
uint32_t okta_waiting_polls_per_minute(uint32_t total);

#endif /* OKTA_HOST_WAITING_H */
