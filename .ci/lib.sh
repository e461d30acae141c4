# Shared by the scripts of this folder; sourced, not run. POSIX sh, so that it
# is the same on Linux, macOS and in a container.
# shellcheck shell=sh

# On a user's machine a step whose tool is missing is skipped with a line that
# says so. In CI nothing may be skipped.
in_ci() { [ "${CI:-}" = true ]; }

fail() {
	echo "FAILED: $*" >&2
	exit 1
}

# skip STEP REASON
skip() {
	if in_ci; then
		fail "$1: $2"
	fi
	echo "skipped: $1 ($2)"
}

has() { command -v "$1" >/dev/null 2>&1; }

has_python_module() { has python3 && python3 -c "import $1" >/dev/null 2>&1; }

# plain COMMAND… compiles as `make build` does, so that the steps share what one
# of them has compiled. Only the race detector needs its own.
plain() { GOFLAGS="$(go env GOFLAGS) -trimpath" CGO_ENABLED=0 "$@"; }

# The linter and the test runner are pinned in a module of their own, so that
# building the project downloads neither.
tool() { plain go tool -modfile=.ci/tools.mod "$@"; }

# The race detector needs cgo and a C compiler on most platforms.
can_race() {
	cc=$(go env CC)
	has "${cc%% *}" && go list -race errors >/dev/null 2>&1
}
