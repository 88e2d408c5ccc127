import { numberText } from './number-text';

it('groups digits of large numbers and rounds long fractions', () => {
  expect(numberText(12_345.678_9)).toBe('12,345.679');
});
