import { boot, type RunningMachine } from '@iommu/machine';
import { describe, expect, test } from 'vitest';
import { type BusStep, perform, recordedErrno, recordedState, stateOf } from '../support/bus-writes.js';
import { allDrivers } from '../support/drivers.js';
import { machineOf, type Recording, readJson, readRecordings } from '../support/recordings.js';
import { strip } from '../support/strip.js';

const stepsOf = ({ tree }: Recording): readonly BusStep[] =>
  readJson<{ steps: BusStep[] }>(tree, 'steps.json')?.steps ?? [];

/** Who came into a group and who left one, in order, by what the kernel wrote into its log. */
const movesIn = (log: readonly string[]): string[] =>
  log.flatMap((line) => {
    const [, name, move, id] = /^\S+ (\S+): (Adding to|Removing from) iommu group (\d+)/.exec(line) ?? [];
    return move ? [`${name} ${move} ${id}`] : [];
  });

/** The same by the machine's events. */
const listen = (running: RunningMachine): { take(): string[] } => {
  let moves: string[] = [];
  running.on((event) => {
    if (event.type === 'add-device') moves.push(`${event.device.name} Adding to ${event.group.id}`);
    if (event.type === 'del-device') moves.push(`${event.device.name} Removing from ${event.group.id}`);
  });
  return {
    take: () => {
      const taken = moves;
      moves = [];
      return taken;
    },
  };
};

const titleOf = ({ op, path = '', text, module = '', device = '' }: BusStep): string =>
  op === 'write' ? `${path} ${JSON.stringify(text)}` : `${op ?? 'start'} ${module}${device}`;

/** A file that a device does not have was opened: no call of the machine stands for that. */
const isWithoutFile = ({ at, path = '' }: BusStep): boolean => at === 'open' && /^bus\/pci\/devices\//.test(path);

describe.each(
  ['kernel-drivers', 'sriov-writes', 'sriov-left-on', 'driver-ids'].flatMap((name) => [name, `${name}-k7.3`]),
)('asked/%s', async (name) => {
  const [recording] = (await readRecordings(`asked/${name}`)) as [Recording];
  const running = boot(machineOf(strip(recording.tree)), { drivers: allDrivers() });
  const heard = listen(running);
  /** Later kernels write nothing when a device leaves. */
  const saysRemoving = !name.endsWith('-k7.3');

  test.each(stepsOf(recording).map((step, at) => ({ at, step, title: titleOf(step) })))('$at: $title', ({ step }) => {
    if (!isWithoutFile(step)) {
      const errno = step.op ? perform(running, step) : null;
      expect(errno).toBe(recordedErrno(step));
    }
    expect(stateOf(running)).toEqual(recordedState(step));
    const moves = heard.take().filter((move) => saysRemoving || move.includes('Adding'));
    if (step.op) expect(moves).toEqual(movesIn(step.log));
    expect(running.kernelDrivers.names.filter((driver) => !step.drivers.includes(driver))).toEqual([]);
  });
});
