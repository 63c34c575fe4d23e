import { describe, expect, test } from 'vitest';
import { shellInRun, usualMachine } from '../support/clients.js';
import { needsFuseDevice, needsNamespaces, needsProgram } from '../support/needs.js';

/** Below which heading of its status each network device stands. */
const statusIn = (text: string): Record<string, string> => {
  const states: Record<string, string> = {};
  let heading = '';
  for (const line of text.split('\n')) {
    const [, name] = /^([0-9a-f]{4}:\S+) '/.exec(line) ?? [];
    if (name !== undefined) states[name] = heading;
    else if (/^[A-Z]/.test(line)) heading = line;
  }
  return states;
};

describe('in a live view dpdk-devbind', () => {
  test('shows network devices, and binds one to vfio-pci and back', async (context) => {
    needsFuseDevice(context);
    needsNamespaces(context);
    needsProgram(context, 'dpdk-devbind.py');
    const status = 'dpdk-devbind.py --status-dev net';
    const script = `
      ${status}; echo end
      dpdk-devbind.py --bind vfio-pci 0000:02:12.2; echo $?; ${status}; echo end
      dpdk-devbind.py --unbind 0000:02:12.2; echo $?; ${status}`;
    const { stdout } = shellInRun(await usualMachine(), script, ['--load', 'vfio-pci']);
    const [before = '', bound = '', after = ''] = stdout.split('end\n');
    const others = 'Other Network devices';
    const names = ['0000:02:04.3', '0000:02:10.0', '0000:02:12.2'];
    const unbound = Object.fromEntries(names.map((name) => [name, others]));
    expect(statusIn(before)).toEqual(unbound);
    expect(bound).toMatch(/^0\n/);
    expect(statusIn(bound)).toEqual({ ...unbound, '0000:02:12.2': 'Network devices using DPDK-compatible driver' });
    expect(after).toMatch(/^0\n/);
    expect(statusIn(after)).toEqual(unbound);
  });
});
