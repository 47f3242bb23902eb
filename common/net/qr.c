/* SPDX-License-Identifier: BSD-2-Clause */
#include "net/qr.h"

#include <qrencode.h>
#include <stdbool.h>
#include <stdlib.h>

#include "model/wire.h"

#define QUIET 2

/* Outside of the symbol everything is light. */
static bool
is_light(const QRcode *qr, int x, int y)
{
	if (x < 0 || y < 0 || x >= qr->width || y >= qr->width)
		return true;
	return (qr->data[y * qr->width + x] & 1) == 0;
}

/* Two modules, one above the other, in one character. */
static const char *
half_block(bool upper, bool lower)
{
	if (upper && lower)
		return "\xe2\x96\x88";
	if (upper)
		return "\xe2\x96\x80";
	return lower ? "\xe2\x96\x84" : " ";
}

enum okta_rc
okta_qr_write(struct okta_view uri, struct okta_buf *out)
{
	enum okta_rc r = OKTA_OK, rc = OKTA_E_INTERNAL;
	char *text = okta_view_dup(uri);
	struct okta_buf lines;
	QRcode *qr = NULL;
	int x, y;

	okta_buf_init(&lines, OKTA_QR_MAX);
	if (text != NULL)
		qr = QRcode_encodeString8bit(text, 0, QR_ECLEVEL_L);
	if (qr == NULL) {
		rc = OKTA_E_NOMEM;
		goto out;
	}
	for (y = -QUIET; y < qr->width + QUIET; y += 2) {
		for (x = -QUIET; r == OKTA_OK && x < qr->width + QUIET; x++)
			r = okta_buf_append_str(&lines,
			    half_block(is_light(qr, x, y),
				y + 1 < qr->width + QUIET && is_light(qr, x, y + 1)));
		if (r == OKTA_OK)
			r = okta_buf_append_str(&lines, "\n");
	}
	if (r == OKTA_OK)
		r = okta_buf_append(out, lines.data, lines.len);
	if (r != OKTA_OK) {
		rc = r;
		goto out;
	}
	rc = OKTA_OK;
out:
	QRcode_free(qr);
	okta_buf_clear(&lines);
	free(text);
	return rc;
}
