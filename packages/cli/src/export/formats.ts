import { beyondMermaid, toDot, toMermaid, toNdjson, toSvg } from '@iommu/export';
import type { RunningMachine } from '@iommu/machine';
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
  readonly warn?: (written: string) => string | undefined;
}

const style: DeviceStyle = { ids: 'names', segment: true };

const describe = (device: Parameters<typeof deviceText>[0]): string => deviceText(device, style);

export const FORMATS: Readonly<Record<FormatName, Format>> = {
  ndjson: { write: (running) => toNdjson(running, describe) },
  dot: { write: (running) => toDot(running, describe) },
  mermaid: { write: (running) => toMermaid(running, describe), warn: beyondMermaid },
  svg: { write: (running) => toSvg(running, describe) },
};
