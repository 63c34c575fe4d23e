/*
 * The release, rehearsed: everything was published to a registry of its own, a driver of another author too. What users
 * install from there, now and after later releases.
 */
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { root } from '../support/command.js';
import { codeBlocks } from '../support/markdown.js';
import { published } from '../support/packed.js';
import { Project } from '../support/registry/project.js';
import { downloads, NEW_DRIVER, type Rehearsal, rehearsal } from '../support/registry/rehearsal.js';
import { Release } from '../support/registry/release.js';
import { run } from '../support/registry/run.js';
import { type Registry, startRegistry } from '../support/registry/start-registry.js';
import { firstSample } from '../support/samples.js';
import { typeErrors } from '../support/type-check.js';

const PATIENCE_MS = 240_000;
const OURS = ['core', 'machine', 'driver-intel-vtd', 'sysfs'].map((name) => `@iommu/${name}`);
const VIRTIO = 'iommu-driver-virtio';

/** What a lockfile says of a package. */
interface Locked {
  readonly version?: string;
  readonly resolved?: string;
  readonly integrity?: string;
}

let folder: string;
let rehearsed: Rehearsal;
let registry: Registry;
let release: Release;
let project: Project;

/** What was rehearsed stays as it is: this goes on with copies. */
beforeAll(async () => {
  rehearsed = await rehearsal();
  folder = mkdtempSync(join(tmpdir(), 'iommu-release-'));
  for (const part of ['registry', 'release', 'project'] as const) {
    cpSync(rehearsed[part], join(folder, part), { recursive: true, verbatimSymlinks: true });
  }
  registry = await startRegistry(join(folder, 'registry'), downloads);
  release = new Release(join(folder, 'release'));
  project = Project.at(join(folder, 'project'));
  // To publish a package takes seconds: of later releases only what the project has, which is looked at.
  const installed = project.installed();
  release.holdBack(published.filter((name) => !(`@iommu/${name}` in installed)));
}, PATIENCE_MS);

afterAll(async () => {
  await registry?.stop();
  if (folder) rmSync(folder, { recursive: true, force: true });
}, PATIENCE_MS);

const ours = firstSample('README.md');
const virtio = firstSample(`examples/${VIRTIO}/README.md`);

const bothWork = async (): Promise<void> => {
  for (const { code, output } of [ours, virtio]) expect(await project.run(code)).toBe(output);
};

describe('the first release', () => {
  test('holds what was installed, and no link', () => {
    const installed = project.installed();
    expect(Object.keys(installed)).toEqual(expect.arrayContaining([...OURS, VIRTIO]));
    expect(Object.values(installed)).not.toContain('a link');
    expect(Object.keys(installed).filter((path) => path.endsWith('/core'))).toEqual(['@iommu/core']);
  });

  test('runs the sample of the README, and a driver of another author beside', bothWork, PATIENCE_MS);

  test('has types that fit the samples', () => {
    const files = Object.entries({ 'ours.mjs': ours, 'virtio.mjs': virtio }).map(([name, { code }]) => {
      writeFileSync(join(project.folder, name), code);
      return join(project.folder, name);
    });
    expect(typeErrors(files)).toEqual([]);
  });

  test(
    'has a driver that brings only what it needs',
    async () => {
      const alone = Project.in(join(folder, 'alone'));
      await alone.install(registry, '@iommu/driver-amd-vi');
      const expected = ['core', 'driver-amd-vi', 'firmware', 'pci'].map((name) => `@iommu/${name}`);
      expect(Object.keys(alone.installed()).sort()).toEqual(expected);
    },
    PATIENCE_MS,
  );

  test('lets nobody at what it does not export', async () => {
    const code = `import('@iommu/core/dist/index.js').catch(({ code }) => console.log(code));`;
    expect(await project.run(code)).toBe('ERR_PACKAGE_PATH_NOT_EXPORTED\n');
  });
});

