import { isIommuError } from '@iommu/core';
import { boot } from '@iommu/machine';
import { nodeAt, ROOT, type SysfsDirectory, sysfsOf } from '@iommu/sysfs';
import { describe, expect, test } from 'vitest';
import { type BusStep, perform, recordedErrno, recordedState } from '../support/bus-writes.js';
import { allDrivers } from '../support/drivers.js';
import { listPath, openPath, readPath } from '../support/open-path.js';
import { archives, machineOf, type Recording, readJson, readRecordings } from '../support/recordings.js';
import { strip } from '../support/strip.js';

/*
 * What guests wrote to files of sysfs, written to the files of the tree: the kernel's answers, and what the files show
 * afterwards.
 */

const names = archives('asked').filter((name) =>
  /\/(?:kernel-drivers|sriov-writes|sriov-left-on|driver-ids)/.test(name),
);

const encoder = new TextEncoder();

/** Open a file and write to it. @returns The errno, `null` for none. */
const write = (root: SysfsDirectory, { path = '', text = '' }: BusStep): string | null => {
  const node = openPath(root, path);
  if (!node) return 'ENOENT';
  if (node.kind !== 'file' || !node.write) return 'EACCES';
  const told = text.startsWith('@') ? 'a'.repeat(Number(text.slice(1))) : text;
  // No write of no bytes gets to a file of sysfs.
  if (told === '') return null;
  try {
    expect(node.write(encoder.encode(told), ROOT)).toBe(told.length);
    return null;
  } catch (error) {
    if (isIommuError(error, 'ERR_REFUSED')) return error.errno ?? null;
    throw error;
  }
};

/** What a step shows, read off the files of the tree. */
const shown = (root: SysfsDirectory): ReturnType<typeof recordedState> => {
  const devices = listPath(root, 'bus/pci/devices').map((name) => {
    const path = `bus/pci/devices/${name}`;
    const link = openPath(root, path);
    const driver = link?.kind === 'directory' ? link.child('driver') : undefined;
    const override = readPath(root, `${path}/driver_override`);
    const number = (file: string) => Number(readPath(root, `${path}/${file}`));
    return [
      name,
      {
        ...(override !== '(null)' && { driver_override: override }),
        ...(openPath(root, `${path}/sriov_totalvfs`) && {
          sriov: {
            numvfs: number('sriov_numvfs'),
            totalvfs: number('sriov_totalvfs'),
            drivers_autoprobe: number('sriov_drivers_autoprobe'),
          },
        }),
        ...(driver?.kind === 'link' && { driver: driver.target.split('/').at(-1) }),
      },
    ];
  });
  return {
    groups: listPath(root, 'kernel/iommu_groups')
      .map(Number)
      .sort((a, b) => a - b)
      .map((id) => ({
        id,
        type: readPath(root, `kernel/iommu_groups/${id}/type`) ?? '',
        devices: listPath(root, `kernel/iommu_groups/${id}/devices`),
      })),
    devices: Object.fromEntries(devices),
    drivers_autoprobe: readPath(root, 'bus/pci/drivers_autoprobe') ?? '',
  };
};

test('there are as many recordings as were made', () => {
  expect(names.length).toBeGreaterThanOrEqual(8);
});

describe.each(names)('%s', async (name) => {
  const [recording] = (await readRecordings(name)) as [Recording];
  const { steps = [] } = readJson<{ steps: BusStep[] }>(recording.tree, 'steps.json') ?? {};
  const running = boot(machineOf(strip(recording.tree)), { drivers: allDrivers() });
  const { root } = sysfsOf(running);

  test.each(steps.map((step, at) => ({ at, step, title: `${step.path ?? step.op ?? 'start'} ${step.text ?? ''}` })))(
    '$at: $title',
    ({ step }) => {
      const answer = step.op === 'write' ? write(root, step) : step.op ? perform(running, step) : null;
      if (step.op) expect(answer).toBe(recordedErrno(step));
      expect(shown(root)).toEqual(recordedState(step));
      for (const driver of listPath(root, 'bus/pci/drivers')) {
        expect(step.drivers).toContain(driver);
        const bound = Object.keys(step.devices).filter((device) => step.devices[device]?.driver === driver);
        const links = listPath(root, `bus/pci/drivers/${driver}`).filter((entry) => entry.includes(':'));
        expect(links).toEqual(bound.sort());
      }
    },
  );

  test('leaves no link to what is not there', () => {
    for (const group of listPath(root, 'kernel/iommu_groups'))
      for (const device of listPath(root, `kernel/iommu_groups/${group}/devices`))
        expect(nodeAt(root, `bus/pci/devices/${device}`)).toBeDefined();
  });
});
