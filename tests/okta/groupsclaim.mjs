// SPDX-License-Identifier: BSD-2-Clause
// The groups claim: names chosen by the app's filter. The filter sees Okta's own groups
// only; groups mastered by AD or an app need an Expression, which is not built.
const fold = (s) => s.toLowerCase();

const MATCH = {
  STARTS_WITH: (name, value) => fold(name).startsWith(fold(value)),
  EQUALS: (name, value) => fold(name) === fold(value),
  CONTAINS: (name, value) => fold(name).includes(fold(value)),
  REGEX: (name, value) => new RegExp(`^(?:${value})$`).test(name), // the one that minds case
};

export function isGroupsFilter(filter) {
  if (typeof filter?.value !== 'string' || !MATCH[filter.type]) return false;
  try { return filter.type !== 'REGEX' || Boolean(new RegExp(filter.value)); } catch { return false; }
}

export function groupsOf(user, { type, value }) {
  const matches = MATCH[type];
  return user.groups.filter((g) => g.type !== 'APP_GROUP' && matches(g.profile.name, value)).map((g) => g.profile.name);
}
