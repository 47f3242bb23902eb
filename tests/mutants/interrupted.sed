# common/base/chan.c
# S16: fault/test_host: logins_under_a_storm_of_signals_without_SA_RESTART_succeed
# a wait that a signal of the host's interrupts is over
s/if (errno != EINTR)$/if (errno != 0)/
