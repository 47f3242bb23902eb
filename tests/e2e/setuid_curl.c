/* SPDX-License-Identifier: BSD-2-Clause */
/* setuid_curl URL CA - what a set-uid program that fetches URL with libcurl does by
 * default: the control of the tests that our programs do not.
 */
#include <curl/curl.h>

int
main(int argc, char **argv)
{
	CURL *curl;
	CURLcode code;

	if (argc != 3 || curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
		return 2;
	curl = curl_easy_init();
	if (curl == NULL)
		return 2;
	(void)curl_easy_setopt(curl, CURLOPT_URL, argv[1]);
	(void)curl_easy_setopt(curl, CURLOPT_CAINFO, argv[2]);
	(void)curl_easy_setopt(curl, CURLOPT_TIMEOUT, 5L);
	code = curl_easy_perform(curl);
	curl_easy_cleanup(curl);
	return code == CURLE_OK ? 0 : 1;
}
