import type { KernelRule, Policy } from '@iommu/machine';
import { type Page, wrapped } from './layout.js';

const releases = ({ from, until }: KernelRule): string => {
  if (from === undefined) return `before ${until}`;
  return until === undefined ? `since ${from}` : `${from} up to, not with, ${until}`;
};

const PROOFS =
  "Proof: recorded, real kernels were seen to do so; source, read in the kernel's source; stated, said by its developers; unverified, believed and not checked.";

/** Policies and the table of what changed at which release, for people; every line ends with a newline. */
export const policiesText = (policies: readonly Policy[], rules: readonly KernelRule[], page: Page): string => {
  const entry = (heading: readonly string[], ...below: readonly string[]): string[] => [
    ...heading,
    ...below.flatMap((text) => wrapped(page, '  ', text)),
    '',
  ];
  const policyLines = ({ name, effect, proof, source }: Policy): string[] =>
    entry(wrapped(page, '', page.paint('bold', name)), effect, `${proof}: ${source}`);
  const ruleLines = (row: KernelRule): string[] => {
    const between = row.unresolved ? `; the change lies between ${row.unresolved.join(' and ')}` : '';
    const name = page.paint('bold', `${row.rule} = ${row.value}`);
    const heading = wrapped(page, '', `${name}, ${releases(row)} (${row.touches})`);
    return entry(heading, row.effect, `${row.proof}: ${row.source}${between}`);
  };
  const lines = [
    'Policies, for --policy and --against:',
    '',
    ...policies.flatMap(policyLines),
    'What changed at which release, for --kernel:',
    '',
    ...rules.flatMap(ruleLines),
    ...wrapped(page, '', PROOFS),
  ];
  return lines.map((line) => `${line}\n`).join('');
};
