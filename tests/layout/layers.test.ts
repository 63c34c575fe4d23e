import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { portableEntries } from '../support/portable.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = join(root, 'packages');

/** From the bottom up: a package imports only from rows below its own. The commands know all. */
const ROWS: readonly (readonly string[])[] = [
  ['core'],
  ['pci', 'firmware'],
  ['machine', 'driver-*'],
  ['host', 'sysfs', 'analysis', 'driver-testkit'],
  ['export'],
  ['cli', 'create-iommu-driver'],
];

/** What a driver must not know although it stands below: it takes a machine's parts by the contract alone. */
const rowOf = (name: string): number => {
  const own = ROWS.findIndex((row) => row.includes(name));
  return own < 0 && name.startsWith('driver-') ? ROWS.findIndex((row) => row.includes('driver-*')) : own;
};
const isCommand = (name: string): boolean => rowOf(name) === ROWS.length - 1;
const allowed = (from: string, to: string): boolean =>
  rowOf(to) >= 0 && rowOf(to) < rowOf(from) && (isCommand(from) || !to.startsWith('driver-'));

interface Manifest {
  readonly name: string;
  readonly license: string;
  readonly type: string;
  readonly exports?: Readonly<Record<string, unknown>>;
  readonly files: readonly string[];
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

const packages = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'package.json')));
const manifestOf = (name: string): Manifest => JSON.parse(readFileSync(join(folder, name, 'package.json'), 'utf8'));

const sources = (directory: string): string[] =>
  readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
    const path = join(directory, entry.name);
    return entry.isDirectory() ? sources(path) : entry.name.endsWith('.ts') ? [path] : [];
  });

const importsOf = (path: string): string[] => {
  const text = readFileSync(path, 'utf8');
  const statements = text.matchAll(
    /(?:^|\n)\s*(?:import|export)\s[^'"]*?from\s*['"]([^'"]+)['"]|import\(\s*['"]([^'"]+)['"]\s*\)|(?:^|\n)import\s*['"]([^'"]+)['"]/g,
  );
  return [...statements].map(([, a, b, c]) => a ?? b ?? c ?? '');
};

/** A file, and those of its package that it leads to. */
const reachedFrom = (path: string, reached = new Set<string>()): ReadonlySet<string> => {
  if (reached.has(path)) return reached;
  reached.add(path);
  for (const specifier of importsOf(path))
    if (specifier.startsWith('.')) reachedFrom(join(dirname(path), specifier.replace(/\.js$/, '.ts')), reached);
  return reached;
};

/** Files that must run anywhere. */
const portableFiles = new Set(
  portableEntries.flatMap(({ folder: name, source }) => [...reachedFrom(join(folder, name, source))]),
);

const packageOf = (specifier: string): string | undefined => /^@iommu\/([^/]+)/.exec(specifier)?.[1];

test('every package is in a row', () => {
  expect(packages.filter((name) => rowOf(name) < 0)).toEqual([]);
});

