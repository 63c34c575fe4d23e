import { isIommuError } from '@iommu/core';
import { writeDmar } from '@iommu/driver-intel-vtd';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { downstreamPort, endpoint, layOut, pcieSwitch, platformDevice, rootPort } from '@iommu/machine/build';
import { nodeAt, ROOT, type SysfsTree, sysfsOf, type TreeChange, walk } from '@iommu/sysfs';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { machineOf, readRecordings } from '../support/recordings.js';
import { strip } from '../support/strip.js';
import { runs } from '../support/sweep.js';

const recorded = async (name: string): Promise<Machine> => {
  const [recording] = await readRecordings(name);
  if (!recording) throw new Error(`no recording ${name}`);
  return machineOf(strip(recording.tree), true);
};

const hosted: Machine = {
  schema: 1,
  kernel: { release: '6.12' },
  pci: {
    functions: [
      ...layOut([
        {
          devices: [
            rootPort({ id: '8086:1901' }, [endpoint({ id: '10de:2684' })]),
            endpoint({ id: '8086:9a0b', slot: 14 }),
          ],
        },
      ]).functions,
      {
        address: '10000:e0:06.0',
        parent: null,
        segmentHost: '0000:00:0e.0',
        id: '8086:a0b0',
        class: '060400',
        headerType: 1,
        secondaryBus: 0xe1,
        subordinateBus: 0xe1,
        express: 'root-port',
        acs: null,
      },
      {
        address: '10000:e1:00.0',
        parent: '10000:e0:06.0',
        id: '144d:a80a',
        class: '010802',
        headerType: 0,
        express: 'endpoint',
        acs: null,
      },
    ],
  },
  devices: [
    platformDevice('9040000.ethernet', { driver: 'stmmac' }),
    platformDevice('9050000.dma', { below: 'soc', bus: 'amba' }),
  ],
};

const card = {
  parent: '0000:00:01.0',
  class: '020000',
  headerType: 0,
  express: 'endpoint',
  acs: null,
  multifunction: false,
} as const;

/** A card whose virtual functions are on a bus of their own. */
const farAway: Machine = {
  schema: 1,
  kernel: { release: '6.12', commandLine: 'intel_iommu=on' },
  firmware: { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } },
  pci: {
    functions: [
      {
        address: '0000:00:01.0',
        parent: null,
        id: '8086:1901',
        class: '060400',
        headerType: 1,
        secondaryBus: 1,
        subordinateBus: 3,
        express: 'root-port',
        acs: null,
      },
      {
        ...card,
        address: '0000:01:00.0',
        id: '8086:10fb',
        driver: 'ixgbe',
        sriov: { totalVfs: 8, offset: 256, stride: 1, deviceId: '10ed' },
      },
      { ...card, address: '0000:02:00.0', id: '8086:10ed', physicalFunction: '0000:01:00.0' },
    ],
  },
};

/** Machines of every kind: what each shows elsewhere differs. */
const MACHINES: Readonly<Record<string, Machine>> = {
  'VT-d on 7.3': await recorded('vtd/intel-003-k7.3'),
  'VT-d with virtual functions': await recorded('rules/sriov-igb-2-vfs'),
  'AMD-Vi': await recorded('amdvi/amd-007'),
  'SMMUv3 on 6.1, where groups form at probes': await recorded('smmuv3/smmuv3-001'),
  'SMMUv3 on 7.3': await recorded('smmuv3/smmuv3-acpi-003-k7.3'),
  'a hosted segment': hosted,
  'virtual functions on another bus': farAway,
};

/** The paths that whoever hears of changes believes to be there. */
class Believed {
  readonly paths = new Set<string>();
  readonly wrong: string[] = [];
  readonly #tree: SysfsTree;

