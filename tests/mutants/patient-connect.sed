# common/net/http.c
# R2: net/test_hostile: a_server_that_accepts_and_is_silent_is_given_up_within_five_seconds
# a server that is silent is waited for
s/SET(CURLOPT_CONNECTTIMEOUT_MS, (long)OKTA_HTTP_CONNECT_MS);/SET(CURLOPT_CONNECTTIMEOUT_MS, 19000L);/
