# Short names for what a developer does all day. `make demo` shows the main job, `make quick` is
# for every edit, `make check` is what a contribution must pass, and `make check-long` the rest.

CARGO      ?= cargo
PREFIX     ?= /usr/local
LIBDIR     ?= $(PREFIX)/lib
INCLUDEDIR ?= $(PREFIX)/include
# What takes the names of inner functions out of the library; empty where a packager does that.
STRIP      ?= -Wl,-s

TARGET  := $(or $(CARGO_TARGET_DIR),target)
RELEASE := $(TARGET)/release
VERSION := $(shell sed -n 's/^version = "\(.*\)"/\1/p' Cargo.toml | head -n 1)
SONAME  := libtlsconn.so.0
REAL    := libtlsconn.so.$(VERSION)
# The version of the symbols: what was in the first release. New names get a newer one.
SYMBOLS := TLSCONN_0.1

# What the static library needs from the system: `rustc --print native-static-libs`.
NATIVE_LIBS := -lgcc_s -lutil -lrt -lpthread -lm -ldl -lc

# The library that examples and C tests are linked with; the tests of `cargo test` alone take
# the one that cargo has just made.
LIBRARY  ?= $(RELEASE)
WARNINGS := -Wall -Wextra -Wpedantic -Wstrict-prototypes -Werror
PLAIN    := -std=c99 $(WARNINGS) -g -Iinclude
C99      := $(PLAIN) -D_POSIX_C_SOURCE=200809L
SANITIZE := -fsanitize=address,undefined -fno-sanitize-recover=undefined -fno-omit-frame-pointer
# With the file itself: the name that `-ltlsconn` looks for need not be there yet.
LINK      = $(LIBRARY)/$(SONAME) -Wl,-rpath,$(abspath $(LIBRARY)) -pthread
# What the programs that a checker runs are linked with, and so made anew for.
HEADERS  := include/tlsconn.h $(wildcard tests/*.h)
EXAMPLES := $(patsubst examples-c/%.c,%,$(wildcard examples-c/*.c)) hostmanager hostmanager-client
CONTRACT := $(patsubst tests/%.c,%,$(wildcard tests/*.c))
# Every call on libtlsconn must be clean; what the C library keeps until the end is not a leak.
VALGRIND := valgrind --quiet --error-exitcode=99 --leak-check=full \
  --show-leak-kinds=definite,indirect --errors-for-leak-kinds=definite,indirect

# Two cores are what everybody has. What a step prints comes out in one piece, at its end.
SIDE_BY_SIDE := --jobs=2 --output-sync=target

.PHONY: lib header demo check check-long quick install uninstall
.PHONY: setup check-shipped check-sources format-check lint header-check library-check install-check
.PHONY: test test-quick run-demo contract contract-pki ending-often case-runner-check store-faults
.PHONY: store-faults-all
.PHONY: peers peers-plain peers-sanitized peers-valgrind peers-debug case-runner-valgrind
.PHONY: examples examples-sanitized case-runner field bogo bogo-shim fuzz mutants bench
.PHONY: bench-serving FORCE

MAKEFLAGS += --no-print-directory

# ---------- building ----------

lib: $(RELEASE)/libtlsconn.so
	@ls -l $(RELEASE)/$(SONAME) $(RELEASE)/libtlsconn.a

# Alone among the crate types of this call, so that link-time optimisation takes place.
$(RELEASE)/libtlsconn.a: FORCE
	$(CARGO) rustc --locked --release --lib --crate-type staticlib

# tests/symbols.txt is the one list of what the library gives to the world.
$(RELEASE)/libtlsconn.map: tests/symbols.txt
	@mkdir -p $(@D)
	{ echo '$(SYMBOLS) {'; echo '  global:'; sed 's/.*/    &;/' $<; echo '  local: *;'; echo '};'; } > $@

