# common/net/jwk.c
# S3: unit/test_jwk: jwks_uses_neither_of_two_keys_with_one_kid
# of two keys with one kid the first is used
s/return n == 1;/return n >= 1;/
