#!/bin/sh
# Captures of a Linux machine what its IOMMU groups are computed from, without Node: the same tree as `iommu capture`.
#
#   sudo sh capture.sh [-n] [-r ROOT] [OUTPUT.tar]      default: iommu-capture.tar
#
#   -n        do not redact
#   -r ROOT   the folder with the machine's sys, proc, boot and etc, in place of /
#
# It reads, and writes nothing but the tar (and a folder below TMPDIR while it works). Without root it takes what it may
# and says what is missing. Needs sh, cat, dd, od, ls, ln, mkdir, readlink, rm and tar, those of busybox do.
#
# Taken:     PCI functions (configuration space, ids, classes, place, driver), groups and IOMMUs as sysfs shows them, names
#            of platform devices, the ACPI tables DMAR, IVRS, IORT, VIOT, MCFG and APIC, the device tree, the kernel's release,
#            architecture and configuration of IOMMUs and PCI, its command line, lines of its log on PCI and IOMMUs.
# Redacted:  words of the command line that do not concern PCI, IOMMUs or ACPI; who built the kernel; OEM fields in headers
#            of ACPI tables; serial numbers in configuration spaces (Device Serial Number, Vital Product Data).
# Not taken: the host's name, MAC addresses, vpd, dmi, network, disks, all other lines of the log.
# Left in:   what a device tree holds (serial number, command line, MAC addresses), UUIDs of mediated devices, long UIDs in
#            IVRS. `iommu redact OUTPUT.tar -o PUBLIC.tar` takes these out too: do that before passing the tar on.
#
# Exit status: 0 complete, 2 nothing was captured, 3 something is missing that decides on groups.

set -uf
umask 077
LC_ALL=C
export LC_ALL

root=
redact=yes
while getopts nr:h option; do
  case $option in
    n) redact=no ;;
    r) root=${OPTARG%/} ;;
    *)
      echo 'usage: sh capture.sh [-n] [-r ROOT] [OUTPUT.tar]' >&2
      exit 2
      ;;
  esac
done
shift $((OPTIND - 1))
output=${1:-iommu-capture.tar}

fail() {
  echo "capture: $1" >&2
  exit 2
}

[ -d "$root/sys/devices" ] || fail "$root/sys holds no sysfs"
command -v od > /dev/null || fail 'od is needed'
sys=$(cd -P "$root/sys" && pwd -P) || fail "$root/sys cannot be entered"
stage=${TMPDIR:-/tmp}/iommu-capture.$$
mkdir "$stage" || fail "$stage cannot be made"
trap 'rm -rf "$stage"' 0
trap 'exit 2' 1 2 15

status=0
missing=
# CODE NEEDED MESSAGE: something could not be read, and what that costs.
miss() {
  missing="$missing${missing:+,}
    { \"code\": \"$1\", \"message\": \"$3\", \"needed\": $2 }"
  if [ "$2" = true ]; then status=3; fi
  echo "missing: $3" >&2
}

# The entries of a folder, hidden ones left out, in the variable `names`.
list() {
  set +f
  names=
  for entry in "$1"/*; do
    if [ -e "$entry" ] || [ -L "$entry" ]; then names="$names ${entry##*/}"; fi
  done
  set -f
}

