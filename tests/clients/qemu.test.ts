import { describe, expect, test } from 'vitest';
import { BACKINGS, runInView, usualMachine } from '../support/clients.js';
import { needsNamespaces, needsProgram } from '../support/needs.js';

const QEMU = ['qemu-system-x86_64', '-machine', 'q35,accel=tcg', '-display', 'none', '-nodefaults', '-S'];

describe.each(BACKINGS)('in a %s view QEMU', (_name, flags) => {
  test('takes a device by its group, up to the file of VFIO that only hardware has', async (context) => {
    needsNamespaces(context);
    needsProgram(context, 'qemu-system-x86_64');
    const machine = await usualMachine();
    const { status, stderr } = runInView(machine, [...QEMU, '-device', 'vfio-pci,host=0000:02:12.0'], flags);
    expect(status).toBe(1);
    expect(stderr).toContain('vfio 0000:02:12.0: failed to open /dev/vfio/3: No such file or directory');
  });
});
