import { gzipSync } from 'node:zlib';
import type { Machine } from '@iommu/machine';
import { machineToJson } from '@iommu/machine/json';
import { describe, expect, test } from 'vitest';
import { captureMachine, captureTree } from '../../src/capture/capture.js';
import { readKernelLog } from '../../src/capture/kernel-log.js';
import type { FileTree } from '../../src/file-tree.js';
import { Redactor } from '../../src/redact/redactor.js';
import { readSnapshot } from '../../src/snapshot.js';
import { readTar } from '../../src/tar.js';
import { entriesToTar } from '../../src/tree-entries.js';
import { SMALL, sysfs } from '../support/sysfs.js';
import { type Entries, folderOf, memoryTree } from '../support/trees.js';

const SYSTEM: Entries = {
  'proc/sys/kernel/osrelease': '6.1.0-18-amd64\n',
  'proc/sys/kernel/arch': 'x86_64\n',
  'proc/cmdline': 'root=/dev/orthanc iommu=pt\n',
  'proc/version': 'Linux version 6.1.0-18-amd64 (curunir@orthanc) (gcc 12)\n',
  'etc/os-release': 'ID=debian\nVERSION_ID="12"\nBUG_REPORT_URL="https://orthanc"\n',
  'boot/config-6.1.0-18-amd64':
    'CONFIG_CMDLINE="orthanc"\nCONFIG_INTEL_IOMMU=y\n# CONFIG_INTEL_IOMMU_DEFAULT_ON is not set\nCONFIG_IOMMU_DEFAULT_DMA_STRICT=y\n',
  'sys/firmware/acpi/tables/FACP': 'x',
  'var/log/dmesg': '[    0.0] Linux version 6.1.0-18-amd64\n[    1.0] wlan0: associated with the-shire\n',
};

/** Without the kinds of arrays that bytes come in, to be compared. */
const plain = (machine: Machine | undefined): Machine | undefined => machine && machineToJson(machine);

const captured = (entries: Entries, redactor?: Redactor) => {
  const capture = captureTree(memoryTree(entries), redactor);
  if (!capture) throw new Error('nothing was captured');
  const text = (path: string): string | undefined => {
    const found = capture.entries.find((entry) => entry.path === path);
    return found && 'bytes' in found ? Buffer.from(found.bytes).toString() : undefined;
  };
  return { ...capture, text, codes: capture.missing.map(({ code }) => code) };
};

describe('a whole machine', () => {
  const { text, codes, entries } = captured({ ...sysfs(SMALL), ...SYSTEM }, new Redactor());

  test('misses nothing', () => {
    expect(codes).toEqual([]);
    expect(JSON.parse(text('capture.json') ?? '')).toEqual({ schema: 1, redacted: true, missing: [], configSizes: {} });
  });

  test('is taken as far as it concerns grouping', () => {
    expect(text('cmdline.txt')).toBe('iommu=pt\n');
    expect(text('arch.txt')).toBe('x86_64\n');
    expect(text('version.txt')).toBe('Linux version 6.1.0-18-amd64 (xxxxxxx@xxxxxxx) (gcc 12)\n');
    expect(text('os-release.txt')).toBe('ID=debian\nVERSION_ID="12"\n');
    expect(text('config.txt')?.split('\n')).toHaveLength(4);
    expect(text('dmesg.txt')).toBe('[    0.0] Linux version 6.1.0-18-amd64\n');
    expect(text('acpi/tables.txt')).toBe('FACP\n');
    expect(entries.every(({ path }) => !path.startsWith('/') && !path.includes('..'))).toBe(true);
  });

  test('is read from the archive as from itself', async () => {
    const before = plain(readSnapshot(memoryTree({ ...sysfs(SMALL), ...SYSTEM })));
    const after = plain(readSnapshot(await readTar(await entriesToTar(entries))));
    expect(after).toEqual({ ...before, kernel: { ...before?.kernel, commandLine: 'iommu=pt' } });
    expect(after?.kernel?.config).toEqual({ defaultDomain: 'strict', intelIommuDefaultOn: false });
    expect(after?.firmware).toEqual({ acpi: {} });
  });
});

