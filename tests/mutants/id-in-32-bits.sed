# common/model/names.c
# S7: unit/test_names: id_parse_takes_64_bits_before_it_looks_at_ranges
# a number is cut before it is looked at
s/fault = okta_id_fault(conf, id);/fault = okta_id_fault(conf, (uint32_t)id);/
