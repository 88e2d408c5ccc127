import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { loadStepFile, saveStepFile } from './step-files';

describe('step files', () => {
  let runDir: string;
  beforeEach(() => {
    runDir = mkdtempSync(path.join(tmpdir(), 'run-'));
  });
  afterEach(() => rmSync(runDir, { recursive: true, force: true }));

  it('loads what was saved, and leaves no temporary file', () => {
    saveStepFile(runDir, 'found', { postings: ['Zürich'] });
    expect(loadStepFile(runDir, 'found')).toEqual({ postings: ['Zürich'] });
    expect(readdirSync(runDir)).toEqual(['found.json']);
  });

  it('names the step to run if a file is missing, damaged or of another version', () => {
    expect(() => loadStepFile(runDir, 'unique')).toThrow(/unique\.json is missing: run the step "dedupe"/);
    writeFileSync(path.join(runDir, 'found.json'), '{"version":1,');
    expect(() => loadStepFile(runDir, 'found')).toThrow(/damaged: run the step "search" again/);
    writeFileSync(path.join(runDir, 'scored.json'), '{"version":0}');
    expect(() => loadStepFile(runDir, 'scored')).toThrow(/another version/);
  });
});
