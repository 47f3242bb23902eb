# nss_okta/map.c
# S30 R13: nss/threads: cancellation_waits_until_the_lookup_is_over
# a thread is cancelled inside of a lookup
s/PTHREAD_CANCEL_DISABLE/PTHREAD_CANCEL_ENABLE/
