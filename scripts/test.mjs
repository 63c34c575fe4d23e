// `npm test`: install, build and check everything. `npm run test:full` runs each sweep whole instead of a sample of it.
//
//   IOMMU_CORPUS=DIR           a folder of dumps of real machines
//   IOMMU_TEST_REQUIRE=LIST    of tools, fuse, namespaces, corpus: fail where a test would be skipped for want of them
//   IOMMU_TEST_INSTALL=1       install the Debian packages of missing system programs
//   IOMMU_TEST_SEED=N          repeat a run
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, environment, install, root, run } from './workspace.mjs';

const programs = JSON.parse(readFileSync(join(root, 'tests/support/programs.json'), 'utf8'));
const path = `${environment.PATH}:/usr/sbin:/sbin`;
const isThere = (program) => !spawnSync(program, ['--version'], { env: { PATH: path }, timeout: 10_000 }).error;

/** Install the Debian packages of programs that are missing, after naming them. */
const installPrograms = () => {
  const missing = Object.keys(programs).filter((name) => !isThere(name));
  if (missing.length === 0) return;
  const packages = [...new Set(missing.map((name) => programs[name].package))];
  if (process.env.IOMMU_TEST_INSTALL !== '1') {
    console.log(
      `not there: ${missing.join(', ')}; tests that need them are skipped (IOMMU_TEST_INSTALL=1 installs ${packages.join(' ')})`,
    );
    return;
  }
  console.log(`installing Debian packages: ${packages.join(' ')}`);
  const isRoot = process.getuid?.() === 0;
  const apt = (args) =>
    run(isRoot ? 'apt-get' : 'sudo', [...(isRoot ? [] : ['apt-get']), ...args], {
      quiet: true,
      env: { DEBIAN_FRONTEND: 'noninteractive' },
      // A browser is among them.
      timeout: 600_000,
    });
  if (apt(['install', '-y', '--no-install-recommends', ...packages]) !== 0) {
    apt(['update']);
    apt(['install', '-y', '--no-install-recommends', ...packages]);
  }
};

const started = Date.now();
const seconds = () => ((Date.now() - started) / 1000).toFixed(0);
let steps = 0;
let failed = 0;

const step = (name, program, args, options) => {
  const status = run(program, args, options);
  steps += 1;
  if (status !== 0) failed += 1;
  console.log(`${status === 0 ? 'ok    ' : 'FAILED'} ${name} (${seconds()} s)`);
};

install();
installPrograms();
build();
step('types', 'tsc', ['--noEmit', '-p', 'tsconfig.json'], { quiet: true });
step('what packages export', 'node', ['scripts/api-reports.mjs'], { quiet: true });
step('lint and format', 'biome', ['check', '.'], { quiet: true });
step('unused code and dependencies', 'knip', [], { quiet: true });
step('tests', 'vitest', ['run', '--reporter=dot', '--reporter=./tests/setup/closing-reporter.ts'], {
  env: {
    ...(process.argv.includes('--full') && { IOMMU_TEST_FULL: '1' }),
    // Into a file or a log, without colours.
    ...(!process.stdout.isTTY && { NO_COLOR: '1' }),
  },
});
console.log(failed === 0 ? `everything passed in ${seconds()} s` : `${failed} of ${steps} steps failed`);
process.exit(failed === 0 ? 0 : 1);
