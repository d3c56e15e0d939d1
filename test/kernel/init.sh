#!/bin/sh
# First process of the emulated machine: records each scenario with the script under test, then does to the script what may
# happen to it, and says over the second serial port what came of it: `FILE NAME`, base64, `END`, and `CHECK ok|no: WHAT`.
export PATH=/bin
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sys /sys
mount -t devtmpfs dev /dev
mount -t tmpfs tmp /tmp
ln -s /proc/self/fd /dev/fd
tracing=/sys/kernel/tracing
port=/dev/ttyS1
insmod /mods/irqbypass.ko 2>/dev/null

tell() { echo "$*" >$port; }
bring() { { echo "FILE $1"; base64 <"$2"; echo END; } >$port; }
check() { # check WHAT TEST...
  what=$1
  shift
  if "$@"; then tell "CHECK ok: $what"; else tell "CHECK no: $what"; fi
}
mounted() { grep -q " $tracing tracefs " /proc/mounts; }
# Nothing of a recording is left: no mount, and behind a mount of our own no instance and no probe.
clean() {
  mounted && return 1
  mount -t tracefs mine $tracing
  left=$(ls $tracing/instances; cat $tracing/kprobe_events)
  umount $tracing
  [ -z "$left" ] || tell "LEFT $left"
  [ -z "$left" ]
}
# Until the command of a recording runs.
recording() {
  for k in $(seq 600); do
    ps -o args | grep -qx 'sleep 1000' && return
    usleep 100000
  done
  return 1
}
status_is() { [ "$1" = "$2" ] || { tell "STATUS $1 instead of $2"; return 1; }; }

