import MarkdownIt from 'markdown-it';

/** A block of code of a Markdown text. */
export interface CodeBlock {
  /** The word after the fence: `js`, `sh`; empty for output; `indented` for a block without a fence. */
  readonly language: string;
  /** The word after that: what a program needs to run, `fuse`, or the file that the block is; empty for nothing. */
  readonly needs: string;
  /** What a comment right before the block says, which no reader sees; empty for nothing. */
  readonly mark: string;
  readonly text: string;
  /** Of its first line, counted from 1. */
  readonly line: number;
}

const parser = new MarkdownIt({ html: true });

type Token = ReturnType<typeof parser.parse>[number];

/** The tokens of a text: headings, paragraphs, blocks. */
export const tokensOf = (markdown: string): Token[] => parser.parse(markdown, {});

const markOf = (before: Token | undefined): string =>
  (before?.type === 'html_block' && /^<!--\s*(.*?)\s*-->\s*$/s.exec(before.content)?.[1]) || '';

/**
 * The blocks of code of a text.
 *
 * @param from - Only from the first block of this language on.
 */
export const codeBlocks = (markdown: string, from?: string): CodeBlock[] => {
  const tokens = tokensOf(markdown);
  const blocks = tokens.flatMap(({ type, info, content, map }, at): CodeBlock[] => {
    const [first = 0] = map ?? [];
    if (type === 'code_block') {
      return [{ language: 'indented', needs: '', mark: '', text: content, line: first + 1 }];
    }
    if (type !== 'fence') return [];
    const [language = '', needs = ''] = info.trim().split(/\s+/);
    return [{ language, needs, mark: markOf(tokens[at - 1]), text: content, line: first + 2 }];
  });
  const first = from === undefined ? 0 : blocks.findIndex(({ language }) => language === from);
  return blocks.slice(Math.max(0, first));
};

/** The rows of a text's tables, less those of headings: what each cell says, in Markdown. */
export const tableRows = (markdown: string): string[][] => {
  const rows: string[][] = [];
  let isBody = false;
  for (const { type, content } of tokensOf(markdown)) {
    if (type === 'tbody_open') isBody = true;
    else if (type === 'tbody_close') isBody = false;
    else if (isBody && type === 'tr_open') rows.push([]);
    else if (isBody && type === 'inline') rows.at(-1)?.push(content);
  }
  return rows;
};
