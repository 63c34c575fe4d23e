import { intelVtd, writeDmar } from '@iommu/driver-intel-vtd';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { endpoint, layOut, platformDevice, rootPort } from '@iommu/machine/build';
import { describe, expect, test } from 'vitest';
import { type DeviceRecord, deviceRecords, toNdjson } from '../src/index.js';

const firmware = { acpi: { DMAR: writeDmar({ units: [{ registerBase: 0xfed90000n }] }) } };

const card = endpoint({ id: '10de:2684', class: '030000', driver: 'nouveau' });
const port = rootPort({ slot: 1, id: '8086:1901', acs: { capability: 'SV RR CR UF', control: 'SV' } }, [card]);

const booted = (parts: Partial<Machine> = {}): RunningMachine =>
  boot({ schema: 1, name: 'board', firmware, pci: layOut([{ devices: [port] }]), ...parts }, { drivers: [intelVtd()] });

const recordOf = (running: RunningMachine, device: string): DeviceRecord => {
  const record = deviceRecords(running).find((one) => one.device === device);
  if (!record) throw new Error(`no record of ${device}`);
  return record;
};

describe('a record', () => {
  test('says what a device is, where it is, and what it is grouped with', () => {
    expect(recordOf(booted(), '0000:01:00.0')).toMatchObject({
      machine: 'board',
      parent: '0000:00:01.0',
      path: 'pci0000:00/0000:00:01.0/0000:01:00.0',
      group: 0,
      groupDevices: ['0000:00:01.0', '0000:01:00.0'],
      iommu: 'dmar0',
      class: '030000',
      vendorId: '10de',
      deviceId: '2684',
      kind: 'endpoint',
      isBridge: false,
      driver: 'nouveau',
      description: null,
      rule: 'acs-missing-upstream',
    });
  });

  test('shows the registers of ACS, and whether they isolate', () => {
    expect(recordOf(booted(), '0000:00:01.0')).toMatchObject({
      isBridge: true,
      isolates: false,
      hasAcs: true,
      acsCapability: 'SV RR CR UF',
      acsControl: 'SV',
    });
  });

  test('tells what is not known from what is not there', () => {
    const { pci } = booted().machine;
    const functions = (pci?.functions ?? []).map(({ acs: _, ...rest }) => rest);
    const running = booted({ pci: { ...pci, functions } });
    expect(recordOf(running, '0000:00:01.0')).toMatchObject({ hasAcs: null, isolates: null, acsControl: null });
    expect(recordOf(running, '0000:01:00.0')).toMatchObject({ isGrouped: true, isSupposed: true });
    const without = functions.map((fn) => ({ ...fn, acs: null }));
    expect(recordOf(booted({ pci: { ...pci, functions: without } }), '0000:00:01.0')).toMatchObject({
      hasAcs: false,
      isolates: false,
    });
  });

  test('tells that the firmware was supposed, which leaves who shares a group as it is', () => {
    const { firmware: _, ...rest } = booted().machine;
    const [record] = deviceRecords(boot(rest, { drivers: [intelVtd()] }));
    expect(record).toMatchObject({ isFirmwareSupposed: true, isSupposed: false });
    expect(recordOf(booted(), '0000:00:01.0').isFirmwareSupposed).toBe(false);
  });

  test('has the reason of a device without a group', () => {
    const running = booted({ firmware: { acpi: {} } });
    expect(recordOf(running, '0000:01:00.0')).toMatchObject({ isGrouped: false, group: null, groupDevices: [] });
    expect(recordOf(running, '0000:01:00.0').reason).toMatch(/describes no IOMMU/);
  });

  test('of a device that is not on PCI has the same members', () => {
    const running = booted({ devices: [platformDevice('serial8250')] });
    const [one, other] = [recordOf(running, 'serial8250'), recordOf(running, '0000:01:00.0')];
    expect(Object.keys(one).sort()).toEqual(Object.keys(other).sort());
    expect(one).toMatchObject({ bus: 'platform', class: null, isBridge: null });
  });
});

test('a line is a record, and names are what the caller calls devices', () => {
  const lines = toNdjson(booted(), ({ name }) => `card "${name}"`).split('\n');
  expect(lines).toHaveLength(3);
  expect(JSON.parse(lines[1] ?? '')).toEqual({
    ...recordOf(booted(), '0000:01:00.0'),
    description: 'card "0000:01:00.0"',
  });
});
