# common/sandbox/sandbox.c
# S20: unit/test_sandbox: sandbox_makes_the_process_undumpable_and_unprivileged
# the helper's memory can be read and dumped
s/prctl(PR_SET_DUMPABLE, 0L,/prctl(PR_SET_DUMPABLE, 1L,/
