# pam_okta/rc.c
# S39: pam/who: auth_tells_a_disabled_person_what_it_tells_an_unknown_one
# a disabled person is told so
s/\[PO_DISABLED\] = { "disabled", "refused", PAM_USER_UNKNOWN,/[PO_DISABLED] = { "disabled", "refused", PAM_ACCT_EXPIRED,/
