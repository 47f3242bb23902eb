# common/net/jwk.c
# two keys of one kid
s/return n == 1;/return n >= 1;/