# A version script has no effect on the library that rustc links, hence a link of our own.
# nodelete: threads may still hold our thread-locals when a program calls dlclose().
$(RELEASE)/$(SONAME): $(RELEASE)/libtlsconn.a $(RELEASE)/libtlsconn.map
	$(CC) -shared -o $@ -Wl,-soname,$(SONAME) -Wl,--version-script=$(RELEASE)/libtlsconn.map \
	  -Wl,--whole-archive $(RELEASE)/libtlsconn.a -Wl,--no-whole-archive -Wl,--gc-sections \
	  -Wl,-z,nodelete -Wl,-z,relro -Wl,-z,now -Wl,-z,defs $(STRIP) $(LDFLAGS) $(NATIVE_LIBS)

# The name that `-ltlsconn` looks for. Removed first: cargo may have put its own file there.
$(RELEASE)/libtlsconn.so: $(RELEASE)/$(SONAME)
	rm -f $@
	ln -s $(SONAME) $@

# What cargo makes by itself has the right SONAME, but not a file of that name. `cargo test`
# alone makes no shared library at all.
$(TARGET)/debug/$(SONAME):
	$(CARGO) build --locked --workspace --lib
	ln -sf libtlsconn.so $@

header:
	$(CARGO) run --locked --quiet --package header -- include/tlsconn.h

examples: $(EXAMPLES:%=$(LIBRARY)/examples-c/%)
examples-sanitized: $(EXAMPLES:%=$(LIBRARY)/examples-sanitized/%)

# As README's one line compiles a program: each says by itself what it needs of the system.
$(LIBRARY)/examples-c/%: examples-c/%.c include/tlsconn.h $(LIBRARY)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PLAIN) $< -o $@ $(LINK)

$(LIBRARY)/examples-sanitized/%: examples-c/%.c include/tlsconn.h $(LIBRARY)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PLAIN) $(SANITIZE) $< -o $@ $(LINK)

