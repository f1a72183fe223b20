#!/bin/bash
# A machine of its own for a test: systemd as PID 1 of private namespaces, over a copy-on-write view of this machine's root.
#
#   boot.sh probe                              0 where this machine can do it; 77 and the reason where it cannot
#   boot.sh run [OPTION]... SCRIPT [WORD]...   boots, runs SCRIPT inside as root, ends with its status
#
#   --tree DIR        files that are laid over the machine's root before it boots; may be given more than once
#   --bind SRC:DST    SRC of this machine is DST inside, read-only; may be given more than once
#   --limit SECONDS   of SCRIPT, 200 by default; boot and shutdown have 30 more
#
# The script's folder is its working directory inside. The machine ends with the script: the script is a unit whose end makes PID 1 end
# with the same status, so that nobody polls for it. Whoever kills this program kills the machine, by parent-death signals all
# the way down. All mounts belong to a mount namespace; a folder below /tmp and one cgroup are removed at the end.
set -euo pipefail

manager=/lib/systemd/systemd
cgroup_prefix=anyclaude-boot.

impossible() { echo "boot.sh: cannot boot a systemd here: $*" >&2; exit 77; }
usage() { sed -n '2,/^set /{/^#/s/^# \{0,1\}//p}' "$0" >&2; exit 64; }

probe() {
    [ "$(id -u)" = 0 ] || impossible "it needs root"
    [ -x "$manager" ] || impossible "there is no $manager"
    local tool
    for tool in unshare setpriv pivot_root timeout mount; do command -v "$tool" >/dev/null || impossible "there is no $tool"; done
    # The real thing in small says more than a list of capabilities does.
    local said
    said=$(unshare --mount --pid --fork --net --ipc --uts --cgroup "$0" __trial 2>&1) || impossible "${said:-namespaces are not permitted}"
}

# Mounts what a boot mounts, in namespaces that end with this process.
trial() {
    mount --make-rprivate /
    mount -t tmpfs trial /mnt || { echo "tmpfs cannot be mounted"; exit 1; }
    mkdir /mnt/{upper,work,root,cgroup}
    mount -t overlay overlay -o lowerdir=/,upperdir=/mnt/upper,workdir=/mnt/work /mnt/root || { echo "overlayfs cannot be mounted"; exit 1; }
    mount -t proc proc /mnt/root/proc || { echo "proc cannot be mounted"; exit 1; }
    mount -t sysfs -o ro sysfs /mnt/root/sys || { echo "sysfs cannot be mounted"; exit 1; }
    mount -t cgroup2 cgroup /mnt/cgroup || { echo "cgroup2 cannot be mounted"; exit 1; }
    mkdir "/mnt/cgroup/${cgroup_prefix}trial.$RANDOM$$" || { echo "no cgroup can be made"; exit 1; }
    rmdir /mnt/cgroup/"$cgroup_prefix"trial.*
}

run() {
    trees=() binds=() limit=200
    while [ $# -gt 0 ]; do
        case $1 in
            --tree) trees+=("$(realpath -- "$2")"); shift 2 ;;
            --bind) binds+=("$2"); shift 2 ;;
            --limit) limit=$2; shift 2 ;;
            -*) usage ;;
            *) break ;;
        esac
    done
    [ $# != 0 ] || usage
    script=$(realpath -- "$1")
    words=("${@:2}")
    [ -x "$script" ] || { echo "boot.sh: $script is not executable" >&2; exit 66; }
    probe
    place=$(mktemp -d /tmp/boot.XXXXXX)
    export place script limit
    declare -p trees binds words > "$place/lists"
    : > "$place/output"
    : > "$place/log"
    # Each of these ends when the one above it does: this shell, unshare, PID 1 of the outer namespace, unshare, systemd.
    setpriv --pdeathsig KILL -- unshare --mount --pid --fork --kill-child=KILL "$0" __hold "$$" </dev/null >>"$place/log" 2>&1 &
    child=$!
    local status=0
    trap leave EXIT
    trap 'exit 143' TERM INT HUP
    wait $child || status=$?
    child=
    cat "$place/output"
    if [ $status != 0 ]; then cat "$place/log" >&2; echo "boot.sh: $(basename "$script") ended with $status" >&2; fi
    exit $status
}

