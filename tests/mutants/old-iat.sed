# pam_okta/auth.c
# S4: pam/auth: auth_refuses_each_lie_of_the_helper
# the helper's word is taken for the token's age
s/if ((int64_t)claims->iat_s < l->began_s - skew ||/if (/
