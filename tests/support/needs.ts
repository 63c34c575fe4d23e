/*
 * What a test needs beyond Node and npm. Missing, it is a skip that is counted and printed with its reason;
 * `IOMMU_TEST_REQUIRE=tools,fuse,namespaces,corpus` turns such a skip into a failure.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'vitest';
import programs from './programs.json' with { type: 'json' };
import { isFull } from './sweep.js';

const required = new Set((process.env['IOMMU_TEST_REQUIRE'] ?? '').split(',').filter(Boolean));

const missing = (context: TestContext, kind: 'tools' | 'fuse' | 'namespaces' | 'corpus', reason: string): never => {
  if (required.has(kind)) throw new Error(`${reason} (IOMMU_TEST_REQUIRE names "${kind}")`);
  return context.skip(reason);
};

/** Go on only in a full run. */
export const needsFullRun = (context: TestContext): void => {
  if (!isFull) context.skip('only in npm run test:full');
};

/** Debian keeps system programs where an ordinary user's PATH does not look. */
export const systemPath = `${process.env['PATH']}:/usr/sbin:/sbin`;

/** Go on only if a system program is there. */
export const needsProgram = (context: TestContext, name: keyof typeof programs): void => {
  const { error } = spawnSync(name, ['--version'], { env: { ...process.env, PATH: systemPath }, timeout: 10_000 });
  if (error) missing(context, 'tools', `needs ${name} (Debian package ${programs[name].package})`);
};

/** Go on only if there is a folder of dumps. @returns The folder. */
export const needsCorpus = (context: TestContext, folder: string): string => {
  const corpus = process.env['IOMMU_CORPUS'];
  if (corpus === undefined) return missing(context, 'corpus', 'needs a folder of dumps in IOMMU_CORPUS');
  const path = join(corpus, folder);
  return existsSync(path) ? path : missing(context, 'corpus', `needs ${folder} in the folder IOMMU_CORPUS`);
};

const refusal = (words: readonly string[]): string | undefined => {
  const [program = '', ...args] = words;
  const { status, error, stderr } = spawnSync(program, args, { encoding: 'utf8', timeout: 10_000 });
  return status === 0 ? undefined : (error?.message ?? stderr.trim());
};

/** Go on only if those whom these words make can have a mount namespace of their own. */
export const needsNamespaces = (
  context: TestContext,
  { as }: { readonly as: readonly string[] } = { as: [] },
): void => {
  const reason = refusal([...as, 'unshare', '--user', '--map-root-user', '--mount', 'true']);
  if (reason !== undefined) missing(context, 'namespaces', `needs user and mount namespaces: ${reason}`);
};

/** Go on only as root that may mount. */
export const needsRoot = (context: TestContext): void => {
  const reason = refusal(['unshare', '--mount', 'true']);
  if (reason !== undefined) missing(context, 'namespaces', `needs root: ${reason}`);
};

/** Go on only if FUSE can be mounted by whoever may open its device. */
export const needsFuseDevice = (context: TestContext): void => {
  try {
    accessSync('/dev/fuse', constants.R_OK | constants.W_OK);
  } catch (error) {
    missing(context, 'fuse', `needs /dev/fuse (${(error as NodeJS.ErrnoException).code})`);
  }
};

/** Go on only as root that may mount, on a system with FUSE. */
export const needsFuse = (context: TestContext): void => {
  const reason = !existsSync('/dev/fuse')
    ? 'no /dev/fuse'
    : (refusal(['unshare', '--mount', 'sh', '-c', 'mount -n -t fusectl none /mnt && : <> /dev/fuse']) ?? '');
  if (reason !== '') missing(context, 'fuse', `needs FUSE and root: ${reason}`);
};
