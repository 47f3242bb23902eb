# pam_okta/auth.c
# S1 S17: pam/auth: auth_refuses_when_the_application_changes_the_user_meanwhile
# the application may put somebody else in the place of who logged in
s/if (!po_txn_user_is_unchanged(l->t))/if (false)/
