import { parseStepReport } from './step-report';

describe('parseStepReport', () => {
  it.each([
    '{"progress":{"current":3,"total":10,"message":"Page 3"}}',
    '{"progress":{}}',
    '{"progress":{"current":0.5}}',
    '{"metrics":{"newJobsCount":12,"ratio":-0.5}}',
    '{"partial":{"reason":"quota-reached"}}',
    '{"error":{"code":"NETWORK_ERROR","message":"No route"}}',
    '{"quota":{"used":1}}',
    '{"artifact":{"path":"out/glossary.md"}}',
    '{"zeroResults":[{"queryText":"cobol","domain":"example.com"}]}',
    '{"metrics":{"a":1},"progress":{"current":1},"artifact":{"path":"x"}}',
    '{"something":"new","progress":{"current":1,"eta":"soon"}}',
    '{}',
    '  {"quota":{"used":0}}\r',
  ])('reads %s', (line) => expect(parseStepReport(line)).toEqual(JSON.parse(line)));

  it.each([
    ['', /not JSON/],
    ['hello', /not JSON/],
    ['{"progress":', /not JSON/],
    ["{'progress':{}}", /not JSON/],
    ['{"metrics":{"a":NaN}}', /not JSON/],
    ['null', /it must be object/],
    ['[]', /it must be object/],
    ['"progress"', /it must be object/],
    ['42', /it must be object/],
    ['{"progress":null}', /it\/progress must be object/],
    ['{"progress":{"current":"3"}}', /it\/progress\/current must be number/],
    ['{"progress":{"current":-1}}', /it\/progress\/current must be >= 0/],
    ['{"progress":{"current":1e999}}', /it\/progress\/current must be number/],
    ['{"progress":{"message":5}}', /it\/progress\/message must be string/],
    [`{"progress":{"message":"${'m'.repeat(10_001)}"}}`, /must NOT have more than 10000 characters/],
    ['{"metrics":{"a":"12"}}', /it\/metrics\/a must be number/],
    ['{"metrics":{"a":1e999}}', /it\/metrics\/a must be number/],
    ['{"metrics":[1]}', /it\/metrics must be object/],
    ['{"partial":{}}', /required property 'reason'/],
    ['{"partial":{"reason":""}}', /it\/partial\/reason/],
    ['{"partial":true}', /it\/partial must be object/],
    ['{"error":{"code":"X"}}', /required property 'message'/],
    ['{"error":"broken"}', /it\/error must be object/],
    ['{"quota":{"used":1.5}}', /it\/quota\/used must be integer/],
    ['{"quota":{"used":-1}}', /it\/quota\/used must be >= 0/],
    ['{"artifact":{"path":""}}', /it\/artifact\/path/],
    ['{"artifact":"glossary.md"}', /it\/artifact must be object/],
    ['{"zeroResults":[{"queryText":"cobol"}]}', /required property 'domain'/],
    ['{"zeroResults":{"queryText":"cobol","domain":"a.com"}}', /it\/zeroResults must be array/],
    [
      `{"zeroResults":[{"queryText":"${'q'.repeat(501)}","domain":"a.com"}]}`,
      /must NOT have more than 500 characters/,
    ],
  ])('returns the reason why it cannot read %s', (line, reason) =>
    expect(parseStepReport(line)).toEqual({ unreadable: expect.stringMatching(reason) }),
  );

  it('rejects more than 200 metrics', () => {
    const metrics = Object.fromEntries(Array.from({ length: 201 }, (_, n) => [`m${n}`, n]));
    expect(parseStepReport(JSON.stringify({ metrics }))).toEqual({
      unreadable: expect.stringMatching(/200/),
    });
  });
});
