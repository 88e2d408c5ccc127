import Ajv, { type ErrorObject, type Options, type ValidateFunction } from 'ajv';

/**
 * A JSON Schema that is compiled on first use. Compiling all schemas takes a quarter of a second at each start, and a
 * CLI command needs one at most. A test validates the schemas against their meta-schema.
 */
export class Schema<T> {
  private compiled?: ValidateFunction<T>;

  constructor(
    private readonly definition: object,
    private readonly options: Pick<Options, 'allErrors' | 'allowUnionTypes' | 'verbose'> = {},
  ) {}

  /** Returns validation errors; empty if the content is valid. Only the first error, unless `allErrors` is set. */
  faultsOf(content: unknown): ErrorObject[] {
    this.compiled ??= new Ajv({ ...this.options, validateSchema: false }).compile<T>(this.definition);
    return this.compiled(content) ? [] : this.compiled.errors!;
  }

  /**
   * Joins errors into one text with paths and messages.
   * @param name of the content
   */
  static asText(faults: ErrorObject[], name: string): string {
    return faults.map(({ instancePath, message }) => `${name}${instancePath} ${message}`).join(', ');
  }
}
