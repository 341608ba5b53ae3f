# heed: `make` builds build/heed, build/libheed.a and build/libheed.so. Sources are found by scanning; nothing
# is listed here. `make help` says what else there is.

CC ?= cc
CROSS ?=
SAN ?=
OP ?=
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= $(if $(CROSS),build-cross,$(if $(SAN),build-asan,build))
CFLAGS ?= -O2 -g
override CC := $(CROSS)$(if $(CROSS),gcc,$(CC))
AR := $(CROSS)ar
VERSION := $(shell sed -n 's/^.define HEED_VERSION "\(.*\)"/\1/p' include/heed/context.h)

# As many jobs as processors unless the caller says otherwise.
ifeq (,$(MAKELEVEL:0=))
MAKEFLAGS += -j$(shell nproc 2>/dev/null || echo 2)
endif
MAKEFLAGS += --no-builtin-rules --no-print-directory
.DELETE_ON_ERROR:
.SECONDARY:

# Goals that compile nothing need neither compiler nor libraries.
PLAIN_GOALS := clean help format check-format layers uninstall deps
ifneq (,$(filter-out $(PLAIN_GOALS),$(or $(MAKECMDGOALS),all)))
ifneq (ok,$(shell CC='$(CC)' SYSROOT='$(SYSROOT)' tools/deps.sh --stamp $(BUILD)/deps build >&2 && echo ok))
$(error the packages above are needed first)
endif
$(if $(shell tools/gen-lists.sh $(BUILD)/gen || echo failed),$(error tools/gen-lists.sh failed))
MACHINE := $(shell $(CC) -dumpmachine)
endif

# Instruction sets are whole files, taken only where they can run.
foreign := $(if $(filter x86_64%,$(MACHINE)),,src/kernel/kernel_avx%.c) \
	   $(if $(filter aarch64%,$(MACHINE)),,src/kernel/kernel_neon.c)
