import type { Outcome, Score } from './score.js';

const SHOWN = 8;

const count = (scores: readonly Score[], outcome: Outcome): number =>
  scores.filter((one) => one.outcome === outcome).length;

/** The figures, with what they are out of. */
const summary = (scores: readonly Score[]): string => {
  const judged = scores.length - count(scores, 'unjudged');
  return (
    `${scores.length} dumps, ${judged} with groups to compare: ${count(scores, 'equal')} equal, ` +
    `${count(scores, 'evidence')} different with evidence, ${count(scores, 'unexplained')} unexplained, ` +
    `${count(scores, 'unknown')} unknown; ${count(scores, 'unjudged')} not judged`
  );
};

/** The dumps that decide nothing, by what they lack. */
const lacking = (scores: readonly Score[]): string[] => {
  const byRemark = new Map<string, string[]>();
  for (const { outcome, remark, name } of scores) {
    if (outcome !== 'unknown' && outcome !== 'unjudged') continue;
    const key = `${outcome === 'unknown' ? 'unknown' : 'not judged'}, ${remark}`;
    byRemark.set(key, [...(byRemark.get(key) ?? []), name]);
  }
  return [...byRemark].map(([key, names]) => `${key} (${names.length}): ${names.join(', ')}`);
};

/** For a terminal: a line a dump, then what is unexplained, what is lacking, and the figures. */
export const asText = (scores: readonly Score[]): string => {
  const width = Math.max(4, ...scores.map(({ name }) => name.length));
  const lines = scores.map(({ name, vendor, functions, groups, outcome, ids, remark }) =>
    [
      name.padEnd(width),
      vendor.padEnd(6),
      String(functions).padStart(5),
      String(groups).padStart(5),
      outcome.padEnd(11),
      ids.padEnd(8),
      remark,
    ]
      .join('  ')
      .trimEnd(),
  );
  for (const { name, differing } of scores.filter(({ outcome }) => outcome === 'unexplained'))
    lines.push('', `unexplained: ${name}`, ...differing.slice(0, SHOWN).map((line) => `  ${line}`));
  return [...lines, '', ...lacking(scores), summary(scores)].join('\n');
};

/** The table of `docs/fidelity.md`. */
export const asMarkdown = (scores: readonly Score[]): string =>
  [
    '| dump | IOMMU | functions | groups | partition | ids | remark |',
    '| --- | --- | ---: | ---: | --- | --- | --- |',
    ...scores.map(
      ({ name, vendor, functions, groups, outcome, ids, remark }) =>
        `| ${name} | ${vendor} | ${functions} | ${groups} | ${outcome} | ${ids} | ${remark} |`,
    ),
    '',
    `${summary(scores)}.`,
  ].join('\n');
