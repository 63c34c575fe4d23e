import { describe, expect, test } from 'vitest';
import { groupOfEach, shellInRun, usualMachine } from '../support/clients.js';
import { needsFuseDevice, needsNamespaces, needsProgram } from '../support/needs.js';

const words = (text: string): string[][] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => line.split(' '));

describe('in a live view driverctl', () => {
  test('lists every device, sets an override that binds, and takes it back', async (context) => {
    needsFuseDevice(context);
    needsNamespaces(context);
    needsProgram(context, 'driverctl');
    const machine = await usualMachine();
    // A module whose name has no dash: it would ask modprobe, of this machine's kernel, for others.
    const script = `
      driverctl list-devices; echo end
      driverctl --nosave set-override 0000:02:12.0 uio_pci_generic; echo $?
      driverctl list-overrides; basename "$(readlink /sys/bus/pci/devices/0000:02:12.0/driver)"; echo end
      driverctl --nosave --noprobe unset-override 0000:02:12.0; echo $?
      driverctl list-devices`;
    const { stdout } = shellInRun(machine, script, ['--load', 'uio_pci_generic']);
    const [before = '', set = '', after = ''] = stdout.split('end\n');
    expect(words(before).map(([name]) => name)).toEqual(Object.keys(groupOfEach(machine)).sort());
    expect(words(set)).toEqual([['0'], ['0000:02:12.0', 'uio_pci_generic'], ['uio_pci_generic']]);
    expect(words(after)).toEqual([['0'], ...words(before)]);
  });
});
