import { createHash, randomBytes } from 'node:crypto';
import { accessSync, constants, lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { IommuError } from '@iommu/core';

/*
 * Where the sockets of running machines are: in a directory that only its owner may look into (0700), each with a note
 * beside it that only he can read (0600). Node cannot ask the kernel who connected; whoever knows the token of the note
 * could read that file, wherever the socket itself was made visible.
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
  try {
    const stat = lstatSync(path);
    // Who has no number in a user namespace looks like everybody else who has none.
    accessSync(path, constants.R_OK | constants.W_OK | constants.X_OK);
    return stat.isDirectory() && stat.uid === uid && (stat.mode & 0o077) === 0;
  } catch {
    return false;
  }
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
  readonly note: string;
}

/** What the note beside a socket says. */
export interface ControlNote {
  readonly token: string;
  /** The process that listens. */
  readonly pid: number;
  /** Where its machine is mounted. */
  readonly mount: string;
}

const NOTE = '.json';

const placeIn = (directory: string, name: string): ControlPlace => ({
  socket: join(directory, `${name}.sock`),
  note: join(directory, `${name}${NOTE}`),
});

const NAME_LENGTH = 16;

const nameOf = (mount: string): string => createHash('sha256').update(mount).digest('hex').slice(0, NAME_LENGTH);

/**
 * Where a process listens for its machine. No two have the same place: one that ends takes away only what is its own.
 *
 * @param mount - Absolute and without links.
 */
export const placeOf = (directory: string, mount: string, pid: number = process.pid): ControlPlace =>
  placeIn(directory, `${nameOf(mount)}-${pid}`);

const placesNamed = (start: string): ControlPlace[] =>
  runtimeDirectories().flatMap((directory) =>
    readdirSync(directory)
      .filter((name) => name.startsWith(start) && name.endsWith(NOTE))
      .map((name) => placeIn(directory, name.slice(0, -NOTE.length))),
  );

/** Where machines that are mounted here listen, or listened, in every directory that they may have chosen. */
export const placesOf = (mount: string): ControlPlace[] => placesNamed(`${nameOf(mount)}-`);

/** Of all machines of this user, running or left behind. */
export const allPlaces = (): ControlPlace[] => placesNamed('');

/** Write the note of a machine that this process serves. @returns Its token. @throws IommuError `ERR_CONTROL_PLACE` */
export const writeNote = (place: ControlPlace, mount: string): string => {
  const { socket, note } = place;
  if (Buffer.byteLength(socket) > LONGEST_PATH)
    throw new IommuError(
      'ERR_CONTROL_PLACE',
      `${socket} is too long for a socket (${LONGEST_PATH} bytes); set XDG_RUNTIME_DIR to a shorter path`,
    );
  const token = randomBytes(32).toString('hex');
  clearPlace(place);
  writeFileSync(note, JSON.stringify({ token, pid: process.pid, mount } satisfies ControlNote), {
    mode: 0o600,
    flag: 'wx',
  });
  return token;
};

/** @returns `undefined`: there is none. */
export const readNote = ({ note }: ControlPlace): ControlNote | undefined => {
  try {
    return JSON.parse(readFileSync(note, 'utf8')) as ControlNote;
  } catch {
    return undefined;
  }
};

/** Remove what a machine leaves behind. */
export const clearPlace = ({ socket, note }: ControlPlace): void => {
  rmSync(socket, { force: true });
  rmSync(note, { force: true });
};
