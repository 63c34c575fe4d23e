import type { RunningMachine } from '@iommu/machine';
import { nodeDevices, type PciNames } from './node-devices.js';

/** Inside of three quotes: quotes of the XML's texts are entities already. */
const literal = (text: string): string => text.replaceAll('\\', '\\\\');

/**
 * A machine's PCI functions as tests of OpenStack's nova keep them: a Python dictionary of libvirt's node devices by name, in the
 * shape of `_fake_NodeDevXml` in nova/tests/unit/virt/libvirt/test_driver.py, here `NODE_DEVICES`.
 */
export const toNovaFixture = (running: RunningMachine, names?: PciNames): string =>
  [
    'NODE_DEVICES = {',
    ...nodeDevices(running, names).map(({ name, xml }) => `    '${name}': """${literal(xml)}""",`),
    '}',
    '',
  ].join('\n');
