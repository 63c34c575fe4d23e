import type { DiagnosticReport } from '@iommu/analysis';
import type { RunningMachine } from '@iommu/machine';

/** Notes on numbers of groups that are a guess, for what is written in a form that has no word for that. */
export const guessedNumbers = (running: RunningMachine): DiagnosticReport[] => {
  const notes: DiagnosticReport[] = [];
  if (running.assumed !== undefined) {
    const message = 'numbers, types and reserved regions of the groups, and the units, are a guess';
    notes.push({ severity: 'assumed', code: 'tree-guessed', message });
  }
  const unsure = [...running.iommu.groups].filter((group) => !running.idIsKnown(group)).map(({ id }) => id);
  if (unsure.length > 0) {
    const message = `which numbers these groups have depends on an order of probes that is not known: ${unsure.join(', ')}`;
    notes.push({ severity: 'assumed', code: 'ids-guessed', message });
  }
  return notes;
};
