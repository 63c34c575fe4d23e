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

const OUTCOMES: readonly Outcome[] = ['equal', 'evidence', 'unexplained', 'unknown', 'unjudged'];

const tallied = (key: string, label: string, scores: readonly Score[]): string => {
  const counts = OUTCOMES.map((outcome) => count(scores, outcome)).join(' | ');
  return `| ${key} | ${label} | ${scores.length} | ${counts} |`;
};

const grouped = (scores: readonly Score[], keyOf: (score: Score) => string): (readonly [string, Score[]])[] => {
  const groups = new Map<string, Score[]>();
  for (const score of scores) groups.set(keyOf(score), [...(groups.get(keyOf(score)) ?? []), score]);
  return [...groups].sort(([a], [b]) => (a < b ? -1 : 1));
};

/** How many fare how, by vendor and by what is missing or shows the cause: for folders of very many dumps. */
export const asSummary = (scores: readonly Score[]): string =>
  [
    `| IOMMU | lacking, or cause | dumps | ${OUTCOMES.join(' | ')} |`,
    `| --- | --- | ---: | ${OUTCOMES.map(() => '---:').join(' | ')} |`,
    ...grouped(scores, ({ vendor }) => vendor).flatMap(([vendor, ofVendor]) =>
      grouped(ofVendor, ({ remark, outcome }) =>
        outcome === 'unjudged' ? 'no machine' : remark.replace(/, line \d+$/, ''),
      ).map(([remark, list]) => tallied(vendor, remark, list)),
    ),
    '',
    `${summary(scores)}.`,
  ].join('\n');

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
