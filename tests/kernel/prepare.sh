#!/bin/bash
# Put Debian's linux-source-6.12 into a git repository, for the tests that need a real kernel tree (make test-kernel),
# and linux-source-6.1 with the same 6.12 on top of it into another one, for the tests that move a series between them.
# Prints the tree's path as its last line. Cheap when there is nothing left to do.
set -eu -o pipefail

RELEASE=6.12
CACHE=${CREDSERIES_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/credseries-tests}
TREE=$CACHE/linux-$RELEASE
ARCHIVE=/usr/src/linux-source-$RELEASE.tar.xz
OLD_RELEASE=6.1
OLD_ARCHIVE=/usr/src/linux-source-$OLD_RELEASE.tar.xz
BOTH=$CACHE/linux-$OLD_RELEASE-to-$RELEASE
TOOLS="git gcc make flex bison bc perl xz busybox"
HEADERS="/usr/include/libelf.h:libelf-dev /usr/include/openssl/ssl.h:libssl-dev"

say() {
	echo "prepare.sh: $*" >&2
}

missing_packages() {
	local tool header
	for tool in $TOOLS; do
		command -v "$tool" >/dev/null || case $tool in
			xz) echo xz-utils ;;
			busybox) echo busybox-static ;; # for the kernel that is booted
			*) echo "$tool" ;;
		esac
	done
	for header in $HEADERS; do
		[ -e "${header%%:*}" ] || echo "${header##*:}"
	done
	command -v clang-19 >/dev/null || command -v clang >/dev/null || echo "$(clang_package)"
	[ -e "$TREE/.git" ] || [ -e "$ARCHIVE" ] || echo "linux-source-$RELEASE"
	[ -e "$BOTH/HEAD" ] || [ -e "$OLD_ARCHIVE" ] || echo "linux-source-$OLD_RELEASE"
}

clang_package() {
	if apt-cache show clang-19 >/dev/null 2>&1; then echo clang-19; else echo clang; fi
}

install_packages() {
	local packages
	packages=$(missing_packages | tr '\n' ' ')
	[ -n "$packages" ] || return 0
	if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null; then
		say "these packages are missing; install them and run this again:"
		say "    sudo apt-get install --no-install-recommends ${packages% }"
		exit 3
	fi
	export DEBIAN_FRONTEND=noninteractive
	apt-get update -q >&2
	packages=$(missing_packages | tr '\n' ' ') # clang-19 may be known only now
	# shellcheck disable=SC2086
	apt-get install -q -y --no-install-recommends $packages >&2
}

make_tree() {
	local work linux
	mkdir -p "$CACHE"
	work=$(mktemp -d "$CACHE/unpacking-XXXXXX")
	# shellcheck disable=SC2064
	trap "rm -rf '$work'" EXIT
	say "unpacking $ARCHIVE"
	tar -xJf "$ARCHIVE" -C "$work"
	linux=$work/linux-source-$RELEASE
	say "committing it"
	git -C "$linux" init -q -b master
	git -C "$linux" config gc.auto 0
	git -C "$linux" config core.autocrlf false
	git -C "$linux" add -A -f # Debian's .gitignore ignores everything at the top level
	GIT_AUTHOR_NAME="Kernel Tree" GIT_AUTHOR_EMAIL=tree@example.org GIT_AUTHOR_DATE="2024-11-17T22:15:08+00:00" \
		GIT_COMMITTER_NAME="Kernel Tree" GIT_COMMITTER_EMAIL=tree@example.org \
		GIT_COMMITTER_DATE="2024-11-17T22:15:08+00:00" \
		git -C "$linux" commit -q -m "Linux $RELEASE (Debian linux-source-$RELEASE)"
	if ! mv -T -n "$linux" "$TREE" || [ -e "$linux" ]; then
		say "$TREE is there already and is not a git repository: remove it"
		exit 1
	fi
}

make_both() {
	local work git old
	work=$(mktemp -d "$CACHE/unpacking-XXXXXX")
	# shellcheck disable=SC2064
	trap "rm -rf '$work'" EXIT
	say "unpacking $OLD_ARCHIVE"
	tar -xJf "$OLD_ARCHIVE" -C "$work"
	say "committing it below $RELEASE"
	git="git --git-dir=$work/git"
	git init -q --bare -b master "$work/git"
	echo "$TREE/.git/objects" >"$work/git/objects/info/alternates"
	$git config gc.auto 0
	$git config core.autocrlf false
	$git --work-tree="$work/linux-source-$OLD_RELEASE" add -A -f
	export GIT_AUTHOR_NAME="Kernel Tree" GIT_AUTHOR_EMAIL=tree@example.org GIT_AUTHOR_DATE="2022-12-11T22:15:18+00:00"
	export GIT_COMMITTER_NAME="$GIT_AUTHOR_NAME" GIT_COMMITTER_EMAIL=$GIT_AUTHOR_EMAIL GIT_COMMITTER_DATE=$GIT_AUTHOR_DATE
	old=$($git commit-tree -m "Linux $OLD_RELEASE (Debian linux-source-$OLD_RELEASE)" "$($git write-tree)")
	$git update-ref refs/heads/old "$old"
	$git update-ref refs/heads/master "$($git commit-tree -p "$old" -m "Linux $RELEASE" "$(git -C "$TREE" rev-parse 'HEAD^{tree}')")"
	rm -f "$work/git/index"
	mv -T "$work/git" "$BOTH"
}

install_packages
git -C "$TREE" rev-parse --verify -q 'HEAD^{commit}' >/dev/null 2>&1 || make_tree
git --git-dir="$BOTH" rev-parse --verify -q 'master^{commit}' >/dev/null 2>&1 || make_both
echo "$TREE"
