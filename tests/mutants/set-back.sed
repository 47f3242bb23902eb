# common/net/id_token.c
# R14 S4: net/test_moments: a_clock_that_is_set_back_amid_a_login_makes_no_expired_token_good
# a token may be older than the login, if the clock says that it is good
s/x->started_s != 0 && t->iat_s < x->started_s - x->skew_s/false/
