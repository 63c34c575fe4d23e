/** A libvirtd of its own: with a `/run` of its own, so that neither a running one nor udev's data is in the way. */
export const WITH_LIBVIRTD = `
mount -t tmpfs tmpfs /run && mkdir -p /run/udev /run/libvirt /run/lock && : >/run/udev/control || exit 9
timeout -k 5 60 libvirtd >/run/log 2>&1 &
daemon=$!
trap 'kill $daemon; wait $daemon' EXIT
i=0
until [ -S /run/libvirt/libvirt-sock ] || [ $i -ge 300 ]; do sleep 0.1; i=$((i+1)); done
virsh() { command virsh --quiet --connect nodedev:///system "$@"; }
`;
