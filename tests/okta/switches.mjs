// SPDX-License-Identifier: BSD-2-Clause
// What is not settled about Okta, or what an admin can configure, is a switch. The table
// in README.md says what each one stands for; a test keeps the two lists equal.
import { isGroupsFilter } from './groupsclaim.mjs';

const ONE_OF = (...values) => ({ kind: 'one of', values });
const BOOL = { kind: 'boolean' };
const COUNT = { kind: 'count' };
const NAMES = { kind: 'list of strings' };
const OBJECT = { kind: 'object' };
const FILTER = { kind: '{type: STARTS_WITH, EQUALS, CONTAINS or REGEX, value: text}' };

export const SWITCHES = {
  // System Log
  log_omit: [NAMES, []],
  log_repeat: [BOOL, false],
  log_reverse: [BOOL, false],
  log_busy: [BOOL, false],
  // tokens
  id_token: [ONE_OF('fat', 'thin'), 'fat'],
  amr: [NAMES, ['pwd']],
  publish_at_key: [BOOL, false],
  publish_next_key: [BOOL, true],
  jwks_max_age_s: [COUNT, 3832304],
  // groups claim
  groups_filter: [FILTER, { type: 'REGEX', value: '.*' }],
  too_many_groups: [ONE_OF('fail', 'pass'), 'fail'],
  groups_claim_limit: [COUNT, 100],
  empty_groups: [ONE_OF('absent', 'array'), 'absent'],
  custom_groups_scope: [BOOL, false],
  // device grant
  device_expires_in: [COUNT, 600],
  device_interval: [COUNT, 5],
  slow_down_adds_s: [COUNT, 0],
  device_denied_status: [ONE_OF(403, 400), 403],
  max_pending_codes: [COUNT, 1000],
  assignment_enforced: [BOOL, true],
  unassigned_seen_at: [ONE_OF('poll', 'browser'), 'poll'],
  custom_policy: [BOOL, true],
  refresh_rotation: [ONE_OF('STATIC', 'ROTATE'), 'STATIC'],
  org_oauth_metadata: [BOOL, false],
  // DPoP
  dpop_required: [ONE_OF('per_client', 'always', 'never'), 'per_client'],
  nonce_lifetime_s: [COUNT, 86400],
  nonce_accept_s: [COUNT, 259200],
  // machine access
  granted_scopes: [NAMES, ['okta.users.read', 'okta.groups.read', 'okta.apps.read', 'okta.logs.read']],
  admin_role: [ONE_OF('SUPER_ADMIN', 'CUSTOM', 'NONE'), 'SUPER_ADMIN'],
  resource_set_groups: [NAMES, []],
  oauth_error_body: [ONE_OF('empty', 'json'), 'empty'],
  // management API
  page_size_cap: [COUNT, 0],
  short_pages: [ONE_OF('off', 'short', 'empty'), 'off'],
  cursor_form: [ONE_OF('id', 'base64'), 'id'],
  link_header: [ONE_OF('separate', 'folded'), 'separate'],
  link_self: [BOOL, true],
  header_case: [ONE_OF('lower', 'mixed'), 'lower'],
  search_delay_ms: [COUNT, 0],
  deactivate_reply: [ONE_OF(200, 204), 200],
  group_delete_member_events: [BOOL, false],
  refuse_duplicate_group_names: [BOOL, true],
  gzip: [BOOL, true],
  // rate limits
  enforce_rate_limits: [BOOL, false],
  rate_limit_tier: [ONE_OF('integrator', 'one_app', 'enterprise', 'workforce'), 'workforce'],
  rate_limit_share_percent: [COUNT, 50],
  rate_limit_window_s: [COUNT, 60],
  rate_limits: [OBJECT, {}],
  rate_limit_body: [ONE_OF('E0000047', 'oauth', 'concurrency'), 'E0000047'],
};

const FITS = {
  [FILTER.kind]: isGroupsFilter,
  boolean: (v) => typeof v === 'boolean',
  count: (v) => Number.isSafeInteger(v) && v >= 0,
  'list of strings': (v) => Array.isArray(v) && v.every((x) => typeof x === 'string'),
  object: (v) => v !== null && typeof v === 'object' && !Array.isArray(v),
};

function refusal(name, value) {
  const known = SWITCHES[name];
  if (!known) return `${name}: no such switch; GET /__admin/state lists them`;
  const [type] = known;
  const fits = type.kind === 'one of' ? type.values.includes(value) : FITS[type.kind](value);
  if (fits) return undefined;
  return `${name}: must be ${type.kind}${type.values ? ` ${type.values.join(', ')}` : ''}`;
}

export function defaultSwitches() {
  return Object.fromEntries(Object.entries(SWITCHES).map(([k, [, v]]) => [k, structuredClone(v)]));
}

/** All or nothing: a misspelt name must not leave half of a test's conditions in force. */
export function patchSwitches(switches, changes) {
  for (const [name, value] of Object.entries(changes)) {
    const why = refusal(name, value);
    if (why) throw new RangeError(why);
  }
  Object.assign(switches, structuredClone(changes));
}
