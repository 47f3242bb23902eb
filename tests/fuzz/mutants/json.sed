# common/net/json_pull.c
# half a pair may be anything
s/if (low < 0xdc00 || low > 0xdfff)/if (low > 0xdfff)/
