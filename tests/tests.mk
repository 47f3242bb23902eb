# SPDX-License-Identifier: BSD-2-Clause
# What make check, make demo and make bench build and run.

UNIT := err view buf text b64url file frame chan child snap_read snap_write conf names groups \
  policy wire config local record json jwk jwt http oidc dpop registry link ratelimit directory
UNIT_BIN := $(UNIT:%=$B/tests/unit/test_%)
ARCHIVES := $(addprefix $B/lib,base.a snap.a snapw.a model.a host.a net.a apic.a registry.a)
SANITIZE := address,undefined

# A test says in its first lines which archives and pkg-config libraries it links:
#   /* links: net model base; libs: libcrypto json-c */
links = $(patsubst %,$B/lib%.a,$(shell sed -n '1,8s,.*links: \([^;*]*\).*,\1,p' $(1)))
libs  = $(shell l="$$(sed -n '1,8s,.*libs: \([^*]*\)\*/.*,\1,p' $(1))"; test -z "$$l" || $(PKG_CONFIG) --cflags --libs $$l)

$B/tests/%: tests/%.c $(ARCHIVES)
	@mkdir -p $(@D)
	$(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(CFLAGS) -Wno-missing-prototypes -MMD -MP -o $@ $< \
	  $(call links,$<) $(filter-out -lcmocka,$(call libs,$<)) $(LDFLAGS) -Wl,--as-needed -lcmocka

.PHONY: check check-run check-unit demo bench deps
.PHONY: unit
unit: $(UNIT_BIN)

# Each installs what it needs first, then reads this Makefile anew with the tools in place.
check:
	@tests/deps.sh check
	@$(MAKE) --no-print-directory WERROR=1 check-run

check-run: all unit
	@$(MAKE) --no-print-directory SAN=$(SANITIZE) unit
	@tests/list $B | tests/run $B/logs

demo:
	@tests/deps.sh demo
	@$(MAKE) --no-print-directory -s all
	@tests/demo.sh

bench:
	@tests/deps.sh bench
	@$(MAKE) --no-print-directory -s all
	@tests/bench/run
