# Everything a checkout needs, from nothing but make and Python 3.11: `make demo`, `make test`.
# Only .venv in this folder is written, and system packages where they are announced.

PYTHON ?= python3
WORKERS ?= 2
VENV := .venv
BIN := $(VENV)/bin
PY := $(BIN)/python
DEMO ?= examples/digits/train.py

C_FILES = $(shell find archimedes runtime_c examples -name '*.c' -o -name '*.h' 2>/dev/null)

.DEFAULT_GOAL := help
.PHONY: help demo test test-all lint format bench toolchains clean distclean

help: ## what there is to make
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{ printf "  make %-12s %s\n", $$1, $$2 }'

demo: $(VENV)/.installed-demo host-compiler ## train a classifier of real scans through generated C (about a minute)
	@$(PY) $(DEMO)

test: $(VENV)/.installed-test host-compiler test-toolchains ## all tests but the slow sweeps (under 15 minutes on two cores)
	$(BIN)/pytest -n $(WORKERS) -m "not slow" $(PYTEST_ARGS)

test-all: $(VENV)/.installed-test host-compiler test-toolchains ## all tests, ten times as many random programs
	ARC_TEST_PROFILE=thorough $(BIN)/pytest -n $(WORKERS) $(PYTEST_ARGS)

lint: $(VENV)/.installed-lint ## style, types, who imports whom, spelling
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo
	$(BIN)/codespell
	$(if $(C_FILES),$(BIN)/clang-format --dry-run --Werror $(C_FILES))

format: $(VENV)/.installed-lint ## rewrite Python and C to the project's style
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .
	$(if $(C_FILES),$(BIN)/clang-format -i $(C_FILES))

bench: $(VENV)/.installed-test host-compiler ## costs on an emulated chip against CasADi and hand-written C; timings
	@sh scripts/install_programs.sh --required arm-none-eabi-gcc qemu-system-arm
	@$(PY) -m benchmarks
	@for benchmark in benchmarks/bench_*.py; do echo "== $$benchmark"; $(PY) "$$benchmark" || exit 1; done

toolchains: ## install the cross compilers and emulators that some tests use (system packages)
	@sh scripts/install_programs.sh --required $(TEST_PROGRAMS)
	@sh scripts/install_programs.sh --required --package $(TEST_PACKAGES)

clean: ## remove what was built
	rm -rf build dist out .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find . -name __pycache__ -not -path './$(VENV)/*' -prune -exec rm -rf {} +

distclean: clean ## remove .venv too
	rm -rf $(VENV)

# Programs -----------------------------------------------------------------------------------------------------------

TEST_PROGRAMS := cc g++ clang arm-none-eabi-gcc qemu-system-arm riscv64-unknown-elf-gcc qemu-system-riscv32 cmake make avr-gcc simavr cppcheck clang-tidy
# Libraries, not programs: the core that Arduino sketches are compiled with, and the simulator of AVR chips.
TEST_PACKAGES := arduino-core-avr libsimavr-dev libelf-dev

.PHONY: host-compiler test-toolchains
host-compiler:
	@sh scripts/install_programs.sh --required "$${CC:-cc}"

# On a user's machine the tests of a missing cross compiler are visible skips; only CI installs a gigabyte unasked.
test-toolchains:
	@if [ -n "$(CI)" ]; then sh scripts/install_programs.sh --required $(TEST_PROGRAMS) && \
	  sh scripts/install_programs.sh --required --package $(TEST_PACKAGES); \
	else sh scripts/install_programs.sh --notice $(TEST_PROGRAMS); fi

# Python -------------------------------------------------------------------------------------------------------------

$(VENV)/.created:
	@sh scripts/create_venv.sh "$(PYTHON)" "$(VENV)"
	@touch $@

# The dependencies are in pyproject.toml; the package itself is installed editable, so that its sources need no stamp.
$(VENV)/.installed-%: pyproject.toml $(VENV)/.created
	@echo ">> installing arc-codegen[$*] into $(VENV)"
	@$(PY) -m pip install --quiet --disable-pip-version-check --editable ".[$*]"
	@touch $@
