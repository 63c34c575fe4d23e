import { expect, test } from 'vitest';
import { listen, membersOf, rulesOf, stateOf } from './support/observe.js';
import { boot, device, machine, reason, refusal, type ToyDriver, toyDriver } from './support/toy.js';

/* A driver whose devices get their group only when a kernel driver is probed for them (`groupsAt: 'driver-probe'`). */

const [a, b, c] = [device('a'), device('b'), device('c')];
const all = (rest: Partial<ToyDriver> = {}) => toyDriver({ units: { u: [a, b, c] }, ...rest });
const vfio = { name: 'vfio-pci', managesDma: true };
const nvme = { name: 'nvme' };

const waiting = (rest: Partial<ToyDriver> = {}) => all({ groupsAt: 'driver-probe', ...rest });

test('registering the units groups nothing, and the reason says so', () => {
  const iommu = boot({ devices: [a, b], drivers: [waiting()] });
  expect(stateOf(iommu)).toMatchObject({ groups: [], units: ['u'] });
  expect(iommu.outcomeOf(a).reasons).toEqual([
    {
      rule: 'waits-for-driver',
      text: 'No kernel driver was probed for a, which is when toy groups it on this kernel.',
      source: 'really_probe()',
      devices: [a],
    },
  ]);
});

test('adding a device does not group it', () => {
  const iommu = boot({ devices: [], drivers: [waiting()] });
  iommu.addDevice(a);
  expect(iommu.groups.size).toBe(0);
});

test('ids follow the order of the probes', () => {
  const iommu = boot({ devices: [a, b, c], drivers: [waiting()] });
  iommu.bindDriver(c, vfio);
  iommu.bindDriver(a, nvme);
  expect(membersOf(iommu.groups)).toEqual({ 0: ['c'], 1: ['a'] });
});

test('the group has its domain before the driver uses it', () => {
  const iommu = boot({ devices: [a], drivers: [waiting()] });
  const events = listen(iommu);
  iommu.bindDriver(a, nvme);
  expect(events).toEqual(['group-added 0', 'add-device 0 a', 'type-changed 0', 'bind-driver 0 a', 'bound-driver 0 a']);
});

test('a device keeps its group when the kernel driver goes', () => {
  const iommu = boot({ devices: [a], drivers: [waiting()] });
  iommu.bindDriver(a, nvme);
  iommu.unbindDriver(a);
  expect(membersOf(iommu.groups)).toEqual({ 0: ['a'] });
});

test('a refused device is asked again at the next probe', () => {
  let ready = false;
  const deviceGroup: ToyDriver['deviceGroup'] = (_, groups) =>
    ready ? { group: groups.alloc(), reasons: [reason('alone')] } : refusal('ENODEV');
  const iommu = boot({ devices: [a], drivers: [waiting({ deviceGroup })] });
  iommu.bindDriver(a, nvme);
  expect(rulesOf(iommu, a)).toEqual(['refused-ENODEV']);
  iommu.unbindDriver(a);
  ready = true;
  iommu.bindDriver(a, nvme);
  expect(rulesOf(iommu, a)).toEqual(['alone']);
});

test('a probe that comes to nothing groups the device all the same', () => {
  const iommu = boot({ devices: [a, b], drivers: [waiting()] });
  iommu.probeDriver(b);
  expect([membersOf(iommu.groups), iommu.kernelDriverOf(b)]).toEqual([{ 0: ['b'] }, undefined]);
});

test('a probe tries again for a device that got no group when its unit registered, if the driver does so', () => {
  const refusals = { count: 0 };
  const deviceGroup: ToyDriver['deviceGroup'] = (_, groups) =>
    refusals.count++ < 1 ? refusal('ENODEV') : { group: groups.alloc(), reasons: [reason('alone')] };
  const iommu = boot({ devices: [a], drivers: [all({ retriesAtDriverProbe: true, deviceGroup })] });
  expect(iommu.groups.size).toBe(0);
  iommu.probeDriver(a);
  expect(rulesOf(iommu, a)).toEqual(['alone']);
});

test('a probe leaves a device without a unit the reason that its driver gave', () => {
  const unitOf = () => ({ none: reason('unit-ignored') });
  const iommu = boot({ devices: [a], drivers: [all({ retriesAtDriverProbe: true, unitOf })] });
  iommu.probeDriver(a);
  expect(rulesOf(iommu, a)).toEqual(['unit-ignored']);
});

test('a probe changes nothing where groups do not wait for it', () => {
  let asked = 0;
  const deviceGroup: ToyDriver['deviceGroup'] = () => {
    asked++;
    return refusal('ENODEV');
  };
  const iommu = boot({ devices: [a], drivers: [all({ deviceGroup })] });
  iommu.probeDriver(a);
  expect(asked).toBe(1);
});

test('binding before the units register groups nothing', () => {
  const iommu = machine({ devices: [a], drivers: [waiting()] });
  iommu.bindDriver(a, nvme);
  expect(iommu.groups.size).toBe(0);
  expect(iommu.kernelDriverOf(a)).toBe('nvme');
});

/** Elsewhere a kernel driver's probe does no group work: a device that was refused stays as it is. */
test('binding does not ask again for a device that was refused as its unit registered', () => {
  let asked = 0;
  const deviceGroup: ToyDriver['deviceGroup'] = () => {
    asked++;
    return refusal('ENODEV');
  };
  const iommu = boot({ devices: [a], drivers: [all({ deviceGroup })] });
  iommu.bindDriver(a, nvme);
  expect(asked).toBe(1);
});
