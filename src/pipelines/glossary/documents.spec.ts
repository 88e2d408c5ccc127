import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { decode, findDocuments, GLOSSARY_MARKER, readDocument } from './documents';

describe('documents', () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(path.join(tmpdir(), 'documents-'));
  });
  afterEach(() => rmSync(root, { recursive: true, force: true }));

  const put = (name: string, text = 'Some text.'): void => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), text);
  };
  const find = (
    docs: string,
    more: { maxFileKb?: number; maxDocuments?: number; outputFolders?: string[] } = {},
  ) => findDocuments(docs, { root, maxFileKb: 1, maxDocuments: 100, outputFolders: [], ...more });
  const paths = (docs: string) => find(docs).files.map((file) => file.path);

  it('finds Markdown and text files in order, and skips hidden folders, modules and other files', () => {
    for (const name of ['b.md', 'a.txt', 'sub/c.markdown', '.git/d.md', 'node_modules/x/e.md', 'f.js'])
      put(name);
    expect(paths('.')).toEqual(['a.txt', 'b.md', 'sub/c.markdown']);
  });

  it('reads modules if the given folder is inside them', () => {
    put('node_modules/x/README.md');
    put('node_modules/x/node_modules/y/README.md');
    expect(paths('node_modules/x')).toEqual([
      'node_modules/x/README.md',
      'node_modules/x/node_modules/y/README.md',
    ]);
  });

  it('does not follow links', () => {
    put('docs/a.md');
    symlinkSync(path.join(root, 'docs'), path.join(root, 'docs/loop'));
    symlinkSync('/etc/hostname', path.join(root, 'docs/out.md'));
    expect(paths('docs')).toEqual(['docs/a.md']);
  });

  it('lists skipped documents with the reason', () => {
    put('docs/LICENSE.md');
    put('docs/CHANGELOG.md');
    put('docs/big.md', 'x'.repeat(2000));
    expect(find('docs').skipped).toEqual([
      { path: 'docs/CHANGELOG.md', reason: 'change-log' },
      { path: 'docs/LICENSE.md', reason: 'legal' },
      { path: 'docs/big.md', reason: 'too-large' },
    ]);
  });

  it('never reads its own output', () => {
    put('out/notes.md');
    put('glossary.md', `${GLOSSARY_MARKER}\n# Glossary`);
    const found = find('.', { outputFolders: [path.join(root, 'out')] });
    expect(found.files.map((file) => readDocument(file))).toEqual([{ ownOutput: true }]);
  });

  it('rejects a missing folder, and more documents than the limit', () => {
    expect(() => find('nowhere')).toThrow(expect.objectContaining({ code: 'NO_DOCUMENTS' }));
    put('docs/a.md');
    put('docs/b.md');
    expect(() => find('docs', { maxDocuments: 1 })).toThrow(
      expect.objectContaining({ code: 'TOO_MANY_DOCUMENTS' }),
    );
  });

  it('decodes invalid bytes and UTF-16 as text, and rejects binary content', () => {
    expect(decode(Buffer.from([0x61, 0xff, 0x62]))).toBe('a b');
    expect(decode(Buffer.from('\uFEFFa\r\nb\rc'))).toBe('a\nb\nc');
    expect(decode(Buffer.from('\uFEFFhi', 'utf16le'))).toBe('hi');
    expect(decode(Buffer.from([0x89, 0x50, 0x00, 0x01]))).toBeNull();
  });

  it('returns the reason why a document cannot be read', () => {
    expect(readDocument({ path: 'gone.md', absolutePath: path.join(root, 'gone.md'), bytes: 1 })).toEqual({
      unreadable: 'it has gone',
    });
  });
});
