import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { root } from '../support/command.js';
import { codeBlocks } from '../support/markdown.js';
import { packAll, runTool } from '../support/packed.js';

const wanted = ['core', 'firmware', 'pci', 'machine', 'driver-intel-vtd'];
let folder: string;

/** An empty folder with the tarballs installed as a user would, and nothing of the checkout. */
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'iommu-installed-'));
  const tarballs = [...packAll(wanted)].map(([name, path]) => [`@iommu/${name}`, `file:${path}`] as const);
  const manifest = {
    name: 'installed',
    private: true,
    type: 'module',
    dependencies: Object.fromEntries(tarballs),
    overrides: Object.fromEntries(tarballs.map(([name]) => [name, `$${name}`])),
  };
  writeFileSync(join(folder, 'package.json'), JSON.stringify(manifest));
  runTool('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--ignore-scripts'], folder);
}, 180_000);

const runText = (code: string, name: string): string => {
  writeFileSync(join(folder, name), code);
  return runTool(process.execPath, [name], folder);
};

test('runs the sample of the root README', () => {
  const readme = readFileSync(join(root, 'README.md'), 'utf8');
  const [code, output] = codeBlocks(readme, 'js');
  expect(runText(code!.text, 'sample.mjs')).toBe(output!.text);
});

test('names the package to install when the IOMMU of a machine has no driver', () => {
  const code = `
    import { boot } from '@iommu/machine';
    import { endpoint, layOut } from '@iommu/machine/build';
    const machine = { schema: 1, firmware: { acpi: { IVRS: new Uint8Array(48) } }, pci: layOut([{ devices: [endpoint()] }]) };
    const running = boot(machine, { drivers: [] });
    for (const device of running.devices) {
      const { group, reasons } = running.outcomeOf(device);
      console.log(device.name, group === undefined, reasons[0].rule, reasons[0].text);
    }`;
  expect(runText(code, 'no-driver.mjs')).toBe(
    '0000:00:00.0 true no-driver The firmware describes AMD-Vi, and no driver for it is installed: install @iommu/driver-amd-vi.\n',
  );
});
