import { expect, test } from 'vitest';
import { factsOf } from '../src/index.js';
import {
  acsCapability,
  type ConfigSketch,
  configBytes,
  expressCapability,
  SRIOV_ID,
  wideAcsCapability,
} from './support/config-space.js';

const read = (sketch: ConfigSketch, configSize?: number) =>
  factsOf({ address: '00:00.0', config: configBytes(sketch), ...(configSize === undefined ? {} : { configSize }) });
const ofBytes = (config: Uint8Array) => factsOf({ address: '00:00.0', config });

const NOTHING_KNOWN = {
  vendor: undefined,
  device: undefined,
  classCode: undefined,
  revision: undefined,
  subsystemVendor: undefined,
  subsystemDevice: undefined,
  headerType: undefined,
  multifunction: undefined,
  express: undefined,
  acs: undefined,
  sriov: undefined,
  secondaryBus: undefined,
  subordinateBus: undefined,
};

const SRIOV_BODY = [
  ...[0, 0, 0, 0], // capabilities
  ...[1, 0, 0, 0], // control, status
  ...[8, 0, 8, 0], // InitialVFs, TotalVFs
  ...[4, 0, 0, 0], // NumVFs
  ...[0x80, 0x01, 2, 0], // first VF offset, stride
  ...[0, 0, 0xca, 0x10], // VF device id
];

const sriovSketch = (body: readonly number[]): ConfigSketch => ({
  capabilities: [expressCapability(0)],
  extended: [{ at: 0x100, id: SRIOV_ID, body }],
});

test('knows nothing of a function of which nothing was read', () => {
  expect(factsOf({ address: '00:00.0' })).toEqual(NOTHING_KNOWN);
});

test('knows nothing from no bytes', () => {
  expect(ofBytes(new Uint8Array(0))).toEqual(NOTHING_KNOWN);
});

test('knows nothing of a function that answers with all ones', () => {
  expect(ofBytes(new Uint8Array(256).fill(0xff))).toEqual(NOTHING_KNOWN);
});

test('reads vendor and device id', () => {
  expect(read({ vendor: 0x8086, device: 0x10c9 })).toMatchObject({ vendor: 0x8086, device: 0x10c9 });
});

test('does not know the ids that a virtual function leaves at all ones', () => {
  expect(read({ vendor: 0xffff, device: 0xffff })).toMatchObject({ vendor: undefined, device: undefined });
});

test('reads class and revision', () => {
  expect(read({ class: 0x0c0330, revision: 0x11 })).toMatchObject({ classCode: 0x0c0330, revision: 0x11 });
});

test('reads the subsystem of a function that is no bridge', () => {
  expect(read({ subsystemVendor: 0x9005, subsystemDevice: 0x02bb })).toMatchObject({
    subsystemVendor: 0x9005,
    subsystemDevice: 0x02bb,
  });
});

test('does not take the buffers of a bridge for its subsystem', () => {
  const config = configBytes({ headerType: 1 });
  config.fill(0x12, 0x2c, 0x30);
  expect(ofBytes(config)).toMatchObject({ subsystemVendor: undefined, subsystemDevice: undefined });
});

test('parts the multifunction bit from the header type', () => {
  expect(read({ headerType: 1, multifunction: true })).toMatchObject({ headerType: 1, multifunction: true });
});

test('reads a clear multifunction bit', () => {
  expect(read({}).multifunction).toBe(false);
});

test.each([1, 2])('reads the bus numbers of header type %i', (headerType) => {
  expect(read({ headerType, secondaryBus: 3, subordinateBus: 7 })).toMatchObject({
    secondaryBus: 3,
    subordinateBus: 7,
  });
});

test('has no bus numbers of a function that is no bridge', () => {
  expect(read({ headerType: 0, secondaryBus: 3 }).secondaryBus).toBeUndefined();
});

test('reads the type of the PCI Express capability', () => {
  expect(read({ capabilities: [expressCapability(5)] }).express).toBe(5);
});

test('knows a function without the PCI Express capability for a conventional one', () => {
  expect(read({}).express).toBeNull();
});

test('does not know the kind of a function of which 64 bytes were read', () => {
  expect(read({ capabilities: [expressCapability(5)], length: 64 }).express).toBeUndefined();
});

test('does not know the type of a PCI Express capability of which the bytes hold only the header', () => {
  expect(read({ capabilities: [expressCapability(5)], length: 0x42 }).express).toBeUndefined();
});

test('reads the ACS registers', () => {
  const { acs } = read({ capabilities: [expressCapability(4)], extended: [acsCapability(0x1f, 0x1d)] });
  expect(acs).toMatchObject({ capability: 0x1f, control: 0x1d });
});

test("reads the ACS registers of Intel's bridges as double words too", () => {
  const acsOf = (vendor: number, headerType = 1) =>
    read({ vendor, headerType, capabilities: [expressCapability(4)], extended: [wideAcsCapability(0x1f, 0x1d)] }).acs;
  expect(acsOf(0x8086)?.dwords).toEqual({ capability: 0x1f, control: 0x1d });
  expect(acsOf(0x10de)?.dwords).toBeUndefined();
  expect(acsOf(0x8086, 0)?.dwords).toBeUndefined();
});

test('knows that a function read in full has no ACS capability', () => {
  expect(read({ capabilities: [expressCapability(4)] }).acs).toBeNull();
});

test('does not know of ACS where 256 bytes of 4096 were read', () => {
  expect(read({ capabilities: [expressCapability(4)], length: 256 }, 4096).acs).toBeUndefined();
});

test('knows that a function of 256 bytes has no ACS capability', () => {
  expect(read({ capabilities: [expressCapability(4)], length: 256 }, 256).acs).toBeNull();
});

test('knows that a conventional function has no ACS capability', () => {
  expect(read({ length: 256 }).acs).toBeNull();
});

test('does not know of ACS when the bytes end after the header of its capability', () => {
  const extended = [acsCapability(0x1f, 0x1d)];
  expect(read({ capabilities: [expressCapability(4)], extended, length: 0x104 }).acs).toBeUndefined();
});

test('does not know the ACS control when the bytes end before it', () => {
  const { acs } = read({
    capabilities: [expressCapability(4)],
    extended: [acsCapability(0x1f, 0x1d)],
    length: 0x106,
  });
  expect(acs).toEqual({ capability: 0x1f, control: undefined });
});

test('reads how virtual functions are numbered', () => {
  expect(read(sriovSketch(SRIOV_BODY)).sriov).toEqual({
    at: 0x100,
    enabled: true,
    totalVfs: 8,
    numVfs: 4,
    offset: 0x180,
    stride: 2,
    deviceId: 0x10ca,
  });
});

test('takes virtual functions for off while their bit of the control is clear', () => {
  expect(read(sriovSketch(SRIOV_BODY.map((byte, at) => (at === 4 ? 0 : byte)))).sriov?.enabled).toBe(false);
});

test.each([
  ['before the control', 0x108],
  ['before the numbers', 0x114],
  ['within the device id', 0x11b],
])('does not know how virtual functions are numbered when the bytes end %s', (_, length) => {
  expect(read({ ...sriovSketch(SRIOV_BODY), length }).sriov).toBeUndefined();
});

test('knows how virtual functions are numbered when the bytes end right after the device id', () => {
  expect(read({ ...sriovSketch(SRIOV_BODY), length: 0x11c }).sriov).toMatchObject({ offset: 0x180, deviceId: 0x10ca });
});

test('knows that a function read in full has no SR-IOV capability', () => {
  expect(read({ capabilities: [expressCapability(0)] }).sriov).toBeNull();
});
