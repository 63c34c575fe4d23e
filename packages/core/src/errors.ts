/** The kernel's error names that this model can answer with. */
export type Errno =
  | 'EACCES'
  | 'EAGAIN'
  | 'EBUSY'
  | 'EEXIST'
  | 'EFAULT'
  | 'EINVAL'
  | 'ENODEV'
  | 'ENOENT'
  | 'ENOMEM'
  | 'EIO'
  | 'ENOSPC'
  | 'ERANGE'
  | 'EOPNOTSUPP'
  | 'EPERM'
  | 'EPROBE_DEFER';

/** Codes that core itself throws. The packages above add their own; core's README lists when each occurs. */
export type CoreErrorCode =
  | 'ERR_REFUSED'
  | 'ERR_GROUP_ENDED'
  | 'ERR_GROUP_REFERENCE'
  | 'ERR_DEVICE_EXISTS'
  | 'ERR_DEVICE_GROUPED'
  | 'ERR_DEVICE_UNKNOWN'
  | 'ERR_DRIVER_CONTRACT'
  | 'ERR_DRIVER_SPEC_VERSION';

/** A stable code; a string of another package is as good as one of core's. */
export type ErrorCode = CoreErrorCode | (string & {});

const brand: unique symbol = Symbol.for('iommu.error') as never;

/** What else an {@link IommuError} carries. */
export interface IommuErrorOptions {
  /** What the kernel would have returned, where it has an answer. */
  readonly errno?: Errno;
  /** The error that led to this one. */
  readonly cause?: unknown;
}

/**
 * The one error class of all packages.
 *
 * The message says what is wrong, where, and what was expected. Tell it by {@link isIommuError}, never by `instanceof`:
 * two copies of this package may be installed side by side.
 */
export class IommuError extends Error {
  /** The same for every error; `code` tells what went wrong. */
  override readonly name = 'IommuError';
  /** Stable, unlike the message; the README of the package that throws lists its codes. */
  readonly code: ErrorCode;
  /** What the kernel would have returned, without its sign; `undefined` where it has no answer. */
  readonly errno: Errno | undefined;
  /** What {@link isIommuError} looks for: `Symbol.for('iommu.error')`, the same in every copy of this package. */
  readonly [brand] = true;

  constructor(code: ErrorCode, message: string, options: IommuErrorOptions = {}) {
    super(message, options);
    this.code = code;
    this.errno = options.errno;
  }
}

/** Whether `value` is an {@link IommuError} of any copy of this package and, if `code` is given, has that code. */
export const isIommuError = (value: unknown, code?: ErrorCode): value is IommuError =>
  value instanceof Error &&
  (value as Partial<IommuError>)[brand] === true &&
  (code === undefined || (value as IommuError).code === code);

/** The error of a call that the kernel would refuse: `ERR_REFUSED` with its errno. */
export const refused = (errno: Errno, message: string): IommuError =>
  new IommuError('ERR_REFUSED', `${errno}: ${message}`, { errno });
