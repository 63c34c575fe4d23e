import { KERNEL_RULES, type KernelRule, POLICIES, type Policy } from '@iommu/machine';
import { Exit, type ExitCode } from '../exit.js';
import { writeOut } from '../output.js';

export interface PoliciesFlags {
  readonly json?: boolean;
}

const releases = ({ from, until }: KernelRule): string => {
  if (from === undefined) return `before ${until}`;
  return until === undefined ? `since ${from}` : `${from} up to, not with, ${until}`;
};

const policyText = ({ name, effect, proof, source }: Policy): string => `${name}\n  ${effect}\n  ${proof}: ${source}\n`;

const ruleText = (row: KernelRule): string => {
  const between = row.unresolved ? `; the change lies between ${row.unresolved.join(' and ')}` : '';
  return `${row.rule} = ${row.value}, ${releases(row)} (${row.touches})\n  ${row.effect}\n  ${row.proof}: ${row.source}${between}\n`;
};

const PROOFS = `Proof: recorded, real kernels were seen to do so; source, read in the kernel's source; stated, said by its
developers; unverified, believed and not checked.
`;

/** `iommu policies` */
export const policies = ({ json }: PoliciesFlags): ExitCode => {
  if (json) writeOut(`${JSON.stringify({ schema: 1, policies: POLICIES, rules: KERNEL_RULES }, null, 2)}\n`);
  else
    writeOut(
      [
        'Policies, for --policy and --against:\n',
        ...POLICIES.map(policyText),
        'What changed at which release, for --kernel:\n',
        ...KERNEL_RULES.map(ruleText),
        PROOFS,
      ].join('\n'),
    );
  return Exit.ok;
};
