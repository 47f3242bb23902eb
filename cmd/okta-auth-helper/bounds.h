/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper/bounds.h - what one login may cost, wherever its processes wait. */
#ifndef OKTA_HELPER_BOUNDS_H
#define OKTA_HELPER_BOUNDS_H

#define SEND_MS 1000 /* a peer that does not read is gone */
#define TRIES	3    /* of a request after the approval, when Okta stumbles */
#define DATA_BYTES                                                                       \
	67108864 /* RLIMIT_DATA: answers of a megabyte, a resolver's threads             \
		  */

#endif /* OKTA_HELPER_BOUNDS_H */
