# SPDX-License-Identifier: BSD-2-Clause
# Fuzz targets: fuzz_NAME.c, linked with libFuzzer into $(FUZZ_B) by make fuzz, and with replay.c
# into $B/tests/fuzz for make check.  mutants/NAME.sed is the fault that NAME must find: its first
# line names the file of the product, the rest changes it.

FUZZ := snap jwt jwks json link oidc userinfo discovery directory events api conf wire records base spool request lines status auth
FUZZ_B := build-fuzz
comma := ,
TIME ?= 60
TARGET ?=
FUZZ_NOW := $(or $(TARGET),$(FUZZ))

FUZZ_REPLAYS := $(FUZZ_NOW:%=$B/tests/fuzz/replay-%)
FUZZ_FUZZERS := $(FUZZ_NOW:%=$B/tests/fuzz/fuzz-%)
FUZZ_MUTANTS := $(FUZZ_NOW:%=$B/tests/fuzz/mutant-%)

# Objects of the product beside the archives; map.c gets its file and its clock from the target.
FUZZ_OBJECTS_snap := $(addprefix $B/,nss_okta/nss_okta.o nss_okta/fill.o nss_okta/enumerate.o tests/fuzz/nss_map.o)
$B/tests/fuzz/nss_map.o: nss_okta/map.c Makefile
	@mkdir -p $(@D)
	$(CC) $(OUR_CPPFLAGS) -Dokta_snap_open=fuzz_snap_open -Dfstatat=fuzz_fstatat \
	  -Dclock_gettime=fuzz_clock_gettime $(CPPFLAGS) $(OUR_CFLAGS) -Wno-missing-prototypes $(CFLAGS) -MMD -MP -c -o $@ $<
# what these do to make an input, or to look at an answer, leads to no other answer, and is most of the work
$(addprefix $B/tests/fuzz/fuzz_,snap.o jwt.o auth.o): OUR_CFLAGS += $(if $(findstring fuzzer,$(SAN)),-fno-sanitize=fuzzer-no-link)
# of lengths and of an alphabet libFuzzer learns nothing, byte by byte
$(addprefix $B/common/base/,buf.o b64url.o): OUR_CFLAGS += $(if $(findstring fuzzer,$(SAN)),-fno-sanitize-coverage=trace-cmp)
FUZZ_OBJECTS_wire := $B/cmd/okta-auth-helper/inner.o
FUZZ_OBJECTS_discovery := $B/cmd/oktactl/doctor_discovery.o
FUZZ_OBJECTS_lines := $B/cmd/oktactl/registry_lines.o
FUZZ_OBJECTS_status := $(addprefix $B/cmd/oktactl/,status.o progress.o out.o)
wraps = $(addprefix -Wl$(comma)--wrap=,$(1))
# the one clock that the module reads inline
FUZZ_LD_snap := -Wl,--wrap=time
FUZZ_LD_records := $(call wraps,okta_chan_recv malloc free)
FUZZ_LD_discovery := $(call wraps,okta_http_do)
FUZZ_LD_base := $(call wraps,okta_file_read_trusted okta_file_replace calloc malloc free)
FUZZ_LD_spool := $(call wraps,open close unlink)
FUZZ_LD_request := $(call wraps,okta_file_read_trusted okta_file_replace okta_chan_recv sync_state_is_watched unlink \
  inotify_init1 inotify_add_watch open flock fstat close)
FUZZ_LD_status := $(call wraps,okta_file_read_trusted okta_snap_open okta_clock_now_s lstat)
FUZZ_LD_auth := $(addprefix -Wl$(comma)--wrap=okta_,snap_open config_load conf_free local_find_user local_find_id \
  local_ids_of record_load record_store used_open used_close used_add waiting_enter waiting_leave child_open child_close chan_send chan_recv)

define fuzz_target
$B/tests/fuzz/replay-$(1) $B/tests/fuzz/fuzz-$(1) $B/tests/fuzz/mutant-$(1): \
  $B/tests/fuzz/fuzz_$(1).o $$(FUZZ_OBJECTS_$(1)) $$(call links,tests/fuzz/fuzz_$(1).c)
$B/tests/fuzz/replay-$(1): $B/tests/fuzz/replay.o
$B/tests/fuzz/mutant-$(1): $B/tests/fuzz/mutant_$(1).o
$B/tests/fuzz/fuzz_$(1).o: PKG_CFLAGS = $$(filter-out -l%,$$(call libs,tests/fuzz/fuzz_$(1).c))
endef
$(foreach t,$(FUZZ),$(eval $(call fuzz_target,$(t))))

# The changed object is linked in place of the archive's, or of the product's, of that name.
mutated = $(shell sed -n '1s/^\# //p' tests/fuzz/mutants/$(1).sed)
$B/tests/fuzz/mutant_%.c: tests/fuzz/mutants/%.sed tests/fuzz/fuzz.mk
	@mkdir -p $(@D)
	sed -f $< $(call mutated,$*) >$@
	! cmp -s $(call mutated,$*) $@
$B/tests/fuzz/mutant_%.o: $B/tests/fuzz/mutant_%.c
	$(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(call pkg_cflags,libcrypto json-c) -I$(dir $(call mutated,$*)) \
	  $(CFLAGS) -c -o $@ $<

link_fuzz = $(CC) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ \
  $(filter %/mutant_$(1).o,$^) $(filter-out %/mutant_$(1).o $(if $(filter %/mutant_$(1).o,$^),$B/$(basename $(call mutated,$(1))).o),$(filter %.o,$^)) \
  $(filter %.a,$^) $(FUZZ_LD_$(1)) $(call libs,tests/fuzz/fuzz_$(1).c)
$B/tests/fuzz/replay-%:
	$(call link_fuzz,$*)
$B/tests/fuzz/fuzz-%:
	$(call link_fuzz,$*) -fsanitize=fuzzer
$B/tests/fuzz/mutant-%:
	$(call link_fuzz,$*) -fsanitize=fuzzer
.SECONDARY: $(FUZZ:%=$B/tests/fuzz/mutant_%.c)

.PHONY: fuzz fuzz-replay fuzz-build fuzz-mutants check-fuzz-mutants
fuzz-replay: $(FUZZ_REPLAYS)
fuzz-build: $(FUZZ_REPLAYS) $(FUZZ_FUZZERS)
fuzz-mutants: $(FUZZ_REPLAYS) $(FUZZ_MUTANTS)

in_clang = $(MAKE) --no-print-directory -s CC=clang SAN=fuzzer-no-link,address,undefined B=$(FUZZ_B)
fuzz:
	@tests/deps.sh fuzz
	@$(in_clang) fuzz-build
	@tests/fuzz/run $(FUZZ_B) $(TIME) $(FUZZ_NOW)

check-fuzz-mutants:
	@tests/deps.sh fuzz
	@$(in_clang) fuzz-mutants
	@tests/fuzz/mutants/run $(FUZZ_B) $(FUZZ_NOW)

# Two packaged libraries beside our own verifier.
$B/tests/net/other_libraries: tests/net/other_libraries.c
	@mkdir -p $(@D)
	$(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) -o $@ $< $(LDFLAGS) -ljwt -lcjose
