import { describe, expect, test } from 'vitest';
import { codeOf, groupOf, membersOf, rulesOf, stateOf } from './support/observe.js';
import { boot, device, reason, refusal, type ToyDriver, toyDriver } from './support/toy.js';

const [a, b, c] = [device('a'), device('b'), device('c')];
const all = (rest: Partial<ToyDriver> = {}) => toyDriver({ units: { u: [a, b, c] }, ...rest });
const nvme = { name: 'nvme' };

describe('a device that is added', () => {
  test('is grouped at once, with its domain', () => {
    const iommu = boot({ devices: [a], drivers: [all()] });
    iommu.addDevice(b);
    expect(stateOf(iommu).groups).toMatchObject([{ members: ['a'] }, { id: 1, members: ['b'], type: 'DMA-FQ' }]);
  });

  test('joins the group where the driver puts it, and leaves its domain alone though it is untrusted', () => {
    const outside = device('outside', { untrusted: true });
    const drivers = [toyDriver({ units: { u: [a, outside] }, together: [a, outside] })];
    const iommu = boot({ devices: [a], drivers, line: 'iommu.passthrough=1' });
    iommu.addDevice(outside);
    expect(groupOf(iommu, outside)).toMatchObject({ devices: [a, outside], type: 'identity' });
  });

  test('gets the lowest id that is free', () => {
    const iommu = boot({ devices: [a, b], drivers: [all()] });
    iommu.removeDevice(a);
    iommu.addDevice(c);
    expect(membersOf(iommu.groups)).toEqual({ 0: ['c'], 1: ['b'] });
  });

  test('gets its own id back when it was removed before', () => {
    const iommu = boot({ devices: [a, b, c], drivers: [all()] });
    iommu.removeDevice(b);
    iommu.addDevice(b);
    expect(iommu.outcomeOf(b).group?.id).toBe(1);
  });

  test('has no group when the driver refuses it, and the reason is told', () => {
    const deviceGroup: ToyDriver['deviceGroup'] = () => refusal('EINVAL');
    const iommu = boot({ devices: [], drivers: [all({ deviceGroup })] });
    iommu.addDevice(a);
    expect(rulesOf(iommu, a)).toEqual(['refused-EINVAL']);
    expect(stateOf(iommu)).toMatchObject({ groups: [], units: ['u'] });
  });

  test('has no group when no domain can be had for it', () => {
    const domainError: ToyDriver['domainError'] = (wanted) => (wanted === b ? 'ENOMEM' : undefined);
    const iommu = boot({ devices: [a], drivers: [all({ domainError })] });
    iommu.addDevice(b);
    expect(rulesOf(iommu, b)).toEqual(['no-default-domain']);
    expect(membersOf(iommu.groups)).toEqual({ 0: ['a'] });
  });

  test('has no group when its unit failed to register', () => {
    const deviceGroup: ToyDriver['deviceGroup'] = (wanted, groups) =>
      wanted === a ? refusal('EINVAL') : { group: groups.alloc(), reasons: [reason('alone')] };
    const iommu = boot({ devices: [a], drivers: [all({ deviceGroup })] });
    iommu.addDevice(b);
    expect(iommu.groups.size).toBe(0);
  });

  test('stays in the group that it joined by hand, which gets no domain', () => {
    const iommu = boot({ devices: [], drivers: [all()] });
    iommu.groups.adopt(iommu.groups.alloc(), a);
    iommu.addDevice(a);
    const { group, ...rest } = iommu.outcomeOf(a);
    expect(group?.type).toBeUndefined();
    expect(rest).toEqual({
      unit: undefined,
      ids: [],
      reasons: [
        {
          rule: 'joined-by-hand',
          text: 'a was put into its group by hand; no IOMMU translates it.',
          source: 'iommu_group_add_device()',
          devices: [a],
        },
      ],
    });
  });

  test('cannot be added twice', () => {
    const iommu = boot({ devices: [a], drivers: [all()] });
    const before = stateOf(iommu);
    expect(codeOf(() => iommu.addDevice(a))).toBe('ERR_DEVICE_EXISTS');
    expect(stateOf(iommu)).toEqual(before);
  });
});

describe('a device that is removed', () => {
  test('takes its group with it when it was the last', () => {
    const iommu = boot({ devices: [a, b], drivers: [all()] });
    iommu.removeDevice(a);
    expect(membersOf(iommu.groups)).toEqual({ 1: ['b'] });
    expect(iommu.devices).toEqual([b]);
  });

  test('leaves its group to the others', () => {
    const iommu = boot({ devices: [a, b], drivers: [all({ together: [a, b] })] });
    iommu.removeDevice(a);
    expect(membersOf(iommu.groups)).toEqual({ 0: ['b'] });
  });

  test('leaves an empty group to whoever holds it', () => {
    const iommu = boot({ devices: [a], drivers: [all()] });
    const held = iommu.groups.get(a);
    iommu.removeDevice(a);
    expect(held).toMatchObject({ id: 0, devices: [], references: 1, type: undefined });
  });

  test('loses its kernel driver first, and with it the use of the DMA', () => {
    const iommu = boot({ devices: [a, b], drivers: [all({ together: [a, b] })] });
    const group = groupOf(iommu, a);
    iommu.bindDriver(a, nvme);
    expect(iommu.isViable(group)).toBe(false);
    iommu.removeDevice(a);
    expect(iommu.isViable(group)).toBe(true);
  });

  test('is told to its driver after it left its group, once', () => {
    const seen: (number | undefined)[] = [];
    const iommu = boot({
      devices: [a],
      drivers: [all({ releaseDevice: (gone) => void seen.push(iommu.groups.of(gone)?.id) })],
    });
    iommu.removeDevice(a);
    expect(seen).toEqual([undefined]);
  });

  test('is not told to its driver when that never let it in', () => {
    const seen: string[] = [];
    const driver = all({ probeDevice: () => refusal('ENODEV'), releaseDevice: () => void seen.push('told') });
    boot({ devices: [a], drivers: [driver] }).removeDevice(a);
    expect(seen).toEqual([]);
  });

  test.each([
    ['removeDevice', (iommu) => iommu.removeDevice(c)],
    ['outcomeOf', (iommu) => iommu.outcomeOf(c)],
    ['bindDriver', (iommu) => iommu.bindDriver(c, nvme)],
    ['unbindDriver', (iommu) => iommu.unbindDriver(c)],
    ['kernelDriverOf', (iommu) => iommu.kernelDriverOf(c)],
    ['claimDevice', (iommu) => iommu.claimDevice(c, 'owner')],
    ['releaseDevice', (iommu) => iommu.releaseDevice(c)],
  ] as const satisfies readonly [string, (iommu: ReturnType<typeof boot>) => unknown][])(
    'is unknown to %s',
    (_, call) => {
      const iommu = boot({ devices: [a, c], drivers: [all()] });
      iommu.removeDevice(c);
      const before = stateOf(iommu);
      expect(codeOf(() => call(iommu))).toBe('ERR_DEVICE_UNKNOWN');
      expect(stateOf(iommu)).toEqual(before);
    },
  );
});
