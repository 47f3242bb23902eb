# pam_okta/auth.c
# R12: pam/functions: auth_with_text_only_refuses_an_approval_seen_after_the_deadline
# an approval counts after the deadline
s/if (okta_clock_mono_ms(l->t->host->clock) >= l->deadline_ms)/if (l->deadline_ms < 0)/
