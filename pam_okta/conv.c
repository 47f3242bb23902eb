/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * Threat model: the conversation is the application's and may be broken or hostile. MUST:
 * survive NULL anywhere.  The answer to "press Enter" may be a password typed out of
 * habit, so it is wiped.
 */
#include "conv.h"

#include <stdlib.h>
#include <string.h>

#include "base/wipe.h"

bool
po_conv_say(pam_handle_t *pamh, int style, const char *text)
{
	const struct pam_message message = { style, text }, *messages = &message;
	const struct pam_conv *conv;
	const void *item = NULL;
	struct pam_response *response = NULL;
	bool answered;
	int r;

	if (pam_get_item(pamh, PAM_CONV, &item) != PAM_SUCCESS || item == NULL)
		return false;
	conv = item;
	if (conv->conv == NULL)
		return false;
	r = conv->conv(1, &messages, &response, conv->appdata_ptr);
	if (r != PAM_SUCCESS)
		return false; /* PAM says: then there is nothing to free */
	answered = response != NULL && response->resp != NULL;
	if (answered)
		okta_str_free(&response->resp);
	free(response);
	return answered || (style != PAM_PROMPT_ECHO_OFF && style != PAM_PROMPT_ECHO_ON);
}
