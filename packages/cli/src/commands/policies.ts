import { KERNEL_RULES, POLICIES } from '@iommu/machine';
import { Exit, type ExitCode } from '../exit.js';
import { page } from '../layout.js';
import { writeOut } from '../output.js';
import { policiesText } from '../policies-text.js';

export interface PoliciesFlags {
  readonly json?: boolean;
}

/** `iommu policies` */
export const policies = ({ json }: PoliciesFlags): ExitCode => {
  if (json) writeOut(`${JSON.stringify({ schema: 1, policies: POLICIES, rules: KERNEL_RULES }, null, 2)}\n`);
  else writeOut(policiesText(POLICIES, KERNEL_RULES, page()));
  return Exit.ok;
};
