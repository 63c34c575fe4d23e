import type { PciFunction } from '@iommu/pci';
import { expect, test } from 'vitest';
import { all, ivhd, ivrsWith } from './support/ivrs.js';
import {
  bindTo,
  deviceAt,
  fn,
  type MachineSketch,
  machine,
  node,
  registers,
  UNIT,
  unitFunction,
} from './support/platform.js';

const ATS = 0x000f;
const PRI = 0x0013;
const PASID = 0x001b;
const SERVES = 0x12n;
const OLD = { 'amd-identity': 'ats-pri-pasid' };

/** Configuration space with a list of extended capabilities. */
const withCapabilities = (...ids: number[]): Uint8Array => {
  const bytes = new Uint8Array(4096);
  const view = new DataView(bytes.buffer);
  for (const [at, id] of ids.entries()) {
    const offset = 0x100 + at * 0x10;
    const next = at + 1 < ids.length ? offset + 0x10 : 0;
    view.setUint32(offset, ((next << 20) | 0x10000 | id) >>> 0, true);
  }
  return bytes;
};

const gpu = (...ids: number[]): PciFunction => fn('00:03.0', { config: withCapabilities(...ids), configSize: 4096 });

const typeOf = (device: PciFunction, { efr = SERVES, ...more }: MachineSketch & { efr?: bigint } = {}) => {
  const table = ivrsWith(1, ivhd({ type: 0x11, efr }, all));
  const built = machine({ ivrs: table, functions: [UNIT, device], ...more });
  return bindTo(built).defaultDomainType?.(deviceAt(built, device.address));
};

test('has no opinion on a function without the capability', () => {
  expect(typeOf(gpu(ATS, PRI))).toBeUndefined();
});

test('has no opinion on a function of which nothing was read', () => {
  expect(typeOf(fn('00:03.0'))).toBeUndefined();
});

test('has no opinion on a device of ACPI', () => {
  const table = ivrsWith(1, ivhd({ type: 0x11, efr: SERVES }, all));
  expect(bindTo(machine({ ivrs: table, functions: [UNIT] })).defaultDomainType?.(node('AMDI0020:00'))).toBeUndefined();
});

test('has no opinion while the features of one of several units are not known', () => {
  const table = ivrsWith(0, ivhd({}, all), ivhd({ unit: '40:00.2' }, all));
  const functions = [UNIT, unitFunction('40:00.2'), gpu(PASID)];
  const typeWith = (...known: string[]) => {
    const units = known.map((name) => registers(name, { cap: 1n << 27n, efr: SERVES }));
    const built = machine({ ivrs: table, functions, units });
    return bindTo(built).defaultDomainType?.(deviceAt(built, '00:03.0'));
  };
  expect([typeWith('ivhd0', 'ivhd1'), typeWith('ivhd1'), typeWith('ivhd0')]).toEqual([
    'identity',
    undefined,
    undefined,
  ]);
});

test('has no opinion on a conventional function', () => {
  expect(typeOf(fn('00:03.0', { express: null, config: new Uint8Array(256), configSize: 256 }))).toBeUndefined();
});

test('leaves a function with process ids untranslated', () => {
  expect(typeOf(gpu(PASID))).toBe('identity');
});

test('leaves one whose kind is not known untranslated too', () => {
  const { express: _, ...unknown } = gpu(PASID);
  expect(typeOf(unknown)).toBe('identity');
});

test.each([
  ['the units do not translate per process', { efr: 0x02n }],
  ['the units do not serve page requests', { efr: 0x10n }],
  ['amd_iommu=force_isolation is given', { commandLine: 'amd_iommu=force_isolation' }],
  ['memory is encrypted', { commandLine: 'mem_encrypt=on' }],
])('has no opinion when %s', (_, more) => {
  expect(typeOf(gpu(PASID), more)).toBeUndefined();
});

test('has no opinion when one unit cannot serve processes', () => {
  const table = ivrsWith(1, ivhd({ type: 0x11, efr: SERVES }, all), ivhd({ type: 0x11, unit: '40:00.2', efr: 2n }));
  const functions = [UNIT, unitFunction('40:00.2'), gpu(PASID)];
  const built = machine({ ivrs: table, functions });
  expect(bindTo(built).defaultDomainType?.(deviceAt(built, '00:03.0'))).toBeUndefined();
});

test('translates an untrusted function whatever it can', () => {
  expect(typeOf({ ...gpu(ATS, PRI, PASID), untrusted: true })).toBe('DMA');
});

test.each<[string, PciFunction, MachineSketch, string | undefined]>([
  ['all three capabilities', gpu(ATS, PRI, PASID), {}, 'identity'],
  ['process ids alone', gpu(PASID), {}, undefined],
  ['no page requests', gpu(ATS, PASID), {}, undefined],
  ['all three, and ATS switched off', gpu(ATS, PRI, PASID), { commandLine: 'pci=realloc,noats' }, undefined],
])('asks before 6.7 for ATS, PRI and PASID: %s', (_, device, more, expected) => {
  expect(typeOf(device, { rules: OLD, ...more })).toBe(expected);
});

const VF = fn('00:03.1', { physicalFunction: '00:03.0', config: withCapabilities(), configSize: 4096 });

test.each([
  ['has the process ids of its physical function', {}, 'identity'],
  ['has before 6.7 only what it has itself', OLD, undefined],
])('a virtual function %s', (_, rules, expected) => {
  const table = ivrsWith(1, ivhd({ type: 0x11, efr: SERVES }, all));
  const built = machine({ ivrs: table, functions: [UNIT, gpu(ATS, PRI, PASID), VF], rules });
  expect(bindTo(built).defaultDomainType?.(deviceAt(built, '00:03.1'))).toBe(expected);
});
