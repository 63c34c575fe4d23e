import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { planUnion, type Step } from '../../src/view/plan.js';
import { listing } from '../support/listings.js';

/** A step a line: what it does, and where. */
const text = (step: Step): string => {
  if (step.make === 'bind') return `${step.from} ${step.at}`;
  return step.make === 'link' ? `link ${step.at} -> ${step.target}` : `make ${step.at}`;
};

const plan = (real: readonly string[], modelled: readonly string[], mounts: readonly string[] = []): string[] =>
  planUnion(listing(...real), listing(...modelled), new Set(mounts))
    .map(text)
    .sort();

test('shows a real directory as it is where nothing in it is replaced', () => {
  expect(plan(['class/tty/', 'power/state', 'fs/cgroup/'], [])).toEqual(['real class', 'real fs', 'real power']);
});

test.each([
  'kernel/iommu_groups/0/',
  'class/iommu/',
  'bus/pci/devices/',
  'devices/pci0000:00/0000:00:00.0/',
  'devices/pci10000:e0/',
  'devices/platform/4010000000.pcie/pci0000:00/',
  'devices/virtual/iommu/dmar0/',
  'firmware/acpi/tables/DMAR',
])('leaves the real %s out, also where the model has nothing like it', (path) => {
  const steps = plan([path, 'power/state'], []);
  const hidden = path.split('/').filter(Boolean);
  expect(steps).toContain('real power');
  expect(steps.filter((step) => step.startsWith('real') && hidden.join('/').startsWith(step.slice(5)))).toEqual([]);
});

test('puts the model in the place of what it replaces, as a whole, so that what comes later is seen', () => {
  expect(
    plan(
      ['kernel/iommu_groups/7/', 'kernel/mm/', 'devices/pci0000:00/0000:00:00.0/', 'devices/system/'],
      ['kernel/iommu_groups/0/', 'devices/pci0000:00/0000:00:01.0/'],
    ),
  ).toEqual([
    'make devices',
    'make kernel',
    'modelled devices/pci0000:00',
    'modelled kernel/iommu_groups',
    'real devices/system',
    'real kernel/mm',
  ]);
});

describe('a real link into what is replaced', () => {
  const disk = 'devices/pci0000:00/0000:00:02.0/virtio0/block/vda';

  test('is left out, and the links beside it stay', () => {
    expect(
      plan(
        [
          `${disk}/`,
          `block/vda -> ../${disk}`,
          'block/loop0 -> ../devices/virtual/block/loop0',
          'devices/virtual/block/loop0/',
        ],
        [],
      ),
    ).toEqual([
      'link block/loop0 -> ../devices/virtual/block/loop0',
      'make block',
      'make devices',
      'real devices/virtual',
    ]);
  });

  test('is left out also where the model has something of that path: it is another device', () => {
    expect(plan([`${disk}/`, `block/vda -> ../${disk}`], [`${disk}/`])).toEqual(['make block', 'modelled devices']);
  });

  test('is left out at any depth, with files beside it shown one by one', () => {
    expect(
      plan(
        [
          `${disk}/`,
          `devices/virtual/block/dm-0/slaves/vda -> ../../../../../${disk}`,
          'devices/virtual/block/dm-0/size',
        ],
        [],
      ),
    ).toEqual([
      'make devices',
      'make devices/virtual',
      'make devices/virtual/block',
      'make devices/virtual/block/dm-0',
      'make devices/virtual/block/dm-0/slaves',
      'real devices/virtual/block/dm-0/size',
    ]);
  });

  test('takes along the node of ACPI that it makes the companion of a replaced device, and what leads there', () => {
    const node = 'devices/LNXSYSTM:00/LNXSYBUS:00/PNP0A08:00';
    expect(
      plan(
        [
          'devices/pci0000:00/',
          `${node}/path`,
          `${node}/physical_node -> ../../../pci0000:00`,
          'devices/LNXSYSTM:00/LNXSYBUS:00/PNP0C0C:00/path',
          'bus/acpi/devices/PNP0A08:00 -> ../../../devices/LNXSYSTM:00/LNXSYBUS:00/PNP0A08:00',
          'bus/acpi/devices/PNP0C0C:00 -> ../../../devices/LNXSYSTM:00/LNXSYBUS:00/PNP0C0C:00',
        ],
        [],
      ),
    ).toEqual([
      'link bus/acpi/devices/PNP0C0C:00 -> ../../../devices/LNXSYSTM:00/LNXSYBUS:00/PNP0C0C:00',
      'make bus',
      'make bus/acpi',
      'make bus/acpi/devices',
      'make devices',
      'make devices/LNXSYSTM:00',
      'make devices/LNXSYSTM:00/LNXSYBUS:00',
      'real devices/LNXSYSTM:00/LNXSYBUS:00/PNP0C0C:00',
    ]);
  });
});

