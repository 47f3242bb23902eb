# SPDX-License-Identifier: BSD-2-Clause
# One Makefile, no recursion.  Lower-case and ?= variables are the packager's, OUR_ ones are ours.
# make SAN=address,undefined ... builds the same tree beside the normal one.

CFLAGS      ?= -O2 -g
prefix      ?= /usr
sbindir     ?= $(prefix)/sbin
multiarch   := $(shell $(CC) -print-multiarch 2>/dev/null)
libdir      ?= $(prefix)/lib$(if $(multiarch),/$(multiarch))
pamdir      ?= $(libdir)/security
libexecdir  ?= $(prefix)/libexec/okta-login
sysconfdir  ?= /etc
confdir     ?= $(sysconfdir)/okta-login
statedir    ?= /var/lib/okta-login
rundir      ?= /run/okta-login
mandir      ?= $(prefix)/share/man
docdir      ?= $(prefix)/share/doc/okta-login
INSTALL     ?= install
PKG_CONFIG  ?= pkg-config

VERSION := 0.1.0
B       := build$(if $(SAN),-$(SAN))

OUR_CPPFLAGS := -D_GNU_SOURCE -Icommon -DOKTA_VERSION='"$(VERSION)"' \
  -DOKTA_CONF_DIR='"$(confdir)"' -DOKTA_STATE_DIR='"$(statedir)"' \
  -DOKTA_RUN_DIR='"$(rundir)"' -DOKTA_LIBEXEC_DIR='"$(libexecdir)"'
# where there is such a thing
CF := $(shell $(CC) -fcf-protection -E -x c /dev/null >/dev/null 2>&1 && echo -fcf-protection)
OUR_CFLAGS := -std=gnu11 -fPIC -fvisibility=hidden -fno-strict-aliasing -Wall -Wextra -Wshadow \
  -Wconversion -Wstrict-prototypes -Wmissing-prototypes -Wcast-qual -Wvla -Wformat=2 \
  -Wundef -Wwrite-strings $(if $(WERROR),-Werror) \
  $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=undefined,\
    -fstack-protector-strong -fstack-clash-protection $(CF) -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2)
OUR_LDFLAGS := -Wl,-z,relro,-z,now -Wl,-z,noexecstack -Wl,--as-needed \
  $(if $(SAN),-fsanitize=$(SAN),-Wl,--no-undefined -Wl,--no-undefined-version)
PIE := -pie

# --- objects, by floor: listed, never globbed ------------------------------------------------
BASE  := $(addprefix common/base/,err.o wipe.o view.o buf.o text.o b64url.o clock.o file.o \
           frame.o chan.o fd.o fsize.o child.o)
SNAP  := $(addprefix common/snap/,sum.o open.o name.o user.o group.o member.o status.o)
SNAPW := $(addprefix common/snap/,write.o layout.o index.o conflict.o publish.o verify.o)
MODEL := $(addprefix common/model/,conf.o conf_keys.o conf_value.o names.o groups.o policy.o wire.o)
HOST  := $(addprefix common/host/,config.o local.o person.o record.o run_dir.o used.o waiting.o)
NET   := $(addprefix common/net/,json.o json_scan.o json_write.o jwk.o jwk_verify.o jwt.o id_token.o jws.o http.o http_text.o oidc.o oidc_read.o oidc_poll.o dpop.o qr.o keygen.o)
APIC  := $(addprefix common/net/,token.o patience.o link.o ratelimit.o page_size.o listing.o \
           refusal.o scopes.o json_pull.o directory.o)
BOX   := $(addprefix common/sandbox/,sandbox.o landlock.o seccomp.o)
REG   := $(addprefix common/registry/,registry.o db.o index.o rows.o load.o meta.o open.o assign.o waiting.o bury.o alloc.o)

NSS   := $(addprefix nss_okta/,nss_okta.o map.o fill.o enumerate.o)
PAM   := $(addprefix pam_okta/,pam_okta.o auth.o account.o cred.o password.o who.o fresh.o helper.o \
           prompt.o conv.o txn.o host.o rc.o)
HELP  := $(addprefix cmd/okta-auth-helper/,main.o login.o worker.o role.o inner.o task.o device.o fetch.o \
           verify.o slim.o)
