# common/net/http.c
# R11: unit/test_http: http_sleep_and_requests_end_with_a_hang_up
# a hang-up goes unheard while a request runs
s/if (http->cancel_fd >= 0 \&\& is_cancelled(http, 0))/if (http->cancel_fd < -1)/
