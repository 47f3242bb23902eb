# common/net/id_token.c
# S4: unit/test_id_token: id_token_refuses_one_issued_before_the_login_began
# a token of before this login counts
s/if (x->started_s != 0 \&\& t->iat_s < x->started_s - x->skew_s)/if (x->started_s < 0)/
