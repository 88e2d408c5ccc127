import { rerunReasonText } from './rerun-reason-text';

it('lists each change, or the failed step', () => {
  const changes = [
    { kind: 'executor' },
    { kind: 'step-command', step: 'fit' },
    { kind: 'step-added', step: 'score' },
    { kind: 'step-removed', step: 'report' },
    { kind: 'step-folder', step: 'fetch' },
    { kind: 'step-order', step: 'parse' },
    { kind: 'params' },
    { kind: 'inputs' },
  ] as const;
  expect(rerunReasonText({ kind: 'changed', changes: [...changes] })).toBe(
    'Changed since the last completed run: executor, step fit, step score added, step report removed, ' +
      'folder of step fetch, order of step parse, parameters or their defaults, queries or allow-lists',
  );
  expect(rerunReasonText({ kind: 'step-failed', step: 'fit' })).toBe(
    'Step fit failed and has not completed since',
  );
});