tell "KERNEL $(uname -r)"
for file in /scenarios/*.scn /more/*.scn; do
  name=$(basename "$file" .scn)
  sh /record.sh -o "/tmp/$name.trace.gz" /bin/scenario "$file" >/tmp/out 2>/tmp/err
  code=$?
  check "$name ends as its command does" status_is $code 0
  check "$name leaves nothing behind" clean
  bring "$name.out" /tmp/out
  bring "$name.err" /tmp/err
  bring "$name.trace.gz" "/tmp/$name.trace.gz"
  check "$name is for its owner alone" status_is "$(stat -c %a "/tmp/$name.trace.gz")" 600
  # A scenario may leave what it loaded to whoever comes next.
  rmmod kvm_amd kvm 2>/dev/null
done
check 'nothing is left beside the recordings' test -z "$(ls -A /tmp | grep kreel)"

# What is no file stays what it is.
mkdir /tmp/place /tmp/victims
mkfifo /tmp/place/fifo
ln -s /tmp/victims /tmp/place/link
for place in /dev/null /tmp/place /tmp/place/fifo /tmp/place/link; do
  sh /record.sh -o $place true 2>/tmp/err
  code=$?
  check "a recording to $place is trouble" status_is $code 2
done
check '/dev/null stays' test -c /dev/null
check 'a FIFO stays' test -p /tmp/place/fifo
check 'nothing gets behind a link' test -z "$(ls -A /tmp/victims)"
swap='cd /tmp/place; for it in .kreel.*; do mv $it taken; ln -s /tmp/victims $it; done'
sh /record.sh -o /tmp/place/swapped.trace sh -c "$swap" 2>/tmp/err
code=$?
check 'with its directory renamed and a link in its place, it is recorded all the same' status_is $code 0
check 'where it belongs' test -s /tmp/place/swapped.trace
check 'and nothing gets behind that link' test -z "$(ls -A /tmp/victims)"

sh /record.sh -b 1024 -o /tmp/killed.trace.gz sleep 1000 2>/tmp/err &
victim=$!
check 'a recording begins' recording
kill -KILL $victim
wait $victim 2>/dev/null
check 'SIGKILL leaves the instance' test -n "$(ls $tracing/instances)"
killall sleep
sh /record.sh -b 1024 -o /tmp/next.trace.gz sh -c 'exit 7' 2>/tmp/err
code=$?
check "the recording behind a killed one ends as its command does" status_is $code 7
bring next.err /tmp/err
check 'it removes what the killed one left' clean

sh /record.sh -b 1024 -o /tmp/term.trace.gz sleep 1000 2>/tmp/err &
victim=$!
check 'another recording begins' recording
kill -TERM $victim
wait $victim
code=$?
check 'SIGTERM is what it ends with' status_is $code 143
check 'SIGTERM leaves nothing behind' clean
check 'what was recorded until then is kept' test -s /tmp/term.trace.gz
check 'its command is gone' test -z "$(pidof sleep)"
bring term.trace.gz /tmp/term.trace.gz
bring term.err /tmp/err

sh /record.sh -b 1024 -o /tmp/one.trace sleep 3 2>/tmp/err &
other=$!
sh /record.sh -b 1024 -o /tmp/two.trace sleep 1 2>/tmp/two.err
code=$?
check 'two at once: the second is recorded' status_is $code 0
check 'the first is still at it' test -n "$(ls $tracing/instances)"
wait $other
code=$?
check 'and is recorded too' status_is $code 0
check 'two at once leave nothing behind' clean
bring two.err /tmp/two.err

mkdir /full
mount -t tmpfs -o size=16k full /full
sh /record.sh -b 1024 -o /full/it.trace sh -c 'ls -lR / >/dev/null 2>&1' 2>/tmp/err
code=$?
check 'out of space is trouble' status_is $code 2
check 'out of space leaves nothing behind' clean
check 'nor half a recording' test -z "$(ls -A /full)"
bring full.err /tmp/err

# As on a machine whose registers are not known, and in a kernel without kprobes: the scenarios of a loaded KVM, one behind the other.
for file in /scenarios/*.scn; do sed '/load /d' "$file"; done >/tmp/all.scn
sed 's/x86_64/none/' /record.sh >/tmp/by-number.sh
mknod /tmp/nothing c 240 0
for means in registers by-number fprobes; do
  insmod /mods/kvm.ko
  insmod /mods/kvm-amd.ko
  script=/record.sh
  [ $means != by-number ] || script=/tmp/by-number.sh
  [ $means != fprobes ] || { mount -t tracefs mine $tracing; mount --bind /tmp/nothing $tracing/kprobe_events; }
  sh $script -o /tmp/$means.trace.gz /bin/scenario /tmp/all.scn >/tmp/out 2>/tmp/err
  code=$?
  check "recorded by $means: ends as its command does" status_is $code 0
  [ $means != fprobes ] || umount $tracing/kprobe_events $tracing
  check "recorded by $means: leaves nothing behind" clean
  bring "$means.trace.gz" /tmp/$means.trace.gz
  bring "$means.err" /tmp/err
  rmmod kvm_amd kvm
done

# bpftrace probes what is loaded when it begins.
sh /bpftrace.sh -o /tmp/unloaded.json true 2>/tmp/unloaded.err
code=$?
check 'bpftrace without KVM is trouble' status_is $code 2
insmod /mods/kvm.ko
insmod /mods/kvm-amd.ko
sh /bpftrace.sh -o /tmp/bpftrace.json.gz /bin/scenario /tmp/all.scn >/tmp/out 2>/tmp/err
code=$?
check 'a recording of bpftrace ends as its command does' status_is $code 0
check 'it leaves nothing behind' clean
check 'nor bpftrace' test -z "$(pidof bpftrace)"
bring bpftrace.err /tmp/err
bring bpftrace.json.gz /tmp/bpftrace.json.gz
sh /bpftrace.sh -o /tmp/term.json.gz sleep 1000 2>/tmp/err &
victim=$!
check 'another recording of bpftrace begins' recording
kill -TERM $victim
wait $victim
code=$?
check 'SIGTERM is what it ends with too' status_is $code 143
check 'bpftrace is gone' test -z "$(pidof bpftrace)"
check 'what bpftrace recorded until then is kept' test -s /tmp/term.json.gz
rmmod kvm_amd kvm

# Somebody else's probes and settings stay theirs.
mount -t tracefs theirs $tracing
echo 'p:theirs/vfs vfs_read' >$tracing/kprobe_events
mkdir $tracing/instances/theirs
sh /record.sh -b 1024 -o /tmp/beside.trace.gz true 2>/tmp/err
check 'tracefs stays mounted for those who mounted it' mounted
check 'their probe stays' test "$(cat $tracing/kprobe_events)" = 'p:theirs/vfs vfs_read'
check 'their instance stays' test "$(ls $tracing/instances)" = theirs

tell DONE
poweroff -f
