import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const folder = fileURLToPath(new URL('../../../../fixtures/recorded', import.meta.url));

/** All recordings of one boot, `vtd/intel-001`. */
export const RECORDINGS: readonly string[] = ['vtd', 'amdvi', 'smmuv3', 'virtio-iommu', 'rules'].flatMap((category) =>
  readdirSync(join(folder, category)).map((name) => `${category}/${name.replace(/\.tar\.gz$/, '')}`),
);

/** The archive of a recording. */
export const recordingFile = (name: string): string => join(folder, `${name}.tar.gz`);

export const recordingBytes = (name: string): Uint8Array => readFileSync(recordingFile(name));

/** `expected.json`: what the recorded kernel said. */
export interface Expected {
  readonly kernel: string;
  readonly cmdline: string;
  readonly iommus: readonly string[];
  readonly groups: readonly {
    readonly id: number;
    readonly type: string;
    readonly devices: readonly string[];
    readonly reserved_regions: readonly string[];
  }[];
  readonly devices: Readonly<
    Record<
      string,
      {
        readonly id: string;
        readonly class: string;
        readonly driver: string | null;
        readonly config_bytes: number;
        readonly path: string;
      }
    >
  >;
}
