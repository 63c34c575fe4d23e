import { readFileSync } from 'node:fs';
import { type ViabilityRule, viable } from '@iommu/analysis';
import { type Device, isIommuError } from '@iommu/core';
import { writeDmar } from '@iommu/driver-intel-vtd';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { machineFromJson } from '@iommu/machine/json';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { machineOf, readRecordings } from '../support/recordings.js';
import { sampled } from '../support/sweep.js';

const drivers = allDrivers();

/** `undefined`: the input does not tell. */
type Driver = string | null | undefined;

const authored = (name: string): Machine =>
  machineFromJson(JSON.parse(readFileSync(new URL(`../../fixtures/authored/${name}.json`, import.meta.url), 'utf8')));

const recorded = async (name: string): Promise<Machine> => {
  const [recording] = await readRecordings(name);
  if (!recording) throw new Error(`no recording ${name}`);
  return machineOf(recording.tree);
};

/** A machine, what is asked about, and all drivers that a bridge and any other member of the group are tried with. */
interface Fixture {
  readonly machine: Machine;
  readonly asked: string;
  readonly bridge: readonly Driver[];
  readonly other: readonly Driver[];
}

const desktop = authored('workstation-gpu');

/** The same with a disk that its firmware demands a region for. */
const withDirectRegion: Machine = {
  ...desktop,
  firmware: {
    acpi: {
      DMAR: writeDmar({
        units: [{ registerBase: 0xfed90000n }],
        reservedMemory: [
          {
            base: 0x7e000000n,
            limit: 0x7e0fffffn,
            scopes: [
              {
                type: 'endpoint',
                path: [
                  { device: 1, function: 1 },
                  { device: 0, function: 0 },
                ],
              },
            ],
          },
        ],
      }),
    },
  },
};

const FIXTURES: Readonly<Record<string, Fixture>> = {
  'a graphics card with a disk, two ports': {
    machine: desktop,
    asked: '0000:01:00.0',
    bridge: [null, 'pcieport', 'shpchp', undefined],
    other: [null, 'nvme', 'vfio-pci', 'pci-stub', undefined],
  },
  'a bridge to conventional PCI, recorded': {
    machine: await recorded('rules/conventional-multifunction-behind-pcie-to-pci-bridge'),
    asked: '0000:02:01.0',
    bridge: [null, 'shpchp', undefined],
    other: [null, 'e1000', 'vfio-pci', 'mlx5_vfio_pci', 'uio_pci_generic', undefined],
  },
  'the same, where firmware demands a direct mapping for the disk': {
    machine: withDirectRegion,
    asked: '0000:01:00.0',
    bridge: [null, 'pcieport'],
    other: [null, 'nvme', 'vfio-pci', undefined],
  },
  'a device that firmware demands a direct mapping for, recorded': {
    machine: await recorded('rules/ivrs-ivmd'),
    asked: '0000:01:00.0',
    bridge: [null, 'pcieport', 'pci-stub', undefined],
    other: [null, 'nvme', 'vfio-pci', undefined],
  },
};

/** The machine with other drivers. */
const bound = (machine: Machine, assignment: ReadonlyMap<string, Driver>): Machine => ({
  ...machine,
  pci: {
    ...machine.pci,
    functions: (machine.pci?.functions ?? []).map(({ driver, ...rest }) => {
      const own = assignment.has(rest.address) ? assignment.get(rest.address) : driver;
      return { ...rest, ...(own !== undefined && { driver: own }) };
    }),
  },
});

const product = <T>(lists: readonly (readonly T[])[]): T[][] =>
  lists.reduce<T[][]>((all, list) => all.flatMap((some) => list.map((one) => [...some, one])), [[]]);

/** The errno of the kernel's claim, as the model of the kernel answers it when a group is claimed. */
const claimed = (running: RunningMachine, name: string): string | null => {
  const group = running.iommu.groups.of(running.device(name));
  if (!group) throw new Error(`${name} has no group`);
  try {
    running.iommu.claimGroup(group, 'a guest');
    return null;
  } catch (error) {
    if (isIommuError(error, 'ERR_REFUSED')) return error.errno ?? null;
    throw error;
  }
};

/** Written down once more from the rules, by nothing that the library uses: the drivers that a member may have. */
const FINE: Readonly<Record<Exclude<ViabilityRule, 'allowed-drivers-and-bridges'>, readonly string[]>> = {
  owner: ['pcieport', 'pci-stub', 'vfio-pci', 'mlx5_vfio_pci'],
  'allowed-drivers': ['pci-stub', 'vfio-pci', 'mlx5_vfio_pci'],
};

describe.each(Object.entries(FIXTURES))('%s', (_, { machine, asked, bridge, other }) => {
  const base = boot(machine, { drivers });
  const group = base.iommu.groups.of(base.device(asked));
  const members = group?.devices ?? [];
  const isBridge = ({ name }: Device): boolean => base.topology.find(name)?.isBridge === true;
  // Kinds of the PCI Express capability: root port, and both ports of a switch.
  const isPort = ({ name }: Device): boolean => [4, 5, 6].includes(base.topology.find(name)?.express ?? -1);
  const assignments = product(members.map((member) => (isBridge(member) ? bridge : other))).map(
    (drivers) => new Map(members.map(({ name }, at) => [name, drivers[at]] as const)),
  );
  const direct = group !== undefined && base.iommu.reservedRegions(group).some(({ type }) => type === 'direct');

  test('is as told', () => {
    expect(members.map(({ name }) => name)).toContain(asked);
    expect(assignments.length).toBeGreaterThanOrEqual(4);
  });

  test('is judged for every combination of drivers as the kernel would, under both rules', { timeout: 300_000 }, () => {
    const verdicts = new Set<string>();
    for (const assignment of sampled(assignments, 250)) {
      const running = boot(bound(machine, assignment), { drivers });
      const planned = new Map([...assignment, [asked, 'vfio-pci']]);
      for (const rule of ['owner', 'allowed-drivers'] as const) {
        const { together } = viable({ running, optimistic: running }, [asked], { rule });
        const fine = members.map((member) => {
          const driver = planned.get(member.name);
          if (driver === undefined) return rule === 'owner' && isPort(member) ? true : undefined;
          return driver === null || FINE[rule].includes(driver);
        });
        const inUse = fine.includes(false);
        const expected =
          inUse || (direct && rule === 'owner')
            ? 'not-viable'
            : fine.includes(undefined) || direct
              ? 'unknown'
              : 'viable';
        const shown = `${rule} ${JSON.stringify([...planned])}`;
        expect(together.verdict, shown).toBe(expected);
        verdicts.add(`${rule} ${expected}`);
        if (rule === 'allowed-drivers') {
          expect(together.errno, shown).toBe(inUse ? 'EINVAL' : null);
          continue;
        }
        // Of a member that the model knows nothing of, it supposes that nobody uses its DMA.
        const errno = claimed(boot(bound(machine, planned), { drivers }), asked);
        if (!fine.includes(undefined) || inUse) expect(together.errno, shown).toBe(errno);
        else expect(together.errno, shown).toBe(null);
      }
    }
    expect([...verdicts].sort()).toEqual(
      direct
        ? [...(members.length > 1 ? ['allowed-drivers not-viable'] : []), 'allowed-drivers unknown', 'owner not-viable']
        : ['owner', 'allowed-drivers']
            .flatMap((rule) => [`${rule} not-viable`, `${rule} unknown`, `${rule} viable`])
            .sort(),
    );
  });
});
