# pam_okta/prompt.c
# S41: pam/auth: auth_prompt_carries_code_address_host_user_client_and_warning
# nothing warns of approving for somebody else
s/"Approve only if you started this login "/"This login "/
