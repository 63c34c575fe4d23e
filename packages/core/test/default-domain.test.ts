import { describe, expect, test } from 'vitest';
import type { Device, DomainType, Errno } from '../src/index.js';
import { listen, membersOf, rulesOf, stateOf } from './support/observe.js';
import { boot, device, machine, type ToyDriver, toyDriver } from './support/toy.js';

const [a, b, c] = [device('a'), device('b'), device('c')];
const untrusted = device('untrusted', { untrusted: true });

/** The type of the one group that these devices share, each with its driver's wish. */
const typeOf = (wishes: readonly [Device, 'identity' | 'DMA' | undefined][], line = '') => {
  const devices = wishes.map(([member]) => member);
  const wish = new Map(wishes);
  const driver = toyDriver({ units: { u: devices }, together: devices, defaultDomainType: (one) => wish.get(one) });
  return boot({ devices, drivers: [driver], line }).groups.byId(0)?.type;
};

describe('what the members ask for', () => {
  test('a group whose drivers have no opinion gets what the system chose', () => {
    expect(typeOf([[a, undefined]])).toBe('DMA-FQ');
    expect(typeOf([[a, undefined]], 'iommu=pt')).toBe('identity');
  });

  test('the opinion of a driver outdoes the system', () => {
    expect(typeOf([[a, 'identity']])).toBe('identity');
    expect(typeOf([[a, 'DMA']], 'iommu=pt')).toBe('DMA');
  });

  test('one member with an opinion speaks for those without', () => {
    expect(
      typeOf(
        [
          [a, undefined],
          [b, 'DMA'],
          [c, undefined],
        ],
        'iommu=pt',
      ),
    ).toBe('DMA');
  });

  test('identity wins where drivers disagree, whichever comes first', () => {
    expect(
      typeOf([
        [a, 'DMA'],
        [b, 'identity'],
      ]),
    ).toBe('identity');
    expect(
      typeOf([
        [a, 'identity'],
        [b, 'DMA'],
      ]),
    ).toBe('identity');
  });

  test('an untrusted member makes it DMA, strictly flushed', () => {
    expect(typeOf([[untrusted, undefined]])).toBe('DMA');
    expect(typeOf([[untrusted, undefined]], 'iommu=pt')).toBe('DMA');
    expect(
      typeOf([
        [untrusted, undefined],
        [a, undefined],
      ]),
    ).toBe('DMA');
    expect(
      typeOf([
        [a, undefined],
        [untrusted, 'DMA'],
      ]),
    ).toBe('DMA');
  });

  test('an untrusted member among drivers that insist on identity leaves no choice, and undoes the unit', () => {
    expect(
      typeOf([
        [a, 'identity'],
        [untrusted, undefined],
      ]),
    ).toBeUndefined();
    expect(typeOf([[untrusted, 'identity']])).toBeUndefined();
  });

  test('the conflict is the reason for every device of the unit', () => {
    const driver = toyDriver({ units: { u: [a, untrusted] }, defaultDomainType: () => 'identity' });
    const iommu = boot({ devices: [a, untrusted], drivers: [driver] });
    expect(stateOf(iommu)).toMatchObject({ groups: [], units: [] });
    expect([rulesOf(iommu, a), rulesOf(iommu, untrusted)]).toEqual([['no-default-domain'], ['no-default-domain']]);
    expect(iommu.outcomeOf(a).reasons[0]).toMatchObject({
      devices: [untrusted],
      text: expect.stringContaining('untrusted'),
    });
  });

  test('a driver without the member has no opinion', () => {
    const iommu = boot({ devices: [a], drivers: [toyDriver({ units: { u: [a] } })] });
    expect(iommu.groups.byId(0)?.type).toBe('DMA-FQ');
  });
});

describe('what can be had', () => {
  type Lacks = Partial<Record<DomainType, Errno>>;

  const bootWithout = (lacks: Lacks, rest: Partial<ToyDriver> = {}, line = '') =>
    boot({
      devices: [a, b],
      drivers: [
        toyDriver({
          units: { u: [a], v: [b] },
          domainError: (one, type) => (one === a ? lacks[type] : undefined),
          ...rest,
        }),
      ],
      line,
    });
  const typesOf = (iommu: ReturnType<typeof boot>) => [a, b].map((one) => iommu.outcomeOf(one).group?.type);

  test('DMA takes the place of the DMA-FQ that the system chose', () => {
    expect(typesOf(bootWithout({ 'DMA-FQ': 'EOPNOTSUPP' }))).toEqual(['DMA', 'DMA-FQ']);
  });

  test('DMA takes the place of the identity that the system chose', () => {
    expect(typesOf(bootWithout({ identity: 'EOPNOTSUPP' }, {}, 'iommu=pt'))).toEqual(['DMA', 'identity']);
  });

  test('nothing takes the place of what a driver insists on: the unit is undone', () => {
    const iommu = bootWithout({ identity: 'EOPNOTSUPP' }, { defaultDomainType: () => 'identity' });
    expect(typesOf(iommu)).toEqual([undefined, 'identity']);
    expect(iommu.units.map(({ name }) => name)).toEqual(['v']);
    expect(iommu.outcomeOf(a).reasons[0]).toMatchObject({ text: 'identity is forced, and no such domain can be had.' });
  });

  test.each([
    ['DMA, which the system chose', { DMA: 'ENOMEM' }, 'iommu.strict=1'],
    ['DMA in the place of DMA-FQ', { DMA: 'ENOMEM', 'DMA-FQ': 'EOPNOTSUPP' }, ''],
    ['DMA in the place of identity', { DMA: 'ENOMEM', identity: 'EOPNOTSUPP' }, 'iommu=pt'],
  ] as const satisfies [string, Lacks, string][])('the unit is undone without %s', (_, lacks, line) => {
    const iommu = bootWithout(lacks, {}, line);
    expect(iommu.units.map(({ name }) => name)).toEqual(['v']);
    expect(membersOf(iommu.groups)).toEqual({ 0: ['b'] });
    expect(iommu.outcomeOf(a).reasons[0]).toMatchObject({ text: 'No default domain can be had.' });
  });

  test('the error of any member counts', () => {
    const domainError: ToyDriver['domainError'] = (one, type) =>
      one === b && type !== 'DMA' ? 'EOPNOTSUPP' : undefined;
    const driver = toyDriver({ units: { u: [a, b] }, together: [a, b], domainError });
    expect(boot({ devices: [a, b], drivers: [driver] }).groups.byId(0)?.type).toBe('DMA');
  });
});

test('domains are chosen after all devices of the unit are grouped, so that all members count', () => {
  const driver = toyDriver({
    units: { u: [a, b] },
    together: [a, b],
    defaultDomainType: (one) => (one === b ? 'identity' : undefined),
  });
  const iommu = machine({ devices: [a, b], drivers: [driver] });
  const events = listen(iommu);
  iommu.registerUnits();
  expect(events).toEqual(['unit-added u', 'group-added 0', 'add-device 0 a', 'add-device 0 b', 'type-changed 0']);
  expect(iommu.groups.byId(0)?.type).toBe('identity');
});

test('a group made by hand gets no domain as the unit of its member registers', () => {
  const iommu = machine({ devices: [a], drivers: [toyDriver({ units: { u: [a] } })] });
  iommu.groups.adopt(iommu.groups.alloc(), a);
  iommu.registerUnits();
  expect(iommu.groups.byId(0)?.type).toBeUndefined();
});
