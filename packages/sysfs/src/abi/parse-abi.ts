import type { AbiEntry, AbiLevel, AbiProblem } from './abi-entry.js';

/** What a document holds, and what is wrong with it. */
export interface ParsedAbi {
  /** In the order of the document, those with problems among them. */
  readonly entries: readonly AbiEntry[];
  /** Of the form alone, in the order in which they were met; `checkAbi()` finds more. */
  readonly problems: readonly AbiProblem[];
}

const TAGS = ['what', 'date', 'kernelversion', 'contact', 'description', 'users'] as const;
type Tag = (typeof TAGS)[number];

/** An entry while it is read: the lines of each field, the first after its tag. */
interface Draft {
  readonly line: number;
  readonly fields: Map<Tag, string[]>;
  /** Of the whole entry. */
  readonly lines: string[];
}

const TAB = 8;

const expandTabs = (line: string): string => {
  let out = '';
  for (const character of line) out += character === '\t' ? ' '.repeat(TAB - (out.length % TAB)) : character;
  return out;
};

/** The tag is looked for anywhere in the word before the colon, as the kernel's tool does. */
const tagOf = (word: string): Tag | undefined => TAGS.find((tag) => word.toLowerCase().includes(tag));

/** What follows a tag, without the indentation that the first line below the tag has. */
const withoutIndent = ([first = '', ...below]: readonly string[]): string => {
  const lines = below.map(expandTabs);
  const indent = /^ */.exec(lines.find((line) => line.trim() !== '') ?? '')?.[0] ?? '';
  const cut = lines.map((line) => (line.startsWith(indent) ? line.slice(indent.length) : line));
  return [first, ...cut].join('\n').replace(/^\n+|\s+$/g, '');
};

/** The lines of a field that is read as one line. */
const joined = (lines: readonly string[] | undefined): string | undefined =>
  lines
    ?.map((line) => line.trim())
    .filter((line) => line !== '')
    .join(' ') || undefined;

const entryOf = ({ line, fields, lines }: Draft, level: AbiLevel, file: string): AbiEntry => {
  const optional = <K extends string>(key: K, value: string | undefined) =>
    (value === undefined ? {} : { [key]: value }) as { [key in K]?: string };
  const users = fields.get('users');
  return {
    what: (fields.get('what') ?? []).map((path) => path.trim()).filter((path) => path !== ''),
    ...optional('date', joined(fields.get('date'))),
    ...optional('kernelVersion', joined(fields.get('kernelversion'))),
    ...optional('contact', joined(fields.get('contact'))),
    description: withoutIndent(fields.get('description') ?? []),
    ...optional('users', users && (withoutIndent(users) || undefined)),
    level,
    file,
    line,
    text: lines.join('\n').replace(/\s+$/, ''),
  };
};

/** Reads one document line by line. */
class Reader {
  readonly entries: AbiEntry[] = [];
  readonly problems: AbiProblem[] = [];
  readonly #level: AbiLevel;
  readonly #file: string;
  #draft: Draft | undefined;
  #tag: Tag | undefined;

  constructor(level: AbiLevel, file: string) {
    this.#level = level;
    this.#file = file;
  }

  line(text: string, number: number): void {
    const [, word, rest = ''] = /^(\S+):\s*(.*)$/.exec(text) ?? [];
    const tag = word === undefined ? undefined : tagOf(word);
    if (tag) this.#start(tag, rest, text, number);
    else if (word !== undefined && this.#tag !== 'description') this.#problem(number, `'${word}:' is no tag`);
    else if (this.#draft && this.#tag) this.#more(text);
    else if (text.trim() !== '') this.#problem(number, 'text outside of any tag');
  }

  end(): void {
    if (!this.#draft) return;
    const entry = entryOf(this.#draft, this.#level, this.#file);
    if (entry.description === '') this.#problem(entry.line, `${entry.what.join(', ')} has no Description`);
    this.entries.push(entry);
    this.#draft = undefined;
  }

  #start(tag: Tag, rest: string, text: string, number: number): void {
    if (tag === 'what' && this.#tag !== 'what') {
      this.end();
      this.#draft = { line: number, fields: new Map(), lines: [] };
    }
    this.#tag = tag;
    if (!this.#draft) {
      this.#problem(number, "'What:' should come first");
      return;
    }
    const { fields, lines } = this.#draft;
    if (tag !== 'what' && fields.has(tag)) this.#problem(number, `'${tag}:' stands twice in an entry`);
    fields.set(tag, [...(fields.get(tag) ?? []), rest]);
    lines.push(text);
  }

  #more(text: string): void {
    if (!this.#draft || !this.#tag) return;
    this.#draft.fields.get(this.#tag)?.push(text);
    this.#draft.lines.push(text);
  }

  #problem(line: number, message: string): void {
    this.problems.push({ file: this.#file, line, message });
  }
}

/**
 * Read a document of the kernel's ABI format: tags in column 0, a run of `What:` for each entry, indented text below.
 *
 * Unlike the kernel's tool, a file that has no level in its path counts as `testing`, and `Where:` is no tag.
 *
 * @param file - Its path below `Documentation/ABI`: `testing/sysfs-kernel-iommu_groups`.
 * @see Linux v7.0 tools/lib/python/abi/abi_parser.py AbiParser
 */
export const parseAbi = (text: string, file: string): ParsedAbi => {
  const level = (['stable', 'obsolete', 'removed'] as const).find((one) => file.startsWith(`${one}/`)) ?? 'testing';
  const reader = new Reader(level, file);
  text.split('\n').forEach((line, index) => {
    reader.line(line, index + 1);
  });
  reader.end();
  return { entries: reader.entries, problems: reader.problems };
};