describe.each(packages)('%s', (name) => {
  const manifest = manifestOf(name);
  const files = sources(join(folder, name, 'src'));

  test('depends only on rows below', () => {
    const dependencies = Object.keys({ ...manifest.dependencies, ...(name === 'cli' ? manifest.devDependencies : {}) });
    const upward = dependencies.flatMap((one) => packageOf(one) ?? []).filter((to) => !allowed(name, to));
    expect(upward).toEqual([]);
  });

  test('imports only from rows below, and only what it declares', () => {
    const declared = Object.keys({ ...manifest.dependencies, ...manifest.devDependencies });
    const wrong = files.flatMap((path) =>
      importsOf(path)
        .filter((specifier) => {
          const to = packageOf(specifier);
          return to !== undefined && !(allowed(name, to) && declared.includes(`@iommu/${to}`));
        })
        .map((specifier) => `${relative(root, path)}: ${specifier}`),
    );
    expect(wrong).toEqual([]);
  });

  test('imports nothing that it does not declare, and nothing of Node where it must run anywhere', () => {
    const own = new Set(Object.keys({ ...manifest.dependencies, ...(name === 'cli' ? manifest.devDependencies : {}) }));
    const wrong = files.flatMap((path) =>
      importsOf(path).filter(
        (specifier) =>
          !specifier.startsWith('.') &&
          (portableFiles.has(path) || !specifier.startsWith('node:')) &&
          !own.has(
            specifier
              .split('/')
              .slice(0, specifier.startsWith('@') ? 2 : 1)
              .join('/'),
          ),
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('reaches into no other package by a path', () => {
    const outside = files.flatMap((path) =>
      importsOf(path).filter((specifier) => /^(?:\.\.\/)+packages\/|^(?:\.\.\/){2,}[a-z-]+\/src/.test(specifier)),
    );
    expect(outside).toEqual([]);
  });

  test('has the files that every package has', () => {
    for (const file of ['package.json', 'README.md', 'LICENSE', 'tsup.config.ts', 'tsconfig.json', 'src']) {
      expect(existsSync(join(folder, name, file)), file).toBe(true);
    }
    // What `npm create` finds has a name without a scope.
    expect(manifest.name).toBe(name.startsWith('create-') ? name : `@iommu/${name}`);
    expect(manifest.license).toBe('MIT');
    expect(manifest.type).toBe('module');
  });

  test('keeps its files short', () => {
    const isData = (path: string) => /-rows\.ts$|-ids\.ts$|-rules\.ts$|-schema\.ts$/.test(path);
    const long = files.filter((path) => !isData(path) && readFileSync(path, 'utf8').split('\n').length > 300);
    expect(long.map((path) => relative(folder, path))).toEqual([]);
  });
});

test('what must run anywhere is all of a package, or what one entry leads to', () => {
  const all = ['core', 'firmware', 'pci', 'machine', 'driver-smmu', 'driver-testkit', 'analysis', 'export'];
  const left = all.flatMap((name) => sources(join(folder, name, 'src'))).filter((path) => !portableFiles.has(path));
  expect(left.map((path) => relative(folder, path))).toEqual([]);
  const sysfs = sources(join(folder, 'sysfs/src')).map((path) => [
    relative(join(folder, 'sysfs/src'), path),
    portableFiles.has(path),
  ]);
  expect(Object.fromEntries(sysfs)).toMatchObject({
    'tree/sysfs-of.ts': true,
    'sinks/tree-lines.ts': true,
    'sinks/folder.ts': false,
    'fuse/mount.ts': false,
  });
});

test('core has no dependency', () => {
  expect(manifestOf('core').dependencies).toBeUndefined();
});

const examples = join(root, 'examples');
const drivers = readdirSync(examples).filter((name) => name.startsWith('iommu-driver-'));

describe.each(drivers)('examples/%s, as others would write it', (name) => {
  const own = join(examples, name);
  const manifest: Manifest = JSON.parse(readFileSync(join(own, 'package.json'), 'utf8'));
  const dependencies = Object.keys(manifest.dependencies ?? {});

  test('depends on what a driver may know', () => {
    expect(dependencies.filter((one) => !['@iommu/core', '@iommu/pci', '@iommu/firmware'].includes(one))).toEqual([]);
  });

  test('imports its own files and what it declares, by the names that are published', () => {
    const allowedInTests = [...dependencies, ...Object.keys(manifest.devDependencies ?? {}), '@iommu/machine/build'];
    const wrong = ['src', 'test'].flatMap((part) =>
      sources(join(own, part)).flatMap((path) =>
        importsOf(path)
          .filter((specifier) =>
            specifier.startsWith('.')
              ? !resolve(dirname(path), specifier).startsWith(`${own}/`)
              : !(part === 'src' ? dependencies : allowedInTests).includes(specifier),
          )
          .map((specifier) => `${relative(root, path)}: ${specifier}`),
      ),
    );
    expect(wrong).toEqual([]);
  });

  test('has the files that a package has, none of which reaches out of its folder', () => {
    for (const file of [
      'README.md',
      'LICENSE',
      'tsconfig.json',
      'tsconfig.build.json',
      'package-lock.json',
      'src',
      'test',
    ]) {
      expect(existsSync(join(own, file)), file).toBe(true);
    }
    for (const file of ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'])
      expect(readFileSync(join(own, file), 'utf8')).not.toMatch(/\.\.\/|workspace:|file:|link:|"link"/);
    expect(manifest).toMatchObject({ name, license: 'MIT', type: 'module' });
  });
});