leave() {
    if [ -n "$child" ]; then
        kill -KILL "$child" 2>/dev/null || true
        wait "$child" 2>/dev/null || true
        unshare --mount "$0" __sweep "$$" >/dev/null 2>&1 || true
    fi
    rm -rf -- "$place"
}

# PID 1 of an outer pid namespace: owns the mounts and the cgroup, and removes the latter.
hold() {
    mount --make-rprivate /
    mkdir "$place/m"
    mount -t tmpfs -o mode=755 guest "$place/m"
    mkdir "$place/m"/{upper,work,root,cgroup}
    cgroups "$place/m/cgroup"
    # Those of runs that were killed; of one that lives, none can be removed.
    local stale
    for stale in "$own/$cgroup_prefix"*; do empty "$stale"; done
    mkdir "$own/$cgroup_prefix$1"
    local status=0
    timeout --signal=KILL $((limit + 30)) bash -c 'echo $$ > "$1/cgroup.procs" && shift && exec "$@"' - "$own/$cgroup_prefix$1" \
        unshare --mount --pid --fork --net --ipc --uts --cgroup --kill-child=KILL "$0" __guest || status=$?
    remove "$own/$cgroup_prefix$1" || echo "boot.sh: the cgroup $own/$cgroup_prefix$1 could not be removed"
    exit $status
}

# Removes the cgroup of a run that was killed, in a mount namespace that ends with this process.
sweep() {
    mount --make-rprivate /
    cgroups /mnt
    remove "$own/$cgroup_prefix$1"
}

# cgroups DIR: mounts them there; `own` becomes the cgroup that this runs in, as far as its namespace shows it.
cgroups() {
    mount -t cgroup2 cgroup "$1"
    own=$(sed -n 's/^0:://p' /proc/self/cgroup)
    own=$1${own%/}
    [ -d "$own" ] || own=$1
}

# Processes that were killed are gone a moment later.
remove() {
    local attempt
    for attempt in $(seq 50); do
        empty "$1"
        [ -d "$1" ] || return 0
        sleep 0.1
    done
    return 1
}

empty() { find "$1" -depth -type d -exec rmdir -- {} + 2>/dev/null || true; }

# PID 1 of the machine, until it becomes systemd.
guest() {
    # shellcheck disable=SC1091
    source "$place/lists"
    local m=$place/m root=$place/m/root
    mount -t overlay overlay -o "lowerdir=/,upperdir=$m/upper,workdir=$m/work" "$root"
    kernel_files
    devices
    mount -t cgroup2 -o nsdelegate cgroup "$root/sys/fs/cgroup" 2>/dev/null || mount -t cgroup2 cgroup "$root/sys/fs/cgroup"
    mount -t tmpfs -o mode=755,nosuid,nodev run "$root/run"
    # Its own: systemd-tmpfiles empties it at boot, which would take seconds with this machine's.
    mount -t tmpfs -o mode=1777 tmp "$root/tmp"
    configuration
    local tree
    for tree in "${trees[@]}"; do cp -a --no-preserve=ownership -- "$tree/." "$root/"; done
    bind "$(dirname -- "$script")" /run/boot/scripts
    for tree in "${binds[@]}"; do bind "${tree%%:*}" "${tree#*:}"; done
    mkdir -p "$root/run/boot"
    : > "$root/run/boot/output"
    mount --bind "$place/output" "$root/run/boot/output"
    hostname guest
    cd "$root"
    mkdir .old
    pivot_root . .old
    umount -l /.old
    rmdir /.old 2>/dev/null || true
    # systemd does so itself only where it is in no container; credentials are mounts that services must see.
    mount --make-rshared /
    local kept=-sys_time,-sys_module,-sys_rawio,-sys_boot,-syslog,-wake_alarm,-mac_admin,-mac_override
    exec env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 container=boot \
        setpriv --bounding-set="$kept" --inh-caps="$kept" -- \
        "$manager" --system --unit=guest.target --show-status=no --log-target=journal </dev/null
}

# bind SOURCE DESTINATION: read-only, whatever SOURCE is.
bind() {
    local source=$1 destination=$root$2
    if [ -d "$source" ]; then mkdir -p "$destination"; else mkdir -p "$(dirname -- "$destination")"; : > "$destination"; fi
    mount --bind -- "$source" "$destination"
    mount -o remount,bind,ro -- "$destination"
}

