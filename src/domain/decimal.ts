/**
 * Exact decimal numbers for prices and money.
 *
 * A value is `coefficient × 10^-scale` with a bigint coefficient, so nothing between the wire and the
 * answer passes through a binary float. Values are immutable and always normalised: no trailing
 * zeros after the point, so two equal values print the same.
 */
export class Decimal {
  static readonly zero = new Decimal(0n, 0);

  readonly #coefficient: bigint;
  readonly #scale: number;
  #text: string | undefined;

  private constructor(coefficient: bigint, scale: number) {
    this.#coefficient = coefficient;
    this.#scale = scale;
  }

  /**
   * Reads decimal text, with or without an exponent (`"0.00000015"`, `"7.5e-8"`).
   *
   * @returns undefined for anything else: signs other than a leading minus, blanks, hexadecimal, `NaN`,
   * more than `digits` digits, as written or as {@link toString} would write them.
   */
  static parse(text: string, digits = maximumDigits): Decimal | undefined {
    if (text.length > digits + maximumSignsLength) return undefined;
    const match = decimalPattern.exec(text);
    if (match === null) return undefined;
    const [, sign, whole = '', fraction = '', exponentText] = match;
    const exponent = exponentText === undefined ? 0 : Number(exponentText);
    const written = whole + fraction;
    if (written.length > digits || Math.abs(exponent) > digits) return undefined;
    const magnitude = BigInt(written);
    const value = normalised(sign === '-' ? -magnitude : magnitude, fraction.length - exponent);
    return value.#digitCount() > digits ? undefined : value;
  }

  /**
   * As {@link parse}, for text that this program wrote or that was checked before. Sums, products and
   * quotients of values at the limit of {@link parse} are longer than it allows, so the bound is wider.
   *
   * @throws RangeError when the text is not a decimal: a fault of ours, never of a caller.
   */
  static of(text: string | bigint): Decimal {
    const value =
      typeof text === 'bigint' ? normalised(text, 0) : Decimal.parse(text, maximumOwnDigits);
    if (value === undefined) throw new RangeError('Not a decimal number');
    return value;
  }

