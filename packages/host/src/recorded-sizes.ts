import { type FileTree, readText } from './file-tree.js';

/** Where a capture says what it is, and what it lacks. */
export const MANIFEST = 'capture.json';

/** What stands in it; nothing of it was checked. */
export const readManifest = (top: FileTree): Readonly<Record<string, unknown>> => {
  try {
    const manifest: unknown = JSON.parse(readText(top, MANIFEST) ?? '{}');
    return typeof manifest === 'object' && manifest !== null ? (manifest as Record<string, unknown>) : {};
  } catch {
    // Somebody else's file of this name.
    return {};
  }
};

/** Sizes of configuration spaces that were cut, as the machine's own files claimed them, by address. */
const readSizes = (top: FileTree): Readonly<Record<string, unknown>> => {
  const { configSizes } = readManifest(top);
  return typeof configSizes === 'object' && configSizes !== null ? (configSizes as Record<string, unknown>) : {};
};

/** A recorded sysfs in which cut configuration spaces claim the size that they had on the machine. */
export const withRecordedSizes = (sys: FileTree, top: FileTree): FileTree => {
  const sizes = readSizes(top);
  if (Object.keys(sizes).length === 0) return sys;
  return {
    read: (path) => sys.read(path),
    link: (path) => sys.link(path),
    list: (path) => sys.list(path),
    readSized: (path) => {
      const bytes = sys.read(path);
      const size = path.endsWith('/config') ? sizes[path.split('/').at(-2) ?? ''] : undefined;
      return bytes && { bytes, size: typeof size === 'number' ? size : bytes.length };
    },
  };
};
