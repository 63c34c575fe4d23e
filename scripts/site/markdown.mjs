/**
 * What a program prints has no language in the texts; it would be coloured as TypeScript.
 *
 * @param parser - The markdown-it that makes pages of the texts.
 */
export const plainWithoutLanguage = (parser) => {
  parser.core.ruler.push('plain-without-language', ({ tokens }) => {
    for (const token of tokens) if (token.type === 'fence' && token.info === '') token.info = 'text';
  });
};
