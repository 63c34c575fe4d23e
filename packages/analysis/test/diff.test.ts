import { writeDmar } from '@iommu/driver-intel-vtd';
import { boot, type Machine, type MachinePciFunction } from '@iommu/machine';
import { formatPciAddress, parsePciAddress } from '@iommu/pci';
import { Ajv2020 } from 'ajv/dist/2020.js';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { runs } from '../../../tests/support/sweep.js';
import { randomMachine } from '../../pci/test/support/random-machine.js';
import { type DiffOptions, type DiffReport, diff, diffSchema, hasChanges } from '../src/index.js';
import { changed, desk, drivers } from './support/drawn.js';
import { card, machineOf, port } from './support/machines.js';

const validate = new Ajv2020({ allowUnionTypes: true }).compile(diffSchema);

const bounds = (machine: Machine) => ({
  running: boot(machine, { drivers }),
  optimistic: boot(machine, { drivers, unknown: 'optimistic' }),
});

const asked = (a: Machine, b: Machine, options: Partial<DiffOptions> = {}): DiffReport => {
  const report = diff(bounds(a), bounds(b), { drivers, ...options });
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  return report;
};

const groups = ({ changed: list }: DiffReport): string[] =>
  list.map(({ change, before, after }) => {
    const text = (side: typeof before) => side.map(({ devices }) => devices.map((one) => one.slice(5)).join(' '));
    return `${change} ${text(before).join(', ')} -> ${text(after).join(', ')}`;
  });

const causes = (report: DiffReport): string[] => [
  ...new Set(
    [...report.changed, ...report.types].flatMap((one) => one.causes.map((at) => report.differences[at]?.kind ?? '')),
  ),
];

/** Another machine with the same hardware on buses of higher numbers, in the same order. */
const renumbered = (functions: readonly MachinePciFunction[], gaps: readonly number[]): MachinePciFunction[] => {
  let shift = 0;
  const numbers = Array.from({ length: 256 }, (_, bus) => {
    shift += gaps[bus] ?? 0;
    return bus + shift;
  });
  const bus = (number: number): number => numbers[number] ?? number;
  const address = (text: string): string => {
    const { segment, rid } = parsePciAddress(text);
    return formatPciAddress({ segment, rid: bus(rid >> 8) * 256 + (rid & 0xff) });
  };
  return functions.map((one) => ({
    ...one,
    address: address(one.address),
    ...(one.physicalFunction !== undefined && { physicalFunction: address(one.physicalFunction) }),
    ...(one.segmentHost !== undefined && { segmentHost: address(one.segmentHost) }),
    ...(one.secondaryBus !== undefined && { secondaryBus: bus(one.secondaryBus) }),
    ...(one.subordinateBus !== undefined && { subordinateBus: bus(one.subordinateBus) }),
  }));
};

test('reports no change of random machines whose buses have other numbers', () => {
  const firmware = { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } };
  const gaps = fc.array(fc.nat({ max: 3 }), { maxLength: 20 });
  fc.assert(
    fc.property(randomMachine(), gaps, (machine, shifts) => {
      const functions = machine.functions.map(({ description }) => description);
      const of = (list: readonly MachinePciFunction[]): Machine => ({
        schema: 1,
        firmware,
        pci: { functions: list, acsRead: 'after-boot' },
      });
      const [a, b] = [of(functions), of(renumbered(functions, shifts))];
      const report = diff(bounds(a), bounds(b), { drivers });
      expect(report).toMatchObject({ differences: [], changed: [], ids: [], types: [] });
      expect(hasChanges(report)).toBe(false);
      const names = new Map(report.renumbered.map(({ before, after }) => [before, after]));
      for (const [at, { address }] of functions.entries())
        expect(names.get(address) ?? address).toBe(b.pci?.functions[at]?.address);
    }),
    { numRuns: runs(3_000, 250) },
  );
});

test('tells a card that came from the addresses that shifted by it', () => {
  const report = asked(desk(), changed('add pci-adapter to 00:04.0').machine);
  expect(report.differences.map(({ kind }) => kind)).toEqual(['added']);
  expect(report.added).toEqual(['0000:05:00.0', '0000:06:00.0', '0000:06:01.0']);
  expect(report.renumbered.map(({ after }) => after)).toEqual(['0000:08:00.0']);
  expect(groups(report)).toEqual(['gained  -> 05:00.0 06:00.0 06:01.0']);
  expect(causes(report)).toEqual(['added']);
});

test('matched by address, takes what shifted for other devices', () => {
  const report = asked(desk(), changed('add pci-adapter to 00:04.0').machine, { by: 'address' });
  expect(report).toMatchObject({ renumbered: [], moved: [] });
  expect(report.removed).toEqual(['0000:07:00.0']);
  expect(report.added).toContain('0000:08:00.0');
});

