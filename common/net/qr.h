/* SPDX-License-Identifier: BSD-2-Clause */
/* common/net/qr.h - an address as a QR code made of text.
 * Floor 2: base and model; libqrencode underneath.
 */
#ifndef OKTA_NET_QR_H
#define OKTA_NET_QR_H

#include "base/buf.h"
#include "base/err.h"
#include "base/view.h"

/*
 * Append URI as lines of half blocks (U+2580, U+2584, U+2588 and blanks), light modules
 * drawn, dark ones left out, for the usual light text on a dark ground; a quiet zone of
 * two modules. OKTA_OK; OKTA_E_TOOBIG when it would be longer than OKTA_QR_MAX: show
 * none; OKTA_E_NOMEM.
 */
OKTA_MUST_CHECK enum okta_rc okta_qr_write(struct okta_view uri, struct okta_buf *out);

#endif /* OKTA_NET_QR_H */
