/*
 * The FUSE kernel protocol, version 7: numbers, and where each field of a message lies.
 *
 * Integers are in the byte order of the machine. A message is a header and a body; a layout gives the offset of each field
 * within its own structure, and `bytes`, its length.
 *
 * Facts from Linux include/uapi/linux/fuse.h (7.45, v6.18) and Documentation/filesystems/fuse.
 */

export const MAJOR = 7;
/** The newest version whose structures are known here. */
export const NEWEST_MINOR = 45;
/** Linux 4.18, the oldest that this Node runs on. */
export const OLDEST_MINOR = 27;
/** From here on (Linux 6.16) a kernel surely keeps the text of a link whose size is 0 whole; older ones may cut it. */
export const LINK_CACHE_MINOR = 44;

export const ROOT_ID = 1;
/** Of an entry in a listing: it was not numbered. */
export const UNKNOWN_ID = 0xffffffff;
/** The kernel gives up reading into less. */
export const REQUEST_BUFFER = 128 * 1024;

export const Opcode = {
  lookup: 1,
  forget: 2,
  getattr: 3,
  setattr: 4,
  readlink: 5,
  symlink: 6,
  mknod: 8,
  mkdir: 9,
  unlink: 10,
  rmdir: 11,
  rename: 12,
  link: 13,
  open: 14,
  read: 15,
  write: 16,
  statfs: 17,
  release: 18,
  init: 26,
  opendir: 27,
  readdir: 28,
  releasedir: 29,
  create: 35,
  destroy: 38,
  batchForget: 42,
  readdirplus: 44,
  rename2: 45,
} as const;

/** What the kernel may be told without having asked; stands where a reply has its errno. */
export const Notice = { invalInode: 2, invalEntry: 3, delete: 6 } as const;

/** Of `INIT`, the low word. */
export const InitFlag = {
  asyncRead: 1 << 0,
  atomicTruncate: 1 << 3,
  bigWrites: 1 << 5,
  doReaddirplus: 1 << 13,
  readdirplusAuto: 1 << 14,
  parallelDirops: 1 << 18,
  cacheSymlinks: 1 << 23,
  noOpendirSupport: 1 << 24,
  initExt: 1 << 30,
} as const;

/** Of `INIT`, the high word. */
export const InitFlag2 = { requestTimeout: 1 << 10 } as const;

export const OpenFlag = { directIo: 1 << 0, keepCache: 1 << 1, cacheDir: 1 << 3, noFlush: 1 << 5 } as const;

/** Which fields of `SETATTR` are meant. */
export const SetAttr = { mode: 1 << 0, uid: 1 << 1, gid: 1 << 2 } as const;

/** Types of files, as in the mode of `stat`; a directory entry has them shifted down by 12. */
export const FileType = { directory: 0o040000, file: 0o100000, link: 0o120000 } as const;
export const FILE_TYPE_MASK = 0o170000;

export const RequestHeader = {
  length: 0,
  opcode: 4,
  unique: 8,
  nodeid: 16,
  uid: 24,
  gid: 28,
  pid: 32,
  bytes: 40,
} as const;
export const ReplyHeader = { length: 0, error: 4, unique: 8, bytes: 16 } as const;

/** Newer kernels send more: the field `flags2` is there if `initExt` is among the flags. */
export const InitIn = { major: 0, minor: 4, maxReadahead: 8, flags: 12, flags2: 16, bytes: 16 } as const;
export const InitOut = {
  major: 0,
  minor: 4,
  maxReadahead: 8,
  flags: 12,
  maxBackground: 16,
  congestionThreshold: 18,
  maxWrite: 20,
  timeGranularity: 24,
  flags2: 32,
  requestTimeout: 40,
  bytes: 64,
} as const;

export const Attr = {
  ino: 0,
  size: 8,
  blocks: 16,
  atime: 24,
  mtime: 32,
  ctime: 40,
  atimeNs: 48,
  mtimeNs: 52,
  ctimeNs: 56,
  mode: 60,
  nlink: 64,
  uid: 68,
  gid: 72,
  rdev: 76,
  blockSize: 80,
  bytes: 88,
} as const;

/** The answer to `LOOKUP`, with an {@link Attr} at `attr`. */
export const EntryOut = {
  nodeid: 0,
  generation: 8,
  entryValid: 16,
  attrValid: 24,
  entryValidNs: 32,
  attrValidNs: 36,
  attr: 40,
  bytes: 128,
} as const;
/** The answer to `GETATTR`, with an {@link Attr} at `attr`. */
export const AttrOut = { valid: 0, validNs: 8, attr: 16, bytes: 104 } as const;
export const SetAttrIn = { valid: 0, mode: 68, uid: 76, gid: 80, bytes: 88 } as const;

export const MknodIn = { mode: 0, bytes: 16 } as const;
export const OpenIn = { flags: 0, bytes: 8 } as const;
export const OpenOut = { handle: 0, flags: 8, bytes: 16 } as const;
export const ReadIn = { handle: 0, offset: 8, size: 16, bytes: 40 } as const;
export const WriteIn = { handle: 0, offset: 8, size: 16, bytes: 40 } as const;
export const WriteOut = { size: 0, bytes: 8 } as const;
export const ReleaseIn = { handle: 0, bytes: 24 } as const;
export const StatfsOut = { blockSize: 40, nameLength: 44, fragmentSize: 48, bytes: 80 } as const;

/** The name follows, and bytes of 0 up to a multiple of 8. */
export const Dirent = { ino: 0, offset: 8, nameLength: 16, type: 20, bytes: 24 } as const;

export const ForgetIn = { lookups: 0, bytes: 8 } as const;
/** So many {@link ForgetOne} follow. */
export const BatchForgetIn = { count: 0, bytes: 8 } as const;
export const ForgetOne = { nodeid: 0, lookups: 8, bytes: 16 } as const;

export const InvalInode = { ino: 0, offset: 8, length: 16, bytes: 24 } as const;
/** The name follows, and a byte of 0. */
export const InvalEntry = { parent: 0, nameLength: 8, bytes: 16 } as const;
/** The name follows, and a byte of 0. */
export const DeleteEntry = { parent: 0, child: 8, nameLength: 16, bytes: 24 } as const;
