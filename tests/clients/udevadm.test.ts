import { describe, expect, test } from 'vitest';
import { BACKINGS, runInView, usualMachine } from '../support/clients.js';
import { needsNamespaces, needsProgram } from '../support/needs.js';

describe.each(BACKINGS)('in a %s view udevadm', (_name, flags) => {
  test('prints a device with its properties, driver and parents', async (context) => {
    needsNamespaces(context);
    needsProgram(context, 'udevadm');
    const machine = await usualMachine();
    const device = '/sys/bus/pci/devices/0000:02:12.0';
    const { stdout, status } = runInView(machine, ['udevadm', 'info', '--query', 'all', device], flags);
    expect(status).toBe(0);
    expect(stdout.split('\n')).toEqual(
      expect.arrayContaining([
        'P: /devices/pci0000:00/0000:00:02.0/0000:01:00.0/0000:02:12.0',
        'E: SUBSYSTEM=pci',
        'E: PCI_SLOT_NAME=0000:02:12.0',
        'E: PCI_ID=1498:30C8',
      ]),
    );
    const walked = runInView(machine, ['udevadm', 'info', '--attribute-walk', device], flags).stdout;
    const places = [...walked.matchAll(/looking at (?:parent )?device '(.*)'/g)].map(([, path]) => path);
    expect(places).toEqual([
      '/devices/pci0000:00/0000:00:02.0/0000:01:00.0/0000:02:12.0',
      '/devices/pci0000:00/0000:00:02.0/0000:01:00.0',
      '/devices/pci0000:00/0000:00:02.0',
      '/devices/pci0000:00',
    ]);
    expect(walked).toContain('DRIVERS=="pcieport"');
  });
});
