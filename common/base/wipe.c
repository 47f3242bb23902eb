/* SPDX-License-Identifier: BSD-2-Clause */
#include "base/wipe.h"

#include <stdlib.h>
#include <string.h>

void
okta_wipe(void *p, size_t len)
{
	if (p != NULL && len > 0)
		explicit_bzero(p, len);
}

void
okta_free_wiped(void *p, size_t len)
{
	okta_wipe(p, len);
	free(p);
}

void
okta_str_free(char **s)
{
	if (*s != NULL)
		okta_free_wiped(*s, strlen(*s));
	*s = NULL;
}
