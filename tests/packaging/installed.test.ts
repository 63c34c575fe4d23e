import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installPacked, runTool } from '../support/packed.js';
import { firstSample } from '../support/samples.js';

const wanted = ['core', 'firmware', 'pci', 'machine', 'driver-intel-vtd'];
let folder: string;

beforeAll(() => {
  folder = installPacked(wanted);
}, 180_000);

afterAll(() => rmSync(folder, { recursive: true, force: true }), 60_000);

const runText = (code: string, name: string): string => {
  writeFileSync(join(folder, name), code);
  return runTool(process.execPath, [name], folder);
};

test('runs the sample of the root README', () => {
  const { code, output } = firstSample('README.md');
  expect(runText(code, 'sample.mjs')).toBe(output);
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
