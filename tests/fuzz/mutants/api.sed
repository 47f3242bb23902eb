# common/net/ratelimit.c
# Okta's word on how long to wait, whatever it is
s/if (wait > OKTA_RATE_WAIT_MAX_MS)/if (wait < 0)/
