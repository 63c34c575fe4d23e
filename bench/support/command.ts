import { fileURLToPath } from 'node:url';

/** The built command as a process. */
export const command: readonly string[] = [
  process.execPath,
  fileURLToPath(new URL('../../packages/cli/bin/iommu.js', import.meta.url)),
];