# What of the kernel may be seen, and what may not be written.
kernel_files() {
    mount -t proc -o nosuid,nodev,noexec proc "$root/proc"
    mount --bind "$root/proc/sys" "$root/proc/sys"
    mount -o remount,bind,ro "$root/proc/sys"
    local file
    for file in sysrq-trigger kcore kmsg; do
        if [ -e "$root/proc/$file" ]; then mount --bind /dev/null "$root/proc/$file"; fi
    done
    mount -t sysfs -o ro,nosuid,nodev,noexec sysfs "$root/sys"
}

devices() {
    local node
    mount -t tmpfs -o mode=755,nosuid,noexec dev "$root/dev"
    for node in null zero full random urandom tty; do
        : > "$root/dev/$node"
        mount --bind "/dev/$node" "$root/dev/$node"
    done
    for node in console kmsg; do
        : > "$root/dev/$node"
        mount --bind /dev/null "$root/dev/$node"
    done
    mkdir "$root"/dev/{pts,shm,mqueue}
    mount -t devpts -o newinstance,ptmxmode=0666,mode=620,gid=5 devpts "$root/dev/pts"
    mount -t tmpfs -o mode=1777,nosuid,nodev shm "$root/dev/shm"
    ln -s pts/ptmx "$root/dev/ptmx"
    ln -s /proc/self/fd "$root/dev/fd"
    for node in 0:stdin 1:stdout 2:stderr; do ln -s "fd/${node%%:*}" "$root/dev/${node#*:}"; done
}

# None of this machine's own services: the journal, the bus, and the script.
configuration() {
    local units=$root/etc/systemd/system masked
    rm -rf "$root/etc/systemd/system" "$root/etc/systemd/user"
    mkdir -p "$units" "$root/etc/systemd/user" "$root"/etc/systemd/{system,journald}.conf.d
    : > "$root/etc/fstab"
    echo guest > "$root/etc/hostname"
    tr -d - < /proc/sys/kernel/random/uuid > "$root/etc/machine-id"
    for masked in systemd-udevd.service systemd-udevd-{kernel,control}.socket systemd-udev-trigger.service systemd-hwdb-update.service \
        systemd-firstboot.service systemd-sysusers.service systemd-update-done.service systemd-update-utmp.service ldconfig.service \
        systemd-journal-flush.service systemd-journal-catalog-update.service systemd-pcrphase{,-sysinit}.service systemd-pstore.service \
        systemd-timesyncd.service systemd-modules-load.service systemd-sysctl.service systemd-binfmt.service systemd-random-seed.service \
        dev-hugepages.mount dev-mqueue.mount sys-kernel-{debug,tracing,config}.mount sys-fs-fuse-connections.mount tmp.mount; do
        ln -s /dev/null "$units/$masked"
    done
    cat > "$root/etc/systemd/journald.conf.d/boot.conf" <<-END
		[Journal]
		Storage=volatile
		RateLimitBurst=0
		ReadKMsg=no
		Audit=no
		ForwardToSyslog=no
	END
    printf '[Manager]\nDefaultTimeoutStopSec=10s\n' > "$root/etc/systemd/system.conf.d/boot.conf"
    cat > "$units/guest.target" <<-END
		[Unit]
		Requires=basic.target
		Wants=dbus.socket script.service
		After=basic.target
	END
    cat > "$units/script.service" <<-END
		[Unit]
		SuccessAction=exit
		FailureAction=exit
		[Service]
		Type=oneshot
		Environment=HOME=/root LANG=C.UTF-8 TERM=dumb
		WorkingDirectory=/run/boot/scripts
		ExecStart="/run/boot/scripts/$(basename -- "$script")"$([ ${#words[@]} = 0 ] || printf ' "%s"' "${words[@]}")
		StandardOutput=append:/run/boot/output
		StandardError=append:/run/boot/output
		TimeoutStartSec=${limit}s
		# What a script leaves behind must not keep the machine.
		TimeoutStopSec=5s
	END
}

case ${1:-} in
    probe) [ $# = 1 ] || usage; probe ;;
    run) shift; run "$@" ;;
    __trial) trial ;;
    __hold) hold "$2" ;;
    __sweep) sweep "$2" ;;
    __guest) guest ;;
    *) usage ;;
esac
