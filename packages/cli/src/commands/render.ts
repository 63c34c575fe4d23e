import { type DiagnosticReport, groupsReport } from '@iommu/analysis';
import type { RunningMachine } from '@iommu/machine';
import { sysfsOf } from '@iommu/sysfs';
import { certaintyOf } from '../certainty.js';
import type { ExitCode } from '../exit.js';
import { guessedNumbers } from '../guessed-numbers.js';
import { type BootFlags, bootBoth, readInput } from '../input.js';
import { type DrawFlags, drawing } from '../render/draw.js';
import { checkSaves, type SaveFlags, saveAll } from '../render/save.js';
import { sayNotes } from '../talk.js';

export interface RenderFlags extends BootFlags, SaveFlags, DrawFlags {
  readonly text?: boolean;
  readonly quiet?: boolean;
}

/** Whoever says how to draw wants it drawn; without anything to write, it is drawn as well. */
const isDrawn = ({ text, style, contents, at, depth, to, tar, umockdev }: RenderFlags): boolean =>
  text === true ||
  [style, contents, at, depth].some((flag) => flag !== undefined) ||
  [to, tar, umockdev].every((name) => name === undefined);

/** What of the tree is a guess, so that nobody takes it for what a kernel said. */
const guesses = (running: RunningMachine, { policy, driver, to, tar, umockdev }: RenderFlags): DiagnosticReport[] => {
  const notes = guessedNumbers(running);
  const blind = running.topology.devices.filter(({ description: { config } }) => config === undefined).length;
  if (blind > 0 && [to, tar, umockdev].some((name) => name !== undefined)) {
    const message = `the input holds no configuration space of ${blind} functions: programs that read it find a header of what was stated`;
    notes.push({ severity: 'info', code: 'config-missing', message });
  }
  if (policy !== undefined && (to !== undefined || tar !== undefined)) {
    const message = `machine.json holds no policy: read back, the groups are those of ${running.kernel.release ?? 'the newest kernel'} unless --policy ${policy} is given again`;
    notes.push({ severity: 'info', code: 'policy-not-written', message });
  }
  if (driver !== undefined && (to !== undefined || tar !== undefined)) {
    const again = driver.map((word) => `--driver ${word}`).join(' ');
    const message = `machine.json names no drivers: read back, the groups are those of the command's own unless ${again} is given again`;
    notes.push({ severity: 'info', code: 'driver-not-written', message });
  }
  return notes;
};

/** `iommu render [INPUT|-]` */
export const render = async (input: string | undefined, flags: RenderFlags): Promise<ExitCode> => {
  const draws = isDrawn(flags);
  checkSaves(input, flags, draws);
  const machine = await readInput(input, { attributes: true });
  const { running, optimistic } = await bootBoth(machine, flags);
  const { root } = sysfsOf(running);
  const draw = draws ? drawing(root, flags) : undefined;
  if (!flags.quiet) {
    sayNotes([...(machine.notes ?? []), ...groupsReport(running).diagnostics, ...guesses(running, flags)]);
  }
  await saveAll(root, running, flags, flags.quiet === true);
  draw?.();
  return certaintyOf(running, optimistic);
};
