# common/sandbox/sandbox.c
# S22: unit/test_sandbox: sandbox_ends_a_process_that_reaches_for_the_kernel
# every system call is allowed
s/return okta_sandbox_seccomp(sandbox->may, err);/return OKTA_OK;/
