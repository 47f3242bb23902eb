# common/model/conf.c
# a login without rules
s/mandatory & use) != 0/mandatory \& use) > 1/
