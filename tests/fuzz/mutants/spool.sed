# cmd/okta-sync/spool.c
# half a page is a page
s/if (w.ends_page) {/if (w.at > 0) {/