lib_src := $(sort $(filter-out $(foreign),$(shell find src -name '*.c' ! -path 'src/cuda/*' 2>/dev/null)))
cli_src := $(sort $(wildcard cli/*.c))
unit_src := $(sort $(wildcard test/unit/test_*.c))
help_src := $(sort $(filter-out $(unit_src),$(wildcard test/unit/*.c)))
bench_src := $(sort $(wildcard bench/bench_*.c))
fuzz_src := $(sort $(wildcard test/fuzz/fuzz_*.c))
example_src := $(sort $(wildcard examples/*.c))

obj = $(1:%.c=$(BUILD)/obj/%.o)
lib_obj := $(call obj,$(lib_src))
cli_obj := $(call obj,$(cli_src))
help_obj := $(call obj,$(help_src))
units := $(unit_src:test/unit/%.c=$(BUILD)/test/%)
benches := $(bench_src:bench/%.c=$(BUILD)/bench/%)
examples := $(example_src:examples/%.c=$(BUILD)/examples/%)

comma := ,
warnings := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes $(if $(WERROR),-Werror)
san := $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all -fno-omit-frame-pointer)
flags := -std=c11 -D_GNU_SOURCE $(CFLAGS) -ffp-contract=off -fPIC -fno-semantic-interposition \
	 $(warnings) $(san) $(if $(SYSROOT),-I$(SYSROOT)/usr/include)
link := $(LDFLAGS) $(san) \
	$(foreach d,lib usr/lib,$(if $(SYSROOT),-L$(abspath $(SYSROOT))/$d/aarch64-linux-gnu \
		-Wl$(comma)-rpath$(comma)$(abspath $(SYSROOT))/$d/aarch64-linux-gnu))
libs := -lutf8proc -lz -lm -lpthread

include_lib := -Iinclude -Isrc -I$(BUILD)
include_cli := -Iinclude -Icli -I$(BUILD)
$(BUILD)/obj/src/%.o $(BUILD)/obj/test/%.o $(BUILD)/obj/bench/%.o: includes := $(include_lib)
$(BUILD)/obj/cli/%.o $(BUILD)/obj/examples/%.o: includes := $(include_cli)
$(BUILD)/obj/src/kernel/kernel_avx512.o: extra := -O3 -mavx512f -mavx512dq -mavx512bw -mavx512vl -mfma
$(BUILD)/obj/src/kernel/kernel_avx2.o: extra := -O3 -mavx2 -mfma
$(BUILD)/obj/src/kernel/kernel_neon.o: extra := -O3

say = $(if $(V),,@printf '  %-5s %s\n' $(1) '$(2)';)

.PHONY: all lib tests benches test test-neon demo bench docs install uninstall format check-format layers lint \
	clean deps help print-fuzz
.DEFAULT_GOAL := all

## all: the program and both libraries
all: $(if $(cli_src),$(BUILD)/heed) lib
lib: $(if $(lib_src),$(BUILD)/libheed.a $(BUILD)/libheed.so)

# Everything is compiled again when the flags or the compiler change.
flag_line := $(CC) $(flags) $(MACHINE)
ifneq (,$(MACHINE))
$(if $(shell mkdir -p $(BUILD); printf '%s\n' '$(flag_line)' | cmp -s - $(BUILD)/flags || \
	printf '%s\n' '$(flag_line)' 2>&1 >$(BUILD)/flags),$(error can not write $(BUILD)/flags))
endif
$(BUILD)/flags:

$(BUILD)/obj/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(flags) $(includes) $(extra) -MMD -MP -c -o $@ $<

# A new list of sources makes a new archive, so that deleted files leave it.
$(BUILD)/libheed.a: $(lib_obj) $(BUILD)/gen/sources
	$(call say,AR,$@)rm -f $@ && $(AR) rcs $@ $(lib_obj)

$(BUILD)/libheed.so: $(lib_obj) tools/libheed.map $(BUILD)/gen/sources
	$(call say,LINK,$@)$(CC) -shared $(flags) $(link) -Wl,-soname,libheed.so.0 \
		-Wl,--version-script=tools/libheed.map -o $@ $(lib_obj) $(libs)

$(BUILD)/heed: $(cli_obj) $(BUILD)/libheed.a
	$(call say,LINK,$@)$(CC) $(link) -o $@ $(cli_obj) $(BUILD)/libheed.a $(libs)

$(BUILD)/test/%: $(BUILD)/obj/test/unit/%.o $(help_obj) $(BUILD)/libheed.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(link) -o $@ $< $(help_obj) $(BUILD)/libheed.a -lcmocka -ljansson $(libs)

$(BUILD)/bench/%: $(BUILD)/obj/bench/%.o $(BUILD)/libheed.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(link) -o $@ $< $(BUILD)/libheed.a $(libs)

$(BUILD)/examples/%: $(BUILD)/obj/examples/%.o $(BUILD)/libheed.a
	@mkdir -p $(@D)
	$(call say,LINK,$@)$(CC) $(link) -o $@ $< $(BUILD)/libheed.a $(libs)

-include $(patsubst %.o,%.d,$(lib_obj) $(cli_obj) $(help_obj) $(call obj,$(unit_src) $(bench_src) $(example_src)))

## test: unit tests and command-line tests; OP=name tests one op
tests: $(units) $(examples)
test: all deps-test
	@$(MAKE) tests
	@HEED_BUILD=$(BUILD) HEED_TEST_OP=$(OP) test/run $(if $(OP),$(filter $(BUILD)/test/test_op%,$(units)),$(TESTS))

.PHONY: deps-test deps-lint deps-neon
deps-test deps-lint deps-neon:
	@CC='$(CC)' SYSROOT='$(SYSROOT)' tools/deps.sh --stamp $(BUILD)/$@ $(@:deps-%=%)

## test-neon: unit tests of the arithmetic, built for aarch64 and run under qemu; NEON_TESTS='name name'
NEON_TESTS ?= kernel% op% philox% gemm%
test-neon: deps-neon
	@tools/neon-sysroot.sh build-neon/sysroot
	@$(MAKE) neon-run CROSS=aarch64-linux-gnu- BUILD=build-neon SYSROOT=build-neon/sysroot
neon_units := $(filter $(NEON_TESTS:%=$(BUILD)/test/test_%),$(units))
.PHONY: neon-run
neon-run: $(neon_units)
	@HEED_TEST_WRAP='qemu-aarch64 -L /usr/aarch64-linux-gnu' HEED_TEST_OP=$(OP) test/run $(neon_units)

## demo: train on the built-in phrase corpus and translate, in a minute
demo: all
	@$(BUILD)/heed demo

## bench: time the hot parts; OP=name times one op
benches: $(benches)
bench: benches
	@$(if $(OP),export HEED_BENCH_OP=$(OP);) for b in $(benches); do $$b || exit 1; done

## docs: man pages and completions, into build/man and build/completions
docs: $(BUILD)/heed
	@tools/gen-docs.sh $(BUILD)

## install: PREFIX=/usr/local DESTDIR=
install: all docs
	@BUILD=$(BUILD) VERSION=$(VERSION) DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' tools/install.sh install
## uninstall: the same PREFIX and DESTDIR
uninstall:
	@BUILD=$(BUILD) VERSION=$(VERSION) DESTDIR='$(DESTDIR)' PREFIX='$(PREFIX)' tools/install.sh uninstall

## format, check-format: clang-format over all C sources
format:
	@tools/format.sh
check-format:
	@tools/format.sh --check

## layers: no #include points up
layers:
	@tools/check-layers.sh

## lint: cppcheck and clang-tidy, no findings allowed
lint: deps-lint
	@BUILD=$(BUILD) tools/lint.sh

## deps: fetch the system packages that are missing
deps:
	@CC='$(CC)' tools/deps.sh build test

## clean: remove what was built
clean:
	@rm -rf build build-asan build-neon build-cross build-clang $(BUILD)

help:
	@sed -n 's/^## /  make /p' Makefile
	@echo 'variables: CC CFLAGS SAN=address,undefined WERROR=1 V=1 BUILD=folder OP=name TESTS=programs'
