import { boot, type Machine, type MachinePciFunction, type RunningMachine } from '@iommu/machine';
import { nodeAt, ROOT, type SysfsFile, type SysfsTree } from '../../src/index.js';
import { sysfsOf } from '../../src/tree/sysfs-of.js';
import { type ToyOptions, toy } from './toy.js';

/** Configuration space of a function with a header of 64 bytes and whatever is set in it. */
const config = (length: number, bytes: Readonly<Record<number, number>> = {}): Uint8Array => {
  const space = new Uint8Array(length);
  for (const [offset, byte] of Object.entries(bytes)) space[Number(offset)] = byte;
  return space;
};

const RESOURCE = [
  '0x00000000f7000000 0x00000000f7ffffff 0x0000000000140204',
  '0x0000000000000000 0x0000000000000000 0x0000000000000000',
  '0x00000000e0000000 0x00000000efffffff 0x000000000014220c',
  '0x0000000000000000 0x0000000000000000 0x0000000000000000',
  '0x000000000000e000 0x000000000000e07f 0x0000000000040101',
  '0x0000000000000000 0x0000000000000000 0x0000000000000000',
  '0x00000000000c0000 0x00000000000dffff 0x0000000000000212',
].join('\n');

export const ENDPOINT: MachinePciFunction = {
  address: '0000:01:00.0',
  parent: '0000:00:1c.0',
  id: '10de:2684',
  subsystem: '1043:88e2',
  class: '030000',
  revision: 'a1',
  headerType: 0,
  express: 'endpoint',
  acs: null,
  config: config(4096, { 60: 11, 61: 1 }),
  driver: 'nouveau',
  attributes: {
    resource: RESOURCE,
    numa_node: '-1',
    local_cpus: 'ff',
    local_cpulist: '0-7',
    dma_mask_bits: '47',
    consistent_dma_mask_bits: '47',
    enable: '1',
    broken_parity_status: '0',
    msi_bus: '1',
    d3cold_allowed: '1',
    ari_enabled: '0',
    power_state: 'D0',
    devspec: '',
    boot_vga: '1',
    current_link_speed: '16.0 GT/s PCIe',
    current_link_width: '16',
    max_link_speed: '16.0 GT/s PCIe',
    max_link_width: '16',
    reset_method: 'flr bus',
    aer_dev_fatal: 'Undefined 0\nDLP 0\nTOTAL_ERR_FATAL 0',
  },
};

export const BRIDGE: MachinePciFunction = {
  address: '0000:00:1c.0',
  parent: null,
  id: '8086:a338',
  subsystem: '1043:8694',
  class: '060400',
  revision: 'f0',
  headerType: 1,
  secondaryBus: 1,
  subordinateBus: 10,
  express: 'root-port',
  acs: null,
  driver: 'pcieport',
  attributes: { irq: '122', aer_rootport_total_err_cor: '0' },
};

/** The capability of single root I/O virtualization at 0x160: seven, 128 ids further on, two apart. */
const SRIOV: Readonly<Record<number, number>> = {
  256: 0x10,
  258: 0x01,
  270: 7,
  276: 128,
  278: 2,
  282: 0xca,
  283: 0x10,
};

const PHYSICAL: MachinePciFunction = {
  address: '0000:01:00.1',
  parent: '0000:00:1c.0',
  id: '8086:10c9',
  class: '020000',
  express: 'endpoint',
  acs: null,
  config: config(4096, { 6: 0x10, 52: 0x40, 64: 0x10, 66: 0x02, ...SRIOV }),
  driver: 'igb',
};

const virtual = (number: number): MachinePciFunction => ({
  address: `0000:01:${(16 + Math.floor((number * 2 + 1) / 8)).toString(16)}.${(number * 2 + 1) % 8}`,
  parent: '0000:00:1c.0',
  id: '8086:10ca',
  class: '020000',
  headerType: 0,
  express: 'endpoint',
  acs: null,
  physicalFunction: '0000:01:00.1',
});

const VIRTUAL: readonly MachinePciFunction[] = [virtual(0), virtual(1)];

/** One root port with a graphics card and a network card with virtual functions, on the newest kernel. */
export const MACHINE: Machine = {
  schema: 1,
  kernel: { release: '7.3.0', arch: 'x86_64' },
  firmware: { acpi: { DMAR: config(48), MCFG: config(60) } },
  pci: { functions: [BRIDGE, ENDPOINT, PHYSICAL, ...VIRTUAL], acsRead: 'after-boot' },
};

export interface Started {
  readonly running: RunningMachine;
  readonly tree: SysfsTree;
  /** The file at a path below the top. */
  file(path: string): SysfsFile;
  text(path: string): string;
}

export const start = (machine: Machine = MACHINE, options: ToyOptions = {}): Started => {
  const running = boot(machine, { drivers: [toy(options)] });
  const tree = sysfsOf(running);
  const file = (path: string): SysfsFile => {
    const node = nodeAt(tree.root, path);
    if (node?.kind !== 'file') throw new Error(`${path} is ${node?.kind ?? 'nothing'}`);
    return node;
  };
  return { running, tree, file, text: (path) => new TextDecoder().decode(file(path).read(ROOT)) };
};