SYNC  := $(addprefix cmd/okta-sync/,main.o ask.o meanwhile.o meanwhile_change.o once.o state.o account.o fetcher.o fetch.o grouplist.o page.o handover.o \
           source_okta.o source_file.o records.o records_read.o idmap.o groups.o people.o ids.o build.o brake.o \
           report.o status.o progress.o publish.o start.o shared.o request.o turn.o work.o watch.o notify.o \
           plan.o news.o seen.o changes.o changed.o reread.o events.o bell.o errand.o base.o base_sum.o \
           merge.o assemble.o stale.o marks.o source_changes.o points.o resume.o spool.o)
CTL   := $(addprefix cmd/oktactl/,main.o out.o config.o status.o progress.o person.o members.o explain.o token.o \
           snapshot.o registry.o registry_lines.o sync.o run.o \
           doctor.o doctor_child.o doctor_read.o doctor_conf.o doctor_files.o doctor_snapshot.o \
           doctor_nss.o doctor_ids.o doctor_stack.o doctor_pam.o doctor_sshd.o doctor_mac.o doctor_net.o \
           doctor_okta.o doctor_discovery.o doctor_api.o \
           setup.o setup_answers.o setup_conf.o setup_ask.o setup_sync.o setup_journal.o setup_candidate.o \
           setup_key.o setup_api.o setup_prove.o setup_preview.o setup_pam.o setup_nss.o \
           setup_unit.o setup_sshd.o setup_apply.o setup_undo.o)

.DEFAULT_GOAL := all
include tests/tests.mk
include packaging/packaging.mk

PRODUCTS := $B/libnss_okta.so.2 $B/pam_okta.so $B/okta-auth-helper $B/okta-sync $B/oktactl
.PHONY: all install clean
all: $(PRODUCTS)

# --- only these objects see pkg-config's output ----------------------------------------------
NETFLOOR_PKGS := libcurl libcrypto json-c libqrencode sqlite3
# evaluated only when a rule that needs them runs
pkg_cflags = $(shell $(PKG_CONFIG) --cflags $(1))
pkg_libs   = $(shell $(PKG_CONFIG) --libs $(1))
NET_LIBS   = $(call pkg_libs,libcurl libcrypto json-c libqrencode)
REG_LIBS   = $(call pkg_libs,sqlite3)
BOX_LIBS   = $(call pkg_libs,libseccomp)
$B/cmd/oktactl/sync.o $B/cmd/oktactl/setup_%.o: OUR_CPPFLAGS += -DOKTA_SBIN_DIR='"$(sbindir)"'
# packaging's own rules, as C strings
as_c_string = { echo 'static char $(1)_rules[] ='; sed -e 's/\\/&&/g' -e 's/"/\\"/g' -e 's/.*/"&\\n"/' $<; echo ';'; } >$@.new && mv $@.new $@
$B/cmd/oktactl/nsswitch_%.inc: packaging/nsswitch/%.sed Makefile
	@mkdir -p $(@D)
	$(call as_c_string,$*)
$B/cmd/oktactl/sshd_rules.inc: packaging/examples/sshd_config.d/okta-login.conf Makefile
	@mkdir -p $(@D)
	$(call as_c_string,sshd)
$B/cmd/oktactl/setup_nss.o: $B/cmd/oktactl/nsswitch_add.inc $B/cmd/oktactl/nsswitch_remove.inc
$B/cmd/oktactl/setup_sshd.o: $B/cmd/oktactl/sshd_rules.inc
$B/cmd/oktactl/setup_nss.o $B/cmd/oktactl/setup_sshd.o: OUR_CPPFLAGS += -I$B/cmd/oktactl
$B/cmd/oktactl/doctor_files.o: OUR_CPPFLAGS += -DOKTA_LIB_DIR='"$(libdir)"' -DOKTA_PAM_DIR='"$(pamdir)"'
$B/common/net/%.o $B/common/registry/%.o: PKG_CFLAGS = $(call pkg_cflags,$(NETFLOOR_PKGS))
$B/common/sandbox/%.o: PKG_CFLAGS = $(call pkg_cflags,libseccomp)

# --- archives --------------------------------------------------------------------------------
define archive
$B/lib$(1).a: $$($(2):%=$B/%)
	rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(eval $(call archive,base,BASE))