test('matched by id, finds the same cards in another machine', () => {
  const other = changed('swap 01:00.0 with 07:00.0 remove 03:00.0').machine;
  const report = asked(desk(), other, { by: 'id' });
  expect(report.added).toEqual([]);
  expect(report.moved).toEqual([]);
  expect(report.renumbered).toContainEqual({ before: '0000:01:00.0', after: expect.stringMatching(/:00\.0$/) });
});

test('takes another card of the same kind in one place for a replacement, and the groups for the same', () => {
  const with2 = (id: string) => machineOf([port(1), card(1, { id })]);
  const report = asked(with2('f00d:0001'), with2('f00d:0002'));
  expect(report.replaced).toEqual([{ before: '0000:01:00.0', after: '0000:01:00.0' }]);
  expect(report).toMatchObject({ changed: [], added: [], removed: [] });
  expect(hasChanges(report)).toBe(true);
});

test('names the port whose ACS is off as the cause, and what explains bits not beside it', () => {
  const off = { capability: 'SV RR CR UF', control: 'SV UF' };
  const machine = (acs: typeof off | undefined): Machine => machineOf([port(1, acs && { acs }), card(1)]);
  const report = asked(machine(undefined), machine(off));
  expect(report.differences).toEqual([
    {
      kind: 'acs',
      devices: { before: ['0000:00:01.0'], after: ['0000:00:01.0'] },
      before: 'capability SV RR CR UF, control SV RR CR UF',
      after: 'capability SV RR CR UF, control SV UF',
      matters: true,
    },
  ]);
  expect(groups(report)).toEqual(['merged 00:01.0, 01:00.0 -> 00:01.0 01:00.0']);
  expect(causes(report)).toEqual(['acs']);
});

test('of several differences names only the one by which groups are others', () => {
  const a = desk();
  const b = changed('kernel 6.13 cmdline quiet acs off 00:06.0').machine;
  const report = asked(a, b);
  expect(report.differences.map(({ kind, matters }) => [kind, matters])).toEqual([
    ['kernel', false],
    ['command-line', false],
    ['acs', true],
  ]);
  expect(groups(report)).toEqual(['merged 00:06.0, 07:00.0 -> 00:06.0 07:00.0']);
});

test('where groups need several differences at once, names all of these', () => {
  const off = null;
  const on = { capability: 'SV RR CR UF', control: 'SV RR CR UF' };
  // A card behind a switch: isolated only when the port of the switch and the root port both are.
  const machine = (acs: typeof on | null): Machine =>
    machineOf([
      port(1, { acs, subordinateBus: 3 }),
      card(1, { express: 'upstream-port', headerType: 1, class: '060400', secondaryBus: 2, subordinateBus: 3 }),
      card(2, {
        address: '0000:02:00.0',
        parent: '0000:01:00.0',
        express: 'downstream-port',
        headerType: 1,
        class: '060400',
        acs,
        secondaryBus: 3,
        subordinateBus: 3,
      }),
      card(3, { address: '0000:03:00.0', parent: '0000:02:00.0' }),
    ]);
  const report = asked(machine(off), machine(on));
  expect(report.differences.map(({ devices }) => devices.after)).toEqual([['0000:00:01.0'], ['0000:02:00.0']]);
  expect(report.changed).toMatchObject([{ change: 'split', causes: [0, 1] }]);
});

test('compares what kernels formed where both dumps show it, and says when the dumps do not show why', () => {
  const hardware = [port(1), card(1)];
  const together = [['0000:00:01.0', '0000:01:00.0']];
  const apart = [['0000:00:01.0'], ['0000:01:00.0']];
  const report = asked(machineOf(hardware, together), machineOf(hardware, apart));
  expect(report).toMatchObject({ source: 'observed', certain: true, differences: [] });
  expect(report.changed.map(({ change, causes: list }) => [change, list])).toEqual([['split', []]]);
  expect(asked(machineOf(hardware, together), machineOf(hardware, apart), { computed: true }).changed).toEqual([]);
  expect(asked(machineOf(hardware, together), machineOf(hardware))).toMatchObject({ source: 'computed', changed: [] });
});

test('does not claim to know what a dump does not hold', () => {
  const { acs: _acs, ...unread } = port(1);
  const report = asked(machineOf([unread, card(1)]), machineOf([port(1), card(1)]));
  expect(report.certain).toBe(false);
  expect(report.differences).toEqual([]);
  expect(report.notes.map(({ message }) => message).join()).toContain('ACS capability of 0000:00:01.0');
});
