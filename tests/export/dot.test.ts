import { spawnSync } from 'node:child_process';
import { intelVtd } from '@iommu/driver-intel-vtd';
import { toDot } from '@iommu/export';
import { boot, type Machine } from '@iommu/machine';
import { endpoint, layOut, rootPort } from '@iommu/machine/build';
import { expect, test } from 'vitest';
import { iommu } from '../support/command.js';
import { needsProgram } from '../support/needs.js';

/** As `dot -Tjson0` writes a graph: nodes and clusters in one list. */
interface Drawn {
  readonly objects: readonly {
    readonly name: string;
    readonly label?: string;
    /** Of a cluster: its nodes, by their place among `objects`. */
    readonly nodes?: readonly number[];
  }[];
  readonly edges?: readonly { readonly tail: number; readonly head: number }[];
}

const graphviz = (graph: string, format: 'json0' | 'svg'): string => {
  const { status, stdout, stderr } = spawnSync('dot', [`-T${format}`], {
    input: graph,
    encoding: 'utf8',
    timeout: 60_000,
  });
  expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
  return stdout;
};

const exported = (file: string): Drawn =>
  JSON.parse(graphviz(iommu(['export', file, '--format', 'dot', '--quiet']).stdout, 'json0'));

const NAMED: Readonly<Record<string, string>> = { lt: '<', gt: '>', quot: '"', amp: '&', apos: "'" };

/** The lines of text in a drawing. */
const textsIn = (svg: string): string[] =>
  [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text = '']) =>
    text
      .replace(/&(?:#(\d+)|(\w+));/g, (_, code, name) =>
        code ? String.fromCodePoint(Number(code)) : (NAMED[name] ?? ''),
      )
      .replaceAll('\u00a0', ' '),
  );

interface Groups {
  readonly groups: readonly { readonly id: number; readonly devices: readonly string[] }[];
}

test.for([
  'fixtures/authored/workstation-gpu.json',
  'fixtures/authored/arm-two-smmus.json',
  'fixtures/authored/server-vfs.json',
  'fixtures/recorded/vtd/intel-003.tar.gz',
])('Graphviz draws %s: a box around each group of several, the number in every label', (file, context) => {
  needsProgram(context, 'dot');
  const { groups }: Groups = JSON.parse(iommu(['groups', file, '--json', '--quiet']).stdout);
  const { objects } = exported(file);
  const clusters = objects.flatMap(({ name, label, nodes = [] }) =>
    name.startsWith('cluster_') ? [{ label, devices: nodes.map((at) => objects[at]?.name).sort() }] : [],
  );
  expect(clusters).toEqual(
    groups
      .filter(({ devices }) => devices.length > 1)
      .map(({ id, devices }) => ({ label: `IOMMU group ${id}\\l`, devices: [...devices].sort() })),
  );
  const labels = new Map(objects.map(({ name, label }) => [name, label ?? '']));
  for (const { id, devices } of groups)
    for (const device of devices) expect(labels.get(device)).toMatch(new RegExp(`^${device}  group ${id}\\\\l`));
});

test('lines lead from each bridge to what is behind it, and bridges tell the state of ACS', (context) => {
  needsProgram(context, 'dot');
  const { objects, edges = [] } = exported('fixtures/authored/workstation-gpu.json');
  const lines = edges.map(({ tail, head }) => `${objects[tail]?.name} ${objects[head]?.name}`);
  expect(lines).toContain('root bus 0000:00 0000:00:01.0');
  expect(lines).toContain('0000:00:01.0 0000:01:00.0');
  const label = (name: string) => objects.find((one) => one.name === name)?.label;
  expect(label('0000:00:01.0')).toContain('root-port, no ACS, does not isolate');
  expect(label('0000:00:1c.0')).toContain('root-port, ACS SV+ RR+ CR+ UF+, isolates');
});

test('whatever a dump calls a device comes out as it was, on one line', (context) => {
  needsProgram(context, 'dot');
  const names = ['a "quoted" one', 'back\\slash\\', 'AT&amp;T <b>', 'two\nlines', '}; digraph {', 'Grüße \u{1f600}'];
  const pci = layOut([{ devices: names.map((_, at) => rootPort({ slot: at + 1, acs: true }, [endpoint()])) }]);
  const machine: Machine = { schema: 1, name: names.join(' '), pci };
  const graph = toDot(boot(machine, { drivers: [intelVtd()] }), ({ segment, rid }) =>
    segment === 0 ? names[(rid >> 8) - 1] : undefined,
  );
  const texts = textsIn(graphviz(graph, 'svg'));
  for (const name of names) expect(texts).toContain(name.replace('\n', '\ufffd'));
});
