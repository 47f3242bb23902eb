# common/net/ratelimit.c
# R17: unit/test_ratelimit: rate_again_never_repeats_a_final_failure
# a refusal is asked again
s/^	case OKTA_RATE_FINAL:$/	case OKTA_RATE_FINAL: *ret_ms = 0; return true;/
