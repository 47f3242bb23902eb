/* SPDX-License-Identifier: BSD-2-Clause */
/* okta-auth-helper/device.h - the device authorization grant, in a process of its own.
 *
 * It holds the client secret, the device code, and the DPoP key, which never leaves it.
 */
#ifndef OKTA_HELPER_DEVICE_H
#define OKTA_HELPER_DEVICE_H

#include <stdint.h>

#include "base/clock.h"
#include "model/wire.h"

struct device_job {
	const struct okta_start *start;
	const struct okta_clock *clock;
	int64_t deadline_ms;
};

/* Sends PROMPT (without a QR code), then ID token, access token, proofs and DONE; or
 * FAILED. */
void device_run(int fd, const struct device_job *job);

#endif /* OKTA_HELPER_DEVICE_H */
