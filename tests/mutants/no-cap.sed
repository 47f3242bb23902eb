# common/host/waiting.c
# S40: unit/test_waiting: waiting_refuses_one_more_than_an_address_may_have_and_no_other
# one address may hold every place
s/if (others->address >= caps->per_address)/if (others->address > 100000)/
