# cmd/okta-auth-helper/login.c
# R12: net/test_hang: an_answer_that_stops_at_any_step_ends_the_login_by_its_deadline_and_leaves_no_process
# the helper waits for its own processes without an end
s/int64_t left = l->deadline_ms + GRACE_MS - .*/int64_t left = 60000;/
