/**
 * Runs the built server and kills it with SIGKILL at the point that CRASH_AT names. The product contains no hooks:
 * this file wraps the methods at that point before it starts dist/main.js.
 */
const { join } = require('node:path');
const { ServerResponse } = require('node:http');

const DIST = join(__dirname, '..', '..', 'dist');
const built = (path) => require(join(DIST, path));
const { Writer } = built('database/writer.js');
const { EmbeddedEventStream } = built('events/embedded-event-stream.js');
const { RedisEventStream } = built('events/redis-event-stream.js');
const { StepRunner } = built('executor/step-runner.js');
const { ProcessRegistry } = built('executor/process-registry.js');
const { ResultFiles } = built('results/result-files.js');
const { PointerFiles } = built('results/pointer-files.js');
const { ResultCheck } = built('results/result-check.js');

/** Predicates that recognise a write by its input. */
const isTrigger = (input) => input?.run !== undefined && input.definition !== undefined;
const isClaim = (input) => input?.command?.type === 'claim';
const isStopRequest = (input) => input?.command?.type === 'request-stop';
const isEmptyingOfOutbox = (input) => Array.isArray(input) && typeof input[0]?.position === 'number';
const isResultOfNotification = (input) => input?.answer !== undefined && input.decision !== undefined;
const isApplying = (type) => (input) =>
  input?.evidence !== undefined && input.entry.fields.eventType === type;

const POINTS = {
  'before the trigger is committed': () => beforeCommit(isTrigger, atOnce),
  'after the trigger is committed, before it is answered': () => afterCommit(isTrigger, atOnce),
  'before the request is published': () => beforePublishing('run.requested', afterTheAnswer),
  'after the request is published, before the outbox is emptied': () =>
    beforeCommit(isEmptyingOfOutbox, afterTheAnswer),
  'before the claim is committed': () => beforeCommit(isClaim, afterTheAnswer),
  'after the claim is committed': () => afterCommit(isClaim, afterTheAnswer),
  'between the claim and the start of the step': () => beforeCall(StepRunner, 'run', afterTheAnswer),
  'right after the start of the step': () => beforeCall(ProcessRegistry, 'remember', atOnce),
  'after the step has ended, before that is published': () =>
    beforePublishing('run.completed', afterTheAnswer),
  'after the end is on the stream, before it is applied': () =>
    beforeCommit(isApplying('run.completed'), afterTheAnswer),
  'after the end is applied, before it is acknowledged': () =>
    afterCommit(isApplying('run.completed'), afterTheAnswer),
  'while the result is copied': () => beforeCall(ResultCheck, 'settle', atOnce),
  'after the end with the result is committed, before the pointer is written': () =>
    beforeCall(PointerFiles, 'write', onceAnswered),
  'after the pointers are written, before old results are deleted': () =>
    beforeCall(ResultFiles, 'deleteUnkept', onceAnswered),
  'after a stop is committed': () => afterCommit(isStopRequest, atOnce),
  'after a notification is answered, before that is stored': () =>
    beforeCommit(isResultOfNotification, atOnce),
  'whenever a heartbeat is applied': () => beforeCommit(isApplying('run.heartbeat'), atOnce),
  'after a heartbeat is applied, before it is acknowledged': () =>
    afterCommit(isApplying('run.heartbeat'), atOnce),
  'after an event of an unknown type is rejected, before it is acknowledged': () =>
    afterCommit(isApplying('run.unheard-of'), atOnce),
};

function die() {
  process.kill(process.pid, 'SIGKILL');
}

function atOnce() {
  die();
}

/** Waits until the client has received its 201, so that the run counts as accepted. */
let answered;
let isAnswered = false;
const answer = new Promise((resolve) => (answered = resolve)).then(() => (isAnswered = true));
async function afterTheAnswer() {
  await answer;
  die();
}

/** For methods that a start calls too. */
async function onceAnswered() {
  if (isAnswered) die();
}

function tellOfAnswers() {
  const { end } = ServerResponse.prototype;
  ServerResponse.prototype.end = function (...args) {
    if (this.statusCode === 201) this.once('finish', answered);
    return end.apply(this, args);
  };
}

function beforeCommit(isPoint, dying) {
  const { inTransaction } = Writer.prototype;
  Writer.prototype.inTransaction = async function (group) {
    if (group.some(({ input }) => isPoint(input))) {
      const { connection } = this;
      const query = connection.query;
      connection.query = async function (sql, ...rest) {
        if (sql === 'COMMIT') await dying();
        return query.call(connection, sql, ...rest);
      };
    }
    return inTransaction.call(this, group);
  };
}

function afterCommit(isPoint, dying) {
  const { inTransaction } = Writer.prototype;
  Writer.prototype.inTransaction = async function (group) {
    const outputs = await inTransaction.call(this, group);
    if (group.some(({ input }) => isPoint(input))) await dying();
    return outputs;
  };
}

function beforePublishing(eventType, dying) {
  for (const { prototype } of [EmbeddedEventStream, RedisEventStream]) {
    const { publish } = prototype;
    prototype.publish = async function (entries) {
      if (entries.some((entry) => entry.eventType === eventType)) await dying();
      return publish.call(this, entries);
    };
  }
}

/** If the method is not awaited, its caller continues, so such a point must kill at once. */
function beforeCall(type, method, dying) {
  const original = type.prototype[method];
  type.prototype[method] =
    dying === atOnce
      ? function () {
          die();
        }
      : async function (...args) {
          await dying();
          return original.apply(this, args);
        };
}

const arm = POINTS[process.env.CRASH_AT];
if (!arm) throw new Error(`CRASH_AT must be one of: ${Object.keys(POINTS).join('; ')}`);
tellOfAnswers();
arm();
require(join(DIST, 'main.js'));
