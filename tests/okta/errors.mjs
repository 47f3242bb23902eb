// SPDX-License-Identifier: BSD-2-Clause
// Error bodies. Texts and statuses are Okta's own catalogue; a fidelity test compares
// every row of both tables with it.
import { errorId } from './ids.mjs';

/** internal name: [status, error, error_description] */
export const OAUTH_ERRORS = {
  access_denied: [403, 'access_denied', 'The resource owner or authorization server denied the request.'],
  user_not_assigned: [400, 'access_denied', 'User is not assigned to the client application.'],
  no_matching_policy: [401, 'access_denied', 'Policy evaluation failed for this request, please check the policy configurations.'],
  refresh_scopes_denied: [400, 'access_denied', 'Some of the scopes requested for the refresh request were not granted in the original authorize request. Denied scopes: %s.'],
  authorization_pending: [400, 'authorization_pending', 'The device authorization is pending. Please try again later.'],
  slow_down: [400, 'slow_down', 'Slow down the polling frequency. Please try again later.'],
  expired_token: [400, 'expired_token', 'The device code has expired.'],
  invalid_device_code: [400, 'invalid_grant', 'The device code is invalid or has expired.'],
  invalid_refresh_token: [400, 'invalid_grant', 'The refresh token is invalid or expired.'],
  mismatched_client: [400, 'invalid_grant', "The grant was issued to another client. Please make sure the 'client_id' matches the one used at the authorize request."],
  too_many_groups_in_groups_claim: [400, 'server_error', 'The groups claim matched too many groups and must be configured to match fewer groups.'],
  too_many_user_codes: [429, 'too_many_user_codes', 'Too many user codes generated. Please try again later.'],
  user_rate_limited: [429, 'invalid_grant', 'API call exceeded rate limit due to too many requests.'],
  unauthorized_client: [400, 'unauthorized_client', 'The client is not authorized to use the provided grant type. Configured grant types: [%s].'],
  unsupported_grant_type: [400, 'unsupported_grant_type', 'The authorization grant type is not supported by the authorization server. Configured grant types: [%s].'],
  token_request_missing_grant_type: [400, 'invalid_request', "The token request must specify a 'grant_type'. Valid values: [%s]"],
  missing_token_request_parameter: [400, 'invalid_request', "The required parameter '%s' is missing."],
  request_missing_token: [400, 'invalid_request', "The 'token' parameter is required."],
  duplicate_oauth_params: [400, 'invalid_request', 'The request contained multiple parameters with the same name.'],
  client_credentials_in_query: [400, 'invalid_request', 'Client credentials cannot be supplied via query parameters.'],
  multiple_client_credentials: [401, 'invalid_request', 'Cannot supply multiple client credentials. Use one of the following: credentials in the Authorization header, credentials in the post body, or a client_assertion in the post body.'],
  client_assertion_type_invalid: [400, 'invalid_request', 'The client_assertion_type is invalid.'],
  missing_scopes: [400, 'invalid_scope', 'No scopes were requested.'],
  no_matching_scope: [400, 'invalid_scope', 'One or more scopes are not configured for the authorization server resource.'],
  openid_scope_required: [400, 'invalid_scope', "Requests for ID tokens or access tokens with OpenID scopes require the 'openid' scope."],
  openid_not_allowed_client_creds: [400, 'invalid_scope', "Cannot request 'openid' scopes using client credentials."],
  no_org_scopes_granted: [400, 'consent_required', 'You are not allowed any of the requested scopes.'],
  missing_client_credentials: [401, 'invalid_client', 'No client credentials found.'],
  invalid_basic_auth_creds: [401, 'invalid_client', 'Found Authentication header but was not valid client credentials.'],
  invalid_client_id: [401, 'invalid_client', "Invalid value for 'client_id' parameter."],
  invalid_client: [401, 'invalid_client', 'Client authentication failed. Either the client or the client credentials are invalid.'],
  invalid_client_secret: [401, 'invalid_client', 'The client secret supplied for a confidential client is invalid.'],
  unsupported_auth_method_client_creds: [401, 'invalid_client', 'Client Credentials requests to the Org Authorization Server must use the private_key_jwt token_endpoint_auth_method.'],
  unsupported_auth_method_client_creds_oauth_integration: [401, 'invalid_client', 'OAuth Integration Client Credentials requests to the Org Authorization Server must use either private_key_jwt or client_secret_basic as the token_endpoint_auth_method.'],
  invalid_application_type_client_credentials: [401, 'invalid_client', "Only clients with 'application_type' of 'service' may use the client_credentials 'grant_type' with the Org Authorization Server."],
  client_assertion_invalid_issuer: [401, 'invalid_client', 'The issuer claim for client_assertion is not a valid client_id.'],
  client_assertion_invalid_subject: [401, 'invalid_client', 'The subject claim for client_assertion is not a valid client_id.'],
  client_assertion_invalid_audience: [401, 'invalid_client', 'The audience claim for client_assertion must be the endpoint invoked for the request.'],
  client_assertion_expiration_required: [401, 'invalid_client', "The client_assertion must contain the 'exp' claim as seconds since epoch."],
  client_assertion_expired_token: [401, 'invalid_client', 'The client_assertion token is expired.'],
  client_assertion_expires_too_far_in_future: [401, 'invalid_client', 'The client_assertion token has an expiration too far into the future.'],
  client_assertion_issued_at_in_future: [401, 'invalid_client', 'The client_assertion token must be issued before the current time.'],
  client_assertion_already_used: [401, 'invalid_client', 'The client_assertion token has already been used.'],
  client_assertion_invalid_signature: [401, 'invalid_client', 'The client_assertion signature is invalid.'],
  client_assertion_invalid_jwt: [401, 'invalid_client', 'The parsing of the client_assertion failed.'],
  client_assertion_invalid_kid: [401, 'invalid_client', 'The client_assertion JWT kid is invalid.'],
  client_assertion_invalid_signature_algorithm: [401, 'invalid_client', 'The client_assertion JWT signature algorithm is invalid.'],
  invalid_dpop_proof_missing_header: [400, 'invalid_dpop_proof', 'The DPoP proof JWT header is missing.'],
  invalid_dpop_proof_multiple_headers_not_allowed: [400, 'invalid_dpop_proof', 'Multiple DPoP proof JWT headers are not allowed.'],
  invalid_dpop_proof_invalid_type: [400, 'invalid_dpop_proof', "'typ' must be 'dpop+jwt' in the DPoP proof JWT."],
  invalid_dpop_proof_invalid_signature_algorithm: [400, 'invalid_dpop_proof', 'The DPoP proof JWT signature algorithm is invalid.'],
  invalid_dpop_proof_invalid_jwt: [400, 'invalid_dpop_proof', 'The DPoP proof JWT cannot be parsed.'],
  invalid_dpop_proof_invalid_signature: [400, 'invalid_dpop_proof', 'The DPoP proof JWT signature is invalid.'],
  invalid_dpop_proof_invalid_htm: [400, 'invalid_dpop_proof', "'htm' claim in the DPoP proof JWT is invalid."],
  invalid_dpop_proof_invalid_htu: [400, 'invalid_dpop_proof', "'htu' claim in the DPoP proof JWT is invalid."],
  invalid_dpop_proof_invalid_iat: [400, 'invalid_dpop_proof', "'iat' claim in the DPoP proof JWT is invalid."],
  invalid_dpop_proof_jwt_issued_in_future: [400, 'invalid_dpop_proof', 'The DPoP proof JWT is issued in the future.'],
  invalid_dpop_proof_jwt_too_old: [400, 'invalid_dpop_proof', 'The DPoP proof JWT is issued more than five minutes in the past.'],
  invalid_dpop_proof_jwt_expired: [400, 'invalid_dpop_proof', 'The DPoP proof JWT is expired.'],
  invalid_dpop_proof_invalid_public_key_binding: [400, 'invalid_dpop_proof', 'Invalid DPoP Public Key binding in refresh token'],
  invalid_dpop_proof_invalid_jti: [400, 'invalid_dpop_proof', "'jti' claim in the DPoP proof JWT is invalid."],
  dpop_proof_already_used: [400, 'invalid_dpop_proof', 'The DPoP proof JWT has already been used.'],
  dpop_proof_invalid_ath: [400, 'invalid_dpop_proof', "'ath' claim in the DPoP proof does not match the presented access_token."],
  invalid_access_token_dpop_binding: [400, 'invalid_dpop_proof', 'The access_token is not bound to the provided DPoP proof.'],
  use_dpop_nonce: [400, 'use_dpop_nonce', 'Authorization server requires nonce in DPoP proof.'],
  dpop_proof_required_for_token: [400, 'invalid_request', 'The resource request requires a DPoP proof.'],
  dpop_authentication_scheme_required: [400, 'invalid_request', 'The resource request must use the DPoP authentication scheme when using a DPoP bound token.'],
  access_token_not_dpop_bound: [401, 'invalid_token', 'The presented access_token is not DPoP bound.'],
  access_token_invalid: [401, 'invalid_token', 'The access token is invalid.'],
  token_expired: [401, 'invalid_token', 'The token has expired.'],
  access_token_insufficient_scopes: [403, 'insufficient_scope', 'The access token provided does not contain the required scopes.'],
  invalid_client_application_type: [400, 'invalid_request', "Clients with 'application_type' of 'service' are not allowed to access the '%s' endpoint."],
};

