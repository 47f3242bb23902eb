/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/le.h - little-endian numbers at any address; compilers fold each into one
 * move. Floor 1: libc only.  The caller has checked the bounds.
 */
#ifndef OKTA_SNAP_LE_H
#define OKTA_SNAP_LE_H

#include <endian.h>
#include <stdint.h>
#include <string.h>

static inline uint16_t
okta_le16(const unsigned char *p)
{
	uint16_t n;

	memcpy(&n, p, sizeof(n));
	return le16toh(n);
}

static inline uint32_t
okta_le32(const unsigned char *p)
{
	uint32_t n;

	memcpy(&n, p, sizeof(n));
	return le32toh(n);
}

static inline uint64_t
okta_le64(const unsigned char *p)
{
	uint64_t n;

	memcpy(&n, p, sizeof(n));
	return le64toh(n);
}

static inline void
okta_le16_put(unsigned char *p, uint16_t n)
{
	n = htole16(n);
	memcpy(p, &n, sizeof(n));
}

static inline void
okta_le32_put(unsigned char *p, uint32_t n)
{
	n = htole32(n);
	memcpy(p, &n, sizeof(n));
}

static inline void
okta_le64_put(unsigned char *p, uint64_t n)
{
	n = htole64(n);
	memcpy(p, &n, sizeof(n));
}

/* The next multiple of TO, a power of two. */
static inline uint64_t
okta_pad(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

#endif /* OKTA_SNAP_LE_H */
