# pam_okta/helper.c
# S19 S20: e2e/test_hostile: client secrets, keys and tokens are in no log, argument, environment or file after logins and syncs
# who debugs the login reads the client secret
s/^	reason = start_process(t, &helper->child, err);/	po_debug(t, "the secret is %s", secret);\n&/
