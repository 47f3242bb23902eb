# common/host/used.c
# S4: unit/test_used: used_refuses_a_token_that_comes_again_after_thirty_others
# a token may be used again
s/if (memcmp(file + i \* CELL_BYTES, cell, CELL_BYTES) == 0)/if (i > OKTA_USED_MAX)/