# The example that is made of several files, with SQLite; its client is one file as the others are.
HOSTMANAGER := $(filter-out %-client.c,$(wildcard examples-c/hostmanager/*.c))
HOST_NEEDS   = $(HOSTMANAGER) $(wildcard examples-c/hostmanager/*.h) include/tlsconn.h $(LIBRARY)/$(SONAME)

$(LIBRARY)/examples-c/hostmanager: $(HOST_NEEDS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PLAIN) $(HOSTMANAGER) -o $@ $(LINK) -lsqlite3

$(LIBRARY)/examples-sanitized/hostmanager: $(HOST_NEEDS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PLAIN) $(SANITIZE) $(HOSTMANAGER) -o $@ $(LINK) -lsqlite3

$(LIBRARY)/examples-c/%: examples-c/hostmanager/%.c include/tlsconn.h $(LIBRARY)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PLAIN) $< -o $@ $(LINK)

$(LIBRARY)/examples-sanitized/%: examples-c/hostmanager/%.c include/tlsconn.h $(LIBRARY)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(PLAIN) $(SANITIZE) $< -o $@ $(LINK)

# ---------- others' test cases ----------

# Judges the cases that it reads; `target/case-runner --help` says how.
CASE_RUNNER := $(wildcard tests/cases/*.c)
CASE_NEEDS   = $(CASE_RUNNER) $(wildcard tests/cases/*.h) include/tlsconn.h $(LIBRARY)/$(SONAME)
RUNNER_LINK  = $(CASE_RUNNER) -o $@ $(LINK)

case-runner: $(TARGET)/case-runner
ifneq ($(TARGET),target)
	@mkdir -p target
	cp -f $< target/case-runner
endif

$(TARGET)/case-runner: $(CASE_NEEDS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -O2 $(C99) $(RUNNER_LINK)

$(LIBRARY)/case-runner-sanitized: $(CASE_NEEDS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(C99) $(SANITIZE) $(RUNNER_LINK)

# ---------- BoringSSL's runner ----------

# The runner is not part of the sources; tests/bogo/README.md says where it comes from, and what
# the configuration is.
RUNNER     ?=
CONFIG     ?= tests/bogo/config.json
BOGO_DIR   ?= $(dir $(abspath $(RUNNER)))
BOGO_FLAGS ?=

bogo:
	@test -x "$(RUNNER)" || { echo "bogo: name BoringSSL's runner: make bogo RUNNER=/path/to/runner.test" >&2; exit 1; }
	$(MAKE) bogo-shim
	cd $(BOGO_DIR) && $(abspath $(RUNNER)) -shim-path $(abspath $(LIBRARY)/bogo-shim) \
	  -shim-config $(abspath $(CONFIG)) -allow-unimplemented -pipe $(BOGO_FLAGS)

bogo-shim: $(LIBRARY)/bogo-shim

BOGO_SHIM := $(wildcard tests/bogo/*.c)

$(LIBRARY)/bogo-shim: $(BOGO_SHIM) $(wildcard tests/bogo/*.h) include/tlsconn.h $(LIBRARY)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(C99) $(BOGO_SHIM) -o $@ $(LINK)

# ---------- the main job ----------

demo:
	scripts/setup cargo cc stdio.h openssl script
	$(MAKE) run-demo

run-demo: lib $(LIBRARY)/examples-c/connect $(LIBRARY)/examples-c/serve
	scripts/demo $(LIBRARY)/examples-c/connect $(LIBRARY)/examples-c/serve

# ---------- checking ----------

# What is built as it is shipped and what is built as cargo tests it are in different
# directories, so cargo's lock keeps neither waiting for the other.
check: setup
	$(MAKE) format-check
	$(MAKE) $(SIDE_BY_SIDE) check-shipped check-sources
	$(MAKE) $(SIDE_BY_SIDE) peers
	@echo "make check: all is well"

check-shipped:
	$(MAKE) library-check
	$(MAKE) install-check
	$(MAKE) run-demo
	$(MAKE) examples examples-sanitized
	$(MAKE) contract
	$(MAKE) store-faults
	$(MAKE) bogo-shim
	$(MAKE) case-runner-check

check-sources:
	$(MAKE) lint
	$(MAKE) header-check
	$(MAKE) test

# What is too slow for every contribution: valgrind where a sanitizer has looked already, and the
# examples with the library as cargo builds it, which checks its arithmetic.
check-long: setup
	$(MAKE) $(SIDE_BY_SIDE) peers-debug case-runner-valgrind
	$(MAKE) store-faults-all
	$(MAKE) ending-often
	$(MAKE) peers-valgrind
	$(MAKE) field
	@echo "make check-long: all is well"

# The tests run while clippy reads.
quick: format-check
	$(CARGO) test --locked --no-run $(QUICK)
	$(MAKE) $(SIDE_BY_SIDE) test-quick lint

setup:
	scripts/setup

format-check:
	$(CARGO) fmt --all --check

# Debian has no clippy of this version.
lint:
	@if [ "$$CI" != true ] && ! $(CARGO) clippy --version > /dev/null 2>&1; then \
	  echo "lint: skipped, there is no cargo clippy here"; \
	else \
	  set -x; $(CARGO) clippy --locked --workspace --all-targets -- -D warnings; \
	fi

# Made elsewhere and compared; then read by the three sorts of reader that it has.
header-check:
	@mkdir -p $(TARGET)
	$(CARGO) run --locked --quiet --package header -- $(TARGET)/tlsconn.h
	diff -u include/tlsconn.h $(TARGET)/tlsconn.h
	sed -n '/^```c$$/,/^```$$/{/^```/!p;}' README.md | diff -u examples-c/connect.c -
	$(CC) -std=c99 $(WARNINGS) -fsyntax-only -x c include/tlsconn.h
	$(CXX) -std=c++11 -Wall -Wextra -Wpedantic -Werror -fsyntax-only -x c++ include/tlsconn.h
	scripts/with-cffi tests/header_cffi.py include/tlsconn.h
	python3 tests/header_text.py include/tlsconn.h

library-check: lib
	scripts/check-library $(RELEASE) $(SONAME) $(SYMBOLS)

install-check: lib
	scripts/check-install

# All of cargo's tests but `peers`, which is below. A directory in tests/ with a main.rs is one of
# them by itself.
TESTS := $(filter-out peers,$(patsubst tests/%/main.rs,%,$(wildcard tests/*/main.rs)))
# Always the whole workspace: with a part of it cargo chooses other features for what both need,
# and builds everything again.
QUICK := --workspace --lib --test judge

