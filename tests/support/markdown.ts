/** A fenced block of a Markdown text. */
export interface CodeBlock {
  /** The word after the fence: `js`, `sh`; empty for output. */
  readonly language: string;
  /** The word after that: what a program needs to run, `fuse`, or the file that the block is; empty for nothing. */
  readonly needs: string;
  readonly text: string;
  /** Of its first line, counted from 1. */
  readonly line: number;
}

/**
 * The fenced blocks of a text.
 *
 * @param from - Only from the first block of this language on.
 */
export const codeBlocks = (markdown: string, from?: string): CodeBlock[] => {
  const blocks: CodeBlock[] = [];
  for (const match of markdown.matchAll(/^```([a-z]*)(?: ([\w./-]+))?\n([\s\S]*?)^```$/gm)) {
    const line = markdown.slice(0, match.index).split('\n').length + 1;
    blocks.push({ language: match[1] ?? '', needs: match[2] ?? '', text: match[3] ?? '', line });
  }
  const first = from === undefined ? 0 : blocks.findIndex(({ language }) => language === from);
  return blocks.slice(Math.max(0, first));
};
