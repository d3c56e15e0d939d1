/**
 * The shell functions that make a recording: POSIX, for dash and busybox's sh alike; every command that they call is in
 * busybox. What they leave in the kernel carries the name of the process that made it (`kreel_PID_START`, START its
 * start time), so that a later run can tell what a killed one left from what is still in use.
 */

/** Messages to the person who records, and the only way out. */
const WORDS = `
# One line of printable ASCII: nothing in it ends the line, or makes a terminal do things.
say() { printf 'kreel: %s\\n' "$(printf '%s' "$*" | LC_ALL=C tr -c '\\040-\\176' '?')" >&2; }
trouble() { say "$*"; exit 2; }
can() { command -v "$1" >/dev/null 2>&1; }
# One line, for a file.
one_line() { printf '%s' "$*" | LC_ALL=C tr '\\000-\\037\\177' '?'; }
# Arguments as a shell reads them.
quoted() {
  between=
  for word; do
    case $word in
      '' | *[!A-Za-z0-9_./:=,@%+-]*) word="'$(printf '%s' "$word" | sed "s/'/'\\\\\\\\''/g")'" ;;
    esac
    printf '%s%s' "$between" "$word"
    between=' '
  done
}
`;

/**
 * Finds tracefs, or mounts it under a name that has the process in it, so that a run after a killed one can unmount it.
 */
const TRACEFS = `
find_tracefs() {
  # Others may unmount it in between, or mount it first; a file that is open keeps it here. A kernel without kprobes may still
  # have probes at functions.
  for try in 1 2 3; do
    for tracefs in /sys/kernel/tracing /sys/kernel/debug/tracing; do
      events=$tracefs/kprobe_events
      { command exec 7<"$events"; } 2>/dev/null && return
      events=$tracefs/dynamic_events
      grep -qF ' f[:' "$tracefs/README" 2>/dev/null && { command exec 7<"$events"; } 2>/dev/null && return
    done
    tracefs=/sys/kernel/tracing
    [ -d "$tracefs" ] || trouble "no /sys/kernel/tracing: sysfs is not mounted, or this kernel has no ftrace"
    mount -t tracefs "$name" "$tracefs" 2>/dev/null
  done
  if [ -e "$tracefs/README" ]; then what='this kernel has neither kprobe events (CONFIG_KPROBE_EVENTS) nor fprobe events, or does not let them be read'; else what='tracefs is not there and cannot be mounted'; fi
  unmount
  trouble "$tracefs: $what"
}
# Unmounts what a recording mounted, now or before it was killed, unless another uses it.
unmount() {
  exec 7<&-
  grep -q "^kreel_[0-9_]* $tracefs tracefs " /proc/mounts && umount "$tracefs" 2>/dev/null
}
`;

/** Removes what a recording leaves in the kernel: its own at its end, and that of killed ones before it begins. */
const TAKING_DOWN = `
# Prints the start time of a process in ticks, which with its number identifies it; nothing if it has ended.
started() {
  { read -r stat <"/proc/$1/stat"; } 2>/dev/null || return
  set -- \${stat##*) }
  echo "\${20}"
}
# True if the owner of kreel_PID_START lives.
alive() {
  owner=\${1#kreel_}
  [ "$(started "\${owner%%_*}")" = "\${owner#*_}" ]
}
take_down() {
  instance=$tracefs/instances/$1
  if [ -d "$instance" ]; then
    for file in tracing_on "events/$1/enable" options/copy_trace_marker; do
      [ -e "$instance/$file" ] && echo 0 2>/dev/null >"$instance/$file"
    done
    tries=0
    # Another process may be reading it.
    until rmdir "$instance" 2>/dev/null; do
      tries=$((tries + 1))
      [ "$tries" -lt 5 ] || { say "$instance could not be removed: it is in use"; break; }
      sleep 1
    done
  fi
  gone=$(sed -n "s|^[prf][0-9]*:\\($1/[^ ]*\\) .*|-:\\1|p" "$events")
  [ -n "$gone" ] || return 0
  # All at once, for each write waits for every CPU; if one is refused, the others one by one.
  echo "$gone" 2>/dev/null >>"$events" && return
  for event in $gone; do echo "$event" 2>/dev/null >>"$events"; done
  grep -q ":$1/" "$events" && say "$events: some probes of $1 are in use and stay"
  return 0
}
remove_leftovers() {
  for left in $({ ls "$tracefs/instances"; sed -n 's|^[prf][0-9]*:\\(kreel_[^/]*\\)/.*|\\1|p' "$events"; } 2>/dev/null | grep -x 'kreel_[0-9]*_[0-9]*' | sort -u); do
    alive "$left" && continue
    say "an earlier recording was killed: removing what it left ($left)"
    take_down "$left"
  done
}
`;