describe('the package of another author', () => {
  test('was built and tested with what the registry holds, and no link', () => {
    const installed = Project.at(rehearsed.author).installed();
    for (const name of ['core', 'driver-testkit', 'firmware', 'machine', 'pci'])
      expect(installed[`@iommu/${name}`]).toBe('0.1.0');
    expect(Object.values(installed)).not.toContain('a link');
  });

  test('was installed as its lockfile says, which names no registry, and no sums of what is not published yet', () => {
    const lock = readFileSync(join(root, 'examples', VIRTIO, 'package-lock.json'), 'utf8');
    const { '': _own, ...packages } = (JSON.parse(lock) as { packages: Record<string, Locked> }).packages;
    const locked = Object.entries(packages).map(([path, one]) => [path.replace(/^node_modules\//, ''), one] as const);
    const versions = Object.fromEntries(locked.map(([path, { version }]) => [path, version]));
    expect(versions).toMatchObject(Project.at(rehearsed.author).installed());
    expect(locked.filter(([, { resolved }]) => resolved !== undefined)).toEqual([]);
    const withoutSum = locked.filter(([, { integrity }]) => integrity === undefined).map(([path]) => path);
    expect(withoutSum).toEqual(Object.keys(versions).filter((path) => path.startsWith('@iommu/')));
  });

  test('could not have been, had it imported what is not exported', async () => {
    const stray = "import type { IommuDriver } from '@iommu/core/src/driver.js';\nexport type Stray = IommuDriver;\n";
    writeFileSync(join(project.folder, 'stray.ts'), stray);
    const compiler = join(rehearsed.author, 'node_modules/typescript/bin/tsc');
    const check = run(
      process.execPath,
      [compiler, '--noEmit', '--skipLibCheck', '--module', 'nodenext', 'stray.ts'],
      project.folder,
    );
    await expect(check).rejects.toThrow(/error TS2307: Cannot find module '@iommu\/core\/src\/driver\.js'/);
  });

  test('could not have been, had it been linked to a workspace', async () => {
    const linked = Project.in(join(folder, 'linked')).install(registry, '@iommu/core@workspace:^');
    await expect(linked).rejects.toThrow('EUNSUPPORTEDPROTOCOL');
  });
});

describe('a package that npm create writes for a new driver', () => {
  const made = `iommu-driver-${NEW_DRIVER}`;
  let author: Project;

  beforeAll(() => {
    cpSync(rehearsed.created, join(folder, 'created'), { recursive: true, verbatimSymlinks: true });
    author = Project.at(join(folder, 'created', made));
  });

  test('is all that was written', () => {
    expect(readdirSync(join(folder, 'created'))).toEqual([made]);
  });

  test('is installed with the packages that are published', () => {
    const installed = author.installed();
    for (const name of ['core', 'pci', 'firmware', 'machine', 'driver-testkit'])
      expect(installed[`@iommu/${name}`], name).toBe('0.1.0');
  });

  test(
    'passes its own tests',
    async () => {
      const report = await run('npm', ['test'], author.folder);
      expect(Number(/^(?:#|ℹ) pass (\d+)$/m.exec(report)?.[1])).toBeGreaterThan(20);
      expect(report).toMatch(/^(?:#|ℹ) fail 0$/m);
    },
    PATIENCE_MS,
  );

  test('prints the groups that the guide shows', async () => {
    const guide = codeBlocks(readFileSync(join(root, 'docs/writing-a-driver.md'), 'utf8'));
    const shown = guide.findIndex(({ language, text }) => language === 'sh' && text.includes('try.js'));
    expect(await run('npm', ['run', '--silent', 'try'], author.folder)).toBe(guide[shown + 1]?.text);
  });

  test('would be published with its driver, and without its tests', async () => {
    const [packed] = JSON.parse(
      await run('npm', ['pack', '--dry-run', '--json', '--ignore-scripts'], author.folder, registry.env),
    ) as [{ readonly files: readonly { readonly path: string }[] }];
    const paths = packed.files.map(({ path }) => path);
    expect(paths).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'package.json', 'dist/src/index.js', 'dist/src/index.d.ts']),
    );
    expect(paths.filter((path) => !/^(?:LICENSE|README\.md|package\.json|(?:dist\/)?src\/.*)$/.test(path))).toEqual([]);
  });
});

describe('the next minor release of the core', () => {
  test(
    'works with a driver that was made for the first',
    async () => {
      release.change({ core: 'minor' }, 'Something more.');
      await release.raiseVersions();
      await release.publish(registry);
      await project.install(registry, ...OURS.map((name) => `${name}@latest`));
      const { '@iommu/core': core, [VIRTIO]: driver } = project.installed();
      expect([core, driver]).toEqual(['0.2.0', '0.1.0']);
      await bothWork();
    },
    PATIENCE_MS,
  );
});

describe('a core with the next version of the contract', () => {
  beforeAll(async () => {
    release.change({ core: 'major', machine: 'major', 'driver-intel-vtd': 'major' }, 'Drivers follow version 2.');
    release.rewrite('core', 'SPEC_VERSION = 1', 'SPEC_VERSION = 2');
    release.rewrite('driver-intel-vtd', 'specVersion: 1', 'specVersion: 2');
    await release.raiseVersions();
    await release.publish(registry);
    await project.install(registry, ...OURS.map((name) => `${name}@latest`));
  }, PATIENCE_MS);

  test('works with drivers that follow it', async () => {
    expect(project.installed()['@iommu/core']).toBe('1.0.0');
    expect(await project.run(ours.code)).toBe(ours.output);
  });

  test('refuses a driver that follows the first, and names both', async () => {
    const refusal = `driver virtio follows version 1 of the driver contract; this core speaks version 2`;
    await expect(project.run(virtio.code)).rejects.toThrow(refusal);
  });
});
