# pam_okta/conv.c
# S21: pam/auth: auth_survives_each_broken_conversation
# an answer is taken for granted
s/answered = response != NULL \&\& response->resp != NULL;/answered = true;/
s/^	free(response);/	(void)response;/
s/okta_str_free(&response->resp);/(void)0;/