/** Sets each probe alone: as the catalogue has it, or its substitute, or not at all. */
const PROBES = `
# Chooses how functions are probed, and where their arguments are.
choose_means() {
  machine=$(uname -m)
  if [ "$events" = "$tracefs/dynamic_events" ]; then
    means='fprobes, arguments by number'
    machine='any, by number'
    say "no kprobes in this kernel, so $means; of modules only what is loaded"
  elif has_known_registers "$machine"; then
    means='kprobes, arguments in registers'
  else
    means='kprobes, arguments by number'
    say "the registers of $machine are not known, so $means"
  fi
}
# The table for this machine: its registers, our group, and no module before the functions of a KVM that is built in, or where a
# probe takes none.
probes_here() {
  case $means in
    fprobes*) bare=yes kind="s|p:$name/|f:$name/|; s|r:$name/\\([^ ]*\\) \\([^ ]*\\)|f:$name/\\1 \\2%return|" ;;
    *) kind= bare=; grep -q ' kvm_init$' /proc/kallsyms && bare=yes ;;
  esac
  probes | sed -e "s|:GROUP/|:$name/|" -e "\${bare:+s| kvm:| |}" -e "$kind" -e "$(registers "$machine")"
}
set_probes() {
  choose_means
  table=$(probes_here)
  probes_set=0 refused= stood_in= here=yes event= first= typed=no
  [ ! -e /sys/kernel/btf/vmlinux ] || typed=yes
  while read -r line; do
    case $line in
      'or '*) [ "$here" = no ] || continue; line=\${line#or } ;;
      # A kernel that knows its types and refuses them does not have what they were to find.
      'untyped '*) [ "$here$typed" = nono ] || continue; line=\${line#untyped } ;;
      *) [ "$here" = yes ] || refuse "$first"; first=$line ;;
    esac
    if echo "$line" 2>/dev/null >>"$events"; then
      here=yes
      probes_set=$((probes_set + 1))
      [ "$line" = "$first" ] || stand_in "$line"
    else
      here=no
    fi
  done <<END
$table
END
  [ "$here" = yes ] || refuse "$first"
  [ "$probes_set" -gt 0 ] || trouble "this kernel refuses every probe"
}
refuse() {
  event=\${1%% *}
  refused="$refused \${event#*/}"
  say "not here: \${1#*/}"
}
stand_in() {
  event=\${1%% *}
  stood_in="$stood_in
\${1#*/}"
  say "stands in for \${event#*/}: \${1#* }"
}
`;

/**
 * Runs COMMAND and handles signals: COMMAND is ended, and what was recorded until then is kept. The third signal gives
 * that up as well; not the second, because one interrupt of a terminal may arrive twice (from the terminal, and from
 * kreel, which passes it on).
 */
const RUNNING = `
signal=0 signals=0 child= tracer= phase=setting_up status=0
caught() {
  [ "$phase" != setting_up ] || exit $((128 + $1))
  signal=$1
  signals=$((signals + 1))
  case $phase in
    running) if [ "$signals" -lt 3 ]; then kill -TERM "$child" 2>/dev/null; else kill -KILL "$child" 2>/dev/null; fi ;;
    *) [ "$signals" -lt 3 ] || exit $((128 + signal)) ;;
  esac
}
down() {
  status=$?
  trap '' INT TERM HUP PIPE
  trap - EXIT
  [ -z "$tracer" ] || kill -KILL "$tracer" 2>/dev/null
  discard
  if [ -e "$events" ]; then
    take_down "$name"
    unmount
  fi
  exit "$status"
}
catch_signals() {
  trap down EXIT
  trap 'caught 1' HUP
  trap 'caught 2' INT
  trap 'caught 13' PIPE
  trap 'caught 15' TERM
}
# In the background, for a shell that waits is one that hears signals; with the standard input that it would have had.
run() {
  exec 3<&0
  "$@" <&3 3<&- 7<&- 8<&- &
  child=$!
  phase=running
  exec 3<&-
  while :; do
    # The shell's message about its end is discarded.
    wait "$child" 2>/dev/null
    status=$?
    kill -0 "$child" 2>/dev/null || break
  done
  # The last inodes are freed a grace period after the last close.
  [ "$signal" != 0 ] || sleep 1
  phase=collecting
}
`;

