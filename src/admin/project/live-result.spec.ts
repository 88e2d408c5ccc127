import { after, aNewRun, aProject, RUN_ID } from '../../../test/support/a-run';
import { liveResultPart, type ResultFacts } from './live-result';

const AT = '2026-11-28T21:09:00.000Z';
const result = (position: number) => ({
  position,
  runId: `run-${position}`,
  projectId: 'demo',
  number: position,
  file: `results/demo/${position}-00000000/report.csv`,
  size: 45_000,
  madeAt: AT,
});
const NOTHING: ResultFacts = { live: null, kept: [], foreign: null };
const LIVE = { ...result(14), since: AT, chosenBy: null };

describe('the live result on the page of a project', () => {
  it('is not shown for a project that has none and does not ask for one', () =>
    expect(liveResultPart(aProject(), aNewRun(), NOTHING)).toBeNull());

  it('is announced if the project file asks for one', () =>
    expect(
      liveResultPart(aProject({ result: { artifact: 'report.csv', partial: false } }), null, NOTHING),
    ).toMatchObject({ live: null, earlier: [], warnings: [] }));

  it('names the run, the time and the size, and the other results', () => {
    const facts = { ...NOTHING, live: LIVE, kept: [result(15), result(14), result(9)] };
    expect(liveResultPart(aProject(), null, facts)).toMatchObject({
      live: {
        number: '#14',
        at: { text: '2026-11-28 21:09 UTC' },
        size: '45 kB',
        name: 'report.csv',
        goneBack: null,
      },
      earlier: [{ number: '#15' }, { number: '#9' }],
    });
  });

  it('says who went back to it', () =>
    expect(
      liveResultPart(aProject(), null, { ...NOTHING, live: { ...LIVE, chosenBy: 'ada' } }),
    ).toMatchObject({ live: { goneBack: { by: 'ada' } } }));

  it('says why the file of the latest run is not used', () => {
    const run = after(aNewRun(), [
      {
        type: 'complete',
        occurredAt: AT,
        payload: {},
        result: { state: 'result-missing', offered: 'report.csv' },
      },
    ]);
    expect(liveResultPart(aProject(), run, NOTHING)!.warnings).toEqual([
      'Run #0: report.csv does not exist. The live result is unchanged.',
    ]);
  });

  it('names the run whose worker changed the pointer itself, if that did not complete', () => {
    const foreign = {
      projectId: 'demo',
      target: 'db/jobs-13.db',
      seenRunId: RUN_ID,
      seenNumber: 13,
      seenStatus: 'cancelled',
      seenAt: AT,
    };
    const project = aProject({ liveResult: { pointer: 'db/current-db.txt', keep: 5, table: null } });
    expect(liveResultPart(project, null, { ...NOTHING, foreign })!.warnings).toEqual([
      expect.stringMatching(/run #13 changed db\/current-db\.txt itself.*cancelled.*db\/jobs-13\.db/),
    ]);
  });
});
