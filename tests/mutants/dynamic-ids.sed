# common/model/names.c
# S7: unit/test_names: id_parse_takes_64_bits_before_it_looks_at_ranges
# systemd's own numbers are given away
s/if (id >= DYNAMIC_LOWEST \&\& id <= DYNAMIC_HIGHEST)/if (id == DYNAMIC_LOWEST - 1)/
