import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { onTestFinished } from 'vitest';

/** A driver that has one unit, and gives every PCI device a group of its own. */
export const aloneDriver = (name: string, specVersion = 1): string => `
const unit = { name: '${name}0' };
export default () => ({
  specVersion: ${specVersion},
  name: '${name}',
  bind: () => ({
    units: [unit],
    unitOf: (device) => (device.bus === 'pci' ? { unit, ids: [device.rid] } : undefined),
    deviceGroup: (device, groups) => ({
      group: groups.alloc(),
      reasons: [{ rule: 'alone', text: device.name + ' is alone by ${name}.', source: '${name}', devices: [device] }],
    }),
    reservedRegions: () => [],
  }),
});
`;

/** A folder with files, gone when the test that asks for it is. */
export const folderWith = (files: Readonly<Record<string, string>>): string => {
  const folder = mkdtempSync(join(tmpdir(), 'iommu-drivers-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
  }
  return folder;
};

/** Files of an installed package. */
export const installed = (name: string, code: string, manifest: object = { exports: './index.js' }) => ({
  [`node_modules/${name}/package.json`]: JSON.stringify({ name, version: '1.0.0', type: 'module', ...manifest }),
  [`node_modules/${name}/index.js`]: code,
});