describe('where both trees have a directory', () => {
  test('of many devices, both show their own side by side', () => {
    expect(
      plan(
        ['class/net/lo -> ../../devices/virtual/net/lo', 'class/net/bonding_masters', 'devices/virtual/net/lo/'],
        ['class/net/enp1s0 -> ../../devices/pci0000:00/0000:00:01.0/net/enp1s0'],
      ),
    ).toEqual([
      'link class/net/enp1s0 -> ../../devices/pci0000:00/0000:00:01.0/net/enp1s0',
      'link class/net/lo -> ../../devices/virtual/net/lo',
      'make class',
      'make class/net',
      'real class/net/bonding_masters',
      'real devices',
    ]);
  });

  test('of which nothing real is left, the model shows its own as a whole', () => {
    expect(
      plan(
        ['class/pci_bus/0000:00 -> ../../devices/pci0000:00/pci_bus/0000:00', 'devices/pci0000:00/pci_bus/0000:00/'],
        ['class/pci_bus/0000:01 -> ../../devices/pci0000:00/pci_bus/0000:01'],
      ),
    ).toEqual(['make class', 'make devices', 'modelled class/pci_bus']);
  });

  test('of one module or one device, the model wins', () => {
    expect(
      plan(
        ['module/vfio_pci/parameters/ids', 'module/loop/', 'devices/platform/uart/irq', 'devices/platform/rtc/'],
        ['module/vfio_pci/', 'devices/platform/uart/iommu_group -> ../../../kernel/iommu_groups/0'],
      ),
    ).toEqual([
      'make devices',
      'make devices/platform',
      'make module',
      'modelled devices/platform/uart',
      'modelled module/vfio_pci',
      'real devices/platform/rtc',
      'real module/loop',
    ]);
  });
});

test('does not look into other file systems that are mounted in the real tree', () => {
  const inside = 'fs/odd/link -> ../../devices/pci0000:00';
  expect(plan(['devices/pci0000:00/', inside], [], ['fs/odd'])).toEqual(['make devices', 'real fs']);
  expect(plan(['devices/pci0000:00/', inside], [])).toContain('make fs/odd');
});

describe('of any two trees', () => {
  const name = fc.constantFrom('a', 'b', 'bus', 'pci', 'devices', 'pci0000:00', 'class', 'iommu', 'platform');
  const path = fc.array(name, { minLength: 1, maxLength: 4 }).map((parts) => parts.join('/'));
  const line = fc.oneof(
    path.map((one) => `${one}/`),
    path.map((one) => `${one}/file`),
    fc.tuple(path, path).map(([from, to]) => `${from}/link -> ${'../'.repeat(from.split('/').length)}${to}`),
  );
  const tree = fc.array(line, { maxLength: 20 });

  test('the plan makes each entry once, below a directory that it made before', () => {
    fc.assert(
      fc.property(tree, tree, (real, modelled) => {
        const made = new Map<string, Step>();
        for (const step of planUnion(listing(...real), listing(...modelled))) {
          expect(made.has(step.at)).toBe(false);
          const above = step.at.includes('/') ? step.at.slice(0, step.at.lastIndexOf('/')) : '';
          if (above !== '') expect(made.get(above)?.make).toBe('directory');
          made.set(step.at, step);
        }
      }),
    );
  });

  test('no link that is made from the real tree leads into what is replaced', () => {
    fc.assert(
      fc.property(tree, (real) => {
        const steps = planUnion(listing(...real), listing());
        for (const step of steps) {
          if (step.make !== 'link') continue;
          const to = step.target.replace(/^(?:\.\.\/)+/, '');
          expect(to).not.toMatch(/^(?:bus\/pci|class\/iommu|devices\/(?:.*\/)?pci0000:00)(?:\/|$)/);
        }
      }),
    );
  });

  test('everything that the model has is in it', () => {
    fc.assert(
      fc.property(tree, tree, (real, modelled) => {
        const model = listing(...modelled);
        const steps = new Map(planUnion(listing(...real), model).map((step) => [step.at, step]));
        const isShown = (at: string): boolean => {
          const step = steps.get(at);
          if (step) return step.make !== 'bind' || step.from === 'modelled';
          const above = at.lastIndexOf('/');
          return above > 0 && isShown(at.slice(0, above));
        };
        const pending = [''];
        for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
          for (const entry of model.list(at)) {
            const below = at === '' ? entry.name : `${at}/${entry.name}`;
            expect(isShown(below), below).toBe(true);
            if (entry.kind === 'directory') pending.push(below);
          }
        }
      }),
    );
  });
});
