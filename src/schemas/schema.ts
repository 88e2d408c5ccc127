import Ajv, { type ErrorObject, type Options, type ValidateFunction } from 'ajv';

/**
 * A JSON Schema that is compiled when it is first used: compiling them all takes a quarter of a second of each start,
 * and each command of the CLI needs one or none. They are checked against their meta-schema by a test, not here.
 */
export class Schema<T> {
  private compiled?: ValidateFunction<T>;

  constructor(
    private readonly definition: object,
    private readonly options: Pick<Options, 'allErrors' | 'allowUnionTypes'> = {},
  ) {}

  /** What does not fit, or nothing. Only the first fault, unless `allErrors` is set. */
  faultsOf(content: unknown): ErrorObject[] {
    this.compiled ??= new Ajv({ ...this.options, validateSchema: false }).compile<T>(this.definition);
    return this.compiled(content) ? [] : this.compiled.errors!;
  }

  /** As one text, for those to whom a path and a message are enough. @param name what the content is called */
  static asText(faults: ErrorObject[], name: string): string {
    return faults.map(({ instancePath, message }) => `${name}${instancePath} ${message}`).join(', ');
  }
}
