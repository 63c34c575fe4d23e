import type { Device } from '@iommu/core';
import type { RunningMachine } from '@iommu/machine';
import { functionOf, isPciDevice, type PciDevice, slotOf } from '@iommu/pci';
import { boundDriver } from './bound-driver.js';
import type { ViableNeed, ViableSetup } from './viable-report.js';

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, '0');

/** `10de:2684` */
const idOf = ({ facts: { vendor, device } }: PciDevice): string | undefined =>
  vendor === undefined || device === undefined ? undefined : `${hex(vendor, 4)}:${hex(device, 4)}`;

/** @see libvirt, Domain XML format, Host device assignment */
const hostdev = ({ segment, rid }: PciDevice): string =>
  [
    "<hostdev mode='subsystem' type='pci' managed='yes'>",
    '  <source>',
    `    <address domain='0x${hex(segment, 4)}' bus='0x${hex(rid >> 8, 2)}' slot='0x${hex(slotOf(rid), 2)}' function='0x${functionOf(rid)}'/>`,
    '  </source>',
    '</hostdev>',
    '',
  ].join('\n');

const write = (text: string, file: string): string => `echo ${text} | sudo tee ${file}`;

/** Take a device from the driver that it has, or may have. */
const unbind = (running: RunningMachine, { name, bus }: Device): string[] => {
  const device = running.device(name);
  const folder = `/sys/bus/${bus}/devices/${name}/driver`;
  switch (boundDriver(running, device)) {
    case null:
      return [];
    case undefined:
      return [`test ! -e ${folder} ||`, `  ${write(name, `${folder}/unbind`)}`];
    default:
      return [write(name, `${folder}/unbind`)];
  }
};

/** Before 3.16 a driver could only be told of an id, and took every device that has it. */
const bind = (running: RunningMachine, device: Device, driver: string): string[] => {
  if (boundDriver(running, device) === driver) return [];
  const free = unbind(running, device);
  const bus = `/sys/bus/${device.bus}`;
  if (isPciDevice(device) && running.kernel.rule('file-driver-override') === 'none')
    return [...free, write((idOf(device) ?? '????:????').replace(':', ' '), `${bus}/drivers/${driver}/new_id`)];
  return [
    write(driver, `${bus}/devices/${device.name}/driver_override`),
    ...free,
    write(device.name, `${bus}/drivers_probe`),
  ];
};

const besides = ({ name }: Device): string => `# ${name}: not asked about, but needed`;

/**
 * What binds devices, as text.
 *
 * @param asked - With the driver of each.
 * @param needs - What else is needed.
 * @param kept - Of that, what the host may not be able to do without: it has to be asked for to be among the text.
 */
export const setupOf = (
  running: RunningMachine,
  asked: ReadonlyMap<Device, string>,
  needs: readonly ViableNeed[],
  kept: ReadonlySet<string>,
): ViableSetup => {
  const [driver = 'vfio-pci'] = asked.values();
  const of = (wanted: ViableNeed['action']) =>
    needs.flatMap(({ device, action }) => (action === wanted && !kept.has(device) ? [running.device(device)] : []));
  const [needed, freed] = [of('bind'), of('unbind')];
  const bound = new Map([...asked, ...needed.map((device) => [device, driver] as const)]);
  const functions = [...bound.keys()].filter(isPciDevice);
  const ids = [...new Set(functions.map(idOf))];
  const takesIds = driver === 'vfio-pci' && functions.length > 0 && !ids.includes(undefined);
  const drivers = new Set(
    [...bound].filter(([device, own]) => boundDriver(running, device) !== own).map(([, own]) => own),
  );
  return {
    bind: [...bound.keys()].map(({ name }) => name),
    unbind: freed.map(({ name }) => name),
    leftOut: needs.flatMap(({ device }) => (kept.has(device) ? [device] : [])),
    kernelParameter: takesIds ? `vfio-pci.ids=${ids.join(',')}` : null,
    sameIds: takesIds
      ? running.topology.devices.filter((one) => !bound.has(one) && ids.includes(idOf(one))).map(({ name }) => name)
      : [],
    commands: [
      ...[...drivers].map((name) => `sudo modprobe ${name}`),
      ...[...asked].flatMap(([device, own]) => bind(running, device, own)),
      ...freed.flatMap((device) => [besides(device), ...unbind(running, device)]),
      ...needed.flatMap((device) => [besides(device), ...bind(running, device, driver)]),
    ],
    libvirt: [...asked.keys()].filter(isPciDevice).map(hostdev).join(''),
  };
};
