import { isIommuError } from '@iommu/core';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { readSnapshot } from '@iommu/host';
import { boot, type Machine, type RunningMachine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { readJson, readRecordings } from '../support/recordings.js';
import { strip } from '../support/strip.js';

interface Step {
  readonly label: string;
  readonly command: string;
  readonly rc: number;
  readonly stderr: readonly string[];
  readonly type_before?: string;
  readonly type_after?: string;
  /** Bound driver of each member; empty for none. */
  readonly drivers?: Readonly<Record<string, string>>;
}

const WRITE = /^printf '%s' '(.*)' > type of group (\d+)/s;

const ERRNOS: readonly (readonly [RegExp, string])[] = [
  [/Invalid argument/, 'EINVAL'],
  [/Device or resource busy/, 'EBUSY'],
  [/Operation not permitted/, 'EPERM'],
  [/Permission denied/, 'EACCES'],
];

const errnoOf = ({ rc, stderr }: Step): string | undefined =>
  rc === 0 ? undefined : ERRNOS.find(([pattern]) => stderr.some((line) => pattern.test(line)))?.[1];

/** Bind what the recording shows as bound, and nothing else. */
const bindAs = (running: RunningMachine, drivers: Readonly<Record<string, string>>): void => {
  for (const [name, driver] of Object.entries(drivers)) {
    const device = running.device(name);
    const bound = running.kernelDrivers.driverOf(device);
    if (bound === (driver || undefined)) continue;
    if (bound !== undefined) running.kernelDrivers.unbind(bound, name);
    if (driver) running.bindDriver(device, driver);
  }
};

const write = (running: RunningMachine, id: number, text: string): string | undefined => {
  const group = running.iommu.groups.byId(id);
  if (!group) throw new Error(`no group ${id}`);
  try {
    running.iommu.writeType(group, text);
    return undefined;
  } catch (error) {
    return isIommuError(error, 'ERR_REFUSED') ? error.errno : String(error);
  }
};

/** No driver is bound when the recording's steps begin but those of ports. */
const beforeSteps = (machine: Machine): Machine => ({
  ...machine,
  pci: {
    ...machine.pci,
    functions: (machine.pci?.functions ?? []).map((fn) => (fn.driver === 'pcieport' ? fn : { ...fn, driver: null })),
  },
});

describe.each(['hotplug/hotplug-type-writes-intel', 'hotplug/hotplug-type-writes-intel-k7.3'])(
  '%s',
  async (archive) => {
    const [recording] = await readRecordings(archive);
    const tree = recording!.tree;
    const { steps } = readJson<{ steps: Step[] }>(tree, 'steps.json')!;
    const writes = steps.filter(({ command }) => WRITE.test(command));

    test('holds enough writes to mean something', () => {
      expect(writes.length).toBeGreaterThan(100);
      expect(new Set(writes.map(errnoOf)).size).toBeGreaterThanOrEqual(3);
    });

    test('every write gives the recorded type or errno, in their order', () => {
      const running = boot(beforeSteps(readSnapshot(strip(tree))!), { drivers: [intelVtd()] });
      for (const [index, step] of writes.entries()) {
        const [, text = '', id = ''] = WRITE.exec(step.command) ?? [];
        bindAs(running, step.drivers ?? {});
        const errno = write(running, Number(id), text.replaceAll('\\n', '\n'));
        const after = running.iommu.groups.byId(Number(id))?.type;
        expect({ index, step: step.command, errno, after }).toEqual({
          index,
          step: step.command,
          errno: errnoOf(step),
          after: step.type_after,
        });
      }
    });
  },
);