  plus(other: Decimal): Decimal {
    const scale = Math.max(this.#scale, other.#scale);
    return normalised(this.#at(scale) + other.#at(scale), scale);
  }

  minus(other: Decimal): Decimal {
    const scale = Math.max(this.#scale, other.#scale);
    return normalised(this.#at(scale) - other.#at(scale), scale);
  }

  times(other: Decimal | bigint): Decimal {
    if (typeof other === 'bigint') return normalised(this.#coefficient * other, this.#scale);
    return normalised(this.#coefficient * other.#coefficient, this.#scale + other.#scale);
  }

  /**
   * The quotient when it has a finite decimal form, that is when `divisor` has no prime factor but 2
   * and 5 left after reduction.
   *
   * @throws RangeError when the quotient has no end, or the divisor is not positive.
   */
  dividedExactlyBy(divisor: bigint): Decimal {
    if (divisor <= 0n) throw new RangeError('The divisor must be positive');
    let coefficient = this.#coefficient;
    let scale = this.#scale;
    for (let digit = 0; coefficient % divisor !== 0n; digit += 1) {
      if (digit > maximumDigits) throw new RangeError('The quotient has no finite decimal form');
      coefficient *= 10n;
      scale += 1;
    }
    return normalised(coefficient / divisor, scale);
  }

  /**
   * The quotient with at most `digits` digits after the point, rounded away from zero where it does not
   * end: a price derived from another unit is never shown lower than it is.
   */
  dividedRoundingUp(divisor: bigint, digits: number): Decimal {
    if (divisor <= 0n) throw new RangeError('The divisor must be positive');
    const shifted =
      digits >= this.#scale
        ? this.#coefficient * 10n ** BigInt(digits - this.#scale)
        : this.#coefficient;
    const effectiveDivisor =
      digits >= this.#scale ? divisor : divisor * 10n ** BigInt(this.#scale - digits);
    const quotient = shifted / effectiveDivisor;
    const remainder = shifted % effectiveDivisor;
    const away = remainder === 0n ? 0n : shifted < 0n ? -1n : 1n;
    return normalised(quotient + away, digits);
  }

  /** Negative, zero or positive, as for sorting. */
  compare(other: Decimal): number {
    const scale = Math.max(this.#scale, other.#scale);
    const difference = this.#at(scale) - other.#at(scale);
    return difference < 0n ? -1 : difference > 0n ? 1 : 0;
  }

  equals(other: Decimal): boolean {
    return this.#coefficient === other.#coefficient && this.#scale === other.#scale;
  }

  isZero(): boolean {
    return this.#coefficient === 0n;
  }

  isNegative(): boolean {
    return this.#coefficient < 0n;
  }

  /** The greatest integer that is not above the value. */
  floor(): bigint {
    const unit = 10n ** BigInt(this.#scale);
    const quotient = this.#coefficient / unit;
    return this.#coefficient < 0n && this.#coefficient % unit !== 0n ? quotient - 1n : quotient;
  }

  /**
   * How many whole times `divisor` fits into this value; for limits, never for charging.
   *
   * @throws RangeError when the divisor is zero or either value is negative.
   */
  wholeTimes(divisor: Decimal): bigint {
    if (divisor.isZero() || divisor.isNegative() || this.isNegative()) {
      throw new RangeError('Only positive values can be measured in each other');
    }
    const scale = Math.max(this.#scale, divisor.#scale);
    return this.#at(scale) / divisor.#at(scale);
  }

  /** For gauges and sort keys only: money is never computed from it. */
  toApproximateNumber(): number {
    return Number(this.toString());
  }

  /** Plain decimal text: no exponent, no trailing zeros, `"0"` for zero. */
  toString(): string {
    return (this.#text ??= this.#print());
  }

  toJSON(): string {
    return this.toString();
  }

  #print(): string {
    const negative = this.#coefficient < 0n;
    const digits = (negative ? -this.#coefficient : this.#coefficient)
      .toString()
      .padStart(this.#scale + 1, '0');
    const whole = digits.slice(0, digits.length - this.#scale);
    const fraction = digits.slice(digits.length - this.#scale);
    return `${negative ? '-' : ''}${whole}${fraction === '' ? '' : `.${fraction}`}`;
  }

  /** Digits that {@link toString} writes. */
  #digitCount(): number {
    const magnitude = this.#coefficient < 0n ? -this.#coefficient : this.#coefficient;
    return Math.max(magnitude.toString().length, this.#scale + 1);
  }

  #at(scale: number): bigint {
    return this.#coefficient * 10n ** BigInt(scale - this.#scale);
  }

  /** @internal Makes a value from parts that {@link normalised} has reduced. */
  static fromParts(coefficient: bigint, scale: number): Decimal {
    return new Decimal(coefficient, scale);
  }
}

/** More digits than any price or amount needs; a bound against hostile input. */
export const maximumDigits = 60;
/** A bound on what this program computes from such values and writes down. */
const maximumOwnDigits = 1000;
/** Room for the sign, the point and the exponent. */
const maximumSignsLength = 8;
const decimalPattern = /^(-)?(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d{1,3}))?$/;

function normalised(coefficient: bigint, scale: number): Decimal {
  if (coefficient === 0n) return Decimal.fromParts(0n, 0);
  let reducedCoefficient = coefficient;
  let reducedScale = scale;
  while (reducedScale > 0 && reducedCoefficient % 10n === 0n) {
    reducedCoefficient /= 10n;
    reducedScale -= 1;
  }
  if (reducedScale < 0) {
    reducedCoefficient *= 10n ** BigInt(-reducedScale);
    reducedScale = 0;
  }
  return Decimal.fromParts(reducedCoefficient, reducedScale);
}
