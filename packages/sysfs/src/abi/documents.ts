import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { IommuError } from '@iommu/core';

/** Seen from a bundle with the documents beside it, from this package as it is published, and from its source. */
const PLACES = ['./Documentation/ABI', '../Documentation/ABI', '../../Documentation/ABI'];

/** Leftovers of editors and patches, which the kernel's tool passes over too. */
const isIgnored = (name: string): boolean => name.startsWith('.') || /(?:\.(?:rej|org|orig|bak)|~)$/.test(name);

/** A document of the ABI. */
export interface AbiDocument {
  /** Below `Documentation/ABI`: `testing/sysfs-kernel-iommu_groups`. */
  readonly file: string;
  /** The whole file, in the form that `parseAbi()` reads. */
  readonly text: string;
}

/** The folder `Documentation/ABI`. @throws IommuError `ERR_ABI` when it did not come along. */
export const abiFolder = (): string => {
  const found = PLACES.map((place) => fileURLToPath(new URL(place, import.meta.url))).find((path) => existsSync(path));
  if (found === undefined) throw new IommuError('ERR_ABI', 'the documents of the ABI did not come with this package');
  return found;
};

/** All documents, by name; the README is prose and is none. @throws IommuError `ERR_ABI` */
export const readDocuments = (folder: string = abiFolder()): AbiDocument[] =>
  readdirSync(folder, { withFileTypes: true })
    .filter((level) => level.isDirectory())
    .flatMap(({ name: level }) =>
      readdirSync(join(folder, level))
        .filter((name) => !isIgnored(name))
        .map((name) => `${level}/${name}`),
    )
    .sort()
    .map((file) => ({ file, text: readFileSync(join(folder, file), 'utf8') }));