/** The size of the buffer of each CPU. */
const BUFFER = `
# KB a CPU: what was asked for, or an eighth of the free memory shared out, 64 MB at most.
choose_buffer() {
  [ -z "$buffer" ] || return 0
  buffer=65536
  free=$(sed -n 's/^MemAvailable: *\\([0-9]*\\) kB$/\\1/p' /proc/meminfo)
  cpus=$(ls -d "$tracefs"/per_cpu/cpu* | wc -l)
  [ -n "$free" ] && [ $((free / 8 / cpus)) -lt "$buffer" ] && buffer=$((free / 8 / cpus))
  [ "$buffer" -ge 1024 ] || buffer=1024
}
`;

/** An instance of kreel's own: it neither disturbs other recordings nor receives events of theirs. */
const INSTANCE = `
make_instance() {
  instance=$tracefs/instances/$name
  mkdir "$instance" 2>/dev/null || trouble "$instance cannot be made: this kernel has no instances, or no memory for one"
  echo 0 >"$instance/tracing_on"
  echo "$clock" 2>/dev/null >"$instance/trace_clock" || trouble "clock $clock: this kernel has $(cat "$instance/trace_clock")"
  choose_buffer
  until echo "$buffer" 2>/dev/null >"$instance/buffer_size_kb"; do
    [ "$buffer" -ge 128 ] || trouble "no memory for the buffers"
    buffer=$((buffer / 2))
    say "less memory than that: $buffer KB a CPU"
  done
  # An instance begins with the options of the first buffer, which may be any user's.
  for option in latency-format raw hex bin verbose fields; do
    [ ! -e "$instance/options/$option" ] || echo 0 2>/dev/null >"$instance/options/$option"
  done
  # Marks that programs write to the first buffer are copied here too, if the kernel can do that.
  [ ! -e "$instance/options/copy_trace_marker" ] || echo 1 2>/dev/null >"$instance/options/copy_trace_marker"
}
start_recording() {
  echo 1 2>/dev/null >"$instance/events/$name/enable" || trouble "the probes cannot be enabled"
  echo 1 >"$instance/tracing_on"
}
stop_recording() {
  echo 0 >"$instance/tracing_on"
  echo 0 2>/dev/null >"$instance/events/$name/enable"
}
`;

/** Facts about the machine for the reader of the recording, in comments that every reader of ftrace skips. */
const ENVIRONMENT = `
remark() { printf '# kreel %s: %s\\n' "$1" "$(one_line "$2")"; }
kernel_config() {
  if [ -r /proc/config.gz ] && can gzip; then gzip -dc </proc/config.gz
  else cat "/boot/config-$(uname -r)" "/lib/modules/$(uname -r)/config" 2>/dev/null
  fi | grep -E '^CONFIG_(KVM(_AMD|_INTEL|_SW_PROTECTED_VM|_GUEST_MEMFD|_PRIVATE_MEM|_GENERIC_PRIVATE_MEM)?|PREEMPT[A-Z_]*|HZ|SMP|MODULE_UNLOAD|KPROBE_EVENTS|PROBE_EVENTS_BTF_ARGS|DEBUG_INFO_BTF|FAILSLAB|FAULT_INJECTION|KASAN|LOCKDEP)='
}
# Prints the losses of each CPU: \`cpu0 overrun: 12\`.
losses() {
  for stats in "$instance"/per_cpu/cpu*/stats; do
    cpu=\${stats%/stats}
    sed -nE "s/^(overrun|commit overrun|dropped events): [1-9]/\${cpu##*/} &/p" "$stats"
  done
}
environment() {
  # First of all, so that nothing below can pass for another format.
  echo '# tracer: nop'
  remark record 1
  remark release "$(uname -r)"
  remark version "$(uname -v)"
  remark machine "$(uname -m)"
  remark cpus "$(cat /sys/devices/system/cpu/online 2>/dev/null)"
  remark clock "$clock"
  remark buffer "$buffer KB a CPU"
  remark btf "$typed"
  remark means "$means"
  if [ "$kvm_before" = yes ]; then remark kvm 'there before the probes were set'; else remark kvm 'not loaded when the probes were set: what it lacks was not refused, and shows no event'; fi
  remark command "$(quoted "$@")"
  if [ "$signal" = 0 ]; then remark status "$status"; else remark status "$status, interrupted by signal $signal"; fi
  remark probes "$probes_set set"
  for event in $refused; do remark refused "$event"; done
  printf '%s\\n' "$stood_in" | while read -r line; do [ -z "$line" ] || remark stands-in "$line"; done
  losses | while read -r line; do remark lost "$line"; done
  # A return that found no free slot is missing from the recording.
  while read -r event hits misses; do
    [ "$misses" = 0 ] || remark missed "$event $misses"
  done 2>/dev/null <"$tracefs/kprobe_profile"
  kernel_config | while read -r line; do remark config "$line"; done
}
`;

