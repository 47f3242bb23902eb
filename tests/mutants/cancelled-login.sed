# pam_okta/pam_okta.c
# S16: fault/test_host: thread_cancelled_amid_a_login_ends_behind_it_and_leaves_nothing
# a thread is cancelled inside of a login
s/PTHREAD_CANCEL_DISABLE/PTHREAD_CANCEL_ENABLE/
