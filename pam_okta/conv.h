/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/conv.h - say one thing to the person, or wait for Enter.
 */
#ifndef PAM_OKTA_CONV_H
#define PAM_OKTA_CONV_H

#include <stdbool.h>

#include <security/pam_modules.h>

/*
 * STYLE is a prompt's, PAM_TEXT_INFO or PAM_ERROR_MSG.  The answer is wiped unread.
 * False if there is no conversation, it failed, or a prompt came back without an answer.
 */
bool po_conv_say(pam_handle_t *pamh, int style, const char *text);

#endif /* PAM_OKTA_CONV_H */
