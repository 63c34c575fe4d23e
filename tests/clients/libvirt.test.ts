import { describe, expect, test } from 'vitest';
import { BACKINGS, type Described, groupOfEach, shellInRun, usualMachine } from '../support/clients.js';
import { WITH_LIBVIRTD } from '../support/libvirtd.js';
import { needsNamespaces, needsProgram, needsRoot } from '../support/needs.js';

const nameOf = (device: string): string => `pci_${device.replaceAll(/[:.]/g, '_')}`;

const groupIn = (xml: string): { id: number; devices: string[] } | undefined => {
  const [, id, members = ''] = /<iommuGroup number='(\d+)'>(.*?)<\/iommuGroup>/s.exec(xml) ?? [];
  if (id === undefined) return undefined;
  const addresses = members.matchAll(/domain='0x(\w+)' bus='0x(\w+)' slot='0x(\w+)' function='0x(\w+)'/g);
  return { id: Number(id), devices: [...addresses].map(([, d, b, s, f]) => `${d}:${b}:${s}.${f}`).sort() };
};

const expectedGroup = ({ groups }: Described, device: string) => {
  const group = groups.find(({ devices }) => devices.includes(device));
  return group && { id: group.id, devices: [...group.devices].sort() };
};

describe.each(BACKINGS)('in a %s view libvirt', (_name, flags) => {
  test('lists every PCI device, each with its group and all that are in it', async (context) => {
    needsNamespaces(context);
    needsRoot(context);
    needsProgram(context, 'libvirtd');
    needsProgram(context, 'virsh');
    const machine = await usualMachine();
    const devices = Object.keys(groupOfEach(machine)).sort();
    const dumps = devices.map((device) => `echo "end ${device}"; virsh nodedev-dumpxml ${nameOf(device)}`);
    const { stdout } = shellInRun(machine, [WITH_LIBVIRTD, 'virsh nodedev-list --cap pci', ...dumps].join('\n'), flags);
    const [listed = '', ...parts] = stdout.split(/^end /m);
    expect(listed.split('\n').filter(Boolean).sort()).toEqual(devices.map(nameOf));
    const found = parts.map((part) => [part.slice(0, part.indexOf('\n')), groupIn(part)] as const);
    expect(found).toEqual(devices.map((device) => [device, expectedGroup(machine, device)]));
  });
});
