import { boot, type Machine, type MachinePciFunction, type RunningMachine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { allDrivers } from '../support/drivers.js';
import { machineOf, type Recording, readJson, readRecordings } from '../support/recordings.js';
import { strip } from '../support/strip.js';

interface RecordedGroup {
  readonly id: number;
  readonly type: string;
  readonly devices: readonly string[];
}

interface Step {
  readonly label: string;
  readonly command: string | null;
  readonly groups: readonly RecordedGroup[];
}

const stepsOf = ({ tree }: Recording): readonly Step[] => readJson<{ steps: Step[] }>(tree, 'steps.json')?.steps ?? [];

const sorted = (list: readonly string[]): string[] => [...list].sort();

const groupsOf = ({ iommu }: RunningMachine): RecordedGroup[] =>
  [...iommu.groups].map(({ id, type, devices }) => ({
    id,
    type: type ?? 'unknown',
    devices: sorted(devices.map(({ name }) => name)),
  }));

const recordedGroups = ({ groups }: Step): RecordedGroup[] =>
  groups.map(({ id, type, devices }) => ({ id, type, devices: sorted(devices) }));

const REMOVE = /rm_ ([0-9a-f:.]+)|for x in ([0-9a-f:. ]+); do rm_ \$x; done/;

/** What a step's command does. */
const carryOut = (running: RunningMachine, { command }: Step): void => {
  if (command === ':' || command === null) return;
  if (command === 'rescan') return void running.rescan();
  const [, one, several] = REMOVE.exec(command) ?? [];
  const names = one === undefined ? several?.split(' ') : [one];
  if (!names) throw new Error(`the step '${command}' is not understood`);
  for (const name of names) running.removeDevice(running.device(name));
};

describe.each(['hotplug/hotplug-multifunction-bit-intel', 'hotplug/hotplug-multifunction-bit-intel-k7.3'])(
  '%s',
  async (archive) => {
    const [recording] = (await readRecordings(archive)) as [Recording];
    const running = boot(machineOf(strip(recording.tree)), { drivers: allDrivers() });

    test.each(stepsOf(recording))('$label', (step) => {
      carryOut(running, step);
      expect(groupsOf(running)).toEqual(recordedGroups(step));
    });
  },
);

describe('hotplug/hotplug-qmp-device-add-intel', async () => {
  const [recording] = (await readRecordings('hotplug/hotplug-qmp-device-add-intel')) as [Recording];
  const last = machineOf(strip(recording.tree));
  const functions = last.pci?.functions ?? [];
  const described = (address: string): MachinePciFunction => {
    const found = functions.find((fn) => fn.address === address);
    if (!found) throw new Error(`the recording ends without ${address}`);
    return found;
  };

  // The recording ends with an nvme at 03:00.0 and a USB controller at 01:00.0. It began with another nvme at 03:00.0 and
  // nothing at 01:00.0; what came and went meanwhile was nvme too, so their descriptions are that of the last.
  const nvme = (address: string, parent: string): MachinePciFunction => ({
    ...described('0000:03:00.0'),
    address,
    parent,
  });
  const [first, second] = ['0000:01:00.0', '0000:02:00.0'].map((address, at) => nvme(address, `0000:00:0${at + 2}.0`));
  const usb = described('0000:01:00.0');
  const begin: Machine = { ...last, pci: { ...last.pci, functions: functions.filter((fn) => fn !== usb) } };
  const running = boot(begin, { drivers: allDrivers() });

  /** What `qmp.json` of the recording says was done before each step. */
  const deeds: readonly (() => unknown)[] = [
    () => {},
    () => running.plug([first as MachinePciFunction]),
    () => running.plug([second as MachinePciFunction]),
    () => running.unplug('0000:01:00.0'),
    () => running.plug([usb]),
    () => running.unplug('0000:03:00.0'),
    () => running.unplug('0000:02:00.0'),
    () => running.plug([described('0000:03:00.0')]),
  ];

  test.each(stepsOf(recording).map((step, at) => ({ at, step })))('step $at', ({ at, step }) => {
    deeds[at]?.();
    expect(groupsOf(running)).toEqual(recordedGroups(step));
  });

  test('has a deed for each step', () => {
    expect(deeds).toHaveLength(stepsOf(recording).length);
  });
});
