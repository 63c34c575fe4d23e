import { describe, expect, test } from 'vitest';
import { groupOfEach, runProgram, usualMachine } from '../support/clients.js';
import { needsProgram } from '../support/needs.js';
import { renderedFolder } from '../support/rendered.js';

describe('under the preload of umockdev, without a view', () => {
  test('a program that is linked to the C library finds a folder at /sys, with its groups', async (context) => {
    needsProgram(context, 'umockdev-run');
    needsProgram(context, 'lspci');
    const machine = await usualMachine();
    const folder = renderedFolder(machine);
    const environment = { UMOCKDEV_DIR: folder, LD_PRELOAD: 'libumockdev-preload.so.0' };
    const { stdout } = runProgram(['lspci', '-A', 'linux-sysfs', '-D', '-n', '-v'], environment);
    const groups = [...stdout.matchAll(/^(\S+) .*\n(?:\t.*\n)*?\t(?:.*, )?IOMMU group (\d+)$/gm)];
    expect(Object.fromEntries(groups.map(([, name, group]) => [name, Number(group)]))).toEqual(groupOfEach(machine));
  });
});
