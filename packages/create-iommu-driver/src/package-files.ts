import { readdirSync, readFileSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { DriverNames } from './driver-names.js';

const template = fileURLToPath(new URL('../template/', import.meta.url));

/** Packages of this project, by name, and the range of versions that a driver asks for: `^0.1.0`. */
export type Ranges = Readonly<Record<string, string>>;

/** Files of a package: paths with `/`, and their text. */
export type PackageFiles = ReadonlyMap<string, string>;

/** Files that mean something to npm wherever they are, so that the template has them by other names. */
const WRITTEN_AS: ReadonlyMap<string, string> = new Map([
  ['gitignore', '.gitignore'],
  ['manifest.json', 'package.json'],
]);

/**
 * The template is a package by itself, for the driver `toy`. Names of its table, the TOYI, stay: it is what the author replaces.
 */
const renamed = (text: string, { packageName, factory, type, driver }: DriverNames): string => {
  const byName: Readonly<Record<string, string>> = {
    'iommu-driver-toy': packageName,
    toyIommu: factory,
    Toy: type,
    toy: driver,
  };
  return text.replace(/iommu-driver-toy|toyIommu|[Tt]oy(?!i)/g, (name) => byName[name] ?? name);
};

/** A manifest whose dependencies have the given ranges; others stay. */
const withRanges = (manifest: string, ranges: Ranges): string =>
  manifest.replace(/"(@iommu\/[^"]+)": "\^[^"]+"/g, (line, name: string) =>
    ranges[name] === undefined ? line : `"${name}": "${ranges[name]}"`,
  );

/**
 * The files of a new driver's package: source, tests, manifest, README, licence, and the workflow that publishes it.
 *
 * @param ranges - Of the packages that it uses; of one that is missing the template's stays.
 */
export const packageFiles = (names: DriverNames, ranges: Ranges): PackageFiles => {
  const paths = readdirSync(template, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(template, join(entry.parentPath, entry.name)).split(sep).join('/'))
    // What tools put there in a checkout.
    .filter((path) => !/^(?:node_modules|dist)\//.test(path));
  return new Map(
    paths.sort().map((path) => {
      const name = WRITTEN_AS.get(path) ?? path;
      const text = renamed(readFileSync(join(template, path), 'utf8'), names);
      return [name, name === 'package.json' ? withRanges(text, ranges) : text];
    }),
  );
};
