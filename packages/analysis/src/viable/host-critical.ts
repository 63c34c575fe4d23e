import { bootParameters, type Device } from '@iommu/core';
import { attributesOf, managesDma, type RunningMachine } from '@iommu/machine';
import type { PciDevice } from '@iommu/pci';
import { boundDriver } from './bound-driver.js';
import type { ViableReason } from './viable-report.js';

/** Base classes. @see PCI Code and ID Assignment Specification, appendix D of PCI Local Bus Specification 3.0 */
const STORAGE = 0x01;
const NETWORK = 0x02;
const DISPLAY = 0x03;
/** Class and subclass. */
const NVME = 0x0108;
const IOMMU = 0x0806;

const VIRTIO = 0x1af4;

const baseClass = ({ facts }: PciDevice): number | undefined =>
  facts.classCode === undefined ? undefined : facts.classCode >>> 16;

const subclass = ({ facts }: PciDevice): number | undefined =>
  facts.classCode === undefined ? undefined : facts.classCode >>> 8;

/** By the name of the disk that `root=` gives, what its controller is. @see Linux Documentation/admin-guide/devices.txt */
const ROOTS: readonly (readonly [RegExp, (device: PciDevice) => boolean])[] = [
  [/^\/dev\/nvme/, (device) => subclass(device) === NVME],
  [/^\/dev\/vd/, (device) => device.facts.vendor === VIRTIO],
  [/^\/dev\/[sh]d/, (device) => subclass(device) !== NVME && device.facts.vendor !== VIRTIO],
];

const warning = (code: string, devices: readonly Device[], text: string): ViableReason => ({
  code,
  effect: 'warning',
  devices: devices.map(({ name }) => name),
  text,
});

const list = (devices: readonly Device[]): string => devices.map(({ name }) => name).join(', ');

const LAST: readonly (readonly [base: number, code: string, what: string])[] = [
  [STORAGE, 'last-storage', 'no storage controller'],
  [NETWORK, 'last-network', 'no network card'],
  [DISPLAY, 'last-display', 'no graphics'],
];

/** The controller of the disk that the machine boots from, as far as `root=` tells. */
const rootWarning = (
  { kernel }: RunningMachine,
  storage: readonly PciDevice[],
  lost: readonly PciDevice[],
): ViableReason[] => {
  const root = bootParameters(kernel, 'root').at(-1);
  const isMeant = ROOTS.find(([pattern]) => root !== undefined && pattern.test(root))?.[1];
  const candidates = isMeant ? storage.filter(isMeant) : storage;
  const concerned = candidates.filter((device) => lost.includes(device));
  if (concerned.length === 0) return [];
  if (isMeant && candidates.length === 1)
    return [warning('boot-disk', concerned, `${list(concerned)} has the disk that the host boots from: root=${root}.`)];
  const text = `${list(concerned)} may have the disk that the host boots from: the input does not tell which controller does.`;
  return [warning('may-be-boot-disk', concerned, text)];
};

/**
 * What the host loses that it may not be able to do without, as far as the description tells.
 *
 * @param lost - Devices that are to be taken from their drivers.
 */
export const hostCritical = (running: RunningMachine, lost: ReadonlySet<Device>): ViableReason[] => {
  // What VFIO has already is not the host's.
  const used = running.topology.devices.filter((device) => {
    const driver = boundDriver(running, device);
    return driver === undefined || !(driver !== null && managesDma(driver));
  });
  const gone = used.filter((device) => lost.has(device));
  const warnings: ViableReason[] = [];
  for (const [base, code, what] of LAST) {
    const own = used.filter((device) => baseClass(device) === base && boundDriver(running, device) !== null);
    const taken = own.filter((device) => lost.has(device));
    if (taken.length > 0 && taken.length === own.length)
      warnings.push(warning(code, taken, `Without ${list(taken)} the host has ${what} left on PCI.`));
  }
  const storage = used.filter((device) => baseClass(device) === STORAGE && boundDriver(running, device) !== null);
  if (!warnings.some(({ code }) => code === 'last-storage')) warnings.push(...rootWarning(running, storage, gone));
  for (const device of gone) {
    if (attributesOf(device).boot_vga === '1')
      warnings.push(warning('boot-display', [device], `${device.name} drives the host's console: boot_vga is 1.`));
    if (subclass(device) === IOMMU) warnings.push(warning('iommu', [device], `${device.name} is an IOMMU itself.`));
  }
  return warnings;
};
