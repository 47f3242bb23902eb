# common/net/id_token.c
# a token of tomorrow
s/if (t->iat_s > x->now_s + x->skew_s)/if (t->iat_s > x->now_s + x->skew_s + 999999999)/
