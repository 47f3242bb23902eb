# common/base/child.c
# S16: unit/test_child: close_ends_and_reaps_the_child
# the helper stays as a zombie
s/while (waitpid(child->pid, \&status, 0) < 0 \&\& errno == EINTR)/while (false)/