test:
	$(CARGO) test --locked --workspace --lib --bins --examples $(TESTS:%=--test %)
	$(CARGO) test --locked --workspace --doc

test-quick:
	$(CARGO) test --locked $(QUICK)

# The promises of the header, from C: plain, under valgrind, and with gcc's sanitizers, side by
# side. Their certificates and keys are made once; each run has a copy to itself.
CONTRACT_PKI  := $(LIBRARY)/contract/pki
# A forked child leaves alone what other threads had locked, which a checker calls lost, and gcc's
# sanitizers lock their own heap at a fork.
CONTRACT_PLAIN := contract_forks
CONTRACT_RUNS  := $(CONTRACT:%=%-plain) \
  $(foreach test,$(filter-out $(CONTRACT_PLAIN),$(CONTRACT)),$(test)-valgrind $(test)-sanitized)
copy_pki       = rm -rf $(CONTRACT_PKI)-$(@F) && cp -R -p $(CONTRACT_PKI) $(CONTRACT_PKI)-$(@F)

contract: $(CONTRACT_RUNS:%=contract-run/%)
	@test -n "$(CONTRACT)"
	@echo "contract: $(words $(CONTRACT)) programs, plain, under valgrind and with sanitizers: ok"

contract-pki:
	tests/contract-pki.sh $(CONTRACT_PKI)

contract-run/%-plain: $(LIBRARY)/contract/% contract-pki
	@$(copy_pki) && echo "$*" && $< $(CONTRACT_PKI)-$(@F)

contract-run/%-valgrind: $(LIBRARY)/contract/% contract-pki
	@$(copy_pki) && echo "$* under valgrind" && $(VALGRIND) $< $(CONTRACT_PKI)-$(@F)

contract-run/%-sanitized: $(LIBRARY)/contract/%-sanitized contract-pki
	@$(copy_pki) && echo "$* with sanitizers" && $< $(CONTRACT_PKI)-$(@F)

$(LIBRARY)/contract/%: tests/%.c $(HEADERS) $(LIBRARY)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(C99) $< -o $@ $(LINK)

$(LIBRARY)/contract/%-sanitized: tests/%.c $(HEADERS) $(LIBRARY)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(C99) $(SANITIZE) $< -o $@ $(LINK)

# What was written arrives: fifty of fifty, each way of ending.
OFTEN := contract_ending contract_stopped

ending-often: $(OFTEN:%=ending-often/%)

ending-often/%: $(LIBRARY)/contract/%-often contract-pki
	@$(copy_pki) && echo "$* often" && $< $(CONTRACT_PKI)-$(@F)

$(LIBRARY)/contract/%-often: tests/%.c $(HEADERS) $(LIBRARY)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(C99) -DTIMES=50 $< -o $@ $(LINK)

# Every system call of a write of the known file fails, or is the last one: in seconds, or all of
# it, which takes minutes.
STORE_FAULTS = tests/faults/store_faults.py $(LIBRARY)/store_change $(LIBRARY)/store-faults-pki

store-faults store-faults-all: $(LIBRARY)/store_change
	tests/contract-pki.sh $(LIBRARY)/store-faults-pki
	python3 $(STORE_FAULTS) $(if $(filter %-all,$@),--all)

$(LIBRARY)/store_change: tests/faults/store_change.c include/tlsconn.h $(LIBRARY)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(C99) $< -o $@ $(LINK)

.SECONDARY: $(CONTRACT:%=$(LIBRARY)/contract/%) $(CONTRACT:%=$(LIBRARY)/contract/%-sanitized) \
  $(OFTEN:%=$(LIBRARY)/contract/%-often)

