import { expect, test } from 'vitest';
import { all, ivhd, ivrs, ivrsWith } from './support/ivrs.js';
import {
  bind,
  bindTo,
  boot,
  fn,
  type MachineSketch,
  machine,
  registers,
  UNIT,
  unitFunction,
} from './support/platform.js';

const EFR = 0x29d3n;
const HAS_EFR = 0x0b03000f;
const VIRTUAL = 0x1f03000f;
const ONE = ivrs(ivhd({}, all));
const TWO = [
  ivhd({ type: 0x11, efr: EFR, efr2: 0x30n }, all),
  ivhd({ type: 0x11, unit: '40:00.2', efr: 0x9d2n, efr2: 0x11n }),
];
const BOTH = [unitFunction('00:00.2', VIRTUAL), unitFunction('40:00.2', HAS_EFR)];

const filesOf = (sketch: MachineSketch): (Readonly<Record<string, string>> | undefined)[] => {
  const bound = bind(sketch);
  return bound.units.map((unit) => bound.unitAttributes?.(unit, { translated: 0, identity: 0 }));
};

const features = (sketch: MachineSketch): (string | undefined)[] =>
  filesOf(sketch).map((files) => files?.['amd-iommu/features']);

test('names units in table order, and places them at their functions', () => {
  const table = ivrs(ivhd({ unit: '40:00.2' }, all), ivhd({ unit: '00:00.2' }));
  const { units } = bind({ ivrs: table, functions: [UNIT, unitFunction('40:00.2')] });
  expect(units).toMatchObject([
    { name: 'ivhd0', parent: 'pci0000:40/0000:40:00.2' },
    { name: 'ivhd1', parent: 'pci0000:00/0000:00:00.2' },
  ]);
});

test('reads the capability from the configuration space of the unit’s function', () => {
  const [files] = filesOf({ ivrs: ONE, functions: [unitFunction('00:00.2', VIRTUAL)] });
  expect(files?.['amd-iommu/cap']).toBe('1f03000f');
});

test('reads it where the table says that it stands', () => {
  const table = ivrs(ivhd({ capability: 0x3c }, all));
  const [files] = filesOf({ ivrs: table, functions: [unitFunction('00:00.2', VIRTUAL)] });
  expect(files?.['amd-iommu/cap']).toBe('0');
});

test('takes the capability from sysfs where the configuration space was not read', () => {
  const [files] = filesOf({ ivrs: ONE, functions: [UNIT], units: [registers('ivhd0', { cap: 0x190b640fn })] });
  expect(files).toEqual({ 'amd-iommu/cap': '190b640f' });
});

test('shows no file of a register that is not known, and says so', () => {
  const built = machine({ ivrs: ONE, functions: [UNIT] });
  const bound = bindTo(built);
  expect(bound.units.map((unit) => bound.unitAttributes?.(unit, { translated: 0, identity: 0 }))).toEqual([{}]);
  expect(built.diagnostics).toMatchObject([{ severity: 'assumed', code: 'amdvi-registers-unknown' }]);
});

test.each<[string, Uint8Array, MachineSketch, string | undefined]>([
  ['the image of the table, where the table says that it counts', ivrsWith(1, TWO[0] ?? []), {}, '29d3:30'],
  [
    'the registers, where the table does not say so',
    ivrsWith(0, TWO[0] ?? []),
    { units: [registers('ivhd0', { efr: 1n, efr2: 2n })] },
    '1:2',
  ],
  [
    'the registers, where the image is empty',
    ivrsWith(1, ivhd({ type: 0x11 }, all)),
    { units: [registers('ivhd0', { efr: 1n })] },
    '1:0',
  ],
  ['nothing, where neither is there', ONE, {}, undefined],
  ['zero for a unit without the registers', ONE, { functions: [unitFunction('00:00.2', 0x0003000f)] }, '0:0'],
])('shows as features %s', (_, table, more, expected) => {
  expect(features({ ivrs: table, functions: [unitFunction('00:00.2', VIRTUAL)], ...more })).toEqual([expected]);
});

test.each([
  ['both registers, as far as all units have them', {}, ['9d2:10', '9d2:10']],
  [
    'the second register of each unit before its first, before 6.7',
    { 'amd-features': 'efr2-first' },
    ['30:29d3', '11:9d2'],
  ],
  ['one register of each unit, before 6.0', { 'amd-features': 'one-register' }, ['29d3', '9d2']],
])('shows as features of two units %s', (_, rules, expected) => {
  expect(features({ ivrs: ivrsWith(1, ...TWO), functions: BOTH, rules })).toEqual(expected);
});

test.each<[string, MachineSketch, boolean]>([
  ['no unit is virtual', { functions: [unitFunction('00:00.2', HAS_EFR), BOTH[1] as never] }, false],
  ['one unit is virtual', { functions: BOTH }, true],
  ['nothing is known', { functions: [UNIT, unitFunction('40:00.2')] }, false],
  [
    'amd_iommu=fullflush is given',
    { functions: [UNIT, unitFunction('40:00.2')], commandLine: 'amd_iommu=fullflush' },
    true,
  ],
])('makes the system strict or not when %s', (_, sketch, strict) => {
  expect(bind({ ivrs: ivrsWith(1, ...TWO), ...sketch }).forcesStrict).toBe(strict);
});

test('makes domains strict on a virtual machine even when the command line says otherwise', () => {
  const functions = [unitFunction('00:00.2', VIRTUAL), fn('00:03.0')];
  const iommu = boot({ ivrs: ONE, functions, commandLine: 'iommu.strict=0' });
  expect([...iommu.groups].map(({ type }) => type)).toEqual(['DMA']);
});