/**
 * Writes the result in a directory of its own beside its place, which no other user can enter, and moves it there when
 * it is whole. Others may be able to rename that directory, so it is held open and accessed by its descriptor.
 */
const OUTPUT = `
work= made= base=
# Says what is at the recording's place, if that is not to be replaced: devices, FIFOs, directories, and any link.
in_the_way() {
  if [ -L "$output" ]; then echo 'a symbolic link; name what it points to'
  elif [ -d "$output" ]; then echo 'a directory; name a file in it'
  elif [ -e "$output" ] && [ ! -f "$output" ]; then echo 'no regular file, and a recording would replace it'
  fi
}
check_output() {
  what=$(in_the_way)
  [ -z "$what" ] || trouble "$output: is $what"
  case $output in
    */) trouble "$output: is no name of a file" ;;
  esac
}
inode() { ls -di "$1" | sed -n '1s/^ *\\([0-9]*\\) .*/\\1/p'; }
make_work() {
  base=\${output##*/}
  can mktemp || trouble 'mktemp is not installed'
  made=$(mktemp -d "\${output%"$base"}.kreel.XXXXXX" 2>/dev/null) && { command exec 8<"$made"; } 2>/dev/null ||
    trouble "$output: cannot be written"
  opened=/proc/$$/fd/8
  # The directory that was made is the one that was opened: no link has taken its place.
  [ -O "$opened/." ] && [ "$(inode "$made")" = "$(inode "$opened/.")" ] ||
    trouble "$output: cannot be written: what is made beside it becomes somebody else's"
  work=$opened
}
discard() {
  [ -z "$work" ] || rm -f "$work"/* "$work"/.[!.]* "$work"/..?*
  exec 8<&-
  [ -z "$made" ] || rmdir "$made" 2>/dev/null
  work= made=
}
name_output() { # name_output ENDING: the ending of the name that a recording gets if none is given
  [ -n "$output" ] || output=kreel-$(uname -r)-$(date +%Y%m%d-%H%M%S).$1
  check_output
  make_work
  part=$work/$base
}
packed() { if can gzip; then echo "$1.gz"; else echo "$1"; fi; }
pack() {
  case $output in
    *.gz) if can gzip; then gzip -c; else cat; fi ;;
    *) cat ;;
  esac
}
# collect COMMAND...: what it prints is the recording.
collect() {
  failed=$({ { "$@" || echo reading >&4; } | pack >"$part" || echo writing >&4; } 2>/dev/null 4>&1)
  [ -z "$failed" ] || trouble "$output: could not be written to its end (is there space?); the recording is lost"
  keep
}
keep() {
  chmod 600 "$part" 2>/dev/null
  # Into the directory, not onto a name: what has got there meanwhile is not followed.
  if [ -n "$(in_the_way)" ] || ! mv -f "$part" "$work/.." 2>/dev/null; then
    kept=$made/$base work= made=
    trouble "$output: cannot be written any more; the recording is $kept"
  fi
  say "recorded to $output (for its owner alone: it holds addresses of the kernel)"
}
end() {
  [ "$signal" = 0 ] || exit $((128 + signal))
  exit "$status"
}
`;

/** By ftrace alone, which every kernel has. */
const BY_FTRACE = `
print_recording() { environment "$@" && cat "$instance/trace"; }
name_output "$(packed trace)"
set_probes
make_instance
# Programs that write marks write them here.
export KREEL_TRACE_MARKER="$instance/trace_marker"
start_recording
run "$@"
stop_recording
[ -z "$(losses)" ] || say "events were lost: $buffer KB a CPU are too few, -b gives it more"
collect print_recording "$@"
end
`;

