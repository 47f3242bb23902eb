# cmd/okta-sync/request.c
# an exit status of any size
s/okta_json_int(root, "exit", 0, 255, &status)/okta_json_int(root, "exit", 0, INT64_MAX, \&status)/
