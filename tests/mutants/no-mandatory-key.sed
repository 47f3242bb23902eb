# common/model/conf.c
# S2: unit/test_conf: conf_refuses_each_mandatory_key_missing_empty_or_twice
# a mandatory key may be missing
s/mandatory & use) != 0/mandatory \& use) > 1/
