# pam_okta/who.c
# S5 S9: pam/names: auth_and_account_refuse_each_name_of_the_corpus_that_the_snapshot_has
# whom the snapshot calls daemon is let in
s/if (okta_name_is_reserved(okta_view_str(t->user), who->conf)) {/if (false) {/