# What the runner makes of a few good and many bad lines. The cases themselves are a cargo test.
RUNNER_PKI := $(LIBRARY)/case-runner-pki

case-runner-check: lib case-runner $(LIBRARY)/case-runner-sanitized
	tests/contract-pki.sh $(RUNNER_PKI)
	tests/cases/runner_lines.sh $(RUNNER_PKI) $(TARGET)/case-runner
	tests/cases/runner_lines.sh $(RUNNER_PKI) $(LIBRARY)/case-runner-sanitized
	@echo "the case runner is as its --help says"

case-runner-valgrind: lib case-runner
	tests/contract-pki.sh $(RUNNER_PKI)
	tests/cases/runner_lines.sh $(RUNNER_PKI) $(VALGRIND) $(TARGET)/case-runner

# Programs and inputs from the field, each with what is right; some take a minute. They are not a
# part of this tree. FIELD names single ones: make field FIELD='poll_first A13'
FIELD_CASES ?= ../shared/cases/field
FIELD       ?=

field: lib examples
	@if [ -d $(FIELD_CASES) ]; then \
	  rm -rf $(TARGET)/field && $(MAKE) --silent install PREFIX=$(abspath $(TARGET))/field > /dev/null \
	  && python3 -B tests/field/field.py $(FIELD_CASES) $(abspath $(TARGET))/field $(abspath $(LIBRARY))/examples-c $(FIELD); \
	elif [ "$$CI" = true ]; then \
	  echo "field: there is no $(FIELD_CASES)" >&2; exit 1; \
	else \
	  echo "field: skipped, there is no $(FIELD_CASES)"; \
	fi

# The examples against the programs of others, with the library as it is shipped: plain, and with
# gcc's sanitizers. Valgrind takes its time with the hostmanager's tests, so it sees some.
PEERS   := $(CARGO) test --locked --workspace --test peers
BRIEFLY := two_backends a_certificate_that_is_taken a_line_that_does_not thousands_of silent_and_half

peers: peers-plain peers-sanitized

peers-plain: lib examples
	TLSCONN_EXAMPLES=$(abspath $(LIBRARY))/examples-c $(PEERS)

peers-sanitized: lib examples-sanitized
	TLSCONN_EXAMPLES=$(abspath $(LIBRARY))/examples-sanitized $(PEERS)

peers-valgrind: lib examples
	TLSCONN_EXAMPLES=$(abspath $(LIBRARY))/examples-c TLSCONN_RUN='$(VALGRIND)' $(PEERS) -- --skip hostmanager::
	TLSCONN_EXAMPLES=$(abspath $(LIBRARY))/examples-c TLSCONN_RUN='$(VALGRIND)' $(PEERS) -- $(BRIEFLY)

peers-debug:
	$(CARGO) build --locked --workspace --lib
	$(PEERS)

# ---------- searching ----------

