# common/net/jwt.c
# S3 R16: fault/test_garbage: answers_that_are_garbage_log_in_nobody_who_was_not_approved_and_crash_nothing
# a token's signature is not looked at
s/r = okta_jwk_verify(/r = alg != 99 ? OKTA_OK : okta_jwk_verify(/
