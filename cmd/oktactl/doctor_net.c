/* SPDX-License-Identifier: BSD-2-Clause */
/* The way to Okta: proxy and name; and asking the management API on it. */
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

#define HEAD_MAX  65536
#define URL_BYTES 1024

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

const char *
doctor_sync_secret(const struct okta_conf *conf, const char **ret_key)
{
	switch (conf->auth) {
	case OKTA_AUTH_PRIVATE_KEY_JWT:
		*ret_key = "[sync] private_key_file";
		return conf->private_key_file;
	case OKTA_AUTH_SSWS:
		*ret_key = "[sync] token_file";
		return conf->token_file;
	case OKTA_AUTH_CLIENT_SECRET:
	default:
		*ret_key = "[sync] client_secret_file";
		return conf->sync_client_secret_file;
	}
}

static void
do_not_wait(void *ctx, const char *why, int64_t ms)
{
	struct doctor_session *s = ctx;

	(void)ms;
	(void)snprintf(s->why, sizeof(s->why), "%s", why);
	if (s->hang_up >= 0)
		(void)close(s->hang_up);
	s->hang_up = -1;
}

enum okta_rc
doctor_session_open(
    struct doctor_session *s, const struct doctor *d, struct okta_err *err)
{
	const char *key, *path = doctor_sync_secret(d->conf, &key);
	int fds[2];
	enum okta_rc r;

	*s = (struct doctor_session){ .d = d, .hang_up = -1 };
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) < 0)
		return okta_err_set(err, OKTA_E_SYS, "socketpair failed");
	s->hang_up = fds[1];
	r = doctor_secret(d, key, path, &s->secret, &s->secret_len, err);
	if (r == OKTA_OK)
		r = doctor_http_new(d, fds[0], &s->http, err);
	s->patience = (struct okta_patience){ s->http, &okta_clock_system, do_not_wait,
		s };
	return r;
}

void
doctor_session_close(struct doctor_session *s)
{
	okta_http_free(&s->http);
	okta_free_wiped(s->secret, s->secret_len);
	s->secret = NULL;
}

enum okta_rc
doctor_session_token(struct doctor_session *s, const char *scopes,
    struct okta_token **ret, struct okta_err *err)
{
	const struct okta_conf *conf = s->d->conf;
	const char *key;
	const struct okta_token_settings settings = { .org_url = conf->org_url,
		.auth = conf->auth,
		.client_id = conf->sync_client_id,
		.key_id = conf->key_id,
		.secret_name = doctor_sync_secret(conf, &key),
		.secret = { s->secret, s->secret_len },
		.scopes = scopes,
		.patience = &s->patience };
	enum okta_rc r;

	r = okta_token_new(&settings, ret, err);
	if (r == OKTA_OK && okta_token_is_stale(*ret))
		r = okta_token_get(*ret, err);
	if (r != OKTA_OK && s->why[0] != '\0')
		r = okta_err_set(err, r, "%s", s->why);
	return r;
}

void
doctor_request_init(struct doctor_request *q)
{
	okta_buf_init(&q->url, URL_BYTES);
	okta_buf_init(&q->authorization, HEAD_MAX);
	okta_buf_init(&q->proof, HEAD_MAX);
}

void
doctor_request_clear(struct doctor_request *q)
{
	okta_buf_clear(&q->url);
	okta_buf_clear(&q->authorization);
	okta_buf_clear(&q->proof);
}

enum okta_rc
doctor_request_make(const struct doctor_session *s, struct okta_token *token,
    const char *path, struct doctor_request *q, struct okta_err *err)
{
	enum okta_rc r;

	r = okta_buf_printf(&q->url, "%s%s", s->d->conf->org_url, path);
	if (r == OKTA_OK)
		r = okta_token_headers(
		    token, okta_buf_view(&q->url), &q->authorization, &q->proof, err);
	if (r != OKTA_OK && err->msg[0] == '\0')
		r = okta_err_set(err, r, "the request cannot be made");
	return r;
}

enum okta_rc
doctor_session_get(const struct doctor_session *s, struct okta_token *token,
    const char *path, struct okta_http_answer *answer, struct okta_err *err)
{
	struct okta_http_request request = { .method = OKTA_HTTP_GET,
		.max_body_bytes = DOCTOR_PAGE_MAX_BYTES };
	struct doctor_request q;
	enum okta_rc r;

	doctor_request_init(&q);
	r = doctor_request_make(s, token, path, &q, err);
	if (r == OKTA_OK) {
		request.url = q.url.data;
		request.authorization = q.authorization.data;
		request.dpop = q.proof.len > 0 ? q.proof.data : NULL;
		request.deadline_ms = okta_clock_mono_ms(&okta_clock_system) +
				      DOCTOR_STEP_MS;
		r = okta_http_do(s->http, &request, answer, err);
	}
	doctor_request_clear(&q);
	return r;
}

/* Host and port of "https://HOST[:PORT]" or "http://HOST:PORT"; brackets of IPv6 are
 * taken off.  False: too long. */
static bool
host_of(const char *url, const char *default_port, char host[256], char port[8])
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
	if (!host_of(d->conf->proxy, "3128", host, port)) {
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
	if (!host_of(d->conf->org_url, "443", host, port)) {
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
