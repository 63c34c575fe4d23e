import type { Machine, MachinePciFunction } from '@iommu/machine';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { type StaleReport, stale, staleSchema } from '../src/index.js';
import { desk, drivers } from './support/drawn.js';

const validate = new Ajv2020({ allowUnionTypes: true }).compile(staleSchema);

/** The desk with groups as its kernel formed them, and bits of some functions as somebody left them later. */
const machine = (bits: Readonly<Record<string, MachinePciFunction['acs']>>, groups?: string[]): Machine => {
  const { pci } = desk();
  const functions = (pci?.functions ?? []).map((one) => {
    const acs = bits[one.address.slice(5)];
    const on = one.acs && { capability: 'SV RR CR UF', control: 'SV RR CR UF' };
    return acs === undefined ? (on ? { ...one, acs: on } : one) : { ...one, acs };
  });
  const formed = groups ?? FORMED;
  return desk({
    pci: { ...pci, functions, acsRead: 'after-boot' },
    observed: {
      source: 'sysfs',
      groups: formed.map((devices, id) => ({ id, devices: devices.split(' ').map((one) => `0000:${one}`) })),
    },
  });
};

const FORMED = [
  '00:01.0 01:00.0 01:00.1',
  '00:02.0',
  '00:03.0',
  '00:04.0',
  '00:05.0',
  '00:06.0',
  '02:00.0',
  '02:02.0',
  '02:02.4',
  '03:00.0 04:01.0 04:04.0',
  '07:00.0',
];

const asked = (bits: Parameters<typeof machine>[0], groups?: string[]): StaleReport => {
  const report = stale(machine(bits, groups), { drivers });
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  return report;
};

const off = { capability: 'SV RR CR UF', control: '' };

test('finds groups current whose bits are as the kernel left them', () => {
  expect(asked({})).toMatchObject({ verdict: 'current', groups: [], unknown: [] });
});

test('names the port whose bits were taken away, and the devices isolated in name only', () => {
  const { verdict, groups } = asked({ '00:06.0': { capability: 'SV RR CR UF', control: 'SV UF' } });
  expect(verdict).toBe('stale');
  expect(groups).toEqual([
    {
      kind: 'lost',
      observed: [['0000:00:06.0'], ['0000:07:00.0']],
      now: [['0000:00:06.0', '0000:07:00.0']],
      bits: [{ device: '0000:00:06.0', atBoot: 'SV RR CR UF', now: 'SV UF' }],
    },
  ]);
});

test('keeps what hangs together on one port from what hangs on another', () => {
  const { groups } = asked({ '00:06.0': off, '00:02.0': off });
  expect(groups.map(({ kind, bits }) => [kind, bits.map(({ device }) => device)])).toEqual([
    ['lost', ['0000:00:02.0']],
    ['lost', ['0000:00:06.0']],
  ]);
});

test('tells of isolation that came later and of which groups do not know', () => {
  const wide = [...FORMED.filter((one) => one !== '00:06.0' && one !== '07:00.0'), '00:06.0 07:00.0'];
  expect(asked({}, wide)).toMatchObject({
    verdict: 'stale',
    groups: [{ kind: 'unused', bits: [{ device: '0000:00:06.0', atBoot: '', now: 'SV RR CR UF' }] }],
  });
});

test('does not blame bits for what bits cannot do', () => {
  const odd = [...FORMED.filter((one) => one !== '00:04.0' && one !== '07:00.0'), '00:04.0 07:00.0'];
  expect(asked({}, odd)).toMatchObject({ verdict: 'unknown', groups: [{ kind: 'other', bits: [] }] });
});

test('knows nothing without groups, without bits, or with bits of before the boot', () => {
  const { observed: _groups, ...without } = machine({});
  expect(stale(without, { drivers })).toMatchObject({ verdict: 'unknown', groups: [] });
  expect(asked({ '00:06.0': { capability: 'SV RR CR UF' } })).toMatchObject({
    verdict: 'unknown',
    unknown: ['ACS control of 0000:00:06.0: capture as root'],
  });
  const before = machine({});
  const { pci = { functions: [] } } = before;
  expect(stale({ ...before, pci: { ...pci, acsRead: 'before-boot' } }, { drivers }).verdict).toBe('unknown');
});