$(eval $(call archive,snap,SNAP))
$(eval $(call archive,snapw,SNAPW))
$(eval $(call archive,model,MODEL))
$(eval $(call archive,host,HOST))
$(eval $(call archive,net,NET))
$(eval $(call archive,apic,APIC))
$(eval $(call archive,registry,REG))
$(eval $(call archive,sandbox,BOX))
$(eval $(call archive,pamokta,PAM))
SYNC_PARTS := $(filter-out cmd/okta-sync/main.o,$(SYNC))
$(eval $(call archive,oktasync,SYNC_PARTS))
$B/tests/pam/functions $B/tests/pam/wipe: $B/libpamokta.a

# --- products --------------------------------------------------------------------------------
# noseparate-code: each process that asks for a name maps one segment instead of three
$B/libnss_okta.so.2: $(NSS:%=$B/%) $B/libsnap.a $B/libbase.a nss_okta/nss_okta.map
	$(CC) -shared -Wl,-soname,$(@F) -Wl,-z,nodelete -Wl,-z,noseparate-code \
	  -Wl,--version-script=nss_okta/nss_okta.map \
	  $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^)

$B/pam_okta.so: $(PAM:%=$B/%) $B/libhost.a $B/libmodel.a $B/libsnap.a $B/libbase.a pam_okta/pam_okta.map
	$(CC) -shared -Wl,-soname,$(@F) -Wl,--version-script=pam_okta/pam_okta.map \
	  $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) -lpam -linih

$B/okta-auth-helper: $(HELP:%=$B/%) $B/libsandbox.a $B/libnet.a $B/libmodel.a $B/libbase.a
	$(CC) $(PIE) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(NET_LIBS) $(BOX_LIBS)

$B/okta-sync: $(SYNC:%=$B/%) $B/libsandbox.a $B/libapic.a $B/libnet.a $B/libregistry.a $B/libhost.a $B/libmodel.a \
  $B/libsnapw.a $B/libsnap.a $B/libbase.a
	$(CC) $(PIE) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(NET_LIBS) $(REG_LIBS) $(BOX_LIBS) -linih

$B/oktactl: $(CTL:%=$B/%) $B/libapic.a $B/libnet.a $B/libregistry.a $B/libhost.a $B/libmodel.a $B/libsnapw.a \
  $B/libsnap.a $B/libbase.a
	$(CC) $(PIE) $(CFLAGS) $(OUR_LDFLAGS) $(LDFLAGS) -o $@ $(filter %.o %.a,$^) $(NET_LIBS) $(REG_LIBS) -linih

$B/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(CC) $(OUR_CPPFLAGS) $(CPPFLAGS) $(OUR_CFLAGS) $(PKG_CFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

-include $(shell find $B -path $B/packages -prune -o -name '*.d' -type f -print 2>/dev/null)

# --- install ---------------------------------------------------------------------------------
GUIDES := $(addprefix doc/,OPERATING.md OKTA.md LOGS.md THREATS.md ARCHITECTURE.md)
MAN5 := doc/man/okta-login.conf.5
MAN8 := $(addprefix doc/man/,pam_okta.8 nss_okta.8 okta-sync.8 oktactl.8 okta-auth-helper.8)

install: all
	$(INSTALL) -d $(DESTDIR)$(libdir) $(DESTDIR)$(pamdir) $(DESTDIR)$(libexecdir) $(DESTDIR)$(sbindir) \
	  $(DESTDIR)$(mandir)/man5 $(DESTDIR)$(mandir)/man8 $(DESTDIR)$(confdir)/conf.d $(DESTDIR)$(docdir)/doc
	$(INSTALL) -m 644 $B/libnss_okta.so.2 $(DESTDIR)$(libdir)/
	$(INSTALL) -m 644 $B/pam_okta.so $(DESTDIR)$(pamdir)/
	$(INSTALL) -m 755 $B/okta-auth-helper $(DESTDIR)$(libexecdir)/
	$(INSTALL) -m 755 $B/okta-sync $B/oktactl $(DESTDIR)$(sbindir)/
	$(INSTALL) -m 644 $(MAN5) $(DESTDIR)$(mandir)/man5/
	$(INSTALL) -m 644 $(MAN8) $(DESTDIR)$(mandir)/man8/
	$(INSTALL) -m 644 conf/okta-login.conf.example README.md LICENSE $(DESTDIR)$(docdir)/
	$(INSTALL) -m 644 $(GUIDES) $(DESTDIR)$(docdir)/doc/
	$(INSTALL) -d -m 755 $(DESTDIR)$(statedir)

clean:
	rm -rf build build-*
