/* SPDX-License-Identifier: BSD-2-Clause */
/* age_snapshot IN OUT SECONDS - a copy of a snapshot whose data is SECONDS older, valid
 * in every other way: what is on a host that could not sync for so long.  -SECONDS:
 * newer, as a clock that was ahead makes it.
 */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/view.h"
#include "snap/format.h"

#define PUBLISHED_AT 40
#define SOURCE_AT    48
#define SUM_AT	     16

static void
put(unsigned char *p, uint64_t v, int bytes)
{
	for (int i = 0; i < bytes; i++)
		p[i] = (unsigned char)(v >> (8 * i));
}

static uint64_t
get(const unsigned char *p)
{
	uint64_t v = 0;

	for (int i = 0; i < 8; i++)
		v |= (uint64_t)p[i] << (8 * i);
	return v;
}

int
main(int argc, char **argv)
{
	static unsigned char data[1 << 20];
	struct okta_view seconds;
	bool is_newer;
	uint64_t older;
	size_t n;
	FILE *f;

	if (argc != 4)
		return 2;
	is_newer = argv[3][0] == '-';
	seconds = okta_view_str(argv[3] + is_newer);
	if (okta_view_u64(seconds, UINT32_MAX, &older) != OKTA_OK)
		return 2;
	if (is_newer)
		older = -older;
	f = fopen(argv[1], "r");
	if (f == NULL)
		return 1;
	n = fread(data, 1, sizeof(data), f);
	(void)fclose(f);
	if (n < OKTA_SNAP_HEADER_BYTES || n == sizeof(data))
		return 1;
	put(data + PUBLISHED_AT, get(data + PUBLISHED_AT) - older, 8);
	put(data + SOURCE_AT, get(data + SOURCE_AT) - older, 8);
	put(data + SUM_AT, okta_snap_header_sum(data), 4);
	f = fopen(argv[2], "w");
	if (f == NULL || fwrite(data, 1, n, f) != n || fclose(f) != 0)
		return 1;
	return 0;
}
