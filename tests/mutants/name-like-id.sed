# common/model/groups.c
# S6: unit/test_groups: group_named_like_an_id_is_not_that_group
# a group that is named like an id is that group
s/		return okta_view_eq(ref, group->id);/		return okta_view_eq(ref, group->id) || okta_view_eq(ref, group->name);/
