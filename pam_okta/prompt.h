/* SPDX-License-Identifier: BSD-2-Clause */
/* pam_okta/prompt.h - the text a person sees, from a fixed template.
 */
#ifndef PAM_OKTA_PROMPT_H
#define PAM_OKTA_PROMPT_H

#include "base/buf.h"
#include "base/err.h"
#include "model/wire.h"

#define PO_PROMPT_MAX_BYTES 12288

#define PO_PRESS_ENTER "Press Enter after approving: "
#define PO_NOT_YET     "No approval seen yet, it may take some seconds. " PO_PRESS_ENTER

struct po_prompt_facts {
	const char *user;  /* a name of ours */
	const char *host;  /* this host's name, any bytes */
	const char *rhost; /* where the request comes from, any bytes */
	uint32_t slow_s;   /* so long may an approval go unnoticed; 0: not worth a word */
};

/* OUT is emptied first.  OKTA_OK, OKTA_E_TOOBIG or OKTA_E_NOMEM. */
OKTA_MUST_CHECK enum okta_rc po_prompt_text(const struct okta_prompt *prompt,
    const struct po_prompt_facts *facts, struct okta_buf *out);

#endif /* PAM_OKTA_PROMPT_H */
