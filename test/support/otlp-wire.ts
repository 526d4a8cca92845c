/** A span as OTLP carries it; ids in hexadecimal. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty at the start of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: 'INTERNAL' | 'SERVER' | 'CLIENT' | 'OTHER';
  readonly startNs: bigint;
  readonly endNs: bigint;
  readonly attributes: Readonly<Record<string, string | number>>;
  readonly failed: boolean;
  /** Attributes of the service that it came from. */
  readonly resource: Readonly<Record<string, string | number>>;
}

/**
 * The spans of an `ExportTraceServiceRequest`, read by the field numbers of
 * opentelemetry-proto's `trace/v1/trace.proto`, without any code of the sender's.
 */
export function readSpans(request: Buffer): CollectedSpan[] {
  return messages(request, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messages(resourceSpans, 1)[0] ?? Buffer.alloc(0), 1);
    return messages(resourceSpans, 2).flatMap((scopeSpans) =>
      messages(scopeSpans, 2).map((span) => spanOf(span, resource)),
    );
  });
}

const kinds = { 1: 'INTERNAL', 2: 'SERVER', 3: 'CLIENT' } as const;

function spanOf(span: Buffer, resource: CollectedSpan['resource']): CollectedSpan {
  const kind = Number(numberOf(span, 6));
  const status = messages(span, 15)[0];
  return {
    traceId: messages(span, 1)[0]?.toString('hex') ?? '',
    spanId: messages(span, 2)[0]?.toString('hex') ?? '',
    parentSpanId: messages(span, 4)[0]?.toString('hex') ?? '',
    name: messages(span, 5)[0]?.toString('utf8') ?? '',
    kind: kinds[kind as keyof typeof kinds] ?? 'OTHER',
    startNs: numberOf(span, 7),
    endNs: numberOf(span, 8),
    attributes: attributesOf(span, 9),
    failed: status !== undefined && numberOf(status, 3) === 2n,
    resource,
  };
}

function attributesOf(message: Buffer, field: number): Record<string, string | number> {
  return Object.fromEntries(
    messages(message, field).map((pair) => {
      const name = messages(pair, 1)[0]?.toString('utf8') ?? '';
      const value = messages(pair, 2)[0] ?? Buffer.alloc(0);
      const text = messages(value, 1)[0]?.toString('utf8');
      return [name, text ?? Number(numberOf(value, 3))];
    }),
  );
}

interface Field {
  readonly number: number;
  readonly value: bigint | Buffer;
}

/** Length-delimited values of a field. */
function messages(message: Buffer, number: number): Buffer[] {
  return fieldsOf(message).flatMap((field) =>
    field.number === number && Buffer.isBuffer(field.value) ? [field.value] : [],
  );
}

function numberOf(message: Buffer, number: number): bigint {
  const field = fieldsOf(message).find((candidate) => candidate.number === number);
  return typeof field?.value === 'bigint' ? field.value : 0n;
}

/** Protobuf's wire format: a key of field number and wire type before each value. */
function fieldsOf(message: Buffer): Field[] {
  const fields: Field[] = [];
  let position = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; ; shift += 7n) {
      const byte = message.readUInt8(position);
      position += 1;
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
  };
  while (position < message.length) {
    const key = Number(varint());
    const number = key >> 3;
    const wireType = key & 7;
    if (wireType === 0) {
      fields.push({ number, value: varint() });
    } else if (wireType === 1) {
      fields.push({ number, value: message.readBigUInt64LE(position) });
      position += 8;
    } else if (wireType === 5) {
      fields.push({ number, value: BigInt(message.readUInt32LE(position)) });
      position += 4;
    } else if (wireType === 2) {
      const length = Number(varint());
      fields.push({ number, value: message.subarray(position, position + length) });
      position += length;
    } else {
      throw new Error(`Wire type ${wireType} at byte ${position}`);
    }
  }
  return fields;
}
