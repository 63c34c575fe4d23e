import { createHash, randomBytes } from 'node:crypto';
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IommuError } from '@iommu/core';

/*
 * Where the sockets of running machines are: in a directory that only its owner may look into (0700), each with a file
 * beside it that holds a token (0600). Node cannot ask the kernel who connected; whoever knows the token could read a file
 * that only the owner and root can, wherever the socket itself was made visible.
 */

const FOLDER = 'iommu';
const OWNER_ONLY = 0o700;

/** The longest path of a socket. See `sockaddr_un` in unix(7). */
const LONGEST_PATH = 107;

const ownUid = (): number => process.getuid?.() ?? 0;

/** Where a runtime directory may be, the usual one first. */
const candidates = (environment: NodeJS.ProcessEnv, uid: number): string[] => {
  const { XDG_RUNTIME_DIR: given } = environment;
  return [
    ...(given ? [join(given, FOLDER)] : []),
    join(uid === 0 ? '/run' : `/run/user/${uid}`, FOLDER),
    join(tmpdir(), `${FOLDER}-${uid}`),
  ];
};

/** Whether a directory is there, is ours, and nobody else may look into it. */
const isPrivate = (path: string, uid: number): boolean => {
  const stat = lstatSync(path, { throwIfNoEntry: false });
  return stat?.isDirectory() === true && stat.uid === uid && (stat.mode & 0o077) === 0;
};

/** The directories that sockets of this user may be in. */
export const runtimeDirectories = (environment = process.env, uid = ownUid()): string[] => [
  ...new Set(candidates(environment, uid).filter((path) => isPrivate(path, uid))),
];

/**
 * The directory for new sockets; it is made where it is not there.
 *
 * @throws IommuError `ERR_CONTROL_PLACE`
 */
export const runtimeDirectory = (environment = process.env, uid = ownUid()): string => {
  for (const path of candidates(environment, uid)) {
    try {
      mkdirSync(path, { mode: OWNER_ONLY });
    } catch {
      // It is there, or cannot be: which, is looked at next.
    }
    if (isPrivate(path, uid)) return path;
  }
  throw new IommuError(
    'ERR_CONTROL_PLACE',
    'no directory for the control socket that only you may look into; set XDG_RUNTIME_DIR to one',
  );
};

/** The files of one running machine. */
export interface ControlPlace {
  readonly socket: string;
  readonly token: string;
}

const placeIn = (directory: string, name: string): ControlPlace => ({
  socket: join(directory, `${name}.sock`),
  token: join(directory, `${name}.token`),
});

const NAME_LENGTH = 16;

/** @param mount - Absolute and without links. */
export const placeOf = (directory: string, mount: string): ControlPlace =>
  placeIn(directory, createHash('sha256').update(mount).digest('hex').slice(0, NAME_LENGTH));

/** Where a machine that is mounted here would listen, in every directory that it may have chosen. */
export const placesOf = (mount: string): ControlPlace[] =>
  runtimeDirectories().map((directory) => placeOf(directory, mount));

/** Of all machines of this user, running or left behind. */
export const allPlaces = (): ControlPlace[] =>
  runtimeDirectories().flatMap((directory) =>
    readdirSync(directory)
      .filter((name) => name.endsWith('.sock'))
      .map((name) => placeIn(directory, name.slice(0, -'.sock'.length))),
  );

/** Make the token file of a new machine. @returns The token. */
export const writeToken = ({ socket, token }: ControlPlace): string => {
  if (Buffer.byteLength(socket) > LONGEST_PATH)
    throw new IommuError(
      'ERR_CONTROL_PLACE',
      `${socket} is too long for a socket (${LONGEST_PATH} bytes); set XDG_RUNTIME_DIR to a shorter path`,
    );
  const text = randomBytes(32).toString('hex');
  clearPlace({ socket, token });
  writeFileSync(token, text, { mode: 0o600, flag: 'wx' });
  return text;
};

/** @returns The token of a running machine, empty if there is none. */
export const readToken = ({ token }: ControlPlace): string => {
  try {
    return readFileSync(token, 'utf8');
  } catch {
    return '';
  }
};

/** Remove what a machine leaves behind. */
export const clearPlace = ({ socket, token }: ControlPlace): void => {
  rmSync(socket, { force: true });
  rmSync(token, { force: true });
};
