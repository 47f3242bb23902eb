# pam_okta/rc.c
# S12: pam/functions: rc_table_grants_in_one_row_and_ignores_in_one
# a helper that is not there is ignored
s/\[PO_HELPER\] = .*/[PO_HELPER] = { "helper", "ignored", PAM_IGNORE, PAM_IGNORE, PAM_IGNORE, NULL },/