describe('says what is missing', () => {
  const without = (path: string): Entries =>
    Object.fromEntries(Object.entries({ ...sysfs(SMALL), ...SYSTEM }).filter(([one]) => !one.startsWith(path)));

  test.each([
    ['proc/sys/kernel/osrelease', ['release-unreadable', 'kernel-config-unreadable']],
    ['proc/cmdline', ['cmdline-unreadable']],
    ['boot', ['kernel-config-unreadable']],
    ['var', ['log-unreadable']],
    ['sys/firmware', ['firmware-absent']],
    ['sys/kernel/iommu_groups', ['groups-absent']],
  ])('of a machine without %s', (path, codes) => {
    expect(captured(without(path)).codes).toEqual(codes);
  });

  test('of a machine without PCI', () => {
    expect(captured({ 'sys/devices/x': '', 'sys/bus/y': '' }).codes).toContain('pci-absent');
  });

  test('of files that are there and may not be read', () => {
    const tree = memoryTree({ ...sysfs(SMALL), ...SYSTEM, 'sys/firmware/acpi/tables/DMAR': 'x' });
    const refusing: FileTree = {
      link: (path) => tree.link(path),
      list: (path) => tree.list(path),
      read: (path) => (/DMAR|config$/.test(path) ? undefined : tree.read(path)),
    };
    const capture = captureTree(refusing, undefined);
    expect(capture?.missing.map(({ code }) => code)).toEqual(['config-unreadable', 'firmware-unreadable']);
    // The tables that could be read would pass for all.
    expect(capture?.entries.filter(({ path }) => path.startsWith('acpi'))).toEqual([]);
  });

  test('and what a cut configuration space has on the machine, which its readers heed', async () => {
    const tree = memoryTree({ ...sysfs(SMALL), ...SYSTEM });
    const cut: FileTree = {
      link: (path) => tree.link(path),
      list: (path) => tree.list(path),
      read: (path) => (path.endsWith('/config') ? tree.read(path)?.subarray(0, 64) : tree.read(path)),
      readSized: (path) => ({ bytes: (tree.read(path) ?? new Uint8Array()).subarray(0, 64), size: 4096 }),
    };
    const capture = captureTree(cut, new Redactor());
    expect(capture?.missing.map(({ code }) => code)).toEqual(['config-cut']);
    const again = captureTree(await readTar(await entriesToTar(capture?.entries ?? [])), new Redactor());
    expect(again).toEqual(capture);
    for (const { configSize, config } of readSnapshot(await readTar(await entriesToTar(again?.entries ?? [])))?.pci
      ?.functions ?? []) {
      expect([configSize, config]).toEqual([4096, expect.objectContaining({ length: 64 })]);
    }
  });
});

test('takes a packed configuration of the kernel, and none that is broken', () => {
  const entries = { ...sysfs(SMALL), 'proc/config.gz': gzipSync('CONFIG_PCI=y\nCONFIG_USB=y\n') };
  expect(captured(entries).text('config.txt')).toBe('CONFIG_PCI=y\n');
  expect(captured({ ...entries, 'proc/config.gz': 'x' }).text('config.txt')).toBeUndefined();
});

test('never takes vital product data, nor links that lead out of sysfs', () => {
  const device = 'sys/devices/pci0000:00/0000:00:01.0';
  const { entries } = captured({
    ...sysfs(SMALL),
    [`${device}/vpd`]: 'secret',
    [`${device}/of_node`]: { link: '/etc/passwd' },
    [`${device}/firmware_node`]: { link: '../../../../../../etc/shadow' },
  });
  const text = JSON.stringify(entries);
  expect(text).not.toMatch(/vpd|\/etc|\.\.\/etc/);
});

test('ignores a capture.json that is no manifest', () => {
  for (const manifest of [
    '',
    '[]',
    'null',
    '{"missing":7,"configSizes":[],"version":{}}',
    '{"missing":[1,{"code":2}]}',
  ]) {
    expect(() => captured({ ...sysfs(SMALL), ...SYSTEM, 'capture.json': manifest })).not.toThrow();
    expect(readSnapshot(memoryTree({ ...sysfs(SMALL), 'capture.json': manifest }))?.pci?.functions).toHaveLength(3);
  }
});

test('reads a live log only from a device, and ends', () => {
  expect(readKernelLog(`${folderOf({ kmsg: '6,1,2,-;x\n' })}/kmsg`)).toBeUndefined();
  expect(readKernelLog('/dev/null')).toBeUndefined();
  expect(readKernelLog('/no/such/device')).toBeUndefined();
  expect(readKernelLog('/dev/zero')).toBeUndefined();
});

test('refuses a folder without sysfs', () => {
  expect(() => captureMachine({ root: folderOf({ x: '' }) })).toThrow(
    expect.objectContaining({ code: 'ERR_HOST_INPUT' }),
  );
});
