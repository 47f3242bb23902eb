/* SPDX-License-Identifier: BSD-2-Clause */
/* The way to Okta: proxy and name. */
#include "doctor_net.h"

#include <errno.h>
#include <netdb.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/wipe.h"
#include "host/config.h"

enum okta_rc
doctor_http_new(
    const struct doctor *d, int cancel_fd, struct okta_http **ret, struct okta_err *err)
{
	const struct okta_http_settings settings = { .ca_file = d->conf->ca_file,
		.proxy = d->conf->proxy,
		.clock = &okta_clock_system,
		.cancel_fd = cancel_fd };
	enum okta_rc r;

	r = doctor_drop_root(err);
	if (r == OKTA_OK)
		r = okta_http_global_init(err);
	if (r == OKTA_OK)
		r = okta_http_new(&settings, ret, err);
	return r;
}

enum okta_rc
doctor_secret(const struct doctor *d, const char *key, const char *path, char **ret,
    size_t *ret_len, struct okta_err *err)
{
	if (path == NULL) {
		*ret = NULL;
		*ret_len = 0;
		return OKTA_OK;
	}
	return okta_config_secret(
	    key, path, ctl_owner_of(d->ctl->config), ret, ret_len, err);
}

bool
doctor_host_of(const char *url, const char *default_port, char host[256], char port[8])
{
	const char *at = strstr(url, "://"), *end, *colon;
	size_t len;

	at = at == NULL ? url : at + 3;
	if (at[0] == '[') {
		at++;
		end = strchr(at, ']');
		if (end == NULL)
			return false;
		colon = end[1] == ':' ? end + 1 : NULL;
	} else {
		end = at + strcspn(at, ":/");
		colon = *end == ':' ? end : NULL;
	}
	len = (size_t)(end - at);
	if (len == 0 || len >= 256)
		return false;
	memcpy(host, at, len);
	host[len] = '\0';
	if (colon == NULL)
		return snprintf(port, 8, "%s", default_port) < 8;
	return snprintf(port, 8, "%.*s", (int)strcspn(colon + 1, "/"), colon + 1) < 8;
}

/* 0, or the error of the last address tried. */
static int
connect_one(const struct addrinfo *ai)
{
	int fd, error = 0;
	socklen_t len = sizeof(error);
	struct pollfd pfd = { .events = POLLOUT };

	fd = socket(ai->ai_family, ai->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK,
	    ai->ai_protocol);
	if (fd < 0)
		return errno;
	if (connect(fd, ai->ai_addr, ai->ai_addrlen) < 0) {
		pfd.fd = fd;
		if (errno != EINPROGRESS)
			error = errno;
		else if (poll(&pfd, 1, OKTA_HTTP_CONNECT_MS) <= 0)
			error = ETIMEDOUT;
		else if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
			error = errno;
	}
	(void)close(fd);
	return error;
}

const char *
doctor_proxy(const struct doctor *d)
{
	static const char id[] = "net.proxy",
			  cure[] = "correct [okta] proxy, or start the proxy";
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	char host[256], port[8];
	int error;

	if (d->conf->proxy == NULL) {
		doctor_pass(d, id, "none: Okta is asked directly");
		return NULL;
	}
	if (!doctor_host_of(d->conf->proxy, "3128", host, port)) {
		doctor_fail(d, id, cure, "%s: makes no sense", d->conf->proxy);
		return NULL;
	}
	error = getaddrinfo(host, port, &hints, &list);
	if (error != 0) {
		doctor_fail(d, id, cure, "%s: %s", d->conf->proxy, gai_strerror(error));
		return NULL;
	}
	error = connect_one(list);
	freeaddrinfo(list);
	if (error != 0)
		doctor_fail(d, id, cure, "%s: %s", d->conf->proxy, strerror(error));
	else
		doctor_pass(d, id, "%s can be reached", d->conf->proxy);
	return NULL;
}

const char *
doctor_dns(const struct doctor *d)
{
	static const char id[] = "net.dns";
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM };
	struct addrinfo *list = NULL;
	char host[256], port[8];
	int error;

	if (d->conf->proxy != NULL)
		return "the proxy looks the name up";
	if (!doctor_host_of(d->conf->org_url, "443", host, port)) {
		doctor_fail(
		    d, id, "correct [okta] org_url", "%s: has no host", d->conf->org_url);
		return NULL;
	}
	error = getaddrinfo(host, port, &hints, &list);
	if (error != 0) {
		doctor_fail(d, id,
		    "correct [okta] org_url, or /etc/resolv.conf, or set [okta] proxy",
		    "%s: %s", host, gai_strerror(error));
		return NULL;
	}
	freeaddrinfo(list);
	doctor_pass(d, id, "%s has an address", host);
	return NULL;
}