  constructor(tree: SysfsTree) {
    this.#tree = tree;
    for (const [path] of walk(tree.root)) this.paths.add(path);
    tree.on((change) => this.#hear(change));
  }

  #hear({ type, path }: TreeChange): void {
    const node = nodeAt(this.#tree.root, path);
    if (type === 'removed') {
      if (node) this.wrong.push(`${path} was said to be gone and is there`);
      if (!this.paths.has(path)) this.wrong.push(`${path} went and never was`);
      for (const other of this.paths) if (other === path || other.startsWith(`${path}/`)) this.paths.delete(other);
      return;
    }
    if (!node) this.wrong.push(`${path} was said to be ${type} and is not there`);
    if (type === 'changed' && !this.paths.has(path)) this.wrong.push(`${path} changed and never was`);
    if (type === 'changed' || !node) return;
    const above = path.slice(0, path.lastIndexOf('/'));
    if (!this.paths.has(above)) this.wrong.push(`${path} came before what it stands in`);
    const all = [path, ...(node.kind === 'directory' ? [...walk(node, path)].map(([below]) => below) : [])];
    for (const one of all) {
      if (this.paths.has(one)) this.wrong.push(`${one} came twice`);
      this.paths.add(one);
    }
  }

  /** What is believed and not true, and what is true and not believed. */
  differences(): string[] {
    const actual = new Set([...walk(this.#tree.root)].map(([path]) => path));
    return [
      ...this.wrong,
      ...[...this.paths].filter((path) => !actual.has(path)).map((path) => `${path} is gone`),
      ...[...actual].filter((path) => !this.paths.has(path)).map((path) => `${path} was not told of`),
    ];
  }
}

const pick = <T>(list: readonly T[], at: number): T | undefined => list[at % Math.max(list.length, 1)];

const encoder = new TextEncoder();

/** One thing that happens; `n` and `m` choose to what. Whatever the kernel refuses is refused. */
const ACTIONS: Readonly<Record<string, (running: RunningMachine, tree: SysfsTree, n: number, m: number) => void>> = {
  write(_, tree, n, m) {
    const texts = [
      '1\n',
      '0',
      '2',
      'vfio-pci\n',
      '',
      'DMA',
      'identity\n',
      '8086 10c9',
      'nonsense',
      ...[...walk(tree.root)].flatMap(([path]) => /bus\/pci\/devices\/([^/]+)$/.exec(path)?.[1] ?? []),
    ];
    const files = [...walk(tree.root)].flatMap(([, node]) => (node.kind === 'file' && node.write ? [node] : []));
    pick(files, n)?.write?.(encoder.encode(pick(texts, m) ?? ''), ROOT);
  },
  remove(running, _, n) {
    const device = pick(running.devices, n);
    if (device) running.removeDevice(device);
  },
  rescan: (running) => void running.rescan(),
  unplug(running, _, n) {
    const one = pick(running.hardware, n);
    if (one) running.unplug(one.address);
  },
  plug(running, _, n, m) {
    const bridge = pick(
      running.topology.devices.filter(({ subordinate }) => subordinate),
      n,
    );
    if (!bridge?.subordinate) return;
    const { segment, number } = bridge.subordinate;
    const bus = `${segment.toString(16).padStart(4, '0')}:${number.toString(16).padStart(2, '0')}`;
    running.plug([
      {
        address: `${bus}:${(m % 32).toString(16).padStart(2, '0')}.0`,
        parent: bridge.name,
        id: '1b36:0010',
        class: '010802',
        headerType: 0,
        express: 'endpoint',
        acs: null,
      },
    ]);
  },
  'plug into a root bus that was not there': (running, _, n) =>
    void running.plug([
      {
        address: `0001:${(n % 4).toString(16).padStart(2, '0')}:00.0`,
        parent: null,
        id: '8086:0d57',
        class: '060000',
        headerType: 0,
        express: null,
      },
    ]),
  'plug a switch': (running, _, n) => {
    const port = pick(
      running.topology.devices.filter(({ express, subordinate }) => express === 4 && subordinate?.devices.length === 0),
      n,
    );
    if (!port?.subordinate) return;
    const { segment, number } = port.subordinate;
    const { functions } = layOut([
      {
        segment,
        bus: number,
        devices: [
          pcieSwitch({ id: '104c:8232' }, [downstreamPort({ id: '104c:8233' }, [endpoint({ id: '1b36:0010' })])]),
        ],
      },
    ]);
    running.plug(functions.map((fn) => (fn.parent === null ? { ...fn, parent: port.name } : fn)));
  },
  'virtual functions': (running, _, n, m) => {
    const device = pick(
      running.topology.devices.filter((one) => running.sriovOf(one)),
      n,
    );
    if (device) running.setVfs(device, m % 5);
  },
  'load a driver': (running, _, n) =>
    running.kernelDrivers.register(pick(['vfio-pci', 'igb', 'nvme', 'xhci_hcd'], n) ?? ''),
  'unload a driver': (running, _, n) => running.kernelDrivers.unregister(pick(running.kernelDrivers.names, n) ?? ''),
  override(running, _, n, m) {
    const device = pick(running.devices, n);
    if (device) running.kernelDrivers.setOverride(device, pick(['vfio-pci', 'nvme', ''], m) ?? '');
  },
  bind(running, _, n, m) {
    const device = pick(running.devices, n);
    if (device) running.bindDriver(device, pick(['vfio-pci', 'nvme', 'stmmac'], m) ?? '');
  },
  probe(running, _, n) {
    const device = pick(running.devices, n);
    if (device) running.probeDriver(device);
  },
  'add a device': (running, _, n, m) =>
    void running.addDevice(
      platformDevice(`${n % 3}.device`, {
        bus: pick(['platform', 'amba', 'fsl-mc'], m) ?? '',
        ...(m % 2 === 0 && { below: 'soc' }),
      }),
    ),
  join(running, _, n, m) {
    const device = pick(running.devices, n);
    const group = pick([...running.iommu.groups], m) ?? running.iommu.groups.alloc();
    if (device) running.iommu.groups.join(group, device);
  },
  'hold a group': (running, _, n) => {
    const device = pick(running.devices, n);
    if (device) running.iommu.groups.get(device);
  },
  'name a group': (running, _, n, m) => {
    const group = pick([...running.iommu.groups], n);
    if (group) running.iommu.groups.setName(group, pick(['vfio-noiommu', undefined], m));
  },
};

const names = Object.keys(ACTIONS);
/** What needs several steps of its kind to show. */
const OFTEN = ['virtual functions', 'virtual functions', 'plug', 'rescan'];

describe.each(Object.entries(MACHINES))('%s', (_, machine) => {
  const steps = fc.array(fc.tuple(fc.constantFrom(...names, ...OFTEN), fc.nat(1000), fc.nat(1000)), {
    minLength: 1,
    maxLength: 25,
  });

  test('tells of every path that comes or goes once, and when it has', { timeout: 600_000 }, () => {
    fc.assert(
      fc.property(steps, (chosen) => {
        const running = boot(machine, { drivers: allDrivers() });
        const tree = sysfsOf(running);
        const believed = new Believed(tree);
        for (const [name, n, m] of chosen) {
          try {
            ACTIONS[name]?.(running, tree, n, m);
          } catch (error) {
            if (!isIommuError(error)) throw error;
          }
        }
        expect(believed.differences()).toEqual([]);
      }),
      { numRuns: runs(300, 40) },
    );
  });
});
