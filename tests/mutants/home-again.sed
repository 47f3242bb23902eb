# common/registry/assign.c
# S7 R6: unit/test_registry_assign: assign_gives_a_successor_of_the_name_another_id_and_home
# whoever takes over a name finds the predecessor's files
s/^		if (!used)$/		if (!used || n > 0)/