# FROM TO: a file of any kind, where it may be read. TO is below the stage.
copy() {
  [ -f "$1" ] && [ -r "$1" ] || return 1
  case $2 in */*) mkdir -p "$stage/${2%/*}" ;; esac
  cat "$1" > "$stage/$2" 2> /dev/null || {
    rm -f "$stage/$2"
    return 1
  }
}

# The host's own name, to be looked for; not one that is a word or a number of every dump.
host=
if [ "$redact" = yes ]; then
  for file in "$root/proc/sys/kernel/hostname" "$root/etc/hostname"; do
    if [ -z "$host" ] && [ -r "$file" ]; then read -r host < "$file" || :; fi
  done
fi
case $host in
  ? | ?? | localhost | linux | debian | ubuntu | fedora | arch | host | root | port | bridge | bus | pci* | iommu* | dmar* | \
    intel | amd | arm | smmu* | vfio* | virtio* | acpi | platform | virtual | driver* | device* | system | class | type) host= ;;
  *[!0-9a-f]*) ;;
  *) host= ;;
esac

# TEXT: without the host's name, in the variable `text`.
hide_host() {
  text=$1
  [ -n "$host" ] || return 0
  while :; do
    case $text in *"$host"*) text=${text%%"$host"*}xxx${text#*"$host"} ;; *) return 0 ;; esac
  done
}

# PATH below sys: a file of one line, without starting a program.
copy_line() {
  [ -f "$sys/$1" ] && [ -r "$sys/$1" ] || return 0
  line=
  read -r line 2> /dev/null < "$sys/$1" || [ -n "$line" ] || return 0
  hide_host "$line"
  printf '%s\n' "$text" > "$stage/sys/$1"
}

# PATH below sys: a link as text.
copy_link() {
  text=$(readlink "$sys/$1") || return 1
  case $text in /* | '') return 1 ;; esac
  case $1 in */of_node) hide_host "$text" ;; esac
  mkdir -p "$stage/sys/${1%/*}"
  [ -L "$stage/sys/$1" ] || ln -s "$text" "$stage/sys/$1"
}

