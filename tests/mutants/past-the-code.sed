# common/net/oidc_poll.c
# S25 R12: unit/test_oidc: poll_stops_before_the_code_expires
# a code is polled after its end
s/if (when_ms < p->expires_ms \&\& when_ms < p->deadline_ms)/if (when_ms < p->deadline_ms)/
