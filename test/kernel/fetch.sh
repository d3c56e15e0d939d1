#!/bin/sh
# fetch.sh kernel|bpftrace DIR: downloads what Debian serves now, and unpacks it; nothing is installed. Of kernels it is the
# newest for virtual machines, of bpftrace the stable release with all that it needs. Asks the mirror that this machine's own
# apt asks. What there is changes with every week.
set -eu
what=$1
dir=$2
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mirror=$(sed -n 's/^URIs: *\([^ ]*\).*/\1/p' /etc/apt/sources.list.d/debian.sources 2>/dev/null | head -n 1)
[ -n "$mirror" ] || mirror=$(sed -n 's/^deb \(\[[^]]*\] \)*\([^ ]*\) .*/\2/p' /etc/apt/sources.list 2>/dev/null | head -n 1)
[ -n "$mirror" ] || { echo "this machine's apt names no Debian mirror" >&2; exit 2; }
apt() {
  tool=$1
  shift
  # As on a machine where nothing is installed: what is wanted comes with all that it needs.
  "$tool" -q -oDir::Etc::SourceList="$work/sources.list" -oDir::Etc::SourceParts=/dev/null -oDir::State::Lists="$work/lists" -oDir::State::status="$work/status" -oDir::Cache="$work/cache" -oAPT::Sandbox::User=root "$@"
}
mkdir -p "$work/lists/partial" "$work/cache/archives/partial" "$dir"
: >"$work/status"
# A mirror that knows a suite by one name only is asked by both.
case $what in
  kernel) suites='stable-backports trixie-backports sid experimental' ;;
  *) suites='stable trixie' ;;
esac
for suite in $suites; do
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] $mirror $suite main" >>"$work/sources.list"
done
apt apt-get update >&2 || true # A suite that a mirror does not have leaves the others.
cd "$work/cache/archives"
case $what in
  kernel)
    # By the release: 7.3 (a candidate for it, in experimental) is older than 7.3.4+deb13.
    newest=$(apt apt-cache search --names-only '^linux-image-[0-9].*-cloud-amd64$' | sed -n 's/^linux-image-\(\([0-9.]*\)[^ ]*\).*/\2 \1/p' | sort -V | tail -n 1 | cut -d' ' -f2)
    [ -n "$newest" ] || { echo 'the mirror has no kernel for virtual machines' >&2; exit 2; }
    echo "fetching $newest" >&2
    # From 6.19 on a kernel is two packages.
    apt apt-get download "linux-binary-$newest" "linux-modules-$newest" >&2 || apt apt-get download "linux-image-$newest" >&2
    ;;
  *) apt apt-get install -y --no-install-recommends --download-only "$what" >&2 ;;
esac
for package in *.deb; do dpkg -x "$package" "$dir"; done
