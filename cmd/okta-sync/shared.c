/* SPDX-License-Identifier: BSD-2-Clause */
#include "shared.h"

#include <sys/mman.h>

enum okta_rc
sync_shared_new(struct sync_shared **ret, struct okta_err *err)
{
	void *p = mmap(NULL, sizeof(**ret), PROT_READ | PROT_WRITE,
	    MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return okta_err_set(err, OKTA_E_NOMEM, "out of memory");
	*ret = p;
	return OKTA_OK;
}
