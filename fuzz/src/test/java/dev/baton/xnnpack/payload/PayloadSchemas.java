package dev.baton.xnnpack.payload;

import dev.baton.format.TableFacts;

/** Lends the facts of XNNPACK payloads to mutators. */
public final class PayloadSchemas {
  private PayloadSchemas() {}

  public static TableFacts graph() {
    return PayloadSchema.GRAPH;
  }
}
