import { aParam, aProject } from '../../test/support/a-run';
import { rerunRequest } from './rerun-request';

const param = aParam({ default: 1 });
const project = aProject({ params: { depth: param, limit: param } });
const original = { scope: 'from:parse', params: { depth: 3, limit: 4, removed: 5 } };

describe('rerunRequest', () => {
  it('repeats the scope and the params that the project still declares', () =>
    expect(rerunRequest(original, project, { scope: null, params: null })).toEqual({
      scope: 'from:parse',
      params: { depth: 3, limit: 4 },
      triggeredBy: 'rerun',
    }));

  it('takes given values instead, and keeps unknown ones for the check of the params', () =>
    expect(rerunRequest(original, project, { scope: 'full', params: { depth: 9, wrong: 1 } })).toEqual({
      scope: 'full',
      params: { depth: 9, limit: 4, wrong: 1 },
      triggeredBy: 'rerun',
    }));
});
