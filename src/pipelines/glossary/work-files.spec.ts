import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadWork, replaceFiles, requireMadeFrom, saveWork } from './work-files';

describe('work files', () => {
  let work: string;
  beforeEach(() => {
    work = mkdtempSync(path.join(tmpdir(), 'work-'));
  });
  afterEach(() => rmSync(work, { recursive: true, force: true }));

  it('loads saved content with its fingerprint', () => {
    const fingerprint = saveWork(work, 'corpus', { a: 1 }, null);
    expect(loadWork(work, 'corpus')).toEqual({ content: { a: 1 }, fingerprint, madeFrom: null });
  });

  it('reports the step to run first if a file is missing, damaged or of another version', () => {
    expect(() => loadWork(work, 'issues')).toThrow(/issues\.json is missing: run the step "issues" first/);
    writeFileSync(path.join(work, 'terms.json'), '{"version":');
    expect(() => loadWork(work, 'terms')).toThrow(/damaged: run the step "extract" again/);
    writeFileSync(path.join(work, 'terms.json'), '{"version":0}');
    expect(() => loadWork(work, 'terms')).toThrow(/another version/);
  });

  it('rejects files from different runs', () => {
    const old = saveWork(work, 'corpus', { a: 1 }, null);
    saveWork(work, 'terms', { b: 1 }, old);
    const now = saveWork(work, 'corpus', { a: 2 }, null);
    const terms = loadWork(work, 'terms');
    expect(() => requireMadeFrom('terms', terms, 'corpus', old)).not.toThrow();
    expect(() => requireMadeFrom('terms', terms, 'corpus', now)).toThrow(/run the step "extract" again/);
  });

  it('keeps the old files if one of the new ones cannot be written', () => {
    const good = path.join(work, 'a.md');
    writeFileSync(good, 'old');
    writeFileSync(path.join(work, 'no-folder'), '');
    const bad = path.join(work, 'no-folder', 'b.md');
    expect(() =>
      replaceFiles([
        { path: good, text: 'new' },
        { path: bad, text: 'new' },
      ]),
    ).toThrow();
    expect(readFileSync(good, 'utf8')).toBe('old');
    expect(readdirSync(work).sort()).toEqual(['a.md', 'no-folder']);
  });

  it('removes temporary files of a killed process', () => {
    mkdirSync(path.join(work, 'out'));
    // No process has this number: it is above the limit of every system.
    writeFileSync(path.join(work, 'out', 'a.md.999999999.tmp'), 'half');
    replaceFiles([{ path: path.join(work, 'out', 'a.md'), text: 'new' }]);
    expect(readdirSync(path.join(work, 'out'))).toEqual(['a.md']);
  });
});