export class OAuthError extends Error {
  constructor(name, detail = '') {
    super(name);
    [this.status, this.error, this.description] = OAUTH_ERRORS[name];
    this.description = this.description.replace('%s', detail);
  }

  body() {
    return { error: this.error, error_description: this.description };
  }
}

/** errorCode: [status, errorSummary] */
export const API_ERRORS = {
  E0000001: [400, 'Api validation failed: %s'],
  E0000003: [400, 'The request body was not well-formed.'],
  E0000006: [403, 'You do not have permission to perform the requested action'],
  E0000007: [404, 'Not found: %s'],
  E0000008: [404, 'The requested path was not found'],
  E0000009: [500, 'Internal Server Error'],
  E0000011: [401, 'Invalid token provided'],
  E0000016: [403, 'Activation failed because the user is already active'],
  E0000021: [400, 'Bad request.  Accept and/or Content-Type headers likely do not match supported values.'],
  E0000022: [405, 'The endpoint does not support the provided HTTP method'],
  E0000029: [400, 'Invalid paging request.'],
  E0000031: [400, 'Invalid search criteria.'],
  E0000032: [403, 'Unlock is not allowed for this user.'],
  E0000033: [400, "Bad request. Can't specify a search query and filter in the same request."],
  E0000038: [403, "This operation is not allowed in the user's current status."],
  E0000047: [429, 'API call exceeded rate limit due to too many requests.'],
  E0000053: [400, 'Invalid SCIM filter.'],
};

export class ApiError extends Error {
  constructor(code, detail = '', causes = []) {
    super(code);
    [this.status, this.summary] = API_ERRORS[code];
    this.summary = this.summary.replace('%s', detail);
    this.causes = causes;
  }

  body() {
    return {
      errorCode: this.message,
      errorSummary: this.summary,
      errorLink: this.message,
      errorId: errorId(),
      errorCauses: this.causes.map((errorSummary) => ({ errorSummary })),
    };
  }
}

export const notFound = (id, kind) => new ApiError('E0000007', `Resource not found: ${id} (${kind})`);