# No part of `check`: both take long, and find what the tests do not know yet. docs/testing.md
# says how to read what they find. They need cargo-fuzz with a nightly toolchain, and cargo-mutants.
FUZZ_SECONDS ?= 60
FUZZ_TARGETS := $(patsubst fuzz/targets/%.rs,%,$(wildcard fuzz/targets/*.rs))
# One part of all mutants, k/n with k from 0; and more options, --file src/chain/strict/host_name.rs say.
SHARD        ?= 0/1
MUTANTS      ?=

fuzz:
	@for target in $(FUZZ_TARGETS); do \
	  $(CARGO) +nightly fuzz run $$target -- -max_total_time=$(FUZZ_SECONDS) -timeout=10 || exit 1; \
	done

mutants:
	PROPTEST_CASES=$${PROPTEST_CASES:-16} $(CARGO) mutants --shard $(SHARD) --output $(TARGET) $(MUTANTS)

# ---------- measuring ----------

# Loading and judging beside OpenSSL's library; no part of `check` either. The material is made
# once; remove the directory to have it made anew.
BENCH        := $(TARGET)/bench
BENCH_ROUNDS ?= 5

bench: $(BENCH)/judge_openssl $(BENCH)/judge_tlsconn $(BENCH)/material/made
	benches/judging $(BENCH) $(BENCH)/material $(BENCH_ROUNDS)

$(BENCH)/judge_openssl: benches/judge_openssl.c benches/measure.h
	@pkg-config --exists libcrypto || { echo "bench: install pkgconf and libssl-dev first" >&2; exit 1; }
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -O2 $(C99) -D_GNU_SOURCE $< -o $@ $$(pkg-config --cflags --libs libcrypto)

$(BENCH)/judge_tlsconn: benches/judge_tlsconn.c benches/measure.h include/tlsconn.h $(LIBRARY)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -O2 $(C99) -D_GNU_SOURCE $< -o $@ $(LIBRARY)/$(SONAME) -Wl,-rpath,$(abspath $(LIBRARY)) -pthread

$(BENCH)/material/made: examples/judging_material.rs
	@mkdir -p $(@D)
	$(CARGO) run --locked --quiet --example judging_material -- $(@D)
	@touch $@

# A crowd of clients, and a directory of a hundred thousand. Each figure is a line of the table.
bench-serving: $(BENCH)/serve_tlsconn $(BENCH)/idle_clients $(BENCH)/serving/made examples
	benches/serving $(BENCH) $(BENCH)/serving $(LIBRARY)/examples-c

$(BENCH)/serve_tlsconn $(BENCH)/idle_clients: $(BENCH)/%: benches/%.c benches/measure.h include/tlsconn.h $(LIBRARY)/$(SONAME)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) -O2 $(C99) -D_GNU_SOURCE $< -o $@ $(LIBRARY)/$(SONAME) -Wl,-rpath,$(abspath $(LIBRARY)) -pthread

$(BENCH)/serving/made: examples/serving_material.rs
	@mkdir -p $(@D)
	$(CARGO) run --locked --quiet --example serving_material -- $(@D)
	@touch $@

# ---------- installing ----------

# Builds nothing: who installs is often root, and has no Rust.
install:
	@test -f $(RELEASE)/$(SONAME) -a -f $(RELEASE)/libtlsconn.a || { echo "run make lib first" >&2; exit 1; }
	install -d $(DESTDIR)$(LIBDIR)/pkgconfig $(DESTDIR)$(INCLUDEDIR)
	install -m 755 $(RELEASE)/$(SONAME) $(DESTDIR)$(LIBDIR)/$(REAL)
	ln -sf $(REAL) $(DESTDIR)$(LIBDIR)/$(SONAME)
	ln -sf $(SONAME) $(DESTDIR)$(LIBDIR)/libtlsconn.so
	install -m 644 $(RELEASE)/libtlsconn.a $(DESTDIR)$(LIBDIR)/libtlsconn.a
	install -m 644 include/tlsconn.h $(DESTDIR)$(INCLUDEDIR)/tlsconn.h
	sed -e 's|@PREFIX@|$(PREFIX)|' -e 's|@LIBDIR@|$(LIBDIR)|' -e 's|@INCLUDEDIR@|$(INCLUDEDIR)|' \
	  -e 's|@VERSION@|$(VERSION)|' -e 's|@NATIVE_LIBS@|$(NATIVE_LIBS)|' packaging/tlsconn.pc.in > $(RELEASE)/tlsconn.pc
	install -m 644 $(RELEASE)/tlsconn.pc $(DESTDIR)$(LIBDIR)/pkgconfig/tlsconn.pc

uninstall:
	rm -f $(DESTDIR)$(LIBDIR)/$(REAL) $(DESTDIR)$(LIBDIR)/$(SONAME) $(DESTDIR)$(LIBDIR)/libtlsconn.so \
	  $(DESTDIR)$(LIBDIR)/libtlsconn.a $(DESTDIR)$(INCLUDEDIR)/tlsconn.h $(DESTDIR)$(LIBDIR)/pkgconfig/tlsconn.pc
