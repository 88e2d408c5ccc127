import { isOwnFile } from './data-folder-map';

const RUN = '019ca9d6-8580-7000-8000-000000000001';

describe('isOwnFile', () => {
  it.each([
    'node-id',
    'lock',
    'secret-key',
    'form-secret',
    'restored-from',
    'db/jobato.db',
    'db/jobato.db-wal',
    'db/reserve',
    'uploads/half.part',
    'processes/12.3-4',
    'results/sales/14-0a1b2c3d/report.csv',
    'results/sales/current.txt',
    'runs/019ca9d6-8580-7000-8000-000000000002/report.csv',
    'runs',
    'worker-1/runs/x/report.csv',
    'html/sales/01a22e5f-6228-7000-8000-01790b894b8a/page.html',
  ])('is true for %s', (path) => expect(isOwnFile(path, RUN)).toBe(true));

  it.each([
    'report.db',
    'lock-list.csv',
    'db/jobs.db',
    'db/current-db.txt',
    'work/sales/report.csv',
    'results/sales/made-by-the-worker.db',
    'results/report.csv',
    'html/sales/page.html',
    `runs/${RUN}/report.csv`,
    `html/sales/${RUN}/page.html`,
  ])('is false for %s', (path) => expect(isOwnFile(path, RUN)).toBe(false));

  it('is true for every file of a run if it is about a pointer', () =>
    expect(isOwnFile(`runs/${RUN}/report.csv`, null)).toBe(true));
});
