/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * request HOST PORT CA_FILE CLIENT_ID: the least a device authorization request can cost.
 *
 * One TCP connection, one full TLS handshake with the certificate checked, one POST, its
 * answer.  Loading the library and the certificate authority is done before the clock
 * starts: what is left is the server's time and that of the connection.  Prints
 * milliseconds.
 */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static void
die(const char *what)
{
	(void)fprintf(stderr, "request: %s\n", what);
	exit(1);
}

static double
now_ms(void)
{
	struct timespec ts;

	if (clock_gettime(CLOCK_MONOTONIC, &ts) < 0)
		die("no clock");
	return (double)ts.tv_sec * 1e3 + (double)ts.tv_nsec / 1e6;
}

static BIO *
connection(SSL_CTX *ctx, const char *host, const char *port)
{
	BIO *bio = BIO_new_ssl_connect(ctx);
	SSL *ssl = NULL;

	if (bio == NULL || BIO_get_ssl(bio, &ssl) <= 0 || ssl == NULL)
		die("no TLS connection can be made");
	(void)BIO_set_conn_hostname(bio, host);
	(void)BIO_set_conn_port(bio, port);
	if (SSL_set_tlsext_host_name(ssl, host) != 1 || SSL_set1_host(ssl, host) != 1)
		die("the host name cannot be set");
	return bio;
}

int
main(int argc, char **argv)
{
	char form[256], text[1024], answer[4096];
	SSL_CTX *ctx;
	BIO *bio;
	double start, end;
	int n;

	if (argc != 5)
		die("usage: request HOST PORT CA_FILE CLIENT_ID");
	ctx = SSL_CTX_new(TLS_client_method());
	if (ctx == NULL || SSL_CTX_load_verify_file(ctx, argv[3]) != 1)
		die("CA_FILE cannot be read");
	SSL_CTX_set_verify(ctx, SSL_VERIFY_PEER, NULL);
	(void)snprintf(form, sizeof(form),
	    "client_id=%s&scope=openid%%20profile%%20groups", argv[4]);
	(void)snprintf(text, sizeof(text),
	    "POST /oauth2/v1/device/authorize HTTP/1.1\r\nHost: %s:%s\r\n"
	    "Content-Type: application/x-www-form-urlencoded\r\nAccept: "
	    "application/json\r\n"
	    "Content-Length: %zu\r\n\r\n%s",
	    argv[1], argv[2], strlen(form), form);

	start = now_ms();
	bio = connection(ctx, argv[1], argv[2]);
	if (BIO_do_connect(bio) != 1)
		die(ERR_reason_error_string(ERR_get_error()));
	if (BIO_write(bio, text, (int)strlen(text)) != (int)strlen(text))
		die("the request cannot be sent");
	n = BIO_read(bio, answer, (int)sizeof(answer) - 1);
	end = now_ms();
	if (n <= 0)
		die("no answer");
	answer[n] = '\0';
	if (strncmp(answer, "HTTP/1.1 200", 12) != 0)
		die(answer);
	(void)printf("%.2f\n", end - start);
	BIO_free_all(bio);
	SSL_CTX_free(ctx);
	return 0;
}
