import {
  beyondMermaid,
  nodeDevices,
  toAnsibleFact,
  toDot,
  toMermaid,
  toNdjson,
  toNfdFeatures,
  toNovaFixture,
  toSvg,
  withoutIds,
} from '@iommu/export';
import { pciIds, type TreeEntry } from '@iommu/host';
import type { RunningMachine } from '@iommu/machine';
import { ghwSnapshot, pciFixture, sysfsOf, toGoLiteral } from '@iommu/sysfs';
import { type DeviceStyle, deviceText } from '../device-text.js';
import type { FormatName } from './format-names.js';

/** One way to write a machine's groups. */
export interface Format {
  readonly write: (running: RunningMachine) => string | Uint8Array | Promise<Uint8Array>;
  /** It is bytes, which a terminal cannot show. */
  readonly isBinary?: boolean;
  /** It has no word for a number that is a guess: that is said beside it. */
  readonly hasNoDoubt?: boolean;
  /** What whoever reads it should be told of it. */
  readonly warn?: (running: RunningMachine, written: string) => string | undefined;
  /** The same as several files, for a folder. */
  readonly files?: (running: RunningMachine) => TreeEntry[];
}

const style: DeviceStyle = { ids: 'names', segment: true };

const describe = (device: Parameters<typeof deviceText>[0]): string => deviceText(device, style);

const encoder = new TextEncoder();

const SHOWN = 3;

const fixtureOf = (running: RunningMachine) => pciFixture(sysfsOf(running).root, running);

const together = async (chunks: AsyncIterable<Uint8Array>): Promise<Uint8Array> => {
  const all: Uint8Array[] = [];
  for await (const chunk of chunks) all.push(chunk);
  return Buffer.concat(all);
};

const leftOut = (running: RunningMachine): string | undefined => {
  const names = withoutIds(running);
  if (names.length === 0) return undefined;
  const more = names.length > SHOWN ? ` and ${names.length - SHOWN} more` : '';
  return `left out, for the input does not hold their vendor and device ids: ${names.slice(0, SHOWN).join(', ')}${more}`;
};

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  ndjson: { write: (running) => toNdjson(running, describe) },
  dot: { write: (running) => toDot(running, describe) },
  mermaid: { write: (running) => toMermaid(running, describe), warn: (_, written) => beyondMermaid(written) },
  svg: { write: (running) => toSvg(running, describe) },
  'libvirt-xml': {
    write: (running) =>
      nodeDevices(running, pciIds())
        .map(({ xml }) => xml)
        .join(''),
    files: (running) =>
      nodeDevices(running, pciIds()).map(({ name, xml }) => ({ path: `${name}.xml`, bytes: encoder.encode(xml) })),
    hasNoDoubt: true,
    warn: leftOut,
  },
  nova: { write: (running) => toNovaFixture(running, pciIds()), hasNoDoubt: true, warn: leftOut },
  ansible: { write: toAnsibleFact },
  nfd: { write: toNfdFeatures },
  go: { write: (running) => toGoLiteral(fixtureOf(running)), hasNoDoubt: true },
  ghw: { write: (running) => together(ghwSnapshot(fixtureOf(running))), isBinary: true, hasNoDoubt: true },
};
