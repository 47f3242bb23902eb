# common/net/http.c
# S23: net/test_hostile: certificates_that_are_expired_self_signed_or_another_hosts_are_refused
# another host's certificate will do
s/SET(CURLOPT_SSL_VERIFYHOST, 2L);/SET(CURLOPT_SSL_VERIFYHOST, 0L);/
