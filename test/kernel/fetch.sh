#!/bin/sh
# fetch.sh DIR: downloads the newest kernel for virtual machines that Debian serves, and unpacks it; nothing is installed.
# Asks the mirror that this machine's own apt asks. Which kernels there are changes with every week.
set -eu
dir=$1
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
[ -n "$mirror" ] || mirror=$(sed -n 's/^deb \(\[[^]]*\] \)*\([^ ]*\) .*/\2/p' /etc/apt/sources.list 2>/dev/null | head -n 1)
[ -n "$mirror" ] || { echo "this machine's apt names no Debian mirror" >&2; exit 2; }
apt() {
  tool=$1
  shift
  "$tool" -q -oDir::Etc::SourceList="$work/sources.list" -oDir::Etc::SourceParts=/dev/null -oDir::State::Lists="$work/lists" -oDir::Cache="$work/cache" "$@"
}
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$dir"
# A mirror that knows a suite by one name only is asked by both.
for suite in stable-backports trixie-backports sid experimental; do
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >>"$work/sources.list"
done
apt apt-get -oAPT::Sandbox::User=root update >&2 || true # A suite that a mirror does not have leaves the others.
# By the release: 7.3 (a candidate for it, in experimental) is older than 7.3.4+deb13.
newest=$(apt apt-cache search --names-only '^linux-image-[0-9].*-cloud-amd64$' | sed 's/^linux-image-\(\([0-9.]*\)[^ ]*\).*/\2 \1/' | sort -V | tail -n 1 | cut -d' ' -f2)
[ -n "$newest" ] || { echo 'the mirror has no kernel for virtual machines' >&2; exit 2; }
echo "fetching $newest" >&2
cd "$work"
# From 6.19 on a kernel is two packages.
apt apt-get -oAPT::Sandbox::User=root download "linux-binary-$newest" "linux-modules-$newest" >&2 || apt apt-get -oAPT::Sandbox::User=root download "linux-image-$newest" >&2
for package in *.deb; do dpkg -x "$package" "$dir"; done
