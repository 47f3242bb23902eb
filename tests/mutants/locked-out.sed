# pam_okta/who.c
# R24: fault/test_host: local_people_and_root_get_in_whatever_of_ours_is_broken_and_nobody_of_okta_does
# local people are looked for in the snapshot as well
s/return is_local ? PO_NOT_OURS : PO_ALLOWED;/return is_local \&\& false ? PO_NOT_OURS : PO_ALLOWED;/
