# nss_okta/map.c
# R13: nss/snapshot: replacement_between_a_look_at_the_path_and_one_at_the_word_is_seen_at_once
# a word that comes between two looks at the file means nothing
/^	 \* means nothing \*\/$/{n;d;}
