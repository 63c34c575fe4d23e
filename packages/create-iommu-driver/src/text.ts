import type { DriverNames } from './driver-names.js';

export const HELP = `npm create iommu-driver NAME

Writes a package with a driver for another IOMMU to the new folder iommu-driver-NAME: source, tests,
README, licence, and a workflow that publishes it. It passes its tests as it is; its IOMMU is an
invented one, to be replaced by yours.

  NAME         riscv, iommu-driver-riscv or @scope/riscv
  --help       print this (npm create iommu-driver -- --help)
  --version    print the version

The folder must be new or empty. Exit status: 0 written, 2 wrong usage, or nothing written.
`;

/** What was written, and what comes next. */
export const nextSteps = ({ packageName, folder }: DriverNames, files: number): string => `\
${packageName}: ${files} files in ${folder}

  cd ${folder}
  npm install
  npm test         builds it, and tries the driver with the conformance kit
  npm run try      prints the groups of the machine in test/board.ts

Its table, the TOYI, is invented: README.md says what to replace by yours, in which order.
`;
