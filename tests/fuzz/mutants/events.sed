# cmd/okta-sync/events.c
# an id may hold anything
s/okta_json_str(t, "id", &ret->id) != OKTA_OK || !is_id(ret->id))/okta_json_str(t, "id", \&ret->id) != OKTA_OK || (false \&\& !is_id(ret->id)))/
