# SPDX-License-Identifier: BSD-2-Clause
# What make check, make demo and make bench build and run.

UNIT := err view buf text b64url file frame chan child snap_open snap_user snap_group snap_damage snap_verify snap_write snap_publish snap_names conf names groups \
  policy wire config local record used waiting json jwk jwt id_token http oidc dpop registry_assign registry_file registry_rows registry_waiting sandbox link listing ratelimit page_size json_pull directory plan notify events base merge meanwhile spool
UNIT_BIN := $(UNIT:%=$B/tests/unit/test_%)
ARCHIVES := $(addprefix $B/lib,base.a snap.a snapw.a model.a host.a net.a apic.a registry.a sandbox.a oktasync.a)
SANITIZE := address,undefined
# readers of a snapshot once more, as processors other than x86 do it
PLAIN := $(addprefix $B/plain/tests/unit/test_snap_,user group damage)

# A test says in its first lines which archives and pkg-config libraries it links:
#   /* links: net model base; libs: libcrypto json-c */
links = $(patsubst %,$B/lib%.a,$(shell sed -n '1,8s,.*links: \([^;*]*\).*,\1,p' $(1)))
libs  = $(shell l="$$(sed -n '1,8s,.*libs: \([^*]*\)\*/.*,\1,p' $(1))"; test -z "$$l" || $(PKG_CONFIG) --cflags --libs $$l)

$B/tests/%: tests/%.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) -Wno-missing-prototypes -MMD -MP -o $@ $< \
	  $(call links,$<) $(filter-out -lcmocka,$(call libs,$<)) $(LDFLAGS) -Wl,--as-needed -lcmocka

.PHONY: check demo bench deps
.PHONY: unit
unit: $(UNIT_BIN)

# Each installs what it needs first, then reads this Makefile anew with the tools in place.
check:
	@tests/deps.sh check
	@$(MAKE) --no-print-directory -j$$(nproc) WERROR=1 all unit faults
	@$(MAKE) --no-print-directory -j$$(nproc) WERROR=1 SAN=$(SANITIZE) all unit faults fuzz-replay
	@$(MAKE) --no-print-directory -j$$(nproc) WERROR=1 B=$B/plain CPPFLAGS='$(CPPFLAGS) -U__SSE2__' $(PLAIN)
	@tests/list $B | tests/run $B/logs

# The long walk of tests/sync/test_property.py; make check takes a short one.  SEED=N walks
# another way, COUNT=N another distance.
.PHONY: check-changes
check-changes: COUNT ?= 10000
check-changes: SEED ?= 1
check-changes:
	@tests/deps.sh check
	@$(MAKE) --no-print-directory -s all
	@COUNT=$(COUNT) SEED=$(SEED) tests/sync/test_property.py $B

demo:
	@tests/deps.sh demo
	@$(MAKE) --no-print-directory -s all
	@tests/demo.sh

bench:
	@tests/deps.sh bench
	@$(MAKE) --no-print-directory -s all
	@B=$B tests/bench/run

# --- helpers of which one process, or a line, was taken over --------------------------------
# Each is the shipped program with the named object in place of the honest one.
LIARS := $(addprefix $B/tests/net/,liar-device liar-fetch liar-verify liar-both mutant-one-process)
HONEST = $(filter-out $(1),$(HELP:%=$B/%)) $(addprefix $B/lib,sandbox.a net.a model.a base.a)
OF_HELPER := $B/cmd/okta-auth-helper
$B/tests/net/liar_%.o $B/tests/net/mutant_%.o: OUR_CPPFLAGS += -Icmd/okta-auth-helper -Itests/net
$B/tests/net/liar-device: $B/tests/net/liar_device.o $(call HONEST,$(OF_HELPER)/device.o)
$B/tests/net/liar-fetch: $B/tests/net/liar_fetch.o $(call HONEST,$(OF_HELPER)/fetch.o)
$B/tests/net/liar-verify: $B/tests/net/liar_verify.o $(call HONEST,$(OF_HELPER)/verify.o)
$B/tests/net/liar-both: $B/tests/net/liar_device.o $B/tests/net/liar_fetch.o \
  $(call HONEST,$(OF_HELPER)/device.o $(OF_HELPER)/fetch.o)
