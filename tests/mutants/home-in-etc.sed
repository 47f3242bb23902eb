# common/model/names.c
# S10: unit/test_names: home_fills_the_pattern_and_refuses_what_leaves_it
# a home may lie in /etc
s/if (is_system_dir(first, second))/if (is_system_dir(first, second) \&\& v.len > 200)/
