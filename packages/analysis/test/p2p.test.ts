import type { Machine } from '@iommu/machine';
import { downstreamPort, endpoint, multifunction, pcieSwitch, rootPort } from '@iommu/machine/build';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { bootedAs, type P2pReport, p2p, p2pSchema, Trials } from '../src/index.js';
import { codeOf, desk, drawn, drivers } from './support/drawn.js';

const validate = new Ajv2020({ allowUnionTypes: true }).compile(p2pSchema);

const asked = (machine: Machine, from: string, to: string): P2pReport => {
  const report = p2p(new Trials(machine, { drivers }), from, to);
  expect(validate(report), JSON.stringify(validate.errors)).toBe(true);
  return report;
};

const gpu = (): ReturnType<typeof endpoint> => endpoint({ id: '10de:2684', class: '030000' });

type Acs = boolean | { readonly capability: string; readonly control?: string };

/** 01.0 with ACS; the switch 01:00.0 with ports 02:00.0 and 02:01.0, and a card behind each: 03:00.0, 04:00.0. */
const server = (first: Acs, second: Acs = first, extra: Partial<Machine> = {}): Machine => {
  const machine = drawn(
    [
      rootPort({ slot: 1, acs: true }, [
        pcieSwitch({ id: '10b5:8747' }, [
          downstreamPort({ acs: first }, [gpu()]),
          downstreamPort({ acs: second }, [gpu()]),
        ]),
      ]),
      rootPort({ slot: 2, acs: true }, [gpu()]),
    ],
    extra,
  );
  return { ...machine, pci: { functions: [], ...machine.pci, acsRead: 'after-boot' } };
};

const flags = (control: string): Acs => ({ capability: 'SV RR CR UF EC DT', control });

describe('below one switch', () => {
  test('RR at the port of the one redirects requests, CR at the port of the other completions', () => {
    const { request, completion, meeting, below } = asked(
      server(flags('SV RR UF'), flags('SV CR UF')),
      '03:00.0',
      '04:00.0',
    );
    expect({ meeting, below }).toEqual({ meeting: 'switch', below: '0000:01:00.0' });
    expect(request).toMatchObject({ device: '0000:02:00.0', route: 'redirected' });
    expect(completion).toMatchObject({ device: '0000:02:01.0', route: 'redirected' });
  });

  test('the other way round the other bits of the same ports decide', () => {
    const { request, completion } = asked(server(flags('SV RR UF'), flags('SV CR UF')), '04:00.0', '03:00.0');
    expect(request).toMatchObject({ device: '0000:02:01.0', route: 'direct' });
    expect(completion).toMatchObject({ device: '0000:02:00.0', route: 'direct' });
  });

  test('a port without ACS, or with both clear, passes them on', () => {
    for (const acs of [false, flags('SV UF')])
      expect(asked(server(acs), '03:00.0', '04:00.0')).toMatchObject({
        request: { route: 'direct' },
        completion: { route: 'direct' },
        clearing: null,
      });
  });

  test('EC leaves it to a vector that is not in the input', () => {
    expect(asked(server(flags('EC')), '03:00.0', '04:00.0').request.route).toBe('unknown');
  });

  test('bits that were not read are unknown', () => {
    const machine = server(true);
    const functions = (machine.pci?.functions ?? []).map(({ acs, ...one }) =>
      one.address.includes(':02:') ? one : { ...one, ...(acs !== undefined && { acs }) },
    );
    const report = asked({ ...machine, pci: { functions, acsRead: 'after-boot' } }, '03:00.0', '04:00.0');
    expect([report.request.route, report.completion.route]).toEqual(['unknown', 'unknown']);
  });
});

describe('clearing', () => {
  const machine = server(flags('SV RR CR UF'));
  const word = (kernel: string): string | undefined =>
    asked(bootedAs(machine, { kernel }), '03:00.0', '04:00.0').clearing?.parameter;

  test('names the ports, takes redirection away and keeps the other isolation, as the release is told', () => {
    expect(word('7.0')).toBe('config_acs=x0100x1@0000:02:00.0;x0100x1@0000:02:01.0');
    expect(word('6.1')).toBe('disable_acs_redir=0000:02:00.0;0000:02:01.0');
    expect(word('4.18')).toBeUndefined();
  });

  test('tells which groups are one then, and that the two stay in groups of their own', () => {
    const { clearing } = asked(bootedAs(machine, { kernel: '7.0' }), '03:00.0', '04:00.0');
    expect(clearing?.apart).toBe(true);
    expect(clearing?.changed.map(({ change, after }) => [change, after.map(({ devices }) => devices)])).toEqual([
      ['merged', [['0000:02:00.0', '0000:03:00.0']]],
      ['merged', [['0000:02:01.0', '0000:04:00.0']]],
    ]);
  });

  test('makes the way direct: asked again after it, nothing redirects', () => {
    for (const kernel of ['7.0', '6.1']) {
      const words = `intel_iommu=on pci=${word(kernel)}`;
      const { request, completion } = asked(bootedAs(machine, { kernel, commandLine: words }), '03:00.0', '04:00.0');
      expect([request.route, completion.route]).toEqual(['direct', 'direct']);
    }
  });

  test('warns of the releases that make something else of the word', () => {
    const notes = (kernel: string) =>
      asked(bootedAs(machine, { kernel }), '03:00.0', '04:00.0')
        .clearing?.notes.map(({ message }) => message)
        .join();
    expect(notes('6.12')).toContain('only the first device of a list');
    expect(notes('6.1')).toContain('what firmware had');
    expect(notes('7.0')).toBe('');
  });
});

test('between ports of the root complex it is up to the platform', () => {
  const report = asked(server(true), '03:00.0', '05:00.0');
  expect(report).toMatchObject({ meeting: 'root-complex', below: null, request: { route: 'unknown' } });
  expect(report.request.text).toContain('0000:00:01.0 sends them through the IOMMU first');
});

test('on a conventional bus nothing redirects, and nothing is to be cleared', () => {
  expect(asked(desk(), '04:01.0', '04:04.0')).toMatchObject({
    meeting: 'bus',
    request: { route: 'direct', device: null },
    clearing: null,
  });
});

test('inside one device only bits that are set say something', () => {
  expect(asked(desk(), '01:00.0', '01:00.1')).toMatchObject({ meeting: 'device', request: { route: 'unknown' } });
  const isolated = drawn([rootPort({ slot: 1 }, [multifunction(endpoint({ acs: true }), endpoint({ acs: true }))])]);
  expect(asked(isolated, '01:00.0', '01:00.1').request.route).toBe('redirected');
});

test('refuses what is no question', () => {
  const ask = (a: string, b: string) => codeOf(() => asked(desk(), a, b));
  expect(ask('01:00.0', '01:00.0')).toMatch(/ERR_USAGE: 0000:01:00.0 twice/);
  expect(ask('01:00.0', '00:01.0')).toMatch(/ERR_USAGE: .*above one another/);
  expect(ask('01:00.0', '99:00.0')).toMatch(/ERR_DEVICE_UNKNOWN/);
});