# the keys come from the process that brings the token
$B/tests/net/mutant-one-process: $B/tests/net/liar_device.o $B/tests/net/mutant_login.o \
  $(call HONEST,$(OF_HELPER)/device.o $(OF_HELPER)/login.o)
$B/tests/net/mutant_login.c: cmd/okta-auth-helper/login.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e 's/PART_BIT(PART_PROOFS))/PART_BIT(PART_PROOFS) | PART_BIT(PART_BODY))/' \
	  -e 's/l->keys\.parts\[PART_BODY\]/l->device.parts[PART_BODY]/' $< >$@
	! cmp -s $< $@
$B/tests/net/mutant_login.o: $B/tests/net/mutant_login.c Makefile
	$(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$(LIARS):
	$(CC) $(PIE) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(NET_LIBS) $(BOX_LIBS)
.PHONY: liars
liars: $(LIARS)

# --- an okta-sync whose fetcher was taken over -----------------------------------------------
$B/tests/sync/liar_fetch.o: OUR_CPPFLAGS += -Icmd/okta-sync
# $(call SYNC_WITH,PARTS,INSTEAD): okta-sync with some of its parts replaced
SYNC_WITH = $(2:%=$B/tests/%.o) $(filter-out $(addsuffix .o,$(addprefix %/,$(1))),$(SYNC:%=$B/%)) \
  $(addprefix $B/lib,sandbox.a apic.a net.a registry.a host.a model.a snapw.a snap.a base.a)
$B/tests/sync/liar-sync: $(call SYNC_WITH,fetch,sync/liar_fetch)
# of whatever changed it says that nobody may ask
$B/tests/sync/liar_changes.c: cmd/okta-sync/changes.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e 's/^\tsync_stamp(since_s, since);$$/\tif (!is_app)\n\t\treturn sync_sink_news(ask->sink, SYNC_NEWS_NO_SEARCH, 0,\n\t\t    okta_view_str("Okta refuses"), okta_view_str(""));\n&/' $< >$@
	! cmp -s $< $@
# the next release
$B/tests/sync/next_spool.c $B/tests/sync/next_stale.c: $B/tests/sync/next_%.c: cmd/okta-sync/%.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e 's/OKTA_VERSION/"next" OKTA_VERSION/g' $< >$@
	! cmp -s $< $@
$(addprefix $B/tests/sync/,liar_changes.o next_spool.o next_stale.o): $B/tests/sync/%.o: $B/tests/sync/%.c Makefile
	$(CC) $(OUR_CPPFLAGS) -Icmd/okta-sync $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$B/tests/sync/liar-changes: $(call SYNC_WITH,changes,sync/liar_changes)
$B/tests/sync/next-sync: $(call SYNC_WITH,spool stale,sync/next_spool sync/next_stale)
$B/tests/sync/mutant-sync: $(call SYNC_WITH,fetch records_read,sync/liar_fetch sync/mutant_records_read)
$B/tests/fault/mutant-sync: $(call SYNC_WITH,publish,fault/mutant_publish)
$B/tests/fault/mutant-order: $(call SYNC_WITH,publish,fault/mutant_order)
$B/tests/fault/mutant-empty: $(call SYNC_WITH,source_okta bell,fault/mutant_source_okta fault/mutant_bell)
$(addprefix $B/tests/,sync/liar-sync sync/liar-changes sync/next-sync sync/mutant-sync fault/mutant-sync fault/mutant-order \
  fault/mutant-empty):
	$(CC) $(PIE) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(NET_LIBS) $(REG_LIBS) \
	  $(BOX_LIBS) -linih

# --- helpers that keep or lose a secret ------------------------------------------------------
LEAKS := $B/tests/net/mutant-leaks $B/tests/net/mutant-keeps
# the device code goes where a library might write a trace
$B/tests/net/mutant_device.c: cmd/okta-auth-helper/device.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e 's/^\tokta_poll_init(poll,/\t(void)!write(2, d->device_code.data, d->device_code.len);\n&/' \
	  -e 's/#include <string.h>/&\n#include <unistd.h>/' $< >$@
	! cmp -s $< $@
# the coordinator remembers the client secret
$B/tests/net/mutant_keeps.c: cmd/okta-auth-helper/login.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e 's/^\twipe_view(l->start->client_secret);.*//' $< >$@
	! cmp -s $< $@
$B/tests/net/mutant_device.o $B/tests/net/mutant_keeps.o: $B/tests/net/%.o: $B/tests/net/%.c Makefile
	$(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$B/tests/net/mutant-leaks: $B/tests/net/mutant_device.o $(call HONEST,$(OF_HELPER)/device.o)
$B/tests/net/mutant-keeps: $B/tests/net/mutant_keeps.o $(call HONEST,$(OF_HELPER)/login.o)
$(LEAKS):
	$(CC) $(PIE) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(NET_LIBS) $(BOX_LIBS)
# the writer does not count what came
$B/tests/sync/mutant_records_read.c: cmd/okta-sync/records_read.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e 's/users != records->seen_users ||/users > UINT32_MAX ||/' $< >$@
	! cmp -s $< $@
$B/tests/sync/mutant_records_read.o: $B/tests/sync/mutant_records_read.c Makefile
	$(CC) $(OUR_CPPFLAGS) -Icmd/okta-sync $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

include tests/fuzz/fuzz.mk

# --- faults: calls of the C library that fail ------------------------------------------------
FAULTS := $B/tests/fault/pam $B/tests/fault/nss
$B/tests/fault/inject.o: OUR_CFLAGS += -fno-builtin -Wno-missing-prototypes
$(FAULTS): $B/tests/fault/%: tests/fault/%.c $B/tests/fault/inject.o $(ARCHIVES)
	$(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) -Wno-missing-prototypes -rdynamic -MMD -MP -o $@ $< \
	  $B/tests/fault/inject.o $(call links,$<) $(LDFLAGS) -lpam -lcmocka
$B/tests/fault/libfault.so: $B/tests/fault/inject.o
	$(CC) -shared $(CFLAGS) $(LDFLAGS) -o $@ $<
$B/tests/fault/jump.o: OUR_CFLAGS += -Wno-missing-prototypes
$B/tests/fault/libjump.so: $B/tests/fault/jump.o
	$(CC) -shared $(CFLAGS) $(LDFLAGS) -o $@ $<
$B/tests/fault/peak: tests/fault/peak.c
	@mkdir -p $(@D)
	$(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) -MMD -MP -o $@ $< $(LDFLAGS)
# modules with one path that lets people in, and one that is ignored, when memory or disk run out
$B/tests/fault/mutant_rc.c: pam_okta/rc.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e 's/\[PO_NOMEM\] = .*/[PO_NOMEM] = { "nomem", "ignored", PAM_IGNORE, PAM_IGNORE, PAM_IGNORE, NULL },/' $< >$@
	! cmp -s $< $@
$B/tests/fault/mutant_auth.c: pam_okta/auth.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e 's/reason = PO_RECORD;/reason = PO_ALLOWED;/' $< >$@
	! cmp -s $< $@
$B/tests/fault/mutant_%.o: $B/tests/fault/mutant_%.c Makefile
	$(CC) $(OUR_CPPFLAGS) -Ipam_okta $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<
$B/tests/fault/mutant-rc/pam_okta.so $B/tests/fault/mutant-auth/pam_okta.so: \
  $B/tests/fault/mutant-%/pam_okta.so: $B/tests/fault/mutant_%.o $(PAM:%=$B/%) $B/libhost.a $B/libmodel.a $B/libsnap.a $B/libbase.a
	@mkdir -p $(@D)
	$(CC) -shared -Wl,--version-script=pam_okta/pam_okta.map $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ \
	  $(filter-out $B/pam_okta/$*.o,$(filter %.o %.a,$^)) -lpam -linih
# a module that takes any failure to map a snapshot for a name that is not there
$B/tests/fault/mutant_nss.c: nss_okta/nss_okta.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e 's/NSS_STATUS_UNAVAIL/NSS_STATUS_NOTFOUND/' $< >$@
	! cmp -s $< $@
$B/tests/fault/mutant_nss.o: OUR_CPPFLAGS += -Inss_okta
$B/tests/fault/mutant-nss/libnss_okta.so.2: $B/tests/fault/mutant_nss.o $(NSS:%=$B/%) $B/libsnap.a $B/libbase.a
	@mkdir -p $(@D)
	$(CC) -shared -Wl,-soname,$(@F) -Wl,--version-script=nss_okta/nss_okta.map $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) \
	  -o $@ $(filter-out $B/nss_okta/nss_okta.o,$(filter %.o %.a,$^))
# an okta-sync that does without the brake when the present snapshot cannot be opened
$B/tests/fault/mutant_publish.c: cmd/okta-sync/publish.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e 's/r == OKTA_E_SYS || r == OKTA_E_NOMEM/false/' $< >$@
	! cmp -s $< $@
# one that publishes ids before it has written down whose they are
$B/tests/fault/mutant_order.c: cmd/okta-sync/publish.c tests/tests.mk
	@mkdir -p $(@D)
	sed -z -e 's/\(\t\tr = okta_registry_commit[^\n]*\n\)\(\tif (r == OKTA_OK)\n\)\(\t\tr = okta_snapw_publish[^\n]*\n\)/\3\2\1/' $< >$@
	! cmp -s $< $@
$B/tests/fault/mutant_publish.o $B/tests/fault/mutant_order.o: OUR_CPPFLAGS += -Icmd/okta-sync
# one that takes what it has no memory for to be empty: lists, and who joined a group
$B/tests/fault/mutant_source_okta.c $B/tests/fault/mutant_bell.c: $B/tests/fault/mutant_%.c: cmd/okta-sync/%.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e '/^read_\(lists\|pairs\)/,/^}/s/(void)okta_err_set(err, r, "out of memory");/r = OKTA_OK;/' $< >$@
	! cmp -s $< $@
$B/tests/fault/mutant_source_okta.o $B/tests/fault/mutant_bell.o: OUR_CPPFLAGS += -Icmd/okta-sync
# a helper that goes on without a clock
$B/tests/fault/mutant_login.c: cmd/okta-auth-helper/login.c tests/tests.mk
	@mkdir -p $(@D)
	sed -e 's/l.started_s == OKTA_CLOCK_FAILED_S || start_ms == OKTA_CLOCK_FAILED_MS/false/' $< >$@
	! cmp -s $< $@
$B/tests/fault/mutant_login.o: OUR_CPPFLAGS += -Icmd/okta-auth-helper
$B/tests/fault/mutant-helper: $B/tests/fault/mutant_login.o $(call HONEST,$(OF_HELPER)/login.o)
	$(CC) $(PIE) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(NET_LIBS) $(BOX_LIBS)
.PHONY: faults
faults: $B/tests/fault/mutant-sync $B/tests/fault/mutant-order $B/tests/fault/mutant-empty $B/tests/fault/mutant-helper $(FAULTS) $B/tests/fault/libfault.so $B/tests/fault/mutant-rc/pam_okta.so $B/tests/fault/mutant-auth/pam_okta.so \
  $B/tests/fault/mutant-nss/libnss_okta.so.2 $B/tests/pam/liar

# --- one refusing line taken away at a time ---------------------------------------------------
.PHONY: check-mutants
check-mutants:
	@tests/deps.sh check
	@$(MAKE) --no-print-directory WERROR=1 all unit
	@printf 'mutants\t1800\ttests/mutants/run %s\n' $B | tests/run $B/logs/mutants

# --- the table of doc/THREATS.md, with the figures of the last runs ---------------------------
.PHONY: figures
figures:
	@tests/summary.py $B/logs $B/logs/*/

# --- everything that takes long: meant for an hour on two quiet cores ---------------------------
.PHONY: check-hostile
check-hostile:
	@tests/deps.sh check
	@$(MAKE) --no-print-directory WERROR=1 all unit faults
	@$(MAKE) --no-print-directory SAN=$(SANITIZE) all faults
	@tests/hostile-list $B | tests/run $B/logs/hostile

# --- logins without a pause for TIME seconds: nothing grows -----------------------------------
# TIME has another default for make fuzz
SOAK_S = $(if $(filter file default undefined,$(origin TIME)),10800,$(TIME))
.PHONY: soak
soak:
	@tests/deps.sh check
	@$(MAKE) --no-print-directory -s all
	@printf 'load/soak\t%d\tSOAK=$(SOAK_S) tests/load/test_rows.py\n' $$(($(SOAK_S) + 300)) | tests/run $B/logs/soak
