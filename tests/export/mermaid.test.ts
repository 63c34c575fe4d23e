import { intelVtd } from '@iommu/driver-intel-vtd';
import { beyondMermaid, toMermaid } from '@iommu/export';
import { boot, type Machine } from '@iommu/machine';
import { endpoint, layOut, rootPort } from '@iommu/machine/build';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { drawn } from '../support/mermaid.js';
import { needsProgram } from '../support/needs.js';

interface Groups {
  readonly groups: readonly { readonly id: number; readonly devices: readonly string[] }[];
}

test.for([
  'fixtures/authored/workstation-gpu.json',
  'fixtures/authored/arm-two-smmus.json',
  'fixtures/authored/server-vfs.json',
])('Mermaid draws %s: every device with its group, a box around each group of several', (file, context) => {
  needsProgram(context, 'chromium-headless-shell');
  const { groups }: Groups = JSON.parse(iommu(['groups', file, '--json', '--quiet']).stdout);
  const written = iommu(['export', file, '-f', 'mermaid']);
  expect(written.stderr).not.toContain('maxEdges');
  const { title, description, nodes, clusters, edges } = drawn(written.stdout);
  expect(title).toMatch(/^IOMMU groups of authored: .*, Linux/);
  expect(description).toMatch(/^\d+ devices in \d+ IOMMU groups/);
  const shared = groups.filter(({ devices }) => devices.length > 1);
  expect([...clusters].sort()).toEqual(shared.map(({ id }) => `IOMMU group ${id}`).sort());
  for (const { id, devices } of groups) {
    for (const device of devices)
      expect(nodes.filter((text) => text.startsWith(`${device} group ${id}`))).toHaveLength(1);
  }
  const devices = groups.flatMap((group) => group.devices);
  expect(edges).toBe(devices.length);
});

test('whatever a dump calls a device comes out as it was', (context) => {
  needsProgram(context, 'chromium-headless-shell');
  const names = [
    'a "quoted" one',
    'end',
    '#35; %% click',
    '<b>bold</b> &amp;',
    'a]) --- b[',
    '`code` **strong**',
    'Grüße \u{1f600}',
  ];
  const pci = layOut([{ devices: names.map((_, at) => rootPort({ slot: at + 1, acs: true }, [endpoint()])) }]);
  const machine: Machine = { schema: 1, name: '"; #', pci };
  const flowchart = toMermaid(boot(machine, { drivers: [intelVtd()] }), ({ rid }) => names[(rid >> 8) - 1]);
  const { nodes, title } = drawn(flowchart);
  for (const [at, name] of names.entries())
    expect(nodes.find((text) => text.startsWith(`0000:0${at + 1}:00.0`))).toContain(name);
  expect(title).toContain('"; #');
});

test('says what is more than Mermaid draws unasked', () => {
  const devices = Array.from({ length: 30 }, (_, slot) => rootPort({ slot: slot + 1 }, [endpoint()]));
  const roots = Array.from({ length: 9 }, (_, at) => ({ bus: at * 28, devices: devices.slice(0, 28) }));
  const running = boot({ schema: 1, pci: layOut(roots) }, { drivers: [intelVtd()] });
  expect(running.devices).toHaveLength(504);
  expect(beyondMermaid(toMermaid(running))).toMatch(/^504 edges and \d+ characters: .*maxEdges/);
  const few = boot({ schema: 1, pci: layOut(roots.slice(0, 1)) }, { drivers: [intelVtd()] });
  expect(beyondMermaid(toMermaid(few))).toBeUndefined();
});
