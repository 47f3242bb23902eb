/* SPDX-License-Identifier: BSD-2-Clause */
/* common/snap/le.h - little-endian numbers at any address; compilers fold each into one
 * move. Floor 1: libc only.  The caller has checked the bounds.
 */
#ifndef OKTA_SNAP_LE_H
#define OKTA_SNAP_LE_H

#include <stdint.h>

static inline uint16_t
okta_le16(const unsigned char *p)
{
	return (uint16_t)(p[0] | p[1] << 8);
}

static inline uint32_t
okta_le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 |
	       (uint32_t)p[3] << 24;
}

static inline uint64_t
okta_le64(const unsigned char *p)
{
	return (uint64_t)okta_le32(p) | (uint64_t)okta_le32(p + 4) << 32;
}

static inline void
okta_le16_put(unsigned char *p, uint16_t n)
{
	p[0] = (unsigned char)n;
	p[1] = (unsigned char)(n >> 8);
}

static inline void
okta_le32_put(unsigned char *p, uint32_t n)
{
	okta_le16_put(p, (uint16_t)n);
	okta_le16_put(p + 2, (uint16_t)(n >> 16));
}

static inline void
okta_le64_put(unsigned char *p, uint64_t n)
{
	okta_le32_put(p, (uint32_t)n);
	okta_le32_put(p + 4, (uint32_t)(n >> 32));
}

/* The next multiple of TO, a power of two. */
static inline uint64_t
okta_pad(uint64_t n, uint64_t to)
{
	return (n + to - 1) & ~(to - 1);
}

#endif /* OKTA_SNAP_LE_H */