# PATH of a folder below sys, links followed: its own path below sys, in the variable `real`.
resolve() {
  real=$(cd -P "$sys/$1" 2> /dev/null && pwd -P) || return 1
  case $real in "$sys"/*) real=${real#"$sys"/} ;; *) return 1 ;; esac
}

# FILE OFFSET COUNT: zeros, in place.
blank() {
  dd if=/dev/zero of="$1" bs=1 seek="$2" count="$3" conv=notrunc 2> /dev/null
}

# FILE OFFSET: what comes in, in place.
patch() {
  dd of="$1" bs=1 seek="$2" conv=notrunc 2> /dev/null
}

# FILE: blank the Device Serial Number and the data register of Vital Product Data. Sets `size`.
redact_config() {
  file=$1
  set -- $(od -An -v -tu1 "$file")
  size=$#
  if [ "$redact" = no ] || [ "$size" -lt 256 ]; then return; fi
  left=48
  eval "at=\${$((0x34 + 1))}"
  while [ $((at &= ~3)) -ge 64 ] && [ $((left -= 1)) -gt 0 ]; do
    eval "id=\${$((at + 1))} next=\${$((at + 2))}"
    if [ "$id" -eq 3 ]; then blank "$file" $((at + 4)) 4; fi
    at=$next
  done
  left=480
  at=256
  while [ "$at" -ge 256 ] && [ $((at + 12)) -le "$size" ] && [ $((left -= 1)) -gt 0 ]; do
    eval "low=\${$((at + 1))} high=\${$((at + 2))} third=\${$((at + 3))} fourth=\${$((at + 4))}"
    if [ $((low + high * 256)) -eq 3 ]; then blank "$file" $((at + 4)) 8; fi
    at=$((((third >> 4) | (fourth << 4)) & ~3))
  done
}

# FILE: blank the OEM fields of an ACPI table's header, and make its checksum what it was.
redact_table() {
  file=$1
  set -- $(od -An -v -tu1 "$file")
  if [ $# -lt 36 ]; then return; fi
  eval "check=\${10}"
  change=0
  at=0
  for byte; do
    if [ $((at += 1)) -gt 36 ]; then break; fi
    case $at in 1[1-9] | 2[0-4] | 2[5-9] | 3[0-6]) change=$((change + byte)) ;; esac
  done
  # 1007: the bytes that take their place, added up.
  check=$(((check + change - 1007) & 255))
  printf 'REDACT' | patch "$file" 10
  printf 'REDACTED' | patch "$file" 16
  blank "$file" 24 12
  printf "\\$(printf %03o "$check")" | patch "$file" 9
}

devices=
# PATH of a device below sys.
copy_device() {
  case "$devices " in *" $1 "*) return ;; esac
  devices="$devices $1"
  mkdir -p "$stage/sys/$1"
  list "$sys/$1"
  for name in $names; do
    case $name in
      vendor | device | subsystem_vendor | subsystem_device | class | revision | modalias | irq | enable | numa_node | \
        driver_override | ari_enabled | removable | secondary_bus_number | subordinate_bus_number | sriov_totalvfs | \
        sriov_numvfs | sriov_offset | sriov_stride | sriov_vf_device) copy_line "$1/$name" ;;
      resource) copy "$sys/$1/resource" "sys/$1/resource" ;;
      driver | subsystem | iommu | iommu_group | physfn | virtfn*) copy_link "$1/$name" ;;
      of_node)
        if copy_link "$1/$name" && resolve "$1/$name" && [ -f "$sys/$real/iommus" ]; then
          mkdir -p "$stage/sys/$real"
          copy "$sys/$real/iommus" "sys/$real/iommus"
        fi
        ;;
      firmware_node)
        if copy_link "$1/$name" && resolve "$1/$name"; then
          mkdir -p "$stage/sys/$real"
          copy_line "$real/path"
          copy_line "$real/hid"
        fi
        ;;
    esac
  done
}

functions=0
unread=0
cut=0
sizes=
list "$sys/bus/pci/devices"
for address in $names; do
  copy_link "bus/pci/devices/$address" && resolve "bus/pci/devices/$address" || continue
  functions=$((functions + 1))
  path=$real
  copy_device "$path"
  if copy "$sys/$path/config" "sys/$path/config"; then
    redact_config "$stage/sys/$path/config"
    if [ "$size" -eq 0 ]; then unread=$((unread + 1)); fi
    if [ "$size" -lt 256 ]; then
      cut=$((cut + 1))
      set -- $(ls -ln "$sys/$path/config")
      if [ "${5:-0}" -gt "$size" ]; then sizes="$sizes${sizes:+,} \"$address\": $5"; fi
    fi
  else
    unread=$((unread + 1))
  fi
done
[ "$functions" -gt 0 ] || miss pci-absent true 'there are no PCI functions in sysfs: nothing can be grouped; is /sys mounted?'
[ "$unread" -eq 0 ] || miss config-unreadable true "configuration spaces of $unread of $functions functions are not readable: header and capabilities unknown"
[ "$cut" -eq 0 ] || miss config-cut true "configuration spaces of $cut of $functions functions are cut: capabilities and ACS unknown; run as root"

for bus in platform amba fsl-mc; do
  list "$sys/bus/$bus/devices"
  for name in $names; do
    copy_link "bus/$bus/devices/$name" && resolve "bus/$bus/devices/$name" && copy_device "$real"
  done
done

# PATH of an IOMMU below sys.
copy_unit() {
  for vendor in intel-iommu amd-iommu; do
    [ -d "$sys/$1/$vendor" ] || continue
    mkdir -p "$stage/sys/$1/$vendor"
    for name in address cap ecap version features domains_supported domains_used; do
      copy_line "$1/$vendor/$name"
    done
  done
  copy_link "$1/device"
  list "$sys/$1/devices"
  for name in $names; do copy_link "$1/devices/$name"; done
}

list "$sys/devices/virtual/iommu"
for unit in $names; do copy_unit "devices/virtual/iommu/$unit"; done
list "$sys/class/iommu"
for unit in $names; do
  copy_link "class/iommu/$unit" && resolve "class/iommu/$unit" && copy_unit "$real"
done

groups=0
if [ -d "$sys/kernel/iommu_groups" ]; then
  mkdir -p "$stage/sys/kernel/iommu_groups"
  list "$sys/kernel/iommu_groups"
  for group in $names; do
    groups=$((groups + 1))
    path=kernel/iommu_groups/$group
    mkdir -p "$stage/sys/$path/devices"
    copy_line "$path/name"
    copy_line "$path/type"
    copy "$sys/$path/reserved_regions" "sys/$path/reserved_regions"
    list "$sys/$path/devices"
    for name in $names; do
      copy_link "$path/devices/$name" && resolve "$path/devices/$name" && copy_device "$real"
    done
  done
fi

# NAME: whether a table concerns IOMMUs.
concerns() {
  case $1 in DMAR* | IVRS* | IORT* | VIOT* | MCFG* | APIC*) return 0 ;; *) return 1 ;; esac
}

looked=no
refused=
for folder in acpi sys/firmware/acpi/tables; do
  list "$root/$folder"
  for name in $names; do
    looked=yes
    mkdir -p "$stage/acpi"
    printf '%s\n' "$name" >> "$stage/acpi/tables.txt"
    if concerns "$name" && [ ! -f "$stage/acpi/$name" ]; then
      if copy "$root/$folder/$name" "acpi/$name"; then
        if [ "$redact" = yes ]; then redact_table "$stage/acpi/$name"; fi
      else
        refused="$refused $name"
      fi
    fi
  done
done
# A part of the tables would pass for the whole.
if [ -n "$refused" ]; then rm -r "$stage/acpi"; fi
copy "$root/fdt" fdt || copy "$root/sys/firmware/fdt" fdt
if [ -n "$refused" ]; then
  miss firmware-unreadable true "firmware tables are not readable ($(echo $refused)): units, the devices that each serves and reserved memory unknown; run as root"
elif [ "$looked" = no ] && [ -f "$root/sys/firmware/fdt" ] && [ ! -f "$stage/fdt" ]; then
  miss firmware-unreadable true 'the device tree is not readable: units and the devices that each serves unknown; run as root'
elif [ "$looked" = no ] && [ ! -f "$stage/fdt" ]; then
  miss firmware-absent true 'there is no firmware table and no device tree: units, the devices that each serves and reserved memory unknown'
fi

# FILE...: the first of these that can be read, in the variable `found`.
first() {
  for found; do
    found=$root/$found
    if [ -f "$found" ] && [ -r "$found" ]; then return 0; fi
  done
  return 1
}

release=
if first uname.txt proc/sys/kernel/osrelease; then read -r release < "$found" || :; fi
if [ -z "$release" ] && [ -z "$root" ]; then release=$(uname -r); fi
if [ -n "$release" ]; then printf '%s\n' "$release" > "$stage/uname.txt"; else
  miss release-unreadable true "the kernel's release is not readable: the rules of the newest are taken"
fi
arch=
if first arch.txt proc/sys/kernel/arch; then read -r arch < "$found" || :; fi
if [ -z "$arch" ] && [ -z "$root" ]; then arch=$(uname -m); fi
if [ -n "$arch" ]; then printf '%s\n' "$arch" > "$stage/arch.txt"; fi

# NAME: whether a word of the command line concerns PCI, IOMMUs or ACPI.
is_kept() {
  case $1 in
    pci | pcie | iommu | acpi | vfio | vmd | pci[._-]* | pcie[._-]* | iommu[._-]* | acpi[._-]* | vfio[._-]* | vmd[._-]*) ;;
    intel[_-]iommu* | amd[_-]iommu* | s390[_-]iommu* | virtio[_-]iommu* | riscv[_-]iommu* | arm[_-]smmu* | ivrs_*) ;;
    intremap | nointremap | x2apic* | nox2apic* | noapic | nolapic) ;;
    *) return 1 ;;
  esac
}

# WORD...: those that are kept, in the variable `words`. A quoted value may be several words.
keep_words() {
  words=
  quoted=no
  keep=no
  for word; do
    if [ "$quoted" = no ]; then
      if [ "$word" = -- ]; then break; fi
      if is_kept "${word%%=*}"; then keep=yes; else keep=no; fi
    fi
    if [ "$keep" = yes ]; then words="$words${words:+ }$word"; fi
    rest=$word
    while :; do
      case $rest in *\"*) rest=${rest#*\"} ;; *) break ;; esac
      if [ "$quoted" = no ]; then quoted=yes; else quoted=no; fi
    done
  done
}

if first cmdline.txt proc/cmdline; then
  words=
  read -r words < "$found" || :
  if [ "$redact" = yes ]; then keep_words $words; fi
  printf '%s\n' "$words" > "$stage/cmdline.txt"
else
  miss cmdline-unreadable true 'the command line is not readable: what it switches on or off is unknown'
fi

if first os-release.txt etc/os-release usr/lib/os-release; then
  while read -r line; do
    case $line in NAME=* | ID=* | ID_LIKE=* | VERSION=* | VERSION_ID=* | VERSION_CODENAME=* | PRETTY_NAME=*) printf '%s\n' "$line" ;; esac
  done < "$found" > "$stage/os-release.txt"
fi

options() {
  while read -r line; do
    case ${line#'# '} in
      CONFIG_IOMMU* | CONFIG_INTEL_IOMMU* | CONFIG_AMD_IOMMU* | CONFIG_ARM_SMMU* | CONFIG_VIRTIO_IOMMU* | CONFIG_PCI*) printf '%s\n' "$line" ;;
    esac
  done
}
if first config.txt "boot/config-$release"; then
  options < "$found" > "$stage/config.txt"
elif first proc/config.gz && command -v zcat > /dev/null; then
  zcat < "$found" | options > "$stage/config.txt"
else
  miss kernel-config-unreadable false "the kernel's configuration is not readable: its defaults are supposed"
fi

# The lines of a log that concern grouping.
telling() {
  while IFS= read -r line; do
    case $line in
      *'Linux version '*)
        line=${line#*'Linux version '}
        printf 'Linux version %s\n' "${line%% *}"
        ;;
      *'ommand line: '*)
        keep_words ${line#*'ommand line: '}
        printf 'Command line: %s\n' "$words"
        ;;
      *'PCI host bridge to bus '* | *': ['????':'????'] type '* | *'bridge to [bus '* | *'iommu group '* | *'to group '* | \
        *'from group '* | *'DMAR: '* | *'iommu: '* | *'AMD-Vi: '* | *'arm-smmu'*)
        hide_host "$line"
        printf '%s\n' "$text"
        ;;
      *'Booting Linux on physical CPU '*) printf '%s\n' "${line#"${line%%'Booting Linux'*}"}" ;;
      *'already in tree'* | *'Aliasing StreamID'*) ;;
      # That a driver came to a device, and when; not what it says of it.
      *'nvme nvme'*': pci function '????:??:??.?)
        hide_host "$line"
        printf '%s\n' "$text"
        ;;
      *' '????:??:??.?': '* | *' '?????:??:??.?': '*)
        rest=${line#*????:??:??.?: }
        case $rest in ttyS[0-9]*' at '*) said="${rest%%' at '*} at -" ;; *) said=- ;; esac
        hide_host "${line%"$rest"}"
        printf '%s%s\n' "$text" "$said"
        ;;
    esac
  done
}
log() {
  if [ "$redact" = yes ]; then telling; else cat; fi
}
if first dmesg.txt dmesg var/log/dmesg; then
  log < "$found" > "$stage/dmesg.txt"
elif [ -z "$root" ] && dmesg > "$stage/dmesg.all" 2> /dev/null; then
  log < "$stage/dmesg.all" > "$stage/dmesg.txt"
else
  miss log-unreadable false "the kernel's log is not readable: the order in which devices were found is supposed; run as root"
fi
rm -f "$stage/dmesg.all"
[ "$groups" -gt 0 ] || miss groups-absent false 'the kernel shows no groups of its own: there is nothing to compare with'

if [ "$redact" = yes ]; then redacted=true; else redacted=false; fi
printf '{\n  "schema": 1,\n  "redacted": %s,\n  "missing": [%s\n  ],\n  "configSizes": {%s }\n}\n' \
  "$redacted" "$missing" "$sizes" > "$stage/capture.json"

# Owners are of no interest; not every tar can leave them out.
cd "$stage" || exit 2
case $output in /* | -) ;; *) output=$OLDPWD/$output ;; esac
pack() {
  tar --owner=0 --group=0 --numeric-owner -cf "$1" . 2> /dev/null || tar --numeric-owner -cf "$1" . 2> /dev/null || tar -cf "$1" .
}
pack "$output" || fail "$output cannot be written"
if [ "$redact" = yes ] && [ -f fdt ]; then
  echo 'note: the device tree is as it was (serial number, command line): run iommu redact before you pass the tar on' >&2
fi
cd / || :
exit "$status"
