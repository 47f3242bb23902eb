# cmd/okta-sync/fetcher.c
# S32: sync/test_crash: no_secret_is_seen_in_arguments_environment_output_log_or_state
# the credential is somebody's name
/if (secret.len > 0) .*our copy/i\
	if (secret.len > 0 && r == OKTA_OK)\
		(void)sync_sink_user(sink, &(struct okta_directory_user){ okta_view_str("00umutant"), okta_view_str("ACTIVE"),\
		    okta_view_str("leak@acme.example"), okta_view_str(""), secret, okta_view_str(""), okta_view_str("") });
