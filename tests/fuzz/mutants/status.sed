# cmd/oktactl/status.c
# a message as it is
s/"last sync", text, message)/"last sync", text, last->message)/
