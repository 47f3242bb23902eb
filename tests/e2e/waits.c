/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * An NSS module with a server behind it, at 127.0.0.1:PORT: who asks for a name waits as
 * long as that takes to say a byte, or WAIT_MS.  It knows nobody.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <nss.h>
#include <pwd.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

enum nss_status _nss_waits_getpwnam_r(
    const char *name, struct passwd *pw, char *buf, size_t len, int *errnop);

enum nss_status
_nss_waits_getpwnam_r(
    const char *name, struct passwd *pw, char *buf, size_t len, int *errnop)
{
	const struct timeval wait = { WAIT_MS / 1000, WAIT_MS % 1000 * 1000 };
	const struct sockaddr_in server = { .sin_family = AF_INET,
		.sin_port = htons(PORT),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	char byte;

	(void)name;
	(void)pw;
	(void)buf;
	(void)len;
	(void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof(wait));
	(void)setsockopt(
	    fd, SOL_SOCKET, SO_SNDTIMEO, &wait, sizeof(wait)); /* connect() */
	if (connect(fd, (const struct sockaddr *)&server, sizeof(server)) == 0)
		(void)!read(fd, &byte, 1);
	(void)close(fd);
	*errnop = ENOENT;
	return NSS_STATUS_NOTFOUND;
}
