# nss_okta/enumerate.c
# S30 R13: fault/test_readers: threads_that_look_up_and_fork_at_once_and_their_children_get_right_answers
# whoever lists groups waits for whoever lists users, also for one that a fork left behind
s/state\.groups_mutex/state.users_mutex/