/** perf writes a file of its own, which is removed when its text is written. */
const BY_PERF = `
can perf || trouble 'perf is not installed'
print_recording() { perf script --ns -F comm,pid,tid,cpu,time,event,trace -i "$data"; }
name_output "$(packed trace)"
set_probes
data=$part.data
run perf record -q -a -k "$clock" -e "$name:*" \${buffer:+-m "\${buffer}K"} -o "$data" -- "$@"
collect print_recording
end
`;

/** trace-cmd writes a file that kreel reads directly; its exit status is its own, not that of COMMAND. */
const BY_TRACE_CMD = `
can trace-cmd || trouble 'trace-cmd is not installed'
name_output dat
set_probes
run trace-cmd record -q -C "$clock" -e "$name" \${buffer:+-b "$buffer"} -o "$part" "$@"
[ -s "$part" ] || trouble "$output: trace-cmd recorded nothing"
keep
end
`;

/** Starts bpftrace before COMMAND and ends it after COMMAND. */
const TRACER = `
traceable() { cat "$tracefs/available_filter_functions" 2>/dev/null || sed 's/^[^ ]* . //' /proc/kallsyms; }
# The program without what this kernel does not have: up to 0.23 bpftrace refuses it for one of them.
program_here() {
  traceable >"$part.traceable"
  program | awk -v traceable="$part.traceable" -v refused='kreel: not here: ' '
    BEGIN { while ((getline line <traceable) > 0) { split(line, word); there[word[1]] = 1 } }
    { spare = sub(/^or /, ""); split($1, at, ":") }
    spare && here { next }
    missing != "" && !spare { print refused missing >"/dev/stderr"; missing = "" }
    { here = !(at[1] ~ /probe$/) || at[2] in there }
    here && spare { print "kreel: stands in for " missing ": " $1 >"/dev/stderr" }
    here { print; missing = ""; next }
    !spare { missing = $1 }
    END { if (missing != "") print refused missing >"/dev/stderr" }'
}
start_tracer() {
  choose_buffer
  pages=64
  while [ $((pages * 8)) -le "$buffer" ]; do pages=$((pages * 2)); done
  program=$(program_here)
  # Strings as long as markers are; up to 0.20 it keeps 64 bytes, for its strings are on the stack.
  BPFTRACE_PERF_RB_PAGES=$pages BPFTRACE_MAX_STRLEN=256 \\
    bpftrace -f json -o "$data" -e "$program" 2>"$part.errors" 7<&- 8<&- &
  tracer=$!
  # Its first output appears when every probe is set.
  until grep -q '"kreel"' "$data" 2>/dev/null; do
    kill -0 "$tracer" 2>/dev/null || {
      tracer=
      trouble "bpftrace did not begin: $(grep -i error "$part.errors" | head -n 1)"
    }
    sleep 1
  done
}
stop_tracer() {
  while kill -INT "$tracer" 2>/dev/null; do wait "$tracer"; done
  tracer=
}
`;

/** bpftrace prints the lines of one CPU after the other, and quotes a time that a double does not hold. */
const BY_BPFTRACE = `
can bpftrace || trouble 'bpftrace is not installed'
[ "$clock" = mono ] || trouble "clock $clock: bpftrace has none but its own"
grep -q -e ' kvm_init$' -e ' kvm_init[^a-z0-9_]' /proc/kallsyms || trouble 'KVM is not loaded, and bpftrace probes only what is there when it begins'
print_recording() { sed 's/\\["\\([0-9]*\\)"/[\\1/' "$data" | LC_ALL=C sort -s -t[ -k2n; }
name_output "$(packed json)"
data=$part.data
start_tracer
run "$@"
stop_tracer
! grep -q '"lost_events"' "$data" || say "events were lost: $buffer KB a CPU are too few, -b gives it more"
collect print_recording
end
`;

/** Functions of every script. */
export const COMMON = WORDS + TRACEFS + TAKING_DOWN + RUNNING + OUTPUT;
/** By recorder: the functions that only it needs, and the steps of the recording. */
export const RECORDERS = {
  ftrace: { functions: PROBES + BUFFER + INSTANCE + ENVIRONMENT, body: BY_FTRACE },
  perf: { functions: PROBES, body: BY_PERF },
  "trace-cmd": { functions: PROBES, body: BY_TRACE_CMD },
  bpftrace: { functions: BUFFER + TRACER, body: BY_BPFTRACE },
} as const;
export type Recorder = keyof typeof RECORDERS;
