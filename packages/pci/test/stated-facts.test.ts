import { expect, test } from 'vitest';
import { factsOf, type PciFacts, type PciFunction } from '../src/index.js';
import { acsCapability, configBytes, expressCapability } from './support/config-space.js';

const stated = (members: Omit<PciFunction, 'address'>) => factsOf({ address: '00:00.0', ...members });

test('takes what is stated of virtual functions, none of them on, before what the bytes say', () => {
  const places = { totalVfs: 7, offset: 0x80, stride: 2 };
  expect(stated({ sriov: { ...places, deviceId: '10ca' } }).sriov).toEqual({
    ...places,
    enabled: false,
    numVfs: 0,
    deviceId: 0x10ca,
  });
  expect(stated({ sriov: places }).sriov?.deviceId).toBeUndefined();
  expect(stated({ sriov: null }).sriov).toBeNull();
});

test('takes ids from words', () => {
  expect(stated({ id: '8086:29c0', subsystem: '1af4:1100' })).toMatchObject({
    vendor: 0x8086,
    device: 0x29c0,
    subsystemVendor: 0x1af4,
    subsystemDevice: 0x1100,
  });
});

test('knows the vendor alone where the device id is left out', () => {
  expect(stated({ id: '8086:' })).toMatchObject({ vendor: 0x8086, device: undefined });
});

test('takes an id without a colon for the vendor alone', () => {
  expect(stated({ id: '8086' })).toMatchObject({ vendor: 0x8086, device: undefined });
});

test('knows the device id alone where the vendor is left out', () => {
  expect(stated({ id: ':29c0' })).toMatchObject({ vendor: undefined, device: 0x29c0 });
});

test('takes a class of six digits from words', () => {
  expect(stated({ class: '0x0c0330' }).classCode).toBe(0x0c0330);
});

test.each(['0604', '0x0604', '0X0604'])('takes programming interface 0 for a class of four digits: %s', (text) => {
  expect(stated({ class: text }).classCode).toBe(0x060400);
});

test('does not know what is stated in no number', () => {
  expect(stated({ id: 'Intel:NIC', revision: 'rev 2', class: '' })).toEqual(stated({}));
});

test('does not know a class of four signs that are no number', () => {
  expect(stated({ class: 'disk' }).classCode).toBeUndefined();
});

test('takes the kind of a function from words', () => {
  expect(stated({ express: 'downstream-port' }).express).toBe(6);
});

test('takes ACS registers from the names of their flags', () => {
  expect(stated({ acs: { capability: 'SV TB RR CR UF EC DT', control: 'SV UF' } }).acs).toEqual({
    capability: 0x7f,
    control: 0x11,
  });
});

test('does not know the ACS control that is not stated', () => {
  expect(stated({ acs: { capability: 'SV' } }).acs).toEqual({ capability: 0x01, control: undefined });
});

test('lets what is stated win over the bytes', () => {
  const config = configBytes({ vendor: 0x8086, device: 1, capabilities: [expressCapability(0)] });
  expect(stated({ config, id: '10de:0002', express: 'root-port', secondaryBus: 4 })).toMatchObject({
    vendor: 0x10de,
    device: 2,
    express: 4,
    secondaryBus: 4,
  });
});

test('lets a stated absence win over the bytes', () => {
  const config = configBytes({ capabilities: [expressCapability(4)], extended: [acsCapability(0x1f, 0x1f)] });
  expect(stated({ config, acs: null, express: null })).toMatchObject({ acs: null, express: null });
});

test('keeps from the bytes what is not stated', () => {
  const config = configBytes({ vendor: 0x8086, device: 0x29c0, class: 0x060000 });
  expect(stated({ config, id: '8086:', multifunction: true })).toMatchObject({
    device: 0x29c0,
    classCode: 0x060000,
    multifunction: true,
  });
});

const BRIDGE = { headerType: 1, secondaryBus: 3, subordinateBus: 7 };

test.each<[Omit<PciFunction, 'address'>, Partial<PciFacts>]>([
  [{ id: '10de:0002' }, { vendor: 0x10de, device: 2 }],
  [{ class: '060400' }, { classCode: 0x060400 }],
  [{ subsystem: '1af4:1100' }, { subsystemVendor: 0x1af4, subsystemDevice: 0x1100 }],
  [{ revision: '02' }, { revision: 2 }],
  [{ headerType: 0 }, { headerType: 0 }],
  [{ multifunction: true }, { multifunction: true }],
  [{ express: 'root-port' }, { express: 4 }],
  [{ acs: { capability: 'SV' } }, { acs: { capability: 1, control: undefined } }],
  [{ sriov: null }, { sriov: null }],
  [{ secondaryBus: 4 }, { secondaryBus: 4 }],
  [{ subordinateBus: 9 }, { subordinateBus: 9 }],
])('changes by a single statement beside the bytes what it says, and nothing else: %j', (statement, said) => {
  const config = configBytes({ ...BRIDGE, revision: 1, length: 64 });
  expect(stated({ config, ...statement })).toEqual({ ...stated({ config }), ...said });
});
