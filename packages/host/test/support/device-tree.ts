/** A node of a device tree: its properties, then its children by name. */
export interface NodeSketch {
  readonly properties?: Readonly<Record<string, string | Uint8Array>>;
  readonly nodes?: Readonly<Record<string, NodeSketch>>;
}

const u32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
};

const padded = (bytes: Buffer): Buffer => Buffer.concat([bytes, Buffer.alloc(-bytes.length & 3)]);
const text = (value: string): Buffer => Buffer.from(`${value}\0`, 'latin1');

/** A flattened device tree, with `rest` behind its end. @see Devicetree Specification v0.4, chapter 5 */
export const deviceTreeBytes = (root: NodeSketch, rest = ''): Uint8Array => {
  const names: string[] = [];
  const nameOffset = (name: string): number => {
    if (!names.includes(name)) names.push(name);
    return names.slice(0, names.indexOf(name)).reduce((sum, { length }) => sum + length + 1, 0);
  };
  const node = (name: string, { properties = {}, nodes = {} }: NodeSketch): Buffer =>
    Buffer.concat([
      u32(1),
      padded(text(name)),
      ...Object.entries(properties).flatMap(([key, value]) => {
        const bytes = typeof value === 'string' ? text(value) : Buffer.from(value);
        return [u32(3), u32(bytes.length), u32(nameOffset(key)), padded(bytes)];
      }),
      ...Object.entries(nodes).map(([key, child]) => node(key, child)),
      u32(2),
    ]);
  const structure = Buffer.concat([node('', root), u32(9)]);
  const strings = Buffer.concat(names.map(text));
  const [reserved, start] = [40, 40 + 16];
  const end = start + structure.length + strings.length;
  const tail = Buffer.from(rest, 'latin1');
  const header = [0xd00dfeed, end + tail.length, start, start + structure.length, reserved, 17, 16, 0];
  return Buffer.concat([
    ...[...header, strings.length, structure.length].map(u32),
    Buffer.alloc(16),
    structure,
    strings,
    tail,
  ]);
};
