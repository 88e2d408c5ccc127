/**
 * Marks a part of a page's model that changes as time passes, such as an elapsed time, which the page counts on its own
 * clock. A page is compared by the JSON of its model, and there `counted` replaces the value. A copy by spread is not
 * marked.
 * @param counted the facts behind the value, whose change is a change of the page
 */
export function ticking<Value extends object>(value: Value, counted: unknown = 'ticking'): Value {
  return Object.defineProperty(value, 'toJSON', { value: () => counted });
}
